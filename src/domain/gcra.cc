#include "domain/gcra.h"

#include <algorithm>
#include <cassert>

namespace keywarden {

GcraDecision take(const Gcra& limit, MonoTime full_at, int64_t cost, MonoTime now) {
    assert(limit.burst > 0 && limit.per_period > 0 && limit.period > Nanos(0) && cost >= 0);
    // Rounded up: a limit may be a nanosecond too strict, never too loose.
    const Nanos each = (limit.period + Nanos(limit.per_period - 1)) / limit.per_period;
    const Nanos whole = each * limit.burst;
    const MonoTime before = std::max(full_at, now);
    const MonoTime after = before + each * cost;
    const bool allowed = cost == 0 || after - now <= whole;

    GcraDecision decision{.allowed = allowed, .full_at = allowed && cost > 0 ? after : full_at};
    if (!allowed) decision.retry_after = cost > limit.burst ? kGcraNever : after - now - whole;
    decision.reset_after = (allowed ? after : before) - now;
    decision.remaining = std::max((whole - decision.reset_after) / each, int64_t{0});
    return decision;
}

}  // namespace keywarden
