// Reading through a database without changing it: for `keywarden doctor`.
#pragma once

#include <string>

#include "store/open.h"

namespace keywarden {

/// See examine_store.
Result<StoreReport> examine_sqlite_store(const std::string& path);

/// What count_notices promises.
Result<StoreNotices> count_sqlite_notices(const std::string& path,
                                          const KeyNotice& notice,
                                          TimePoint now);

}  // namespace keywarden
