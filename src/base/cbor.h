// Reads CBOR as authenticators write it, one item after the other.
//
// Only the canonical form of CTAP2 is taken: lengths are said, numbers are as short as they can be,
// and there are no tags and no floats.
// Source: RFC 8949, 3; CTAP 2.1, 8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace keywarden {

inline constexpr size_t kCborItemsMax = 256;  // that are skipped at once

/// Every function but rest returns nothing, or false, where the next item is another, or is cut
/// off; then nothing more is to be read. What it returns are views of the text.
class CborReader {
public:
    explicit CborReader(std::string_view text) : rest_(text) {}

    std::optional<int64_t> integer();
    std::optional<std::string_view> bytes();
    std::optional<std::string_view> text();
    /// How many pairs follow.
    std::optional<uint64_t> map();
    /// Passes over one item with all that is in it.
    bool skip();

    std::string_view rest() const { return rest_; }

private:
    enum class Major : uint8_t { Unsigned, Negative, Bytes, Text, Array, Map, Tag, Simple };
    struct Head {
        Major major;
        uint64_t value;
    };
    std::optional<Head> head();
    std::optional<std::string_view> take(uint64_t size);

    std::string_view rest_;
};

}  // namespace keywarden
