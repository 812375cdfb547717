// What one account has spent and holds: four sums, and what is set aside on top of them.
#pragma once

#include <array>
#include <cstddef>

#include "base/money.h"
#include "base/units.h"
#include "domain/budget.h"
#include "domain/calendar.h"

namespace keywarden {

/// Sums of NanoUsd that cannot overflow.
using WideNanoUsd = __int128;

/// The account of a team, an app, a key, … Nothing is done when a period ends: what was spent in it
/// just counts no more for whoever asks at a later moment. Open holds are not of any period: they
/// stay, and are spent in the one in which they end.
///
/// It remembers the latest period and the one before, so calls that end around midnight, in any
/// order, and a clock that is set back by less than a period are counted exactly. Before that it is
/// too strict rather than too loose: everything counts in the earliest period that it remembers.
/// Threads: one at a time.
class SpendAccount {
public:
    void hold(NanoUsd amount) { held_ += amount.value; }
    /// Requires: a hold of that amount ends.
    void release(NanoUsd amount) { held_ -= amount.value; }
    /// Counts a cost in the periods that it ended in, and in the total. A sum that is full stays
    /// so: then no budget lets anything through.
    void spend(NanoUsd cost, const PeriodStarts& ended_in);

    NanoUsd held() const;
    NanoUsd spent(Period period, const PeriodStarts& now) const;
    /// limit - spent - held: what may be held on top. May be below zero.
    NanoUsd available(NanoUsd limit, Period period, const PeriodStarts& now) const;

    /// Takes in what was spent before, as a store remembers it: of the periods that began then.
    /// Requires: nothing was spent yet.
    void restore(const PeriodStarts& starts, const std::array<NanoUsd, kPeriods>& spent);
    /// As restore, of one that goes on: what is counted here and not there yet, which the totals
    /// tell, counts in the periods of now.
    void recount(const PeriodStarts& starts,
                 const std::array<NanoUsd, kPeriods>& spent,
                 const PeriodStarts& now);
    /// From now on periods are those of this zone. What was spent in the period of `now` there
    /// counts in that of `now` here; an earlier day is the day here that has most of it.
    void move_to(const TimeZone& zone, TimePoint now);

private:
    struct Sum {
        TimePoint start{};
        NanoUsd spent{};
    };
    struct Sums {
        Sum latest{};
        Sum before{};
    };

    std::array<Sums, kPeriods - 1> sums_{};
    NanoUsd total_{};
    WideNanoUsd held_ = 0;
};

}  // namespace keywarden
