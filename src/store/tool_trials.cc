#include "store/tool_trials.h"

#include "store/usage_store.h"

namespace keywarden {

std::optional<bool> trial_of(const CallRecord& row) {
    if (!row.tools || row.key_id.empty()) return std::nullopt;
    return trial_of(*row.tools);
}

Result<void> ToolTrials::load(UsageStore& store) {
    const std::lock_guard lock(mutex_);
    return store.for_each_tool_trial([&](const KeyTrial& each) {
        ToolTrial* const trial = find_or_make(each.team_id, each.key_id);
        if (trial != nullptr) *trial = each.trial;
    });
}

void ToolTrials::note(std::span<const CallRecord> rows) {
    for (const CallRecord& row : rows) {
        const auto missed = trial_of(row);
        if (!missed) continue;
        const std::lock_guard lock(mutex_);  // a row at a time: calls wait for it
        ToolTrial* const trial = find_or_make(row.team_id, row.key_id);
        if (trial != nullptr) trial->note(*missed);
    }
}

ToolTrial ToolTrials::look(std::string_view team_id, std::string_view key_id) {
    const std::lock_guard lock(mutex_);
    const auto team = teams_.find(team_id);
    if (team == teams_.end()) return {};
    const auto key = team->second.find(key_id);
    return key == team->second.end() ? ToolTrial() : key->second;
}

std::vector<KeyTrial> ToolTrials::of_team(std::string_view team_id) {
    std::vector<KeyTrial> found;
    const std::lock_guard lock(mutex_);
    const auto team = teams_.find(team_id);
    if (team == teams_.end()) return found;
    for (const auto& [key, trial] : team->second) {
        if (found.size() >= kTrialsListedMax) break;
        found.push_back({.team_id = team->first, .key_id = key, .trial = trial});
    }
    return found;
}

ToolTrial* ToolTrials::find_or_make(std::string_view team_id, std::string_view key_id) {
    auto team = teams_.find(team_id);
    if (team != teams_.end()) {
        const auto key = team->second.find(key_id);
        if (key != team->second.end()) return &key->second;
    }
    if (keys_ >= kTrialKeysMax) return nullptr;
    ++keys_;
    if (team == teams_.end()) team = teams_.emplace(team_id, Keys()).first;
    return &team->second.emplace(key_id, ToolTrial()).first->second;
}

}  // namespace keywarden
