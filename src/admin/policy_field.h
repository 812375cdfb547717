// Policies in bodies and answers of the account and operator API.
#pragma once

#include <string_view>

#include "admin/json_body.h"
#include "domain/policy.h"

namespace keywarden {

/// Takes over what `value` names (see patch_policy); null clears all of it. `field` stands before
/// the names in errors; empty where the body itself is the policy.
/// Errors: UnknownField, InvalidRequest.
Result<void> read_policy(std::string_view field, const Json& value, Policy& policy);

/// As read_policy, for limits alone.
Result<void> read_limits(std::string_view field, const Json& value, Limits& limits);

Json policy_record(const Policy& policy);
Json limits_record(const Limits& limits);

}  // namespace keywarden
