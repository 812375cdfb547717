#include "domain/glyphs.h"

#include <algorithm>
#include <array>

#include "domain/utf8.h"

namespace keywarden {
namespace {

struct Range {
    uint32_t first;
    uint32_t last;
};

/// What is no letter and no digit, of what people write.
constexpr std::array kSigns = std::to_array<Range>({
    {0x80, 0xA9},     {0xAB, 0xB1},     {0xB4, 0xB4},     {0xB6, 0xB8},       {0xBB, 0xBB},
    {0xBF, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},     {0x300, 0x36F},     {0x2000, 0x206F},
    {0x20A0, 0x20FF}, {0x2190, 0x245F}, {0x2500, 0x2BFF}, {0x3001, 0x3004},   {0x3008, 0x3020},
    {0x3030, 0x3030}, {0xFE00, 0xFE4F}, {0xFF01, 0xFF0F}, {0xFF1A, 0xFF20},   {0xFF3B, 0xFF40},
    {0xFF5B, 0xFF65}, {0xFFFD, 0xFFFD}, {0xE000, 0xF8FF}, {0x1F000, 0x1FAFF},
});

bool is_space(uint32_t c) {
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

char glyph_of(uint32_t c) {
    if (is_space(c)) return kSpaceGlyph;
    if (c == 0x20AC || c == 0xA3 || c == 0xA5) return kMoneyGlyph;
    if (c == 0x201C || c == 0x2018) return kOpenQuoteGlyph;
    if (c == 0x201D || c == 0x2019) return kCloseQuoteGlyph;
    const bool is_sign = std::ranges::any_of(
        kSigns, [c](const Range& range) { return c >= range.first && c <= range.last; });
    return is_sign ? kOtherGlyph : kLetterGlyph;
}

}  // namespace

void Glyphs::read(std::string_view text, size_t count_max) {
    glyphs_.clear();
    offsets_.clear();
    const std::string_view head = text.substr(0, count_max);
    if (std::ranges::all_of(head, [](char c) { return static_cast<uint8_t>(c) < 0x80; })) {
        glyphs_ = head;
        return;
    }
    size_t at = 0;
    while (at < text.size() && glyphs_.size() < count_max) {
        offsets_.push_back(static_cast<uint32_t>(at));
        const uint32_t c = next_character(text, at);
        glyphs_ += c < 0x80 ? static_cast<char>(c) : glyph_of(c);
    }
    offsets_.push_back(static_cast<uint32_t>(at));
}

}  // namespace keywarden
