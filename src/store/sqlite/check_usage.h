// Whether every sum of calls and money is the sum of what it stands for.
#pragma once

#include "base/result.h"
#include "store/sqlite/database.h"
#include "store/usage_store.h"

namespace keywarden {

/// Reads all rows once, in the order of time, within one transaction that sees one moment.
Result<LedgerFindings> check_usage(Database& reader);

}  // namespace keywarden
