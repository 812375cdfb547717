// Grant ⊆ grantor, for every field of a policy: nobody gives what they do not hold.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "domain/policy.h"

namespace keywarden {

/// What a key may do, or what whoever makes one may hand out. For a person it is their own policy
/// in the team (empty: no restriction but the team's), every kind, and no end.
struct Rights {
    KeyKind kind = KeyKind::Full;
    std::optional<TimePoint> not_before{};
    std::optional<TimePoint> expires_at{};  // empty: never
    std::string app_id{};                   // empty: the team as a whole
    Policy policy{};
};

/// Fills in what `wanted` leaves open with what `grantor` holds, so that whoever asks for nothing
/// in particular gets what there is: limits, lists, end, app. What `wanted` names stays.
void inherit(Rights& wanted, const Rights& grantor);

/// Whether `grantor` may hand out `wanted`, or, with `before`, turn `before` into `wanted`: a field
/// that did not get wider is nobody's grant.
///
/// Never lets through what goes beyond. It may refuse a list of patterns, or of networks, that only
/// several entries of the grantor's list cover together.
/// Errors: InsufficientScope, with the first field that goes beyond as its param.
Result<void> check_rights(const Rights& wanted,
                          const Rights& grantor,
                          const Rights* before = nullptr);

/// Whether `policy`, to be set on a narrower scope, keeps within `ceiling`, which `scope` sets.
/// Errors: InvalidRequest, with the first field that goes beyond as its param, its ceiling, and who
/// sets it. Only limits are looked at: a wider list there would be narrowed anyway.
Result<void> check_ceiling(const Policy& policy, const Policy& ceiling, Scope scope);

}  // namespace keywarden
