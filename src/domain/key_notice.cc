#include "domain/key_notice.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"ok", "due", "overdue"};
static_assert(kNames.size() == static_cast<size_t>(RotationState::kCount));

bool is_over(const Key& key, TimePoint now) {
    return key.status == KeyStatus::Revoked || (key.expires_at && now >= *key.expires_at);
}

}  // namespace

std::string_view name(RotationState state) { return kNames.at(static_cast<size_t>(state)); }

std::optional<RotationState> rotation_state_of(std::string_view text) {
    const auto* const found = std::ranges::find(kNames, text);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<RotationState>(found - kNames.begin());
}

std::optional<TimePoint> last_use(const Key& key) {
    std::optional<TimePoint> latest;
    for (const KeySecret& secret : key.secrets) latest = std::max(latest, secret.last_used_at);
    return latest;
}

std::optional<TimePoint> rotation_due_at(const Key& key) {
    if (!key.rotate_every || key.secrets.empty()) return std::nullopt;
    return key.secrets.front().created_at + *key.rotate_every;
}

std::optional<RotationState> rotation_of(const Key& key, const KeyNotice& notice, TimePoint now) {
    const std::optional<TimePoint> due = rotation_due_at(key);
    if (!due || !key.rotate_every || is_over(key, now)) return std::nullopt;
    if (now >= *due) return RotationState::Overdue;
    const Nanos ahead = std::min(notice.ahead, *key.rotate_every / 4);
    return now >= *due - ahead ? RotationState::Due : RotationState::Ok;
}

bool is_unused(const Key& key, const KeyNotice& notice, TimePoint now) {
    if (is_over(key, now)) return false;
    return std::max(last_use(key).value_or(key.created_at), key.created_at) <=
           now - notice.unused_after;
}

bool expires_soon(const Key& key, const KeyNotice& notice, TimePoint now) {
    return !is_over(key, now) && key.expires_at && *key.expires_at - now <= notice.ahead;
}

}  // namespace keywarden
