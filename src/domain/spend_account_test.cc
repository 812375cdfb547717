#include "domain/spend_account.h"

#include <chrono>
#include <cstdint>
#include <string_view>

#include <gtest/gtest.h>

#include "base/clock.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using enum Period;

PeriodStarts starts(std::string_view moment, const TimeZone& zone = {}) {
    return period_starts(zone, parse_iso8601(moment).value());
}

const PeriodStarts kFriday = starts("2026-11-20T12:00:00Z");
const PeriodStarts kSaturday = starts("2026-11-21T12:00:00Z");
const PeriodStarts kSunday = starts("2026-11-22T12:00:00Z");
const PeriodStarts kMonday = starts("2026-11-23T12:00:00Z");
const PeriodStarts kDecember = starts("2026-12-01T12:00:00Z");

TEST(SpendAccount, ACostCountsInAllItsPeriods) {
    SpendAccount account;
    account.spend({7}, kFriday);
    account.spend({5}, kSaturday);
    EXPECT_EQ(account.spent(Day, kSaturday).value, 5);
    EXPECT_EQ(account.spent(Week, kSaturday).value, 12);
    EXPECT_EQ(account.spent(Month, kSaturday).value, 12);
    EXPECT_EQ(account.spent(Total, kSaturday).value, 12);
}

TEST(SpendAccount, APeriodThatIsOverCountsNoMore) {
    SpendAccount account;
    account.spend({7}, kFriday);
    EXPECT_EQ(account.spent(Day, kSaturday).value, 0);
    EXPECT_EQ(account.spent(Week, kSunday).value, 7);
    EXPECT_EQ(account.spent(Week, kMonday).value, 0);
    EXPECT_EQ(account.spent(Month, kMonday).value, 7);
    EXPECT_EQ(account.spent(Month, kDecember).value, 0);
    EXPECT_EQ(account.spent(Total, kDecember).value, 7);
}

TEST(SpendAccount, WhatIsHeldStaysHeldWhenAPeriodEnds) {
    SpendAccount account;
    account.hold({10});
    account.spend({7}, kFriday);
    EXPECT_EQ(account.available({20}, Day, kFriday).value, 3);
    EXPECT_EQ(account.available({20}, Day, kSaturday).value, 10);
    account.release({10});
    account.spend({4}, kSaturday);
    EXPECT_EQ(account.available({20}, Day, kSaturday).value, 16);
    EXPECT_EQ(account.held().value, 0);
}

TEST(SpendAccount, CallsThatEndAroundMidnightCountOnTheirDayInAnyOrder) {
    SpendAccount account;
    account.spend({1}, kSaturday);
    account.spend({2}, kFriday);
    account.spend({4}, kSaturday);
    account.spend({8}, kFriday);
    EXPECT_EQ(account.spent(Day, kSaturday).value, 5);
    EXPECT_EQ(account.spent(Day, kFriday).value, 10) << "a clock that was set back";
    EXPECT_EQ(account.spent(Total, kFriday).value, 15);
}

TEST(SpendAccount, AClockThatWentAheadAndCameBackLosesNothing) {
    SpendAccount account;
    account.spend({3}, kFriday);
    account.spend({1}, kDecember);
    EXPECT_EQ(account.spent(Day, kFriday).value, 3);
    account.spend({5}, kSaturday);
    EXPECT_EQ(account.spent(Day, kSaturday).value, 5);
    EXPECT_EQ(account.spent(Day, kSunday).value, 0) << "between what it remembers";
    EXPECT_EQ(account.spent(Day, kDecember).value, 1);
}

TEST(SpendAccount, BeforeAllThatItRemembersItIsTooStrict) {
    SpendAccount account;
    account.spend({1}, kSaturday);
    account.spend({2}, kSunday);
    account.spend({4}, kFriday);
    EXPECT_EQ(account.spent(Day, kFriday).value, 5);
    EXPECT_EQ(account.spent(Day, kSunday).value, 2);
}

TEST(SpendAccount, NothingAndLessThanNothingCostsNothing) {
    SpendAccount account;
    account.spend({5}, kFriday);
    account.spend({0}, kDecember);
    account.spend({-3}, kFriday);
    EXPECT_EQ(account.spent(Day, kFriday).value, 5);
    EXPECT_EQ(account.spent(Total, kFriday).value, 5);
}

TEST(SpendAccount, ASumThatIsFullStaysFull) {
    SpendAccount account;
    account.spend({INT64_MAX}, kFriday);
    account.spend({INT64_MAX}, kFriday);
    EXPECT_EQ(account.spent(Day, kFriday).value, INT64_MAX);
    EXPECT_LT(account.available(kMoneyMax, Day, kFriday).value, 0);
    EXPECT_LT(account.available({INT64_MAX}, Total, kFriday).value, 1);
}

