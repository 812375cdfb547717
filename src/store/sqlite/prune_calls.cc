#include "store/sqlite/prune_calls.h"

#include <map>
#include <set>
#include <vector>

#include "store/sqlite/call_blocks.h"
#include "store/sqlite/read.h"
#include "store/usage_rules.h"

namespace keywarden {
namespace {

/// What goes of one team.
struct Pruned {
    struct Block {
        int64_t n = 0;
        TimePoint last{};
        std::set<Place> places{};
    };
    std::vector<Block> blocks{};
    int64_t calls = 0;
    std::set<int64_t> sessions{};
    std::map<std::pair<SpendScope, int64_t>, NanoUsd> spent{};  // by account
};

Result<Pruned> find_old(Database& database, int64_t team, TimePoint before, int64_t calls_max) {
    Pruned pruned;
    Query blocks(database,
                 KEYWARDEN_BLOCKS_ "AND p.last_at < ?4 ORDER BY p.last_at",
                 team,
                 static_cast<int64_t>(PlaceKind::Team),
                 int64_t{0},
                 before);
    StoredCall call;
    while (pruned.calls < calls_max) {
        TRY(const bool is_there, blocks.next());
        if (!is_there) break;
        Pruned::Block& block =
            pruned.blocks.emplace_back(blocks.integer(0), blocks.moment(3), std::set<Place>());
        TRY_VOID(for_each_call(std::as_const(blocks), call, [&]() -> Result<void> {
            ++pruned.calls;
            pruned.sessions.insert(call.session);
            for (const Place& place : places_of(call)) block.places.insert(place);
            Result<void> counted;
            for_each_account(call.numbers.names(), [&](SpendScope scope, int64_t target) {
                if (counted) counted = add_to(pruned.spent[{scope, target}], call.record.cost);
            });
            return counted;
        }));
    }
    return pruned;
}

Result<void> take_out(Database& database, int64_t team, const Pruned& pruned) {
    for (const auto& [n, last, places] : pruned.blocks) {
        TRY_VOID(delete_block(database, n, last, places));
    }
    for (const int64_t session : pruned.sessions) {
        TRY_VOID(Query(database,
                       "DELETE FROM call_sessions WHERE n = ?1 AND NOT EXISTS "
                       "(SELECT 1 FROM call_places WHERE team = ?2 AND kind = ?3 AND target = ?1)",
                       session,
                       team,
                       static_cast<int64_t>(PlaceKind::Session))
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
                 pruned.blocks.back().last)
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
        if (pruned.blocks.empty()) continue;
        TRY_VOID(take_out(writer, team, pruned));
        left -= pruned.calls;
    }
    TRY_VOID(transaction.commit());
    return static_cast<int64_t>(rows_max) - left;
}

}  // namespace keywarden
