#include "console/passkey_attempts.h"

namespace keywarden {

void PasskeyAttempts::put(std::string_view token, PasskeyAttempt attempt) {
    const std::lock_guard lock(mutex_);
    const MonoTime now = attempt.begun_at;
    while (!order_.empty() &&
           (order_.size() >= kMax || order_.front().first + kChallengeKept <= now)) {
        attempts_.erase(order_.front().second);
        order_.pop_front();
    }
    const Digest digest = sha256(token);
    order_.emplace_back(now, digest);
    attempts_[digest] = std::move(attempt);
}

std::optional<PasskeyAttempt> PasskeyAttempts::take(std::string_view token, MonoTime now) {
    const std::lock_guard lock(mutex_);
    const auto found = attempts_.find(sha256(token));
    if (found == attempts_.end()) return std::nullopt;
    PasskeyAttempt attempt = std::move(found->second);
    attempts_.erase(found);
    if (attempt.begun_at + kChallengeKept <= now) return std::nullopt;
    return attempt;
}

}  // namespace keywarden
