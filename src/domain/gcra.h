// Smoothing: so many requests at once, the others evenly spread. Its memory is one moment in time.
#pragma once

#include <cstdint>

#include "base/units.h"

namespace keywarden {

struct Gcra {
    int64_t burst = 0;
    int64_t per_period = 0;
    Nanos period{};
};

struct GcraDecision {
    bool allowed = false;
    int64_t remaining = 0;
    Nanos retry_after{};  // zero when allowed; kGcraNever when it can never succeed
    Nanos reset_after{};  // until the whole burst is there again
    MonoTime full_at{};   // keep this for the next call
};

inline constexpr Nanos kGcraNever = Nanos(-1);

/// Takes `cost` at `now` from a bucket that is full again at `full_at`, or takes nothing. A cost of
/// zero looks, and is never denied.
/// Requires: burst, per_period, period > 0; cost >= 0; cost * period fits in 63 bits.
/// Source: GCRA, ITU-T I.371 annex A (the "virtual scheduling" form).
GcraDecision take(const Gcra& limit, MonoTime full_at, int64_t cost, MonoTime now);

}  // namespace keywarden
