// What holds for a key, and where each of it comes from: every limit and list of every scope.
#pragma once

#include "admin/context.h"
#include "admin/json_body.h"
#include "domain/caller.h"

namespace keywarden {

/// Every limit that the key meets, of each scope that counts it: of a kind, the one with the least
/// left first. Takes nothing.
Json limits_of(AdminContext& context, const Caller& key);

/// For each kind of list, what each scope says, from the widest to the narrowest: a call must pass
/// all of them.
Json lists_of(AdminContext& context, const Caller& key);

/// Whether its calls go on with only the tools that matter, and who says so.
Json selection_of(AdminContext& context, const Caller& key);

}  // namespace keywarden
