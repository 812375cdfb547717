#include "store/sqlite/trial_rows.h"

#include "store/sqlite/read.h"
#include "store/tool_trials.h"

namespace keywarden {

void TrialBatch::note(const CallRecord& row) {
    const auto missed = trial_of(row);
    if (!missed) return;
    missed_[{std::string(row.team_id), std::string(row.key_id)}].push_back(*missed);
}

Result<void> TrialBatch::write(Database& database) const {
    for (const auto& [name, missed] : missed_) {
        const auto& [team, key] = name;
        ToolTrial trial;
        {
            Query query(database,
                        "SELECT calls, missed FROM tool_trials WHERE team = ?1 AND key = ?2",
                        team,
                        key);
            TRY(const bool row, query.next());
            if (row) trial = {.calls = query.integer(0), .missed_millionths = query.integer(1)};
        }
        for (const bool is_missed : missed) trial.note(is_missed);
        TRY_VOID(Query(database,
                       "INSERT OR REPLACE INTO tool_trials(team, key, calls, missed) "
                       "VALUES (?1, ?2, ?3, ?4)",
                       team,
                       key,
                       trial.calls,
                       trial.missed_millionths)
                     .run());
    }
    return {};
}

Result<void> for_each_trial_row(Database& database,
                                const std::function<void(const KeyTrial&)>& each) {
    Query rows(database, "SELECT team, key, calls, missed FROM tool_trials");
    while (true) {
        TRY(const bool row, rows.next());
        if (!row) return {};
        each({.team_id = std::string(rows.text(0)),
              .key_id = std::string(rows.text(1)),
              .trial = {.calls = rows.integer(2), .missed_millionths = rows.integer(3)}});
    }
}

}  // namespace keywarden
