// The schema's history: numbered steps, each run once, in order.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// One step. Its number is its place in the list, from 1; one that has shipped is never edited.
struct Migration {
    std::string_view name;
    const char* sql;
};

std::span<const Migration> migrations();

/// Brings the database up to date. Each step is one transaction together with its number, so a
/// process that dies between or within steps is continued by the next start.
///
/// A database that exists already is first copied to `path`.before-vN.
/// Errors: StoreUnavailable when the file is another program's, was written by a newer version, or
/// fails.
Result<void> migrate(Database& database, const std::string& path, std::span<const Migration> steps);

}  // namespace keywarden
