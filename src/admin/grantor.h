// Who hands something out, as the rules about grants see them.
#pragma once

#include <optional>

#include "admin/context.h"
#include "base/result.h"
#include "domain/caller.h"
#include "domain/grant.h"

namespace keywarden {

/// What the caller may pass on; nothing for an operator, whom no grant binds.
Result<std::optional<Grant>> grantor_of(AdminContext& context, const Caller& caller);

}  // namespace keywarden
