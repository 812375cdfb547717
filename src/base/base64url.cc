#include "base/base64url.h"

#include <array>
#include <cstdint>

namespace keywarden {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kNone = 0xff;

constexpr std::array<uint8_t, 256> kValues = [] {
    std::array<uint8_t, 256> values{};
    values.fill(kNone);
    for (size_t i = 0; i < kAlphabet.size(); ++i) {
        values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
    }
    return values;
}();

std::unexpected<Error> not_base64url() {
    return fail(ErrorCode::InvalidRequest, "It is not base64url with its padding.");
}

}  // namespace

std::string to_base64url(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const std::string_view part = bytes.substr(i, 3);
        uint32_t group = 0;
        for (size_t j = 0; j < 3; ++j) {
            group = group << 8U | (j < part.size() ? static_cast<uint8_t>(part[j]) : 0U);
        }
        for (size_t j = 0; j < 4; ++j) {
            out.push_back(j <= part.size() ? kAlphabet[group >> (18 - 6 * j) & 63U] : '=');
        }
    }
    return out;
}

Result<Secret> from_base64url(std::string_view text) {
    if (text.size() % 4 != 0) return not_base64url();
    size_t padding = 0;
    while (padding < 2 && text.ends_with('=')) {
        text.remove_suffix(1);
        ++padding;
    }
    std::string out;
    out.reserve((text.size() * 3 + 3) / 4);
    Secret bytes;
    uint32_t bits = 0;
    size_t count = 0;
    for (const char c : text) {
        const uint8_t value = kValues[static_cast<uint8_t>(c)];
        if (value == kNone) {
            bytes = Secret(std::move(out));  // wiped
            return not_base64url();
        }
        bits = bits << 6U | value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out.push_back(static_cast<char>(bits >> count & 0xffU));
    }
    bytes = Secret(std::move(out));
    if ((bits & ((1U << count) - 1)) != 0) return not_base64url();
    return bytes;
}

}  // namespace keywarden
