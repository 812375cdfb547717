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

}  // namespace keywarden
