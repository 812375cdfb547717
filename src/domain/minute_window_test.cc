#include "domain/minute_window.h"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

MonoTime at_millis(int64_t millis) { return MonoTime(std::chrono::milliseconds(millis)); }

/// Runs lines of `MILLIS take COST ok REMAINING` or `MILLIS take COST wait MILLIS`.
void check(int64_t limit, const std::string& script) {
    MinuteWindow window;
    std::istringstream lines(script);
    int64_t at = 0;
    int64_t cost = 0;
    int64_t figure = 0;
    std::string take;
    std::string verdict;
    while (lines >> at >> take >> cost >> verdict >> figure) {
        const WindowDecision got = window.take(limit, cost, at_millis(at));
        const std::string where = std::to_string(at) + " take " + std::to_string(cost);
        EXPECT_EQ(got.limit, limit) << where;
        EXPECT_EQ(got.allowed, verdict == "ok") << where;
        if (verdict == "ok") {
            EXPECT_EQ(got.remaining, figure) << where;
            EXPECT_EQ(got.retry_after, Nanos(0)) << where;
        } else {
            EXPECT_EQ(got.retry_after, Nanos(std::chrono::milliseconds(figure))) << where;
        }
    }
}

// Cells are 2002 ms long; what stands in cell n is forgotten at (n + 31) * 2002.
TEST(MinuteWindow, GivesTheLimitAndThenSaysWhenThereIsRoom) {
    check(3, R"(
            0 take 1 ok 2
         1000 take 1 ok 1
         2002 take 1 ok 0
         2003 take 1 wait 60059
        62061 take 1 wait 1
        62062 take 2 ok 0
        62063 take 1 wait 2001
        64064 take 1 ok 0
    )");
}

TEST(MinuteWindow, TakesAllOfACostOrNothing) {
    check(10, R"(
            0 take 8 ok 2
            0 take 3 wait 62062
            0 take 2 ok 0
    )");
}

TEST(MinuteWindow, KnockingPushesNobodyBack) {
    check(1, R"(
            0 take 1 ok 0
         1000 take 1 wait 61062
        30000 take 1 wait 32062
        62061 take 1 wait 1
        62062 take 1 ok 0
    )");
}

TEST(MinuteWindow, ACostOfNothingIsAlwaysAllowed) {
    check(0, "0 take 0 ok 0");
    check(1, "0 take 1 ok 0  1 take 0 ok 0");
}

TEST(MinuteWindow, WhatCanNeverFitIsToldToWaitAMinuteAtLeast) {
    MinuteWindow window;
    const WindowDecision got = window.take(5, 6, at_millis(0));
    EXPECT_FALSE(got.allowed);
    EXPECT_GE(got.retry_after, std::chrono::minutes(1));
    EXPECT_GE(window.take(0, 1, at_millis(0)).retry_after, std::chrono::minutes(1));
    EXPECT_GE(window.peek(0, at_millis(0)).retry_after, std::chrono::minutes(1));
}

TEST(MinuteWindow, AClockThatStepsBackFreesNothing) {
    check(2, R"(
        90000 take 2 ok 0
            0 take 1 wait 150150
        89000 take 1 wait 61150
        150150 take 1 ok 1
    )");
}

TEST(MinuteWindow, ALongSilenceForgetsAll) {
    check(2, R"(
               0 take 2 ok 0
        99999999 take 2 ok 0
    )");
}

TEST(MinuteWindow, AChangedLimitMeetsWhatIsUsedAlready) {
    MinuteWindow window;
    EXPECT_TRUE(window.take(100, 50, at_millis(0)).allowed);
    EXPECT_FALSE(window.take(10, 1, at_millis(1)).allowed);
    EXPECT_EQ(window.peek(10, at_millis(1)).remaining, 0);
    EXPECT_EQ(window.peek(60, at_millis(1)).remaining, 10);
}

TEST(MinuteWindow, PeekingTakesNothingAndSaysWhenAllIsFree) {
    MinuteWindow window;
    EXPECT_EQ(window.peek(5, at_millis(0)).reset_after, Nanos(0));
    window.take(5, 5, at_millis(0));
    for (int i = 0; i < 3; ++i) {
        const WindowDecision got = window.peek(5, at_millis(10'000));
        EXPECT_FALSE(got.allowed);
        EXPECT_EQ(got.remaining, 0);
        EXPECT_EQ(got.reset_after, std::chrono::milliseconds(52'062));
        EXPECT_EQ(got.retry_after, std::chrono::milliseconds(52'062));
    }
    EXPECT_TRUE(window.peek(5, at_millis(62'062)).allowed);
}

TEST(MinuteWindow, LargeCountsAreRoundedUpNeverDown) {
    MinuteWindow window;
    constexpr int64_t kLimit = MinuteWindow::kLimitMax;
    int64_t allowed = 0;
    for (int64_t i = 0; i < 30; ++i) {
        const MonoTime at = at_millis(i * 2002);
        const int64_t cost = 1'000'003 + i;
        ASSERT_TRUE(window.take(kLimit, cost, at).allowed);
        allowed += cost;
    }
    const int64_t remaining = window.peek(kLimit, at_millis(30 * 2002)).remaining;
    EXPECT_LE(remaining, kLimit - allowed);
    EXPECT_GE(remaining, kLimit - allowed - allowed / 2000);
}

}  // namespace
}  // namespace keywarden
