// Reads UTF-8, character by character, whatever the bytes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keywarden {

/// What a byte stands for that is no part of a character.
inline constexpr uint32_t kNoCharacter = 0xFFFD;

/// The code point at `at`, which moves behind it; a wrong byte is kNoCharacter by itself.
/// Requires: at < text.size().
inline uint32_t next_character(std::string_view text, size_t& at) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const uint8_t first = byte(at++);
    if (first < 0x80) return first;
    const size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || text.size() - at < more) return kNoCharacter;
    uint32_t code_point = first & (0x3FU >> more);
    for (size_t i = 0; i < more; ++i) {
        if ((byte(at + i) & 0xC0U) != 0x80) return kNoCharacter;
        code_point = (code_point << 6U) | (byte(at + i) & 0x3FU);
    }
    constexpr uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
    if (code_point < kSmallest[more]) return kNoCharacter;
    at += more;
    return code_point;
}

}  // namespace keywarden
