// Pieces of words, three and four characters long, with marks where a word begins and ends: words
// that are written alike share many.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "domain/term_map.h"

namespace keywarden {

/// Exact for ASCII; a hash for others, which never meets one of ASCII.
using GramId = uint32_t;

struct GramCount {
    GramId gram;
    uint32_t count;
};

/// How often a gram counts that is there so many times: 1 + ln(count). Requires: count > 0.
float gram_weight(uint32_t count);

/// Counts the grams of words.
class GramCounter {
public:
    void clear();
    void add(std::string_view word);
    /// In the order in which they came.
    std::span<const GramCount> counts() const { return counts_; }

private:
    void count(GramId gram);

    TermMap places_{1024};
    std::vector<GramCount> counts_;
    std::vector<uint32_t> characters_;
};

}  // namespace keywarden
