// Rows of calls that are old enough go; what they add up to stays.
#pragma once

#include "base/result.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// One transaction. Accounts keep what their pruned rows came to, so that a check still can tell
/// whether all is right; a team keeps since when its rows are all there. Sessions go with their
/// last row. Returns how many rows went.
Result<int64_t> prune_call_rows(Database& writer, TimePoint before, size_t rows_max);

}  // namespace keywarden
