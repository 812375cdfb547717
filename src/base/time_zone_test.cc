#include "base/time_zone.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/clock.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::local_days;

TimePoint at(std::string_view text) { return parse_iso8601(text).value(); }

local_days day(int year, unsigned month, unsigned number) {
    return local_days(std::chrono::year(year) / std::chrono::month(month) /
                      std::chrono::day(number));
}

TimeZone zone(std::string_view name) {
    const auto found = TimeZone::find(name);
    EXPECT_TRUE(found) << name << ": is tzdata installed?";
    return found.value_or(TimeZone());
}

Nanos length(const TimeZone& zone, local_days day) {
    return zone.start_of(day + days(1)) - zone.start_of(day);
}

TEST(TimeZone, FindsWhatTheIanaNames) {
    for (const std::string_view name : {"UTC",
                                        "Europe/Berlin",
                                        "Asia/Kathmandu",
                                        "America/Argentina/Buenos_Aires",
                                        "Etc/GMT+5",
                                        "America/Port-au-Prince",
                                        "EST5EDT"}) {
        EXPECT_TRUE(TimeZone::find(name)) << name;
    }
}

TEST(TimeZone, OpensNoFileThatIsNoZone) {
    for (const std::string& name : {std::string(),
                                    std::string("Mars/Olympus"),
                                    std::string("europe/berlin"),
                                    std::string("Europe"),
                                    std::string("../../../etc/passwd"),
                                    std::string("/etc/passwd"),
                                    std::string("Europe/../Europe/Berlin"),
                                    std::string("localtime"),
                                    std::string("posix/Europe/Berlin"),
                                    std::string("Fixed/UTC+05:30:00"),
                                    std::string("Factory"),
                                    std::string("zone.tab"),
                                    std::string("Europe/Berlin "),
                                    std::string("Europe/Berlin\0", 14),
                                    std::string(kTimeZoneNameMax + 1, 'A')}) {
        EXPECT_FALSE(TimeZone::find(name)) << name;
    }
}

TEST(TimeZone, ADayBeginsAtItsMidnight) {
    EXPECT_EQ(TimeZone().start_of(day(2026, 11, 20)), at("2026-11-20T00:00:00Z"));
    EXPECT_EQ(zone("Europe/Berlin").start_of(day(2026, 11, 20)), at("2026-11-20T00:00:00+01:00"));
    EXPECT_EQ(zone("Europe/Berlin").day_of(at("2026-11-19T23:00:00Z")), day(2026, 11, 20));
    EXPECT_EQ(zone("Europe/Berlin").day_of(at("2026-11-19T22:59:59.999Z")), day(2026, 11, 19));
    EXPECT_EQ(zone("America/Los_Angeles").day_of(at("2026-11-20T07:59:59Z")), day(2026, 11, 19));
}

TEST(TimeZone, OffsetsNeedNoWholeHours) {
    EXPECT_EQ(zone("Asia/Kolkata").start_of(day(2026, 1, 1)), at("2026-01-01T00:00:00+05:30"));
    EXPECT_EQ(zone("Asia/Kathmandu").start_of(day(2026, 1, 1)), at("2026-01-01T00:00:00+05:45"));
    EXPECT_EQ(zone("Pacific/Chatham").start_of(day(2026, 7, 1)), at("2026-07-01T00:00:00+12:45"));
}

TEST(TimeZone, DaysOnWhichClocksAreChangedAreShorterOrLonger) {
    EXPECT_EQ(length(zone("Europe/Berlin"), day(2026, 3, 29)), 23h);
    EXPECT_EQ(length(zone("Europe/Berlin"), day(2026, 10, 25)), 25h);
    EXPECT_EQ(length(zone("Europe/Berlin"), day(2026, 10, 26)), 24h);
    EXPECT_EQ(length(zone("Australia/Lord_Howe"), day(2026, 4, 5)), 24h + 30min);
    EXPECT_EQ(length(zone("Australia/Lord_Howe"), day(2026, 10, 4)), 23h + 30min);
}

TEST(TimeZone, AMidnightThatIsSkippedBeginsWhereTheClocksGoOn) {
    // At 00:00 in Santiago it became 01:00.
    const TimeZone chile = zone("America/Santiago");
    EXPECT_EQ(chile.start_of(day(2022, 9, 11)), at("2022-09-11T01:00:00-03:00"));
    EXPECT_EQ(chile.day_of(at("2022-09-11T03:59:59Z")), day(2022, 9, 10));
    EXPECT_EQ(chile.day_of(at("2022-09-11T04:00:00Z")), day(2022, 9, 11));
    EXPECT_EQ(length(chile, day(2022, 9, 11)), 23h);
}

TEST(TimeZone, AMidnightThatComesTwiceBeginsTheDayOnce) {
    // At 01:00 in Havana it became 00:00 again.
    const TimeZone cuba = zone("America/Havana");
    EXPECT_EQ(cuba.start_of(day(2024, 11, 3)), at("2024-11-03T00:00:00-04:00"));
    EXPECT_EQ(length(cuba, day(2024, 11, 3)), 25h);
}

TEST(TimeZone, ADayDoesNotComeAgainWhenClocksAreSetBackOverMidnight) {
    // At 00:01 in St. John's it became 23:01 of the day before.
    const TimeZone newfoundland = zone("America/St_Johns");
    EXPECT_EQ(newfoundland.day_of(at("2010-11-07T02:30:30Z")), day(2010, 11, 7));
    EXPECT_EQ(newfoundland.day_of(at("2010-11-07T02:45:00Z")), day(2010, 11, 7));
    EXPECT_EQ(newfoundland.day_of(at("2010-11-07T02:29:59Z")), day(2010, 11, 6));
}

TEST(TimeZone, ADayThatWasLeftOutIsNoDay) {
    // Samoa went from 29 to 31 December.
    const TimeZone samoa = zone("Pacific/Apia");
    EXPECT_EQ(samoa.start_of(day(2011, 12, 30)), samoa.start_of(day(2011, 12, 31)));
    EXPECT_EQ(samoa.day_of(samoa.start_of(day(2011, 12, 31)) - 1ns), day(2011, 12, 29));
    EXPECT_EQ(samoa.day_of(samoa.start_of(day(2011, 12, 31))), day(2011, 12, 31));
}

TEST(TimeZone, EveryMomentLiesInItsDayAndDaysNeverGoBack) {
    const std::vector<std::string> names = {"UTC",
                                            "Europe/Berlin",
                                            "America/St_Johns",
                                            "America/Havana",
                                            "Asia/Kathmandu",
                                            "Pacific/Apia",
                                            "Africa/Casablanca",
                                            "America/Santiago",
                                            "Australia/Lord_Howe",
                                            "Asia/Beirut"};
    EXPECT_TRUE(rc::check([&] {
        const TimeZone there = zone(*rc::gen::elementOf(names));
        const auto second = *rc::gen::inRange<int64_t>(0, int64_t{4'000'000'000});
        const TimePoint moment{std::chrono::seconds(second)};
        const local_days today = there.day_of(moment);
        RC_ASSERT(there.start_of(today) <= moment);
        RC_ASSERT(moment < there.start_of(today + days(1)));
        RC_ASSERT(there.day_of(moment + std::chrono::minutes(61)) >= today);
    }));
}

}  // namespace
}  // namespace keywarden
