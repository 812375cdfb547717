#include "domain/minute_window.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace keywarden {
namespace {

constexpr uint32_t kMantissaBits = 12;
constexpr uint32_t kMantissaMax = (1U << kMantissaBits) - 1;

/// Rounded up: a window may hold a little less than the limit, never more.
uint16_t pack(uint32_t count) {
    uint32_t exponent = 0;
    while (count > kMantissaMax) {
        count = count / 2 + count % 2;
        ++exponent;
    }
    return static_cast<uint16_t>(exponent << kMantissaBits | count);
}

uint32_t unpack(uint16_t packed) { return (packed & kMantissaMax) << (packed >> kMantissaBits); }

}  // namespace

void MinuteWindow::advance(int64_t cell) {
    if (cell <= newest_) return;
    if (cell - newest_ > static_cast<int64_t>(kClosed)) {
        *this = MinuteWindow();
        newest_ = static_cast<uint32_t>(cell);
        return;
    }
    for (; newest_ < cell; ++newest_) {
        // The running cell takes the place of the one that is now older than a minute.
        uint16_t& place = closed_[newest_ % kClosed];
        closed_sum_ -= unpack(place);
        place = pack(running_);
        closed_sum_ += unpack(place);
        running_ = 0;
    }
}

MonoTime MinuteWindow::forgotten_at(int64_t cell) const {
    return MonoTime(kCell * (cell + static_cast<int64_t>(kClosed) + 1));
}

Nanos MinuteWindow::until_used_is(int64_t wanted, MonoTime now) const {
    const uint32_t running = unpack(pack(running_));  // what it counts once it is closed
    int64_t left = int64_t{closed_sum_} + running;
    if (left <= wanted) return Nanos(0);
    int64_t cell = int64_t{newest_} - int64_t{kClosed};
    for (; cell < newest_; ++cell) {
        left -= unpack(closed_[static_cast<size_t>(cell + int64_t{kClosed}) % kClosed]);
        if (left <= wanted) break;
    }
    return std::max(forgotten_at(cell) - now, Nanos(1));
}

WindowDecision MinuteWindow::describe(bool allowed,
                                      int64_t limit,
                                      int64_t cost,
                                      MonoTime now) const {
    WindowDecision decision{.allowed = allowed, .limit = limit};
    decision.remaining = std::max(limit - used(), int64_t{0});
    if (running_ > 0) {
        decision.reset_after = std::max(forgotten_at(newest_) - now, Nanos(1));
    } else {
        decision.reset_after = until_used_is(0, now);
    }
    if (!allowed && cost <= limit) {
        decision.retry_after = until_used_is(limit - cost, now);
    } else if (!allowed) {
        decision.retry_after = std::max(decision.reset_after, Nanos(std::chrono::minutes(1)));
    }
    return decision;
}

WindowDecision MinuteWindow::take(int64_t limit, int64_t cost, MonoTime now) {
    assert(limit >= 0 && limit <= kLimitMax);
    assert(cost >= 0);
    advance(now.time_since_epoch() / kCell);
    const bool allowed = cost <= limit - used();
    if (allowed) running_ += static_cast<uint32_t>(cost);
    return describe(allowed, limit, cost, now);
}

WindowDecision MinuteWindow::peek(int64_t limit, MonoTime now) const {
    MinuteWindow copy = *this;
    copy.advance(now.time_since_epoch() / kCell);
    return copy.describe(copy.used() < limit, limit, 1, now);
}

}  // namespace keywarden
