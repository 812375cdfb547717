#include "app/refused_calls.h"

#include <chrono>
#include <utility>

namespace keywarden {

void RefusedCalls::note(std::string_view team_id, std::string_view key_id, TimePoint at) {
    const TimePoint hour = std::chrono::floor<std::chrono::hours>(at);
    const std::lock_guard lock(mutex_);
    if (hour != hour_) keys_.clear();
    hour_ = hour;
    auto found = keys_.find(key_id);
    if (found == keys_.end()) {
        if (keys_.size() >= kKeysMax) return;
        Line line{.team_id = std::string(team_id), .key_id = std::string(key_id)};
        found = keys_.emplace(key_id, std::move(line)).first;
    }
    ++found->second.count;
}

std::vector<RefusedCalls::Line> RefusedCalls::of_hour(TimePoint hour) const {
    std::vector<Line> lines;
    const std::lock_guard lock(mutex_);
    if (hour != hour_) return lines;
    lines.reserve(keys_.size());
    for (const auto& [id, line] : keys_) lines.push_back(line);
    return lines;
}

}  // namespace keywarden
