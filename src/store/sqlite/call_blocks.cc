#include "store/sqlite/call_blocks.h"

#include <algorithm>
#include <map>

#include "store/sqlite/read.h"
#include "store/usage_rules.h"

namespace keywarden {

Place slice_of(const CallId& id) {
    constexpr int kShift = 13;  // of milliseconds: eight seconds
    int64_t millis = 0;         // as a UUID of version 7 has them in front
    for (size_t i = 0; i < 6; ++i) millis = millis << 8 | id[i];
    return {0, static_cast<int64_t>(PlaceKind::Slice), millis >> kShift};
}

Places places_of(const StoredCall& call) {
    const CallNumbers& n = call.numbers;
    const auto place = [&](PlaceKind kind, int64_t target) {
        return Place{n.team, static_cast<int64_t>(kind), target};
    };
    const Place of_team = place(PlaceKind::Team, 0);
    return {slice_of(call.record.id),
            of_team,
            place(PlaceKind::Key, n.key),
            place(PlaceKind::App, n.app),
            place(PlaceKind::Model, n.model),
            place(PlaceKind::Model, n.model_named),
            place(PlaceKind::Session, call.session),
            has_failed(call.record) ? place(PlaceKind::Failed, 0) : of_team};
}

void CallBlock::add(const StoredCall& call, Places& said) {
    first = calls == 0 ? call.record.ended_at : std::min(first, call.record.ended_at);
    last = calls == 0 ? call.record.ended_at : std::max(last, call.record.ended_at);
    ++calls;
    write_call(call, rows);
    const Places all = places_of(call);
    for (size_t i = 0; i < all.size(); ++i) {
        if (all.at(i) != said.at(i)) places.push_back(all.at(i));
    }
    said = all;
}

Result<void> insert_block(Database& database, CallBlock& block) {
    TRY(const int64_t n,
        count_of(Query(database,
                       "INSERT INTO call_blocks(team, calls, rows) VALUES (?1, ?2, ?3) RETURNING n",
                       block.team,
                       block.calls,
                       std::span<const uint8_t>(block.rows))));
    std::ranges::sort(block.places);
    const auto same = std::ranges::unique(block.places);
    block.places.erase(same.begin(), same.end());
    for (const auto& [team, kind, target] : block.places) {
        TRY_VOID(Query(database,
                       "INSERT INTO call_places(team, kind, target, last_at, block, first_at) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                       team,
                       kind,
                       target,
                       block.last,
                       n,
                       block.first)
                     .run());
    }
    return {};
}

Result<void> delete_block(Database& database,
                          int64_t block,
                          TimePoint last,
                          const std::set<Place>& places) {
    for (const auto& [team, kind, target] : places) {
        TRY_VOID(Query(database,
                       "DELETE FROM call_places WHERE team = ?1 AND kind = ?2 AND target = ?3 "
                       "AND last_at = ?4 AND block = ?5",
                       team,
                       kind,
                       target,
                       last,
                       block)
                     .run());
    }
    return Query(database, "DELETE FROM call_blocks WHERE n = ?1", block).run();
}

Result<std::optional<std::pair<CallPosition, StoredCall>>> find_call(Database& database,
                                                                     int64_t team,
                                                                     const CallId& id) {
    const Place slice = slice_of(id);
    std::optional<std::pair<CallPosition, StoredCall>> found;
    StoredCall call;
    Query blocks(database, KEYWARDEN_BLOCKS_, slice[0], slice[1], slice[2]);
    while (!found) {
        TRY(const bool is_there, blocks.next());
        if (!is_there) break;
        if (blocks.integer(1) != team) continue;
        int64_t index = 0;
        TRY_VOID(for_each_call(std::as_const(blocks), call, [&]() -> Result<void> {
            const CallPosition position{call.record.ended_at, blocks.integer(0), index++};
            if (call.record.id == id) found = {position, call};
            return {};
        }));
    }
    return found;
}

Result<void> count_anew(Database& database, int64_t team, const TimeZone& zone, TimePoint since) {
    PeriodCalendar calendar(zone);
    std::map<std::pair<SpendScope, int64_t>, PeriodSpend> anew;
    StoredCall call;
    const auto count = [&]() -> Result<void> {
        if (call.record.ended_at < since) return {};
        PeriodSpend cost{.starts = calendar.starts(call.record.ended_at)};
        cost.spent.fill(call.record.cost);
        Result<void> counted;
        for_each_account(call.numbers.names(), [&](SpendScope scope, int64_t target) {
            if (counted) counted = count_spend(anew[{scope, target}], cost);
        });
        return counted;
    };
    TRY_VOID(for_each_call(Query(database,
                                 KEYWARDEN_BLOCKS_ "AND p.last_at >= ?4",
                                 team,
                                 static_cast<int64_t>(PlaceKind::Team),
                                 int64_t{0},
                                 since),
                           call,
                           count));
    for (const auto& [name, spend] : anew) {
        // One that began before the rows that were read is over, and stays as it was.
        TRY_VOID(Query(database,
                       "UPDATE spend SET day = iif(?4 >= ?10, ?5, day), "
                       "day_start = iif(?4 >= ?10, ?4, day_start), "
                       "week = iif(?6 >= ?10, ?7, week), "
                       "week_start = iif(?6 >= ?10, ?6, week_start), "
                       "month = iif(?8 >= ?10, ?9, month), "
                       "month_start = iif(?8 >= ?10, ?8, month_start) "
                       "WHERE team = ?1 AND scope = ?2 AND target = ?3",
                       team,
                       static_cast<int64_t>(name.first),
                       name.second,
                       spend.starts[0],
                       spend.spent[0].value,
                       spend.starts[1],
                       spend.spent[1].value,
                       spend.starts[2],
                       spend.spent[2].value,
                       since)
                     .run());
    }
    return {};
}

}  // namespace keywarden
