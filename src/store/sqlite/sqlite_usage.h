// Calls and money in SQLite.
#pragma once

#include <memory>
#include <string>

#include "store/sqlite/connection.h"
#include "store/usage_store.h"

namespace keywarden {

/// Reads on a connection of its own, so that a long report holds up nobody else.
/// `writer` must outlive it.
Result<std::unique_ptr<UsageStore>> make_sqlite_usage(Connection& writer, const std::string& path);

}  // namespace keywarden
