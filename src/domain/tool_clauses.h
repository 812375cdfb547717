// Where a message begins to ask for something else: at the end of a sentence, at "and", "then",
// "also".
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "domain/glyphs.h"

namespace keywarden {

class ClauseSplitter {
public:
    explicit ClauseSplitter(std::string_view glyphs) : glyphs_{glyphs} {}

    /// Calls `use` with where each clause begins and ends. Takes time in proportion to the text.
    template <class Use>
    void for_each(Use use) {
        size_t begin = 0;
        for (size_t i = 0; i < glyphs_.text.size();) {
            const size_t end = end_of_separator(i);
            if (end == i) {
                ++i;
                continue;
            }
            use(begin, i);
            begin = i = end;
        }
        use(begin, glyphs_.text.size());
    }

private:
    static bool is_mark(char c) {
        return c == '.' || c == '?' || c == '!' || c == ';' || c == '\n';
    }

    /// `i` where none begins there.
    size_t end_of_separator(size_t i) {
        const char c = glyphs_.at(i);
        if (is_mark(c) && i >= no_marks_until_) {
            if (const size_t end = end_of_marks(i); end > i) return end;
        }
        if (c == ',') return end_of_comma(i);
        if (is_space_glyph(c)) {
            const bool is_and = glyphs_.has(i + 1, "and") && is_space_glyph(glyphs_.at(i + 4));
            return is_and ? i + 5 : i;
        }
        return glyphs_.begins_word(i) ? end_of_word(i) : i;
    }

    /// Marks, and a space behind them: a line's end is both.
    size_t end_of_marks(size_t i) {
        const size_t end = glyphs_.end_of(i, is_mark);
        if (is_space_glyph(glyphs_.at(end))) return end + 1;
        for (size_t last = end - 1; last > i; --last) {
            if (glyphs_.at(last) == '\n') return last + 1;
        }
        no_marks_until_ = end;
        return i;
    }

    size_t end_of_comma(size_t i) const {
        const size_t at = glyphs_.end_of(i + 1, is_space_glyph);
        if (glyphs_.has_word(at, "and")) return at + 3;
        return glyphs_.has_word(at, "then") ? at + 4 : i;
    }

    size_t end_of_word(size_t i) const {
        constexpr std::array kWords = std::to_array<std::string_view>({"and then",
                                                                       "after that",
                                                                       "then",
                                                                       "also",
                                                                       "additionally",
                                                                       "furthermore",
                                                                       "finally",
                                                                       "as well as",
                                                                       "plus"});
        for (const std::string_view word : kWords) {
            if (glyphs_.has_word(i, word)) return i + word.size();
        }
        return i;
    }

    GlyphView glyphs_;
    size_t no_marks_until_ = 0;
};

}  // namespace keywarden
