// Words, as the ranker of tools reads them: split where letters, digits and capitals meet, folded
// to plain lower case, stemmed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keywarden {

/// A word by its hash: who knows the word knows the hash. Differs from process to process, so that
/// nobody can choose words that meet.
using TermId = uint64_t;
TermId term_of(std::string_view word);

/// A hash of any bytes, for keys of caches: two texts that differ do not meet by chance, nor by
/// will.
struct TextHash {
    uint64_t high = 0;
    uint64_t low = 0;
    friend bool operator==(const TextHash&, const TextHash&) = default;
};
TextHash hash_of(std::string_view bytes, uint64_t seed = 0);

/// Stems an English word lightly, in place: plurals, -ing, -ed, -er, -tion, -ly, a final e.
/// Returns the bytes that are left. Requires: lower case.
size_t stem(char* word, size_t bytes);

struct Word {
    TermId term = 0;     // of its stem
    uint32_t begin = 0;  // of its letters, before they were stemmed
    uint32_t bytes = 0;
};

/// The words of a text, one after another. Chinese and Japanese characters are read in pairs; other
/// scripts than these and Latin are skipped, and so are bytes that are not UTF-8.
struct Words {
    std::string letters{};
    std::vector<Word> words{};

    void clear() {
        letters.clear();
        words.clear();
    }
    std::string_view text_of(const Word& word) const {
        return std::string_view(letters).substr(word.begin, word.bytes);
    }
};

/// Appends the words of `text`.
void read_words(std::string_view text, Words& words);

/// The first `count` code points of a text.
std::string_view first_characters(std::string_view text, size_t count);

}  // namespace keywarden
