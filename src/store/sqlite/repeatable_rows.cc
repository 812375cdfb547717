#include "store/sqlite/repeatable_rows.h"

#include <algorithm>

namespace keywarden {
namespace {

void copy(std::span<const uint8_t> from, std::span<uint8_t> to) {
    std::copy_n(from.begin(), std::min(from.size(), to.size()), to.begin());
}

}  // namespace

Result<void> write_repeatable_rows(Database& database, std::span<const CallRecord> rows) {
    bool is_any = false;
    for (const CallRecord& row : rows) {
        if (!stands_for_repeats(row)) continue;
        is_any = true;
        TRY_VOID(Query(database,
                       "INSERT OR REPLACE INTO repeatable_calls(key, call, ended_at) "
                       "VALUES (?1, ?2, ?3)",
                       std::span<const uint8_t>(row.repeat_key),
                       std::span<const uint8_t>(row.id),
                       row.ended_at)
                     .run());
    }
    if (!is_any) return {};
    return Query(database,
                 "DELETE FROM repeatable_calls WHERE n <= "
                 "(SELECT max(n) FROM repeatable_calls) - ?1",
                 static_cast<int64_t>(kRepeatsMax))
        .run();
}

Result<void> for_each_repeatable_row(Database& database,
                                     const std::function<void(const RepeatableCall&)>& each) {
    Query rows(database, "SELECT key, call, ended_at FROM repeatable_calls ORDER BY n");
    while (true) {
        TRY(const bool row, rows.next());
        if (!row) return {};
        RepeatableCall call{.ended_at = rows.moment(2)};
        copy(rows.bytes(0), call.key);
        copy(rows.bytes(1), call.call);
        each(call);
    }
}

}  // namespace keywarden
