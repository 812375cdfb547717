// How well the selection of tools does for each key, as this node knows it: what the store has of
// it at the start, and each row that came to it since. So both count the same, whichever way a
// process ends.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/call_record.h"
#include "domain/tool_trial.h"

namespace keywarden {

class UsageStore;

inline constexpr size_t kTrialKeysMax = 100'000;  // then those that are new are not counted
inline constexpr size_t kTrialsListedMax = 100;   // of a team

/// Whether a call missed a tool, where it is a key's, and one that counts.
std::optional<bool> trial_of(const CallRecord& row);

/// Threads: any.
class ToolTrials {
public:
    /// Errors: StoreUnavailable.
    Result<void> load(UsageStore& store);

    /// Rows that the store has counted.
    void note(std::span<const CallRecord> rows);
    ToolTrial look(std::string_view team_id, std::string_view key_id);
    /// By the ids of their keys; at most kTrialsListedMax.
    std::vector<KeyTrial> of_team(std::string_view team_id);

private:
    using Keys = std::map<std::string, ToolTrial, std::less<>>;

    /// Null: there is no room for another.
    ToolTrial* find_or_make(std::string_view team_id, std::string_view key_id);

    std::mutex mutex_;
    std::map<std::string, Keys, std::less<>> teams_;
    size_t keys_ = 0;  // of all teams
};

}  // namespace keywarden
