#include "store/sqlite/examine.h"

#include "store/sqlite/database.h"

namespace keywarden {

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
        if (!row) return report;
        report.settings.emplace(settings.text(0), settings.text(1));
    }
}

Result<StoreNotices> count_sqlite_notices(const std::string& path,
                                          const KeyNotice& notice,
                                          TimePoint now) {
    constexpr int64_t kVersion = 3;  // of the schema that has what is counted
    TRY(const auto database, Database::open(path, Database::Mode::QueryOnly));
    Query version(*database, "PRAGMA user_version");
    TRY(bool row, version.next());
    StoreNotices notices;
    if (!row || version.integer(0) < kVersion) return notices;
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
    TRY(row, query.next());
    if (row) notices = {query.integer(0), query.integer(1), query.integer(2)};
    return notices;
}

}  // namespace keywarden
