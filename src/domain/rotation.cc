#include "domain/rotation.h"

#include <algorithm>
#include <fmt/core.h>

namespace keywarden {

TimePoint made_at(const std::vector<KeySecret>& secrets, TimePoint now) {
    return secrets.empty() ? now : std::max(now, secrets.front().created_at);
}

Result<void> retire(std::vector<KeySecret>& secrets, const Rotation& rotation, TimePoint now) {
    if (rotation.grace < Nanos(0) || rotation.grace > kGraceMax) {
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = "The grace of a rotation is 0 to 90 days.",
                     .param = "grace"});
    }
    int64_t live = 0;
    for (KeySecret& secret : secrets) {
        const bool was_live = is_live(secret, now);
        secret.ended = !was_live || rotation.emergency;
        if (was_live && rotation.emergency) secret.ends_at = now;
        if (secret.ended) continue;
        ++live;
        const TimePoint end = now + kUnusedSecretMax + rotation.grace;
        secret.grace = std::min(secret.grace.value_or(kGraceMax), rotation.grace);
        secret.ends_at = std::min(secret.ends_at.value_or(end), end);
    }
    if (live < static_cast<int64_t>(kLiveSecretsMax)) return {};
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = fmt::format(
                     "The API key has {} live secrets already. Use the newest one, so that the "
                     "graces of the older ones begin, and rotate again once one of them has ended; "
                     "or rotate with \"emergency\": true, which ends them all at once.",
                     live),
                 .facts = {{"limit", static_cast<int64_t>(kLiveSecretsMax)}, {"used", live}}});
}

void forget_old(std::vector<KeySecret>& secrets, TimePoint now) {
    for (size_t i = secrets.size(); i-- > 0 && secrets.size() > kSecretsKeptMax;) {
        if (!is_live(secrets[i], now)) secrets.erase(secrets.begin() + static_cast<ptrdiff_t>(i));
    }
}

void note_use(std::vector<KeySecret>& secrets, size_t index, TimePoint at) {
    KeySecret& used = secrets[index];
    used.last_used_at = std::max(used.last_used_at, std::optional(at));
    if (used.first_used_at) return;
    used.first_used_at = at;
    const TimePoint start = std::max(at, used.created_at);
    for (size_t older = index + 1; older < secrets.size(); ++older) {
        KeySecret& secret = secrets[older];
        if (!secret.grace) continue;
        const TimePoint end = start + *secret.grace;
        secret.ends_at = std::min(secret.ends_at.value_or(end), end);
    }
}

std::optional<TimePoint> deprecated_at(const std::vector<KeySecret>& secrets, size_t index) {
    if (index == 0) return std::nullopt;
    return secrets[index - 1].created_at;
}

}  // namespace keywarden
