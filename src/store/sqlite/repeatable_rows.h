// Which calls of late had an Idempotency-Key, in SQLite.
#pragma once

#include <functional>

#include "base/result.h"
#include "domain/call_record.h"
#include "store/sqlite/database.h"
#include "store/usage_store.h"

namespace keywarden {

/// Writes down those that stand_for_repeats, within a transaction of the caller.
Result<void> write_repeatable_rows(Database& database, std::span<const CallRecord> rows);
Result<void> for_each_repeatable_row(Database& database,
                                     const std::function<void(const RepeatableCall&)>& each);

}  // namespace keywarden
