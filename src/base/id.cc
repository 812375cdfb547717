#include "base/id.h"

#include <chrono>
#include <cstdint>
#include <cstring>

#include "base/crypto.h"

namespace keywarden {
namespace {

constexpr auto kHexPairs = [] {
    std::array<std::array<char, 2>, 256> pairs{};
    for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kHexLower[i >> 4], kHexLower[i & 15]};
    return pairs;
}();

// Where the digits of each byte stand: 8-4-4-4-12.
constexpr std::array<uint8_t, 16> kPlaces = {
    0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
constexpr std::array<uint8_t, 4> kDashes = {8, 13, 18, 23};

std::optional<uint8_t> hex_value(char c) {
    if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
    return std::nullopt;
}

/// Ten random bytes, drawn 1,000 at a time.
std::array<uint8_t, 10> random_ten() {
    static thread_local std::array<uint8_t, 1000> pool;
    static thread_local size_t left = 0;
    if (left == 0) {
        random_bytes(pool);
        left = pool.size();
    }
    std::array<uint8_t, 10> out{};
    left -= out.size();
    std::memcpy(out.data(), pool.data() + left, out.size());
    return out;
}

}  // namespace

RequestId new_request_id(TimePoint now) {
    const auto millis = static_cast<uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count());
    const std::array<uint8_t, 10> chance = random_ten();
    std::array<uint8_t, 16> bytes{};
    for (size_t i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
    std::memcpy(bytes.data() + 6, chance.data(), chance.size());
    bytes[6] = static_cast<uint8_t>(0x70 | (bytes[6] & 0x0f));  // version 7
    bytes[8] = static_cast<uint8_t>(0x80 | (bytes[8] & 0x3f));  // variant

    return uuid_text(bytes);
}

RequestId uuid_text(const std::array<uint8_t, 16>& bytes) {
    RequestId id;
    for (size_t i = 0; i < bytes.size(); ++i) {
        std::memcpy(id.text.data() + kPlaces[i], kHexPairs[bytes[i]].data(), 2);
    }
    for (const size_t dash : kDashes) id.text[dash] = '-';
    return id;
}

std::optional<std::array<uint8_t, 16>> parse_uuid(std::string_view text) {
    if (text.size() != RequestId().text.size()) return std::nullopt;
    for (const size_t dash : kDashes) {
        if (text[dash] != '-') return std::nullopt;
    }
    std::array<uint8_t, 16> bytes{};
    for (size_t i = 0; i < bytes.size(); ++i) {
        const auto high = hex_value(text[kPlaces[i]]);
        const auto low = hex_value(text[kPlaces[i] + 1U]);
        if (!high || !low) return std::nullopt;
        bytes[i] = static_cast<uint8_t>((*high << 4U) | *low);
    }
    return bytes;
}

std::string new_id(std::string_view prefix) {
    std::string id(prefix);
    id += '_';
    id += random_text(20, kBase62);
    return id;
}

}  // namespace keywarden
