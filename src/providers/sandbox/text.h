// Words of the sandbox: made from a seed, counted, cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keywarden {

/// Numbers that are the same for the same seed, on every machine.
/// Source: Sebastiano Vigna, splitmix64.
class SeededNumbers {
public:
    explicit SeededNumbers(uint64_t seed) : state_(seed) {}
    uint64_t next();
    /// 0 to `count` - 1. Requires: count > 0.
    size_t below(size_t count) { return static_cast<size_t>(next() % count); }

private:
    uint64_t state_;
};

/// The same for the same bytes, on every machine.
uint64_t seed_of(std::string_view bytes, uint64_t salt = 0);

/// The sandbox's token: a word, that is a run of bytes other than ASCII white space.
size_t count_words(std::string_view text);

/// The first `count` words, without the white space after the last of them; all of `text` when it
/// has no more.
std::string_view first_words(std::string_view text, size_t count);

/// Words in lower case, letters and digits only (bytes over 0x7f count as letters), of the first
/// 64 KiB.
std::vector<std::string> plain_words(std::string_view text);

/// So many words of plain, meaningless English. The first nine say that this is the sandbox.
std::string make_words(uint64_t seed, size_t count);

/// One word, without a dot.
std::string_view make_word(SeededNumbers& numbers);

/// `prefix` and 24 characters of base 62.
std::string make_id(std::string_view prefix, uint64_t seed);

/// UTF-8 characters in `text`.
size_t count_characters(std::string_view text);

/// Where a run of `units` words (each with the white space before it) or characters ends that
/// begins at `from`.
size_t skip_units(std::string_view text, size_t from, size_t units, bool characters);

}  // namespace keywarden
