// What the gateway remembers of what browsers have begun, and are to finish once. In memory only:
// after a restart one begins again.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "base/crypto.h"
#include "base/units.h"

namespace keywarden {

/// `Attempt` has `MonoTime begun_at`. Threads: any.
template <typename Attempt>
class OneTimeAttempts {
public:
    static constexpr size_t kMax = 10'000;  // then the one that began first is forgotten

    explicit OneTimeAttempts(Nanos kept) : kept_(kept) {}

    void put(std::string_view token, Attempt attempt) {
        const std::lock_guard lock(mutex_);
        const MonoTime now = attempt.begun_at;
        while (!order_.empty() && (order_.size() >= kMax || order_.front().first + kept_ <= now)) {
            attempts_.erase(order_.front().second);
            order_.pop_front();
        }
        const Digest digest = sha256(token);
        order_.emplace_back(now, digest);
        attempts_[digest] = std::move(attempt);
    }

    /// Takes it out, whoever asks: a token works once. Nothing for one that is too old.
    std::optional<Attempt> take(std::string_view token, MonoTime now) {
        const std::lock_guard lock(mutex_);
        auto found = attempts_.extract(sha256(token));
        if (found.empty() || found.mapped().begun_at + kept_ <= now) return std::nullopt;
        return std::move(found.mapped());
    }

private:
    Nanos kept_;
    std::mutex mutex_{};
    std::map<Digest, Attempt> attempts_{};  // by the digest of their token
    std::deque<std::pair<MonoTime, Digest>> order_{};
};

}  // namespace keywarden
