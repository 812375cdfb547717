// Who calls, once the credential is checked: a plain value that lives as long as its request.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"
#include "domain/key.h"

namespace keywarden {

/// Copying it allocates nothing. The views live as long as the process.
struct Caller {
    std::array<char, kKeyIdMax> key_id_text{};  // filled up with NUL; see new_id("key")
    std::string_view team_id{};
    std::string_view user_id{};  // of a person who has signed in: no key; else empty
    KeyKind kind = KeyKind::Full;
    bool is_operator = false;  // over the local socket, or a person who is one: no key, all rights
    int64_t rate_limit_rpm = 0;  // of its own; 0: what its team, plan, or the instance gives it
    uint32_t slot = 0;           // where the key directory counts for this key
    /// Since when the presented secret is rotated away, if it is.
    std::optional<TimePoint> deprecated_at{};
    /// When it stops working, if it is, or if the key expires soon.
    std::optional<TimePoint> sunset_at{};

    /// Empty for the operator, and for people. The view lives as long as this Caller.
    std::string_view key_id() const {
        const std::string_view text(key_id_text.data(), key_id_text.size());
        return text.substr(0, text.find('\0'));
    }
};

}  // namespace keywarden
