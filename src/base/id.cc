#include "base/id.h"

#include <chrono>
#include <cstdint>
#include <cstring>

#include "base/crypto.h"

namespace keywarden {
namespace {

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

    RequestId id;
    size_t at = 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) id.text[at++] = '-';
        id.text[at++] = kHexLower[bytes[i] >> 4];
        id.text[at++] = kHexLower[bytes[i] & 15];
    }
    return id;
}

std::string new_id(std::string_view prefix) {
    std::string id(prefix);
    id += '_';
    id += random_text(20, kBase62);
    return id;
}

}  // namespace keywarden
