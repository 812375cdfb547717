// Reading through a database without changing it: for `keywarden doctor`.
#pragma once

#include <string>

#include "store/open.h"

namespace keywarden {

/// See examine_store.
Result<StoreReport> examine_sqlite_store(const std::string& path);

}  // namespace keywarden
