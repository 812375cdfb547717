// Requests a minute, as a promise: no window of 60 seconds ever holds more than the limit.
#pragma once

#include <array>
#include <cstdint>

#include "base/units.h"

namespace keywarden {

struct WindowDecision {
    bool allowed = false;
    int64_t limit = 0;
    int64_t remaining = 0;  // after this decision
    Nanos retry_after{};    // zero when allowed
    Nanos reset_after{};    // until all of the limit is free again
};

/// The running cell and thirty closed ones of two seconds each; the oldest is counted whole, so the
/// window may be up to two seconds too strict and never too loose.
/// Not safe for threads: whoever owns it locks.
class MinuteWindow {
public:
    /// Takes `cost` of `limit` at `now`, or takes nothing. A clock that steps back frees nothing.
    /// A caller who waits for `retry_after` gets in, if no other call took the room before.
    /// Requires: 0 <= limit <= kLimitMax, 0 <= cost. A cost above the limit never gets in; then
    /// `retry_after` is a minute or longer.
    WindowDecision take(int64_t limit, int64_t cost, MonoTime now);

    /// What take(limit, 1, now) would find, without taking: `remaining` is before any cost.
    WindowDecision peek(int64_t limit, MonoTime now) const;

    static constexpr int64_t kLimitMax = 100'000'000;

    /// Two milliseconds longer than a thirtieth of a minute: the coarse clock may lag by up to
    /// 10 ms, and thirty cells must outlast a true minute all the same.
    static constexpr Nanos kCell = std::chrono::milliseconds(2002);

private:
    static constexpr size_t kClosed = 30;

    void advance(int64_t cell);
    int64_t used() const { return int64_t{closed_sum_} + running_; }
    MonoTime forgotten_at(int64_t cell) const;
    Nanos until_used_is(int64_t wanted, MonoTime now) const;
    WindowDecision describe(bool allowed, int64_t limit, int64_t cost, MonoTime now) const;

    uint32_t newest_ = 0;      // the number of the running cell: moment / kCell
    uint32_t running_ = 0;     // what it holds
    uint32_t closed_sum_ = 0;  // what the closed ones hold together
    /// What a closed cell holds, as a mantissa of 12 bits and an exponent of 4: exact to 4,095,
    /// above that rounded up by less than 0.05 %. Cell number n stands at n % kClosed.
    std::array<uint16_t, kClosed> closed_{};
};

}  // namespace keywarden
