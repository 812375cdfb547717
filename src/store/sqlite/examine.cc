#include "store/sqlite/examine.h"

#include "store/sqlite/database.h"

namespace keywarden {
namespace {

Result<bool> has_version(Database& database, int64_t least) {
    Query version(database, "PRAGMA user_version");
    TRY(const bool row, version.next());
    return row && version.integer(0) >= least;
}

Result<void> read_positions(Database& database, std::vector<JournalPosition>& out) {
    constexpr int64_t kVersion = 4;  // of the schema that has them
    TRY(const bool has_them, has_version(database, kVersion));
    if (!has_them) return {};
    Query positions(database, "SELECT segment, offset FROM journal_positions");
    for (;;) {
        TRY(const bool row, positions.next());
        if (!row) return {};
        out.push_back({.segment = std::string(positions.text(0)), .offset = positions.integer(1)});
    }
}

}  // namespace

Result<StoreReport> examine_sqlite_store(const std::string& path) {
    TRY(const auto database, Database::open(path, Database::Mode::QueryOnly));
    {
        Query check(*database, "PRAGMA quick_check(1)");
        TRY(const bool row, check.next());
        if (!row || check.text(0) != "ok") {
            return fail(ErrorCode::StoreUnavailable,
                        "The database is damaged: restore a backup.",
                        std::string(row ? check.text(0) : "quick_check said nothing"));
        }
    }
    StoreReport report;
    Query count(*database, "SELECT count(*) FROM keys");
    TRY(bool row, count.next());
    if (row) report.keys = count.integer(0);
    Query settings(*database, "SELECT name, value FROM settings");
    for (;;) {
        TRY(row, settings.next());
        if (!row) break;
        report.settings.emplace(settings.text(0), settings.text(1));
    }
    TRY_VOID(read_positions(*database, report.journal));
    return report;
}

Result<StoreNotices> count_sqlite_notices(const std::string& path,
                                          const KeyNotice& notice,
                                          TimePoint now) {
    constexpr int64_t kVersion = 3;  // of the schema that has what is counted
    TRY(const auto database, Database::open(path, Database::Mode::QueryOnly));
    StoreNotices notices;
    TRY(const bool has_them, has_version(*database, kVersion));
    if (!has_them) return notices;
    Query query(*database,
                "SELECT ifnull(sum(k.expires_at <= ?2), 0), "
                "ifnull(sum(k.created_at <= ?3 AND NOT EXISTS (SELECT 1 FROM secrets s "
                "WHERE s.key = k.n AND s.last_used_at > ?3)), 0), "
                "ifnull(sum(k.rotate_every IS NOT NULL AND ?1 >= k.rotate_every + (SELECT "
                "s.created_at FROM secrets s WHERE s.key = k.n ORDER BY s.seq DESC LIMIT 1)), 0) "
                "FROM keys k WHERE k.status <> 3 AND (k.expires_at IS NULL OR k.expires_at > ?1)",
                now,
                now + notice.ahead,
                now - notice.unused_after);
    TRY(const bool row, query.next());
    if (row) notices = {query.integer(0), query.integer(1), query.integer(2)};
    return notices;
}

}  // namespace keywarden
