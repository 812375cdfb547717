// A connection with its lock, and the one way in which anything is changed for somebody.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "domain/audit.h"
#include "store/sqlite/database.h"

namespace keywarden {

struct Connection {
    std::recursive_mutex mutex{};
    std::unique_ptr<Database> database{};
    /// While together() runs, with the lock held: how its changes went so far.
    std::optional<Result<void>> together{};
};

/// Runs `alter` and writes the row that tells of it, in one transaction: both happen, or neither.
/// Locks the connection.
/// Errors: those of `alter`; StoreUnavailable.
Result<void> change(Connection& writer,
                    const AuditEntry& audit,
                    const std::function<Result<void>(Database&)>& alter);

/// Runs `changes`: what it brings to change() is one transaction. See Store::together.
Result<void> together(Connection& writer, const std::function<Result<void>()>& changes);

}  // namespace keywarden
