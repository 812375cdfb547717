// Grant ⊆ grantor, for every field of a key: nobody gives what they do not hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "domain/key.h"
#include "domain/policy.h"

namespace keywarden {

/// What a key may do, or what whoever makes one may hand out. For a person it is their own policy
/// in the team (empty: no restriction but the team's), every kind, and no end.
struct Rights {
    KeyKind kind = KeyKind::Full;
    std::optional<TimePoint> not_before{};
    std::optional<TimePoint> expires_at{};  // empty: never
    std::string app_id{};                   // empty: the team as a whole
    std::vector<std::string> tags{};        // each binds, by the budgets there are of it
    Policy policy{};
};

/// What a key holds for itself at `now`. A limit that it does not name is none: a default is where
/// a key starts, not a bound that somebody set, so the key of the first start can make faster keys.
Rights rights_of(const Key& key, TimePoint now);

/// Takes away from `rights` what `maker`, who made that key, does not let through: of two lists of
/// patterns only what one entry of either covers is left, which may be less than both share.
void narrow(Rights& rights, const Rights& maker);

/// Fills in what `wanted` leaves open with what `grantor` holds, so that whoever asks for nothing
/// in particular gets what there is: limits, lists, end, app. What `wanted` names stays; the tags
/// of `grantor` are added to it. Of a limit it gets no more than `defaults`, where a key starts
/// that names none.
void inherit(Rights& wanted, const Rights& grantor, const Limits& defaults = {});

/// Whether `grantor` may hand out `wanted`, or, with `before`, turn `before` into `wanted`: a field
/// that did not get wider is nobody's grant.
///
/// Never lets through what goes beyond. It may refuse a list of patterns, or of networks, that only
/// several entries of the grantor's list cover together.
/// Errors: InsufficientScope, with the first field that goes beyond as its param (`under` before
/// those of a policy), what was asked for and what the grantor holds.
Result<void> check_rights(const Rights& wanted,
                          const Rights& grantor,
                          const Rights* before = nullptr,
                          std::string_view under = {});

/// Whether `policy`, to be set on a narrower scope, keeps within `ceiling`, which `scope` sets.
/// Errors: InvalidRequest, with the first field that goes beyond as its param, its ceiling, and who
/// sets it. Only limits are looked at: a wider list there would be narrowed anyway.
Result<void> check_ceiling(const Policy& policy,
                           const Policy& ceiling,
                           Scope scope,
                           std::string_view under = {});

}  // namespace keywarden
