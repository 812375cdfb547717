#include "domain/breaker.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr BreakerRule kRule{.failures_max = 3, .rest = 10s};
constexpr MonoTime kStart{Nanos(1h)};

TEST(Breaker, OpensAfterSoManyFailuresInARow) {
    Breaker breaker;
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(breaker.failed(kRule, kStart));
    breaker.succeeded();
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(breaker.failed(kRule, kStart));
    EXPECT_EQ(breaker.wait(kRule, kStart), Nanos(0));
    EXPECT_TRUE(breaker.failed(kRule, kStart));
    EXPECT_EQ(breaker.wait(kRule, kStart), Nanos(10s));
    EXPECT_EQ(breaker.wait(kRule, kStart + 4s), Nanos(6s));
}

TEST(Breaker, AfterItsRestOneCallTriesForAll) {
    Breaker breaker;
    for (int i = 0; i < 3; ++i) breaker.failed(kRule, kStart);
    EXPECT_EQ(breaker.wait(kRule, kStart + 10s), Nanos(0));
    EXPECT_EQ(breaker.wait(kRule, kStart + 11s), Nanos(9s)) << "the others wait for it";
    EXPECT_TRUE(breaker.failed(kRule, kStart + 12s));
    EXPECT_EQ(breaker.wait(kRule, kStart + 21s), Nanos(1s));
    EXPECT_EQ(breaker.wait(kRule, kStart + 22s), Nanos(0));
    breaker.succeeded();
    EXPECT_EQ(breaker.wait(kRule, kStart + 22s), Nanos(0));
    EXPECT_FALSE(breaker.failed(kRule, kStart + 22s)) << "it counts anew";
}

TEST(Breaker, OneThatTriesAndSaysNothingCostsOneRest) {
    Breaker breaker;
    for (int i = 0; i < 3; ++i) breaker.failed(kRule, kStart);
    EXPECT_EQ(breaker.wait(kRule, kStart + 10s), Nanos(0));
    EXPECT_EQ(breaker.wait(kRule, kStart + 20s), Nanos(0));
}

TEST(Breaker, WithoutARuleNeverOpens) {
    Breaker breaker;
    for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(breaker.failed({}, kStart));
    EXPECT_EQ(breaker.wait({}, kStart), Nanos(0));
}

TEST(Breaker, OfManyThreadsOneTries) {
    for (int round = 0; round < 50; ++round) {
        Breaker breaker;
        for (int i = 0; i < 3; ++i) breaker.failed(kRule, kStart);
        std::atomic<int> tried = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                if (breaker.wait(kRule, kStart + 10s) == Nanos(0)) ++tried;
            });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(tried, 1);
    }
}

}  // namespace
}  // namespace keywarden
