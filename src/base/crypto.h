// Digests, random bytes, and comparison in constant time: thin, over OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace keywarden {

using Digest = std::array<uint8_t, 32>;

/// Threads: any. Allocates nothing.
Digest sha256(std::string_view data);

/// What SHA-256 carries from block to block.
using Sha256State = std::array<uint32_t, 8>;

/// A key for HMAC-SHA-256, padded and taken in once. The key itself is not kept.
/// Source: RFC 2104, FIPS 180-4.
class HmacKey {
public:
    explicit HmacKey(std::string_view key);

    /// Threads: any. Allocates nothing.
    Digest sign(std::string_view data) const;

private:
    Sha256State inner_{};  // after the block of key xor ipad
    Sha256State outer_{};  // after the block of key xor opad
};

/// True when both are equal. The time taken does not depend on where they differ.
bool equal_in_constant_time(std::span<const uint8_t> a, std::span<const uint8_t> b);

/// Fills `out` from the operating system's generator. Ends the process when there is none.
void random_bytes(std::span<uint8_t> out);

/// `length` characters drawn evenly from `alphabet` (2 to 256 of them) by rejection sampling.
std::string random_text(size_t length, std::string_view alphabet);

std::string to_hex(std::span<const uint8_t> bytes);
/// With `+`, `/`, and its padding. Source: RFC 4648, section 4.
std::string to_base64(std::string_view bytes);

/// CRC-32 of zlib and IEEE 802.3.
uint32_t crc32(std::string_view data);

/// `value` in base 62 (`0-9A-Za-z`), left-padded with `0` to six characters.
std::string base62_of_crc32(uint32_t value);

inline constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kBase58 =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
inline constexpr std::string_view kBase36Lower = "0123456789abcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kHexLower = "0123456789abcdef";

}  // namespace keywarden
