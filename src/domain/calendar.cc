#include "domain/calendar.h"

#include <chrono>

namespace keywarden {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::months;
using std::chrono::year_month_day;

local_days first_day(Period period, local_days day) {
    if (period == Period::Week) return day - (std::chrono::weekday(day) - std::chrono::Monday);
    if (period != Period::Month) return day;
    const year_month_day date(day);
    return local_days(date.year() / date.month() / 1);
}

local_days next_first_day(Period period, local_days first) {
    if (period == Period::Day) return first + days(1);
    if (period == Period::Week) return first + days(7);
    return local_days(year_month_day(first) + months(1));
}

}  // namespace

PeriodStarts period_starts(const TimeZone& zone, TimePoint at) {
    const local_days day = zone.day_of(at);
    PeriodStarts starts{};
    for (const Period period : {Period::Day, Period::Week, Period::Month}) {
        starts.at(static_cast<size_t>(period)) = zone.start_of(first_day(period, day));
    }
    return starts;
}

TimePoint next_start(const TimeZone& zone, Period period, TimePoint at) {
    return zone.start_of(next_first_day(period, first_day(period, zone.day_of(at))));
}

std::optional<TimePoint> period_end(const TimeZone& zone, Period period, TimePoint at) {
    if (period == Period::Total) return std::nullopt;
    return next_start(zone, period, at);
}

void PeriodCalendar::turn_to(TimePoint at) {
    starts_ = period_starts(zone_, at);
    day_start_ = starts_.front();
    day_end_ = next_start(zone_, Period::Day, at);
}

}  // namespace keywarden
