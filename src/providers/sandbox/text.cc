#include "providers/sandbox/text.h"

#include <algorithm>
#include <array>

#include "base/crypto.h"

namespace keywarden {
namespace {

constexpr size_t kPlainBytesMax = size_t{64} * 1024;
constexpr size_t kIdLength = 24;
constexpr std::string_view kIntroduction = "This is the Keywarden sandbox: no model was asked.";

constexpr std::array<std::string_view, 16> kNouns = {"river",
                                                     "lantern",
                                                     "garden",
                                                     "engine",
                                                     "harbour",
                                                     "letter",
                                                     "mountain",
                                                     "window",
                                                     "bridge",
                                                     "orchard",
                                                     "compass",
                                                     "meadow",
                                                     "library",
                                                     "signal",
                                                     "kettle",
                                                     "anchor"};
constexpr std::array<std::string_view, 16> kAdjectives = {"quiet",
                                                          "amber",
                                                          "patient",
                                                          "northern",
                                                          "hollow",
                                                          "bright",
                                                          "careful",
                                                          "distant",
                                                          "silver",
                                                          "gentle",
                                                          "ancient",
                                                          "curious",
                                                          "narrow",
                                                          "early",
                                                          "wooden",
                                                          "steady"};
constexpr std::array<std::string_view, 16> kVerbs = {"follows",
                                                     "remembers",
                                                     "carries",
                                                     "crosses",
                                                     "answers",
                                                     "measures",
                                                     "keeps",
                                                     "greets",
                                                     "mirrors",
                                                     "guards",
                                                     "finds",
                                                     "outlasts",
                                                     "borrows",
                                                     "watches",
                                                     "completes",
                                                     "shelters"};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

size_t skip_word(std::string_view text, size_t at) {
    while (at < text.size() && is_space(text[at])) ++at;
    while (at < text.size() && !is_space(text[at])) ++at;
    return at;
}

size_t skip_character(std::string_view text, size_t at) {
    if (at < text.size()) ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
    return at;
}

}  // namespace

uint64_t SeededNumbers::next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

// FNV-1a, with the length and the salt stirred in by splitmix64.
uint64_t seed_of(std::string_view bytes, uint64_t salt) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char c : bytes) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    SeededNumbers numbers(hash ^ (salt * 0xd6e8feb86659fd93) ^ bytes.size());
    return numbers.next();
}

size_t count_words(std::string_view text) {
    size_t count = 0;
    bool inside = false;
    for (const char c : text) {
        const bool space = is_space(c);
        count += static_cast<size_t>(!space && !inside);
        inside = !space;
    }
    return count;
}

std::string_view first_words(std::string_view text, size_t count) {
    if (count_words(text) <= count) return text;
    return text.substr(0, skip_units(text, 0, count, false));
}

std::vector<std::string> plain_words(std::string_view text) {
    std::vector<std::string> words(1);
    for (const char c : text.substr(0, kPlainBytesMax)) {
        const bool upper = c >= 'A' && c <= 'Z';
        const bool kept = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80);
        if (kept) words.back() += upper ? static_cast<char>(c + 32) : c;
        if (!kept && !words.back().empty()) words.emplace_back();
    }
    if (words.back().empty()) words.pop_back();
    return words;
}

std::string make_words(uint64_t seed, size_t count) {
    SeededNumbers numbers(seed);
    std::string text(kIntroduction);
    for (size_t words = count_words(text); words < count; words += 7) {
        const auto add = [&](std::string_view before, std::string_view word) {
            text += before;
            text += word;
        };
        add(" The ", kAdjectives.at(numbers.below(kAdjectives.size())));
        add(" ", kNouns.at(numbers.below(kNouns.size())));
        add(" ", kVerbs.at(numbers.below(kVerbs.size())));
        add(" the ", kAdjectives.at(numbers.below(kAdjectives.size())));
        add(" ", kNouns.at(numbers.below(kNouns.size())));
        text += '.';
    }
    return std::string(first_words(text, count));
}

std::string_view make_word(SeededNumbers& numbers) {
    return kNouns.at(numbers.below(kNouns.size()));
}

std::string make_id(std::string_view prefix, uint64_t seed) {
    SeededNumbers numbers(seed);
    std::string id(prefix);
    for (size_t i = 0; i < kIdLength; ++i) id += kBase62[numbers.below(kBase62.size())];
    return id;
}

size_t count_characters(std::string_view text) {
    return static_cast<size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

size_t skip_units(std::string_view text, size_t from, size_t units, bool characters) {
    for (; units > 0; --units) {
        from = characters ? skip_character(text, from) : skip_word(text, from);
    }
    return from;
}

// Source: RFC 4648, section 4.

}  // namespace keywarden
