#include "domain/gcra.h"

#include <random>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using std::chrono::milliseconds;

/// Runs lines of `MILLIS take COST ok REMAINING` or `MILLIS take COST wait MILLIS`.
void check(const Gcra& limit, const std::string& script) {
    MonoTime full_at{};
    std::istringstream lines(script);
    int64_t at = 0;
    int64_t cost = 0;
    int64_t figure = 0;
    std::string verb;
    std::string verdict;
    while (lines >> at >> verb >> cost >> verdict >> figure) {
        const GcraDecision got = take(limit, full_at, cost, MonoTime(milliseconds(at)));
        const std::string where = std::to_string(at) + " take " + std::to_string(cost);
        EXPECT_EQ(got.allowed, verdict == "ok") << where;
        if (verdict == "ok") EXPECT_EQ(got.remaining, figure) << where;
        if (verdict == "wait") EXPECT_EQ(got.retry_after, milliseconds(figure)) << where;
        full_at = got.full_at;
    }
}

constexpr Nanos kMinute = std::chrono::minutes(1);

TEST(Gcra, GivesTheBurstThenSpreads) {
    check({.burst = 2, .per_period = 60, .period = kMinute}, R"(
           0 take 1 ok 1
           0 take 1 ok 0
           0 take 1 wait 1000
         999 take 1 wait 1
        1000 take 1 ok 0
        9000 take 2 ok 0
    )");
}

TEST(Gcra, KnockingEarlyPushesNobodyBack) {
    check({.burst = 1, .per_period = 1, .period = kMinute}, R"(
            0 take 1 ok 0
            1 take 1 wait 59999
        30000 take 1 wait 30000
        60000 take 1 ok 0
    )");
}

TEST(Gcra, AClockThatStepsBackFreesNothing) {
    check({.burst = 1, .per_period = 60, .period = kMinute}, R"(
        5000 take 1 ok 0
        4000 take 1 wait 2000
        6000 take 1 ok 0
    )");
}

TEST(Gcra, WhatIsLargerThanTheBurstNeverFits) {
    const Gcra limit{.burst = 2, .per_period = 60, .period = kMinute};
    EXPECT_EQ(take(limit, {}, 3, {}).retry_after, kGcraNever);
    EXPECT_EQ(take(limit, {}, 3, {}).full_at, MonoTime{});
}

TEST(Gcra, LookingIsNeverDeniedAndTakesNothing) {
    const Gcra limit{.burst = 1, .per_period = 60, .period = kMinute};
    const MonoTime full_at = take(limit, {}, 1, {}).full_at;
    const GcraDecision looked = take(limit, full_at, 0, {});
    EXPECT_TRUE(looked.allowed);
    EXPECT_EQ(looked.remaining, 0);
    EXPECT_EQ(looked.full_at, full_at);
}

TEST(Gcra, InNoSpanMoreThanTheBurstAndItsShare) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 300; ++round) {
        const Gcra limit{.burst = static_cast<int64_t>(1 + random() % 10),
                         .per_period = static_cast<int64_t>(1 + random() % 7000),
                         .period = kMinute};
        MonoTime now{};
        MonoTime full_at{};
        int64_t taken = 0;
        for (int call = 0; call < 300; ++call) {
            now += Nanos(random() % 30'000'000);
            const GcraDecision got = take(limit, full_at, 1, now);
            if (!got.allowed) {
                ASSERT_TRUE(take(limit, full_at, 1, now + got.retry_after).allowed);
                ASSERT_FALSE(take(limit, full_at, 1, now + got.retry_after - Nanos(1)).allowed);
            }
            full_at = got.full_at;
            taken += got.allowed ? 1 : 0;
            const int64_t share =
                now.time_since_epoch().count() / 1000 * limit.per_period / (kMinute.count() / 1000);
            ASSERT_LE(taken, limit.burst + share + 1);
        }
    }
}

}  // namespace
}  // namespace keywarden
