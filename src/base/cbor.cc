#include "base/cbor.h"

#include <limits>

namespace keywarden {
namespace {

constexpr uint8_t kOneByte = 24;     // the number follows in one byte, and from there on in
constexpr uint8_t kEightBytes = 27;  // twice as many
constexpr uint64_t kFalse = 20;
constexpr uint64_t kNull = 22;

}  // namespace

std::optional<std::string_view> CborReader::take(uint64_t size) {
    if (size > rest_.size()) return std::nullopt;
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
}

std::optional<CborReader::Head> CborReader::head() {
    const auto first = take(1);
    if (!first) return std::nullopt;
    const auto byte = static_cast<uint8_t>(first->front());
    const auto major = static_cast<Major>(byte >> 5U);
    const auto low = static_cast<uint8_t>(byte & 0x1fU);
    if (low < kOneByte) return Head{.major = major, .value = low};
    if (low > kEightBytes) return std::nullopt;
    const auto number = take(uint64_t{1} << (low - kOneByte));
    if (!number) return std::nullopt;
    uint64_t value = 0;
    for (const char c : *number) value = value << 8U | static_cast<uint8_t>(c);
    const size_t half = number->size() / 2;
    const uint64_t shorter = half == 0 ? kOneByte : uint64_t{1} << (8 * half);
    if (value < shorter || major == Major::Simple) return std::nullopt;
    return Head{.major = major, .value = value};
}

std::optional<int64_t> CborReader::integer() {
    const auto found = head();
    const bool is_one = found &&
                        (found->major == Major::Unsigned || found->major == Major::Negative) &&
                        found->value <= std::numeric_limits<int64_t>::max();
    if (!is_one) return std::nullopt;
    const auto value = static_cast<int64_t>(found->value);
    return found->major == Major::Unsigned ? value : -1 - value;
}

std::optional<std::string_view> CborReader::bytes() {
    const auto found = head();
    if (!found || found->major != Major::Bytes) return std::nullopt;
    return take(found->value);
}

std::optional<std::string_view> CborReader::text() {
    const auto found = head();
    if (!found || found->major != Major::Text) return std::nullopt;
    return take(found->value);
}

std::optional<uint64_t> CborReader::map() {
    const auto found = head();
    if (!found || found->major != Major::Map) return std::nullopt;
    return found->value;
}

bool CborReader::skip() {
    uint64_t wanted = 1;
    for (size_t seen = 0; wanted > 0; ++seen, --wanted) {
        const auto found = head();
        if (!found || seen == kCborItemsMax) return false;
        switch (found->major) {
            case Major::Unsigned:
            case Major::Negative:
                break;
            case Major::Bytes:
            case Major::Text:
                if (!take(found->value)) return false;
                break;
            case Major::Array:
            case Major::Map:
                if (found->value > kCborItemsMax) return false;
                wanted += found->major == Major::Map ? 2 * found->value : found->value;
                break;
            case Major::Simple:
                if (found->value < kFalse || found->value > kNull) return false;
                break;
            case Major::Tag:
                return false;
        }
    }
    return true;
}

}  // namespace keywarden
