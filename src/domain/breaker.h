// Circuit breaker: what fails each time is left alone for a while.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace keywarden {

/// Whether a status says that a service as a whole is in trouble. A 500 does not: mostly it is the
/// request that broke it, and nobody is to close a provider to others with one.
constexpr bool is_outage(int status) {
    return status == 502 || status == 503 || status == 504 || status == 529;
}

struct BreakerRule {
    int64_t failures_max = 0;  // in a row, then it opens; 0: it never does
    Nanos rest = std::chrono::seconds(10);
};

/// Closed, it lets all through. After so many failures in a row it is open and lets none through
/// until its rest is over; then one call tries: a success closes it, a failure begins the next
/// rest. A call that never says what came of it costs one rest. Threads: any; no lock.
class Breaker {
public:
    /// How long nobody may pass; zero: whoever asks may.
    Nanos wait(const BreakerRule& rule, MonoTime now) {
        int64_t until = until_.load(std::memory_order_relaxed);
        if (until == kClosed) return Nanos(0);
        const int64_t at = now.time_since_epoch().count();
        if (at < until) return Nanos(until - at);
        const int64_t next = at + rule.rest.count();
        return until_.compare_exchange_strong(until, next) ? Nanos(0) : Nanos(rule.rest);
    }

    void succeeded() {
        if (failures_.load(std::memory_order_relaxed) == 0) return;
        failures_.store(0, std::memory_order_relaxed);
        until_.store(kClosed, std::memory_order_relaxed);
    }

    /// Returns whether this made it open, or stay so.
    bool failed(const BreakerRule& rule, MonoTime now) {
        if (rule.failures_max == 0) return false;
        if (failures_.fetch_add(1, std::memory_order_relaxed) + 1 < rule.failures_max) return false;
        until_.store((now + rule.rest).time_since_epoch().count(), std::memory_order_relaxed);
        return true;
    }

private:
    static constexpr int64_t kClosed = INT64_MIN;

    std::atomic<int64_t> failures_ = 0;  // in a row
    std::atomic<int64_t> until_ = kClosed;
};

}  // namespace keywarden
