// Policies and limits as JSON: how they are stored, read from callers, and shown to them.
//
//   {"models": {"allow": ["gpt-*"], "deny": []}, …, "limits": {"requests_per_minute": 60}}
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/policy.h"

namespace keywarden {

/// What is not set is left out, but for an empty `allow`, which lets nothing through.
std::string policy_json(const Policy& policy);
std::string limits_json(const Limits& limits);

/// Takes over what `patch`, an object, names: a list replaces the one that is there, a limit the
/// limit; null clears. The whole must then be in order (check_policy).
/// Errors: UnknownField with the nearest name; InvalidRequest. Both name the field, such as
/// `models.allow`; nothing is taken over then.
Result<void> patch_policy(Policy& policy, std::string_view patch);
Result<void> patch_limits(Limits& limits, std::string_view patch);

}  // namespace keywarden
