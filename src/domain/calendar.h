// Days, weeks, and months of a time zone, as budgets count in them.
#pragma once

#include <array>
#include <optional>

#include "base/time_zone.h"
#include "base/units.h"
#include "domain/budget.h"

namespace keywarden {

/// When the day, the week (from Monday), and the month of a moment began there. The total began
/// with TimePoint(), whatever the moment.
using PeriodStarts = std::array<TimePoint, kPeriods>;
PeriodStarts period_starts(const TimeZone& zone, TimePoint at);

/// When the period after the one of `at` begins. Requires: `period` is not the total.
TimePoint next_start(const TimeZone& zone, Period period, TimePoint at);

/// When what is spent in the period of `at` counts no more: the first moment of the next one.
/// Nothing for the total.
std::optional<TimePoint> period_end(const TimeZone& zone, Period period, TimePoint at);

/// One moment's periods, remembered: asking again within the same day costs two comparisons.
class PeriodCalendar {
public:
    PeriodCalendar() = default;  // in UTC
    explicit PeriodCalendar(const TimeZone& zone) : zone_(zone) {}

    const PeriodStarts& starts(TimePoint at) {
        if (at < day_start_ || at >= day_end_) [[unlikely]] {
            turn_to(at);
        }
        return starts_;
    }
    const TimeZone& zone() const { return zone_; }

private:
    void turn_to(TimePoint at);

    TimeZone zone_;
    TimePoint day_start_{};
    TimePoint day_end_{};
    PeriodStarts starts_{};
};

}  // namespace keywarden
