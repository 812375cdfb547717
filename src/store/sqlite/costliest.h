// Which few keys, apps, … of a team cost most in a span of days, of however many there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "store/sqlite/database.h"
#include "store/usage_store.h"

namespace keywarden {

/// Beyond it one look at all sums is as fast.
inline constexpr size_t kCostliestMax = 1001;

/// As UsageStore::usage says of a query of a team that is split, has neither a grain nor a filter,
/// and asks for kCostliestMax lines at most. All sums of the span are looked at for their costs
/// alone; the rest is read of those that are told.
Result<std::vector<UsageLine>> costliest(Database& database, const UsageQuery& query);

}  // namespace keywarden
