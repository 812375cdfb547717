// What is in order, and yet not what its writer can have meant.
#pragma once

#include "admin/context.h"
#include "admin/json_body.h"
#include "domain/policy.h"

namespace keywarden {

/// Adds `warnings` to the answer where `after` has any, unless the policy is as it was before.
void warn_of_policy(const AdminContext& context,
                    const Policy& before,
                    const Policy& after,
                    Json& answer);

}  // namespace keywarden
