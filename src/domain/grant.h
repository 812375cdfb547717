// Grant ⊆ grantor: nobody gives a key more than they hold themselves.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/units.h"
#include "domain/key.h"

namespace keywarden {

/// What a key may do, as far as one key can hold more of it than another.
struct Grant {
    KeyKind kind = KeyKind::Full;
    int64_t rate_limit_rpm = 0;
    std::optional<TimePoint> expires_at{};  // empty: never
    ToolList tools{};
};

/// `default_rpm` stands in for a limit that the key does not name.
Grant grant_of(const Key& key, int64_t default_rpm);

/// Gives `key` the grantor's own limit, expiry, and tool list wherever it names none and would
/// otherwise hold more.
void inherit(Key& key, const Grant& grantor, int64_t default_rpm);

/// Says whether `grantor` may hand out `wanted`, or, with `before`, whether it may turn `before`
/// into `wanted`: a field that did not get wider is nobody's grant.
///
/// A kind is held when each permission of that kind is. Tools are compared by what they permit.
/// Errors: InsufficientScope, with the first field that is too wide as its param.
Result<void> check_grant(const Grant& wanted, const Grant& grantor, const Grant* before = nullptr);

}  // namespace keywarden
