// Lists of patterns in the form in which a call meets them: a name is looked up in nanoseconds.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "domain/glob.h"

namespace keywarden {

/// The first and the last eight bytes of a text, each as a number; zeros where it is shorter.
struct TextEnds {
    explicit TextEnds(std::string_view text);

    uint64_t first = 0;
    uint64_t last = 0;
};

/// A name as lists are asked for it: made once, however many lists there are.
struct GlobName {
    GlobName() : GlobName(std::string_view()) {}
    explicit GlobName(std::string_view name) : text(name), ends(name) {}

    std::string_view text;  // must outlive it
    TextEnds ends;
};

/// A list of patterns; its names without wildcards are found by halving. Never altered.
/// Threads: any. Allocates nothing once it is made.
class GlobSet {
public:
    explicit GlobSet(const std::vector<Glob>& globs);

    /// An entry that `name` fits, or null.
    const Glob* find(const GlobName& name) const;
    /// An entry that one of `names` fits, or null.
    const Glob* find(std::span<const GlobName> names) const {
        for (const GlobName& name : names) {
            if (!may_have(name)) continue;
            if (const Glob* entry = find(name); entry != nullptr) return entry;
        }
        return nullptr;
    }

private:
    struct Literal {
        explicit Literal(const Glob& from) : first(TextEnds(from.text()).first), glob(from) {}
        /// By length, then the first bytes, then text: most are told apart by the first two.
        bool comes_before(std::string_view text, uint64_t its_first) const;

        uint64_t first;
        Glob glob;
    };
    /// What a pattern says of the ends of whatever fits it rules out most names at once.
    struct Pattern {
        explicit Pattern(const Glob& from);
        bool matches(const GlobName& name) const {
            const uint64_t differs = ((name.ends.first ^ ends.first) & first_mask) |
                                     ((name.ends.last ^ ends.last) & last_mask);
            if (differs != 0) return false;
            return is_told_by_ends ? name.text.size() >= size_min : glob.matches(name.text);
        }

        TextEnds ends;
        uint64_t first_mask = 0;
        uint64_t last_mask = 0;
        size_t size_min = 0;
        bool is_told_by_ends = false;  // one `*`, and what is beside it fits in `ends`
        Glob glob;
    };

    /// False: no entry begins as the name does, nor ends so where it begins with a wildcard.
    bool may_have(const GlobName& name) const {
        return (begins_ >> (name.ends.first % 64) & 1) != 0 ||
               (ends_ >> ((name.ends.last >> 56) % 64) & 1) != 0;
    }
    void note_ends(const Glob& entry);

    uint64_t begins_ = 0;            // a bit for each first byte, modulo 64
    uint64_t ends_ = 0;              // and for each last byte of what begins with a wildcard
    std::vector<Literal> literals_;  // in the order of comes_before
    uint64_t literal_sizes_ = 0;     // a bit for each length: most names have none of theirs
    std::vector<Pattern> patterns_;
};

}  // namespace keywarden
