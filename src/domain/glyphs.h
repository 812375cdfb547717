// A text in which each character is one byte: ASCII as it is, of the rest only what kind it is. For
// looking for shapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keywarden {

/// What stands for characters that are not ASCII.
inline constexpr char kLetterGlyph = '\x80';  // letters and digits of any script
inline constexpr char kSpaceGlyph = '\x81';
inline constexpr char kMoneyGlyph = '\x82';       // € £ ¥
inline constexpr char kOpenQuoteGlyph = '\x83';   // “ ‘
inline constexpr char kCloseQuoteGlyph = '\x84';  // ” ’
inline constexpr char kOtherGlyph = '\x85';

class Glyphs {
public:
    /// Of at most `count_max` characters.
    void read(std::string_view text, size_t count_max);

    std::string_view all() const { return glyphs_; }
    /// Where a glyph stands in the text.
    size_t offset(size_t i) const { return offsets_.empty() ? i : offsets_[i]; }

private:
    std::string glyphs_;
    std::vector<uint32_t> offsets_;  // none where all is ASCII
};

inline bool is_digit_glyph(char c) { return c >= '0' && c <= '9'; }
inline bool is_lower_glyph(char c) { return c >= 'a' && c <= 'z'; }
inline bool is_upper_glyph(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_letter_glyph(char c) { return is_lower_glyph(c) || is_upper_glyph(c); }
inline bool is_word_glyph(char c) {
    return is_letter_glyph(c) || is_digit_glyph(c) || c == '_' || c == kLetterGlyph;
}
inline bool is_space_glyph(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F) || c == kSpaceGlyph;
}
inline char lower_glyph(char c) { return is_upper_glyph(c) ? static_cast<char>(c - 'A' + 'a') : c; }

/// Looks around in glyphs; what lies outside is '\0', which is of no kind.
struct GlyphView {
    std::string_view text;

    char at(size_t i) const { return i < text.size() ? text[i] : '\0'; }
    char before(size_t i) const { return i == 0 ? '\0' : at(i - 1); }
    bool begins_word(size_t i) const { return is_word_glyph(at(i)) && !is_word_glyph(before(i)); }
    bool ends_word(size_t end) const { return !is_word_glyph(at(end)); }

    /// Where a run of glyphs of a kind ends that begins at `i`.
    template <class Kind>
    size_t end_of(size_t i, Kind is_kind) const {
        while (i < text.size() && is_kind(text[i])) ++i;
        return i;
    }
    /// Whether `word`, in lower case, stands at `i`, in whatever case.
    bool has(size_t i, std::string_view word) const {
        if (i > text.size() || text.size() - i < word.size()) return false;
        for (size_t k = 0; k < word.size(); ++k) {
            if (lower_glyph(text[i + k]) != word[k]) return false;
        }
        return true;
    }
    /// The same, and it ends there.
    bool has_word(size_t i, std::string_view word) const {
        return has(i, word) && ends_word(i + word.size());
    }
};

}  // namespace keywarden