TEST(SpendAccount, HoldsNeverOverflow) {
    SpendAccount account;
    for (int i = 0; i < 1'000; ++i) account.hold(kMoneyMax);
    EXPECT_EQ(account.held().value, INT64_MAX) << "as much as can be shown";
    EXPECT_EQ(account.available(kMoneyMax, Day, kFriday).value, INT64_MIN);
    for (int i = 0; i < 999; ++i) account.release(kMoneyMax);
    EXPECT_EQ(account.held(), kMoneyMax);
}

TEST(SpendAccount, TakesInWhatWasSpentBefore) {
    SpendAccount account;
    account.restore(kFriday, {NanoUsd{1}, NanoUsd{2}, NanoUsd{3}, NanoUsd{4}});
    account.spend({10}, kFriday);
    EXPECT_EQ(account.spent(Day, kFriday).value, 11);
    EXPECT_EQ(account.spent(Week, kFriday).value, 12);
    EXPECT_EQ(account.spent(Month, kFriday).value, 13);
    EXPECT_EQ(account.spent(Total, kFriday).value, 14);
    EXPECT_EQ(account.spent(Day, kSaturday).value, 0);
}

TEST(SpendAccount, InAnotherTimeZoneWhatWasSpentTodayStillIs) {
    const TimePoint now = parse_iso8601("2026-11-20T12:00:00Z").value();
    SpendAccount account;
    account.spend({3}, starts("2026-11-19T12:00:00Z"));
    account.spend({7}, kFriday);
    for (const std::string_view name :
         {"Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Pacific/Honolulu", "UTC"}) {
        const TimeZone zone = TimeZone::find(name).value();
        account.move_to(zone, now);
        const PeriodStarts there = period_starts(zone, now);
        EXPECT_EQ(account.spent(Day, there).value, 7) << name;
        EXPECT_EQ(account.spent(Week, there).value, 10) << name;
        EXPECT_EQ(account.spent(Month, there).value, 10) << name;
        EXPECT_EQ(account.spent(Day, period_starts(zone, now + 24h)).value, 0) << name;
        EXPECT_EQ(account.spent(Month, period_starts(zone, now + 24h * 30)).value, 0) << name;
    }
}

TEST(SpendAccount, AnEarlierDayIsTheDayThatHasMostOfIt) {
    const TimePoint now = parse_iso8601("2026-11-25T12:00:00Z").value();
    for (const std::string_view name : {"Europe/Berlin", "America/New_York", "Asia/Kathmandu"}) {
        const TimeZone zone = TimeZone::find(name).value();
        SpendAccount account;
        account.spend({7}, kFriday);
        account.move_to(zone, now);
        EXPECT_EQ(account.spent(Day, starts("2026-11-20T12:00:00Z", zone)).value, 7) << name;
        EXPECT_EQ(account.spent(Week, starts("2026-11-20T12:00:00Z", zone)).value, 7) << name;
        EXPECT_EQ(account.spent(Week, period_starts(zone, now)).value, 0) << name;
    }
}

TEST(SpendAccount, TheSameTimeZoneChangesNothing) {
    // The last hour of a week that has one hour less.
    const TimeZone berlin = TimeZone::find("Europe/Berlin").value();
    const TimePoint week = parse_iso8601("2026-03-23T00:00:00+01:00").value();
    SpendAccount account;
    account.spend({7}, period_starts(berlin, week));
    account.move_to(berlin, week + 167h + 30min);
    EXPECT_EQ(account.spent(Week, period_starts(berlin, week)).value, 7);
    EXPECT_EQ(account.spent(Week, period_starts(berlin, week + 167h + 30min)).value, 0);
}

TEST(SpendAccount, CountedAnewItKeepsWhatIsNotThereYet) {
    SpendAccount account;
    account.hold({100});
    account.spend({7}, kFriday);
    account.spend({5}, kSaturday);  // of which the store has not heard
    account.recount(kSaturday, {NanoUsd{3}, {7}, {7}, {7}}, kSaturday);
    EXPECT_EQ(account.spent(Day, kSaturday).value, 3 + 5);
    EXPECT_EQ(account.spent(Week, kSaturday).value, 7 + 5);
    EXPECT_EQ(account.spent(Total, kSaturday).value, 7 + 5);
    EXPECT_EQ(account.held().value, 100);
    account.recount(kFriday, {NanoUsd{12}, {12}, {12}, {12}}, kSaturday);
    EXPECT_EQ(account.spent(Day, kSaturday).value, 0) << "nothing of it was on that day";
    EXPECT_EQ(account.spent(Week, kSaturday).value, 12);
}

}  // namespace
}  // namespace keywarden
