// How the selection of tools does for each key, in SQLite.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/call_record.h"
#include "domain/tool_trial.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// Of a batch of rows: those that count, by key.
class TrialBatch {
public:
    void note(const CallRecord& row);
    /// Adds them to what is there. Requires: a transaction.
    Result<void> write(Database& database) const;
    void clear() { missed_.clear(); }

private:
    /// By team and key, in the order of the rows.
    std::map<std::pair<std::string, std::string>, std::vector<bool>> missed_{};
};

Result<void> for_each_trial_row(Database& database,
                                const std::function<void(const KeyTrial&)>& each);

}  // namespace keywarden
