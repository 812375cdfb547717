#include "store/sqlite/connection.h"

#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "store/account_rules.h"

namespace keywarden {
namespace {

/// Where a tenant's chain ends.
Result<AuditHead> head_of(Database& database, const std::string& tenant) {
    Query query(database,
                "SELECT seq, chain FROM audit WHERE tenant = ?1 ORDER BY seq DESC LIMIT 1",
                tenant);
    TRY(const bool row, query.next());
    AuditHead head;
    if (!row) return head;
    const std::span<const uint8_t> chain = query.bytes(1);
    if (chain.size() != head.chain.size()) {
        return fail(ErrorCode::StoreUnavailable,
                    "The database is damaged: restore a backup.",
                    "the head of the audit log of " + tenant);
    }
    head.next_seq = query.integer(0) + 1;
    std::ranges::copy(chain, head.chain.begin());
    return head;
}

Result<void> append(Database& database, const AuditEntry& entry) {
    TRY(const AuditHead head, head_of(database, entry.tenant));
    const AuditRow row = next_row(head, entry);
    return Query(database,
                 "INSERT INTO audit(tenant, seq, at, action, canonical, chain) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                 entry.tenant,
                 row.seq,
                 entry.at,
                 entry.action,
                 row.canonical,
                 row.chain)
        .run();
}

Result<void> commit(Transaction& transaction) {
    failpoint("store.changing");
    TRY_VOID(transaction.commit());
    failpoint("store.changed");
    return {};
}

}  // namespace

Result<void> change(Connection& writer,
                    const AuditEntry& audit,
                    const std::function<Result<void>(Database&)>& alter) {
    const std::lock_guard lock(writer.mutex);
    Database& database = *writer.database;
    const auto both = [&]() -> Result<void> {
        TRY_VOID(alter(database));
        return append(database, audit);
    };
    if (writer.together) {
        if (*writer.together) writer.together = both();
        return *writer.together;
    }
    TRY(Transaction transaction, Transaction::begin(database));
    TRY_VOID(both());
    return commit(transaction);
}

Result<void> together(Connection& writer, const std::function<Result<void>()>& changes) {
    const std::lock_guard lock(writer.mutex);
    if (writer.together) return part_of(*writer.together, changes);
    TRY(Transaction transaction, Transaction::begin(*writer.database));
    writer.together = Result<void>();
    const Result<void> done = changes();
    const Result<void> stored =
        std::exchange(writer.together, std::nullopt).value_or(Result<void>());
    TRY_VOID(stored);
    TRY_VOID(done);
    return commit(transaction);
}

}  // namespace keywarden
