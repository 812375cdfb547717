#include "domain/calendar.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/clock.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using enum Period;

TimePoint at(std::string_view text) { return parse_iso8601(text).value(); }
TimeZone zone(std::string_view name) { return TimeZone::find(name).value(); }

TimePoint start(const TimeZone& zone, Period period, std::string_view moment) {
    return period_starts(zone, at(moment)).at(static_cast<size_t>(period));
}

TEST(Calendar, PeriodsOfAFridayInNovember) {
    const std::string_view friday = "2026-11-20T15:04:05.678Z";
    const TimeZone utc;
    EXPECT_EQ(start(utc, Day, friday), at("2026-11-20T00:00:00Z"));
    EXPECT_EQ(start(utc, Week, friday), at("2026-11-16T00:00:00Z"));
    EXPECT_EQ(start(utc, Month, friday), at("2026-11-01T00:00:00Z"));
    EXPECT_EQ(start(utc, Total, friday), TimePoint());
    EXPECT_EQ(period_end(utc, Day, at(friday)), at("2026-11-21T00:00:00Z"));
    EXPECT_EQ(period_end(utc, Week, at(friday)), at("2026-11-23T00:00:00Z"));
    EXPECT_EQ(period_end(utc, Month, at(friday)), at("2026-12-01T00:00:00Z"));
    EXPECT_EQ(period_end(utc, Total, at(friday)), std::nullopt);
}

TEST(Calendar, AWeekBeginsOnMonday) {
    const TimeZone utc;
    EXPECT_EQ(start(utc, Week, "2026-11-22T23:59:59.999Z"), at("2026-11-16T00:00:00Z"));
    EXPECT_EQ(start(utc, Week, "2026-11-23T00:00:00Z"), at("2026-11-23T00:00:00Z"));
    EXPECT_EQ(start(utc, Week, "2027-01-01T12:00:00Z"), at("2026-12-28T00:00:00Z"));
}

TEST(Calendar, MonthsHaveTheirOwnLengths) {
    const TimeZone utc;
    EXPECT_EQ(period_end(utc, Month, at("2028-02-10T00:00:00Z")), at("2028-03-01T00:00:00Z"));
    EXPECT_EQ(period_end(utc, Month, at("2027-02-10T00:00:00Z")), at("2027-03-01T00:00:00Z"));
    EXPECT_EQ(period_end(utc, Month, at("2026-12-31T23:59:59Z")), at("2027-01-01T00:00:00Z"));
    EXPECT_EQ(period_end(utc, Month, at("2027-01-31T00:00:00Z")), at("2027-02-01T00:00:00Z"));
}

TEST(Calendar, PeriodsAreOfTheZoneNotOfUtc) {
    const TimeZone tokyo = zone("Asia/Tokyo");
    EXPECT_EQ(start(tokyo, Month, "2026-10-31T15:00:00Z"), at("2026-11-01T00:00:00+09:00"));
    EXPECT_EQ(start(tokyo, Month, "2026-10-31T14:59:59Z"), at("2026-10-01T00:00:00+09:00"));
    EXPECT_EQ(start(zone("Asia/Kathmandu"), Week, "2026-11-22T18:15:00Z"),
              at("2026-11-23T00:00:00+05:45"));
}

TEST(Calendar, APeriodOverAChangeOfClocksKeepsItsMidnights) {
    const TimeZone berlin = zone("Europe/Berlin");
    const TimePoint october = at("2026-10-28T12:00:00Z");
    EXPECT_EQ(period_starts(berlin, october)[2], at("2026-10-01T00:00:00+02:00"));
    EXPECT_EQ(period_end(berlin, Month, october), at("2026-11-01T00:00:00+01:00"));
    const TimePoint sunday = at("2026-03-29T12:00:00Z");
    EXPECT_EQ(*period_end(berlin, Week, sunday) - period_starts(berlin, sunday)[1], 167h);
    EXPECT_EQ(*period_end(berlin, Day, sunday) - period_starts(berlin, sunday)[0], 23h);
}

TEST(Calendar, EveryMomentLiesInItsPeriods) {
    const std::vector<std::string> names = {
        "UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns"};
    EXPECT_TRUE(rc::check([&] {
        const TimeZone there = zone(*rc::gen::elementOf(names));
        const TimePoint moment{
            std::chrono::seconds(*rc::gen::inRange<int64_t>(0, int64_t{4'000'000'000}))};
        const PeriodStarts starts = period_starts(there, moment);
        for (const Period period : {Day, Week, Month}) {
            const TimePoint began = starts.at(static_cast<size_t>(period));
            const TimePoint ends = period_end(there, period, moment).value();
            RC_ASSERT(began <= moment && moment < ends);
            RC_ASSERT(period_starts(there, ends).at(static_cast<size_t>(period)) == ends);
            RC_ASSERT(period_starts(there, began)[static_cast<size_t>(period)] == began);
        }
    }));
}

TEST(PeriodCalendar, RemembersADayAndTurnsBothWays) {
    PeriodCalendar calendar(zone("Europe/Berlin"));
    const std::vector<std::string_view> moments = {"2026-11-20T10:00:00Z",
                                                   "2026-11-20T22:59:59Z",
                                                   "2026-11-20T23:00:00Z",
                                                   "2026-11-20T22:59:59Z",
                                                   "2026-12-01T00:00:00Z",
                                                   "1970-01-01T00:00:00Z",
                                                   "2026-03-29T00:00:00Z",
                                                   "2026-03-29T22:00:00Z"};
    for (const std::string_view moment : moments) {
        EXPECT_EQ(calendar.starts(at(moment)), period_starts(calendar.zone(), at(moment)))
            << moment;
    }
}

}  // namespace
}  // namespace keywarden
