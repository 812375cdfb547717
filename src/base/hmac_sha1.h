// HMAC-SHA-1, for one-time codes alone: what authenticators on phones compute.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace keywarden {

/// Source: RFC 2104. Threads: any.
std::array<uint8_t, 20> hmac_sha1(std::string_view key, std::string_view data);

}  // namespace keywarden
