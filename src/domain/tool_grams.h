// Pieces of words, three and four characters long, with marks where a word begins and ends: words
// that are written alike share many.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace keywarden {

/// Exact for ASCII; a hash for others, which never meets one of ASCII.
using GramId = uint32_t;

struct GramCount {
    GramId gram;
    uint32_t count;
};

inline constexpr size_t kGramsMax = 32'000;

/// How often a gram counts that is there so many times: 1 + ln(count). Requires: count > 0.
float gram_weight(uint32_t count);

/// Counts the grams of words: of at most kGramsMax different ones, more do not count.
class GramCounter {
public:
    void clear();
    void add(std::string_view word);
    /// In the order in which they came.
    std::span<const GramCount> counts() const { return counts_; }

private:
    /// Where a gram is counted, as long as the round holds in which it came.
    struct Slot {
        GramId gram = 0;
        uint16_t place = 0;
        uint16_t round = 0;
    };
    static constexpr size_t kFirstSlots = 1024;

    void count(GramId gram);
    void grow();

    std::vector<Slot> slots_ = std::vector<Slot>(kFirstSlots);
    uint16_t round_ = 1;
    std::vector<GramCount> counts_;
    std::vector<uint32_t> characters_;
};

}  // namespace keywarden
