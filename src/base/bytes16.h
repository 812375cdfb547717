// Sixteen bytes looked at together, on whatever vector unit there is.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace keywarden {

/// Compares and combines byte by byte: a byte is all ones where a comparison holds.
using Bytes16 = unsigned char __attribute__((vector_size(16)));

/// Requires: sixteen bytes can be read at `from`, which may stand anywhere.
inline Bytes16 load16(const char* from) {
    Bytes16 bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return bytes;
}

/// Whether any bit is set. Takes what comparisons give too.
template <class Vector>
bool any_set(Vector found) {
    static_assert(sizeof found == sizeof(Bytes16));
    const auto halves = std::bit_cast<std::array<uint64_t, 2>>(found);
    return (halves[0] | halves[1]) != 0;
}

/// Which byte is the first that has a bit set; 16: none. Takes what comparisons give.
template <class Vector>
size_t first_set(Vector found) {
    static_assert(sizeof found == sizeof(Bytes16) && std::endian::native == std::endian::little);
    const auto halves = std::bit_cast<std::array<uint64_t, 2>>(found);
    const int zeros =
        halves[0] != 0 ? std::countr_zero(halves[0]) : 64 + std::countr_zero(halves[1]);
    return static_cast<size_t>(zeros) / 8;
}

}  // namespace keywarden
