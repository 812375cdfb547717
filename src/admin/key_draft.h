// A key as a caller asks for it, held to what they may hand out.
#pragma once

#include <string_view>

#include "admin/context.h"
#include "admin/json_body.h"
#include "admin/key_fields.h"
#include "base/result.h"
#include "domain/caller.h"

namespace keywarden {

/// Reads the fields of a new key of that team, gives it what its maker is bound by, and holds it to
/// the maker's rights, the team's ceilings, and the clock.
/// Errors: UnknownField, InvalidRequest, InsufficientScope, TeamAccessDenied.
Result<KeyDraft> draft_key(AdminContext& context,
                           const Caller& caller,
                           std::string_view team_id,
                           const Json& object);

}  // namespace keywarden
