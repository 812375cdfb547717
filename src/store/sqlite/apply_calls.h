// Rows of calls into SQLite: the rows, their sums, and what accounts have spent.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "store/sqlite/call_blocks.h"
#include "store/sqlite/seen_ids.h"
#include "store/sqlite/trial_rows.h"
#include "store/sqlite/words.h"
#include "store/usage_rules.h"

namespace keywarden {

// How `rollup_parts` and `rollups` are numbered. The first five are as UsageSplit.
inline constexpr int64_t kHourParts = 0;
inline constexpr int64_t kDayParts = 1;
inline constexpr int64_t kHourWhole = 5;

/// Adds a batch in memory first, so that rows and sums are written once a batch. Lives with the
/// writer.
class CallApplier {
public:
    /// One transaction. Requires: the writer's lock.
    Result<void> apply(Database& database,
                       std::span<const CallRecord> rows,
                       std::span<const JournalPosition> positions);

private:
    // Team, grain, start, key, app, provider, model; team, dim, start, target; team, scope, target.
    using PartName = std::array<int64_t, 7>;
    using RollupName = std::array<int64_t, 4>;
    using AccountName = std::array<int64_t, 3>;
    struct KnownSession {
        int64_t number = kNoWord;
        KeySession session{};
        bool changed = false;
    };
    /// Rows that name the same: their numbers, and those of one hour and day of the batch in sum.
    struct Alike {
        StoredCall call{};
        CallBlock* block = nullptr;  // none: nothing to sum
        Places places{};             // in which the block is found by them
        TimePoint hour{};
        PeriodStarts starts{};
        UsageSums sums{};
    };

    Result<void> write(Database& database,
                       std::span<const CallRecord> rows,
                       std::span<const JournalPosition> positions);
    Result<void> add_row(Database& database, const CallRecord& record);
    Result<Alike*> alike_of(Database& database, const CallRecord& record);
    Result<CallNumbers> number(Database& database, const CallRecord& record);
    Result<void> number_all(Database& database,
                            std::span<const std::string_view> words,
                            std::vector<int64_t>& numbers);
    Result<PeriodCalendar*> calendar_of(Database& database, int64_t team);
    Result<int64_t> number_session(Database& database,
                                   const CallNumbers& n,
                                   const CallRecord& record);
    Result<void> sum_up(Alike& alike);
    Result<void> write_sums(Database& database);
    Result<void> write_spend(Database& database);
    Result<void> write_sessions(Database& database);
    void clear();

    WordCache words_;
    SeenIds ids_;
    TextMap<Alike> alike_;  // by all that rows name
    std::string name_;      // the last one of those
    // Of the batch:
    std::vector<Alike*> open_;
    std::map<std::pair<int64_t, TimePoint>, CallBlock> blocks_;  // by team, and hour
    std::map<int64_t, PeriodCalendar> calendars_;                // by team
    std::map<PartName, UsageSums> parts_;
    std::map<AccountName, PeriodSpend> spend_;
    std::map<std::pair<int64_t, int64_t>, KnownSession> sessions_;  // by team, and key
    TrialBatch trials_;
    std::map<std::pair<int64_t, int64_t>, int64_t> models_;  // "provider/model", by both
};

}  // namespace keywarden
