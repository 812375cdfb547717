// From terms to numbers: a table that is emptied in no time, and used again.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "domain/tool_text.h"

namespace keywarden {

class TermMap {
public:
    explicit TermMap(size_t expected = 64) : slots_(std::bit_ceil(2 * expected + 2)) {}

    void clear() {
        size_ = 0;
        if (++generation_ != 0) return;
        generation_ = 1;
        for (Slot& slot : slots_) slot.generation = 0;
    }

    size_t size() const { return size_; }
    size_t bytes() const { return slots_.size() * sizeof(Slot); }

    /// Nothing: null.
    const uint32_t* find(TermId term) const {
        const Slot& slot = slots_[place_of(term)];
        return slot.generation == generation_ ? &slot.value : nullptr;
    }
    bool contains(TermId term) const { return find(term) != nullptr; }

    /// What the term has, which is `value` if it had nothing; and whether that is new. Holds until
    /// the next insert.
    std::pair<uint32_t*, bool> insert(TermId term, uint32_t value) {
        if (2 * (size_ + 1) > slots_.size()) grow();
        Slot& slot = slots_[place_of(term)];
        if (slot.generation == generation_) return {&slot.value, false};
        slot = {term, value, generation_};
        ++size_;
        return {&slot.value, true};
    }

private:
    struct Slot {
        TermId term = 0;
        uint32_t value = 0;
        uint32_t generation = 0;
    };

    size_t place_of(TermId term) const {
        const size_t mask = slots_.size() - 1;
        size_t at = term & mask;
        while (slots_[at].generation == generation_ && slots_[at].term != term) {
            at = (at + 1) & mask;
        }
        return at;
    }

    void grow() {
        std::vector<Slot> old(2 * slots_.size());
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.generation == generation_) slots_[place_of(slot.term)] = slot;
        }
    }

    std::vector<Slot> slots_;
    uint32_t generation_ = 1;
    size_t size_ = 0;
};

}  // namespace keywarden
