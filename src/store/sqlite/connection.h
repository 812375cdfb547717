// A connection with its lock, and the one way in which anything is changed for somebody.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "domain/audit.h"
#include "store/sqlite/database.h"

namespace keywarden {

struct Connection {
    std::mutex mutex{};
    std::unique_ptr<Database> database{};
};

/// Runs `alter` and writes the row that tells of it, in one transaction: both happen, or neither.
/// Locks the connection.
/// Errors: those of `alter`; StoreUnavailable.
Result<void> change(Connection& writer,
                    const AuditEntry& audit,
                    const std::function<Result<void>(Database&)>& alter);

}  // namespace keywarden
