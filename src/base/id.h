// Identifiers: request ids that sort by time, and short ids of stored things.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace keywarden {

/// A UUID of version 7 as its 36 characters. Allocates nothing.
/// Source: RFC 9562, section 5.7.
struct RequestId {
    std::array<char, 36> text{};
    std::string_view view() const { return {text.data(), text.size()}; }
};

/// Random bits come from a per-thread pool that the operating system's generator fills.
/// Threads: any.
RequestId new_request_id(TimePoint now);

/// The sixteen bytes that a UUID stands for, and back, in lower case.
RequestId uuid_text(const std::array<uint8_t, 16>& bytes);
/// Nothing when it is no UUID. Upper case is one, too.
std::optional<std::array<uint8_t, 16>> parse_uuid(std::string_view text);

/// `prefix` + '_' + 20 characters of base 62 (119 bits): "key_…", "team_…".
std::string new_id(std::string_view prefix);

}  // namespace keywarden
