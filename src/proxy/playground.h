// The console's playground: a person who has signed in calls models as a key of their team would.
#pragma once

#include "base/result.h"
#include "net/task.h"
#include "proxy/call.h"

namespace keywarden {

bool is_playground(const Call& call);

/// Puts the key that the path names in as the caller, and the endpoint that it acts on in as the
/// route: from then on the call is the key's, under its policy, limits and money. Its row says by
/// which route it came. No secret was presented, so none is noted as used.
/// Requires: is_playground, and authenticate_session has put the person in.
/// Errors: those of may_person_come; NotFound, TeamAccessDenied (another's key, where the role
/// reaches one's own only); those of a key that may not be used; Overloaded, StoreUnavailable.
Task<Result<void>> act_as_key(Call* call);

}  // namespace keywarden
