// Grant ⊆ grantor: nobody gives a key more than they hold themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "domain/key.h"

namespace keywarden {

/// What a key may do, as far as one key can hold more of it than another.
struct Grant {
    KeyKind kind = KeyKind::Full;
    int64_t rate_limit_rpm = kRateLimitRpmMax;
    std::optional<TimePoint> expires_at{};  // empty: never
    ToolList tools{};
    std::string app_id{};  // empty: the team as a whole
};

/// A key that names no limit runs at the instance's default, but is bound only by the ceiling: a
/// default is where a key starts, not a bound that somebody set. So the key of the first start can
/// make faster keys, and one that was given a limit cannot.
Grant grant_of(const Key& key);

/// Gives `key` the grantor's own limit (or the default, if that is less), expiry, and tool list
/// wherever the grantor is bound and the key names none.
void inherit(Key& key, const Grant& grantor, int64_t default_rpm);

/// Says whether `grantor` may hand out `wanted`, or, with `before`, whether it may turn `before`
/// into `wanted`: a field that did not get wider is nobody's grant.
///
/// A kind is held when each permission of that kind is. Tools are compared by what they permit.
/// Errors: InsufficientScope, with the first field that is too wide as its param.
Result<void> check_grant(const Grant& wanted, const Grant& grantor, const Grant* before = nullptr);

}  // namespace keywarden
