// Rows of calls into SQLite: the rows, their sums, and what accounts have spent.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "store/sqlite/words.h"
#include "store/usage_rules.h"

namespace keywarden {

// How `rollup_parts` and `rollups` are numbered. The first five are as UsageSplit.
inline constexpr int64_t kHourParts = 0;
inline constexpr int64_t kDayParts = 1;
inline constexpr int64_t kHourWhole = 5;

/// Adds a batch in memory first, so that a sum is written once a batch. Lives with the writer.
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
    /// A record's texts as numbers.
    struct Numbers {
        int64_t team = 0, key = 0, app = 0, user = 0, provider = 0, model = 0, route = 0, error = 0;
        int64_t session = 0;
    };
    struct KnownSession {
        int64_t number = kNoWord;
        KeySession session{};
        bool changed = false;
    };

    Result<void> write(Database& database,
                       std::span<const CallRecord> rows,
                       std::span<const JournalPosition> positions);
    Result<void> add_row(Database& database, const CallRecord& record);
    Result<PeriodCalendar*> calendar_of(Database& database, int64_t team);
    Result<Numbers> number(Database& database, const CallRecord& record);
    Result<std::string> number_all(Database& database, std::span<const std::string_view> words);
    Result<int64_t> number_session(Database& database, const Numbers& n, const CallRecord& record);
    Result<void> sum_up(Database& database,
                        const Numbers& n,
                        const CallRecord& record,
                        const PeriodStarts& starts);
    Result<void> write_sums(Database& database);
    Result<void> write_spend(Database& database);
    Result<void> write_sessions(Database& database);
    void clear();

    WordCache words_;
    // Of the batch:
    std::map<int64_t, PeriodCalendar> calendars_;  // by team
    std::map<PartName, UsageSums> parts_;
    std::map<AccountName, PeriodSpend> spend_;
    std::map<std::pair<int64_t, int64_t>, KnownSession> sessions_;  // by team, and key
    std::map<std::pair<int64_t, int64_t>, int64_t> models_;         // "provider/model", by both
};

/// A session's number within its team; it is made where it is new.
Result<int64_t> add_session(Database& database, int64_t team, std::string_view id);

}  // namespace keywarden
