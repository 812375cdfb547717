// An estate in the store: read, and changed as one.
#pragma once

#include <functional>
#include <vector>

#include "admin/context.h"
#include "base/result.h"
#include "domain/audit_facts.h"
#include "domain/estate.h"

namespace keywarden {

inline constexpr size_t kEstateKeysMax = 100'000;  // of all the teams that are read

/// The settings, all models, plans, people and teams; and of the teams that are `wanted`, what
/// belongs to them. Errors: InvalidRequest when there are more keys than kEstateKeysMax; those of
/// the store.
Result<Estate> read_estate(AdminContext& context, const std::function<bool(const Team&)>& wanted);

/// Writes the changes, in their order. Returns: the new keys, whose secrets nobody has seen yet.
/// Requires: it runs within KeyDirectory::together, whose `batch` it is given.
/// Errors: those of the store.
Result<std::vector<MintedKey>> write_changes(AdminContext& context,
                                             KeyBatch& batch,
                                             const std::vector<EstateChange>& changes,
                                             const ChangedBy& by);

/// Lets every call meet them. Requires: they are stored.
void put_in_force(AdminContext& context, const std::vector<EstateChange>& changes);

}  // namespace keywarden
