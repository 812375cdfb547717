#include "domain/call_id.h"

namespace keywarden {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

// Where the digits of each byte stand: 8-4-4-4-12.
constexpr std::array<uint8_t, 16> kPlaces = {
    0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
constexpr std::array<uint8_t, 4> kDashes = {8, 13, 18, 23};

}  // namespace

RequestId text_of(const CallId& id) {
    RequestId text;
    for (size_t i = 0; i < id.size(); ++i) {
        text.text[kPlaces[i]] = kDigits[id[i] >> 4U];
        text.text[kPlaces[i] + 1U] = kDigits[id[i] & 15U];
    }
    for (const uint8_t dash : kDashes) text.text[dash] = '-';
    return text;
}

std::optional<CallId> call_id_of(std::string_view text) {
    if (text.size() != RequestId().text.size()) return std::nullopt;
    for (const uint8_t dash : kDashes) {
        if (text[dash] != '-') return std::nullopt;
    }
    CallId id{};
    for (size_t i = 0; i < id.size(); ++i) {
        const size_t high = kDigits.find(text[kPlaces[i]]);
        const size_t low = kDigits.find(text[kPlaces[i] + 1U]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        id[i] = static_cast<uint8_t>(high << 4U | low);
    }
    return id;
}

}  // namespace keywarden
