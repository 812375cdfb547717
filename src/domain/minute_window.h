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

/// Twelve cells of five seconds and the one that is running; the oldest is counted whole, so the
/// window may be up to five seconds too strict and never too loose.
/// Not safe for threads: whoever owns it locks.
class MinuteWindow {
public:
    /// Takes `cost` of `limit` at `now`, or takes nothing. A clock that steps back frees nothing.
    /// Requires: limit >= 0, cost >= 0.
    WindowDecision take(int64_t limit, int64_t cost, MonoTime now);
    WindowDecision peek(int64_t limit, MonoTime now) const;

private:
    static constexpr size_t kCells = 13;
    int64_t newest_ = 0;  // the number of the newest cell: seconds since the clock's epoch / 5
    std::array<uint32_t, kCells> used_{};
};

}  // namespace keywarden
