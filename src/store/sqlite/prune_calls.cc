#include "store/sqlite/prune_calls.h"

#include <map>
#include <set>
#include <vector>

#include "store/sqlite/call_numbers.h"
#include "store/sqlite/read.h"
#include "store/usage_rules.h"

namespace keywarden {
namespace {

/// What goes of one team.
struct Pruned {
    std::vector<int64_t> rows;
    std::set<int64_t> sessions;
    std::map<std::pair<SpendScope, int64_t>, NanoUsd> spent;  // by account
    TimePoint last{};
};

Result<Pruned> find_old(Database& database, int64_t team, TimePoint before, int64_t rows_max) {
    Pruned pruned;
    Query rows(database,
               "SELECT " KEYWARDEN_NUMBER_COLUMNS_
               "FROM calls WHERE team = ?1 AND ended_at < ?2 ORDER BY ended_at LIMIT ?3",
               team,
               before,
               rows_max);
    CallNumberReader reader(database);
    CallNumbers call;
    while (true) {
        TRY(const bool row, rows.next());
        if (!row) return pruned;
        TRY_VOID(reader.read(rows, call));
        pruned.rows.push_back(call.n);
        pruned.sessions.insert(call.session);
        pruned.last = call.ended_at;
        Result<void> counted;
        for_each_account(call.names(), [&](SpendScope scope, int64_t target) {
            if (counted) counted = add_to(pruned.spent[{scope, target}], call.cost);
        });
        TRY_VOID(counted);
    }
}

Result<void> take_out(Database& database, int64_t team, const Pruned& pruned) {
    for (const int64_t n : pruned.rows) {
        TRY_VOID(Query(database, "DELETE FROM calls WHERE n = ?1", n).run());
    }
    for (const int64_t session : pruned.sessions) {
        TRY_VOID(Query(database,
                       "DELETE FROM call_sessions WHERE n = ?1 "
                       "AND NOT EXISTS (SELECT 1 FROM calls WHERE session = ?1)",
                       session)
                     .run());
    }
    for (const auto& [account, spent] : pruned.spent) {
        TRY_VOID(Query(database,
                       "UPDATE spend SET pruned = pruned + ?4 "
                       "WHERE team = ?1 AND scope = ?2 AND target = ?3",
                       team,
                       static_cast<int64_t>(account.first),
                       account.second,
                       spent.value)
                     .run());
    }
    return Query(database,
                 "UPDATE credit SET pruned_until = max(pruned_until, ?2 + 1) WHERE team = ?1",
                 team,
                 pruned.last)
        .run();
}

}  // namespace

Result<int64_t> prune_call_rows(Database& writer, TimePoint before, size_t rows_max) {
    TRY(Transaction transaction, Transaction::begin(writer));
    TRY(const auto teams,
        read_all<int64_t>(Query(writer, "SELECT team FROM credit"),
                          [](const Query& row) -> Result<int64_t> { return row.integer(0); }));
    int64_t left = static_cast<int64_t>(rows_max);
    for (const int64_t team : teams) {
        if (left <= 0) break;
        TRY(const Pruned pruned, find_old(writer, team, before, left));
        if (pruned.rows.empty()) continue;
        TRY_VOID(take_out(writer, team, pruned));
        left -= std::ssize(pruned.rows);
    }
    TRY_VOID(transaction.commit());
    return static_cast<int64_t>(rows_max) - left;
}

}  // namespace keywarden
