// Calls in SQLite: many in one block, and for everything that a call names, in which blocks it is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/calendar.h"
#include "store/sqlite/call_code.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// By what blocks are found. `Slice`: of all teams, those of which a call's id was made in the same
/// few seconds (the target counts them).
enum class PlaceKind : uint8_t { Slice, Team, Key, App, Model, Session, Failed };

using Place = std::array<int64_t, 3>;  // team, kind, target
using Places = std::array<Place, 8>;

Place slice_of(const CallId& id);
/// Everything that a call is found by. Some may be the same.
Places places_of(const StoredCall& call);

/// Calls of one team that ended within one hour of the clock.
struct CallBlock {
    int64_t team = 0;
    int64_t calls = 0;
    TimePoint first{}, last{};  // when its calls ended
    std::vector<uint8_t> rows{};
    std::vector<Place> places{};

    /// `said`: where calls like this one were found before, within this block; empty at first.
    void add(const StoredCall& call, Places& said);
};

Result<void> insert_block(Database& database, CallBlock& block);
Result<void> delete_block(Database& database,
                          int64_t block,
                          TimePoint last,
                          const std::set<Place>& places);

/// What a SELECT of blocks at a place begins with: ?1 to ?3 are the place.
#define KEYWARDEN_BLOCKS_                                              \
    "SELECT b.n, b.team, b.rows, p.last_at FROM call_places p "        \
    "CROSS JOIN call_blocks b ON b.n = p.block WHERE p.team = ?1 AND " \
    "p.kind = ?2 AND p.target = ?3 "

/// Runs `each` after each call of the block was read into `call`.
/// Errors: StoreUnavailable when the block is none that we wrote; those of `each`.
template <class Each>
Result<void> for_each_call(const Query& block, StoredCall& call, const Each& each) {
    CallReader reader(block.bytes(2));
    call.numbers.team = block.integer(1);
    while (true) {
        TRY(const bool is_there, reader.next(call));
        if (!is_there) return {};
        TRY_VOID(each());
    }
}

/// The same with all calls of all blocks that a query gives.
template <class Each>
Result<void> for_each_call(Query&& blocks, StoredCall& call, const Each& each) {
    while (true) {
        TRY(const bool is_there, blocks.next());
        if (!is_there) return {};
        TRY_VOID(for_each_call(std::as_const(blocks), call, each));
    }
}

/// Where a call stands among the others: when it ended; of one moment, when it was written.
struct CallPosition {
    TimePoint ended_at{};
    int64_t block = 0;
    int64_t index = 0;
    friend auto operator<=>(const CallPosition&, const CallPosition&) = default;
};

/// Nothing when the team has no such call.
Result<std::optional<std::pair<CallPosition, StoredCall>>> find_call(Database& database,
                                                                     int64_t team,
                                                                     const CallId& id);

/// Sums what the accounts of a team have spent in the day, week, and month that they are in, as
/// these begin in a time zone, anew from the rows that ended at `since` or later.
Result<void> count_anew(Database& database, int64_t team, const TimeZone& zone, TimePoint since);

}  // namespace keywarden
