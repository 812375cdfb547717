#include "domain/tool_text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "base/crypto.h"
#include "domain/tool_model.h"
#include "domain/utf8.h"

namespace keywarden {
namespace {

constexpr size_t kStemmedBytesMax = 64;  // a longer word is taken as it is

uint64_t random_seed() {
    std::array<uint8_t, sizeof(uint64_t)> bytes{};
    random_bytes(bytes);
    uint64_t seed = 0;
    std::memcpy(&seed, bytes.data(), sizeof(seed));
    return seed;
}

const uint64_t kSeed = random_seed();
constexpr uint64_t kMix = 0x9E37'79B9'7F4A'7C15;
constexpr uint64_t kMixAlso = 0xC2B2'AE3D'27D4'EB4F;

/// The two halves of a product, folded. Source: wyhash, by Wang Yi (public domain).
uint64_t multiply(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64U);
}

uint64_t load(const char* at, size_t bytes) {
    uint64_t value = 0;
    if (bytes != 0) std::memcpy(&value, at, bytes);
    return value;
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What is taken off the end of a word: the first that leaves enough.
struct Ending {
    std::string_view text;
    size_t left_min;
    char instead = 0;
};
constexpr std::array kEndings = std::to_array<Ending>({
    {"ization", 4},   {"isation", 4},   {"ational", 4}, {"ations", 4}, {"ation", 4},
    {"tional", 4},    {"ition", 4},     {"ements", 4},  {"ement", 4},  {"ment", 4},
    {"tion", 3, 't'}, {"sion", 3, 's'}, {"ing", 3},     {"edly", 3},   {"ed", 3},
    {"ers", 4},       {"ors", 4},       {"er", 4},      {"or", 4},     {"ly", 4},
    {"al", 4},        {"ive", 4},       {"able", 4},    {"ful", 4},    {"ness", 3},
});

/// The endings that end in a letter, in their order: most words are looked up once and done.
struct EndingsByLetter {
    std::array<std::array<Ending, 12>, 26> of{};
    std::array<uint8_t, 26> count{};

    constexpr EndingsByLetter() {
        for (const Ending& ending : kEndings) {
            const auto letter = static_cast<size_t>(ending.text.back() - 'a');
            of[letter][count[letter]++] = ending;
        }
    }
};
constexpr EndingsByLetter kEndingsByLetter;

bool ends_plural(std::string_view word) {
    for (const std::string_view end : {"sses", "shes", "ches", "xes", "zes"}) {
        if (word.ends_with(end)) return true;
    }
    return false;
}

size_t without_plural(char* word, size_t bytes) {
    const std::string_view text(word, bytes);
    if (text.back() != 's') return bytes;
    if (text.ends_with("ies") && bytes > 4) {
        word[bytes - 3] = 'y';
        return bytes - 2;
    }
    if (ends_plural(text)) return bytes - 2;
    const char before = text[bytes - 2];
    return before == 's' || before == 'u' || before == 'i' ? bytes : bytes - 1;
}

size_t without_ending(char* word, size_t bytes) {
    const std::string_view text(word, bytes);
    if (!is_lower(text.back())) return bytes;
    const auto letter = static_cast<size_t>(text.back() - 'a');
    for (size_t i = 0; i < kEndingsByLetter.count[letter]; ++i) {
        const Ending& ending = kEndingsByLetter.of[letter][i];
        if (bytes < ending.text.size() + ending.left_min || !text.ends_with(ending.text)) continue;
        bytes -= ending.text.size();
        if (ending.instead != 0) word[bytes++] = ending.instead;
        const char last = word[bytes - 1];
        const bool is_double = last == word[bytes - 2] && last != 'l' && last != 's' && last != 'z';
        return bytes > 3 && is_double ? bytes - 1 : bytes;
    }
    return bytes;
}

/// Takes characters one by one, and finds where words end.
class WordReader {
public:
    explicit WordReader(Words& words) : words_(words), begin_(words.letters.size()) {}

    void put(char c) {
        if (is_lower(c)) {
            if (kind_ != Kind::Letters) {
                finish();
            } else if (capitals_ > 1) {  // HTTPServer: the last capital begins a word
                split_last();
            }
            capitals_ = 0;
            add(c, Kind::Letters);
        } else if (is_upper(c)) {
            if (kind_ != Kind::Letters || capitals_ == 0) finish();
            ++capitals_;
            add(static_cast<char>(c - 'A' + 'a'), Kind::Letters);
        } else if (is_digit(c)) {
            if (kind_ != Kind::Digits) finish();
            add(c, Kind::Digits);
        } else {
            finish();
        }
    }

    void put_character(uint32_t code_point, std::string_view bytes) {
        if (code_point < kFoldedEnd) {
            if (is_combining(code_point)) return;
            const std::string_view plain = folded(code_point);
            if (plain.empty()) finish();
            for (const char c : plain) put(c);
        } else if (code_point >= kFullwidth && code_point < kFullwidth + ('~' - '!')) {
            put(static_cast<char>('!' + (code_point - kFullwidth)));
        } else if (is_paired(code_point)) {
            if (kind_ != Kind::Paired) finish();
            words_.letters += bytes;
            kind_ = Kind::Paired;
        } else {
            finish();
        }
    }

    void finish() {
        if (kind_ == Kind::None) return;
        const size_t bytes = words_.letters.size() - begin_;
        if (kind_ == Kind::Paired) {
            finish_paired(bytes);
        } else {
            add_word(bytes);
        }
        begin_ = words_.letters.size();
        kind_ = Kind::None;
        capitals_ = 0;
    }

private:
    enum class Kind : uint8_t { None, Letters, Digits, Paired };
    static constexpr uint32_t kFullwidth = 0xFF01;
    static constexpr size_t kPairedBytes = 3;  // each of these characters has as many in UTF-8

    static bool is_combining(uint32_t c) {
        return (c >= 0x300 && c < 0x370) || (c >= 0x1AB0 && c < 0x1B00) ||
               (c >= 0x1DC0 && c < 0x1E00) || (c >= 0x20D0 && c < 0x2100);
    }
    static bool is_paired(uint32_t c) {
        return (c >= 0x3040 && c < 0x3100) || (c >= 0x3400 && c < 0xA000);
    }

    void add(char c, Kind kind) {
        words_.letters += c;
        kind_ = kind;
    }

    void split_last() {
        const char last = words_.letters.back();
        words_.letters.pop_back();
        finish();
        add(last, Kind::Letters);
    }

    void add_word(size_t bytes) {
        const std::string_view text = std::string_view(words_.letters).substr(begin_, bytes);
        TermId term = 0;
        if (bytes <= kStemmedBytesMax && kind_ == Kind::Letters) {
            std::array<char, kStemmedBytesMax> copy;
            std::ranges::copy(text, copy.begin());
            term = term_of({copy.data(), stem(copy.data(), bytes)});
        } else {
            term = term_of(text);
        }
        words_.words.push_back({term, static_cast<uint32_t>(begin_), static_cast<uint32_t>(bytes)});
    }

    void finish_paired(size_t bytes) {
        const size_t pair_bytes = std::min(bytes, 2 * kPairedBytes);
        for (size_t at = 0; at + pair_bytes <= bytes; at += kPairedBytes) {
            const auto begin = static_cast<uint32_t>(begin_ + at);
            const std::string_view pair =
                std::string_view(words_.letters).substr(begin, pair_bytes);
            words_.words.push_back({term_of(pair), begin, static_cast<uint32_t>(pair_bytes)});
        }
    }

    Words& words_;
    size_t begin_;
    Kind kind_ = Kind::None;
    size_t capitals_ = 0;
};

}  // namespace

TermId term_of(std::string_view word) {
    uint64_t hash = kSeed ^ word.size();
    const char* at = word.data();
    size_t left = word.size();
    for (; left > 8; left -= 8, at += 8) hash = multiply(hash ^ load(at, 8), kMix);
    return multiply(hash ^ load(at, left), kMixAlso);
}

TextHash hash_of(std::string_view bytes, uint64_t seed) {
    const char* at = bytes.data();
    size_t left = bytes.size();
    std::array<uint64_t, 4> lanes = {kSeed ^ seed, kSeed ^ kMix, ~kSeed ^ kMixAlso, kSeed + seed};
    for (; left > 32; left -= 32, at += 32) {
        lanes[0] = multiply(lanes[0] ^ load(at, 8), kMix ^ load(at + 8, 8));
        lanes[1] = multiply(lanes[1] ^ load(at + 8, 8), kMixAlso ^ load(at + 16, 8));
        lanes[2] = multiply(lanes[2] ^ load(at + 16, 8), kMix ^ load(at + 24, 8));
        lanes[3] = multiply(lanes[3] ^ load(at + 24, 8), kMixAlso ^ load(at, 8));
    }
    for (; left > 8; left -= 8, at += 8) {
        lanes[0] = multiply(lanes[0] ^ load(at, 8), kMix);
        lanes[1] = multiply(lanes[1] ^ load(at, 8), kMixAlso);
    }
    lanes[2] = multiply(lanes[2] ^ load(at, left), kMix ^ bytes.size());
    lanes[3] = multiply(lanes[3] ^ load(at, left), kMixAlso ^ bytes.size());
    return {multiply(lanes[0] ^ kMix, lanes[2] ^ kMixAlso),
            multiply(lanes[1] ^ kMixAlso, lanes[3] ^ kMix)};
}

size_t stem(char* word, size_t bytes) {
    if (bytes <= 3) return bytes;
    bytes = without_plural(word, bytes);
    bytes = without_ending(word, bytes);
    if (bytes > 3 && word[bytes - 1] == 'e') --bytes;
    if (bytes > 3 && word[bytes - 1] == 'y') word[bytes - 1] = 'i';
    return bytes;
}

void read_words(std::string_view text, Words& words) {
    words.letters.reserve(words.letters.size() + text.size());
    WordReader reader(words);
    for (size_t at = 0; at < text.size();) {
        if (static_cast<uint8_t>(text[at]) < 0x80) {
            reader.put(text[at++]);
            continue;
        }
        const size_t begin = at;
        const uint32_t code_point = next_character(text, at);
        reader.put_character(code_point, text.substr(begin, at - begin));
    }
    reader.finish();
}

std::string_view first_characters(std::string_view text, size_t count) {
    if (text.size() <= count) return text;
    size_t at = 0;
    for (; count > 0 && at < text.size(); --count) next_character(text, at);
    return text.substr(0, at);
}

}  // namespace keywarden
