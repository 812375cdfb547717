// The store in one file: SQLite.
#pragma once

#include <memory>
#include <string>

#include "store/store.h"

namespace keywarden {

/// Opens or makes the file (mode 0600) and brings its schema up to date.
///
/// One connection writes and one reads, each behind its own lock. The journal is a write-ahead log,
/// so readers never wait for the writer; `synchronous = FULL`, because with NORMAL a power cut
/// could bring a revoked key back to life. Errors: StoreUnavailable.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path);

}  // namespace keywarden
