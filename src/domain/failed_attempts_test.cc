#include "domain/failed_attempts.h"

#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr MonoTime kStart{std::chrono::hours(100)};

/// How many failures a source has before it is told to wait.
int64_t allowed(FailedAttempts& attempts, const std::string& address, MonoTime now = kStart) {
    int64_t count = 0;
    while (count < 1'000 && attempts.count(address, now) == Nanos(0)) ++count;
    return count;
}

TEST(FailedAttempts, TwentyThenOneASecond) {
    FailedAttempts attempts;
    EXPECT_EQ(allowed(attempts, "192.0.2.1"), 20);
    EXPECT_EQ(attempts.count("192.0.2.1", kStart), std::chrono::seconds(1));
    EXPECT_EQ(allowed(attempts, "192.0.2.1", kStart + std::chrono::milliseconds(999)), 0);
    EXPECT_EQ(allowed(attempts, "192.0.2.1", kStart + std::chrono::seconds(1)), 1);
    EXPECT_EQ(allowed(attempts, "192.0.2.1", kStart + std::chrono::seconds(60)), 20);
}

TEST(FailedAttempts, WhoWaitsAsToldGetsIn) {
    FailedAttempts attempts;
    allowed(attempts, "192.0.2.1");
    const Nanos wait = attempts.count("192.0.2.1", kStart);
    EXPECT_EQ(attempts.count("192.0.2.1", kStart + wait), Nanos(0));
}

TEST(FailedAttempts, KeepsTheRuleItIsGiven) {
    FailedAttempts attempts({.burst = 3, .per_second = 10});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(attempts.count("192.0.2.1", kStart), Nanos(0));
    EXPECT_EQ(attempts.count("192.0.2.1", kStart), std::chrono::milliseconds(100));
    EXPECT_EQ(attempts.count("192.0.2.1", kStart + std::chrono::milliseconds(100)), Nanos(0));
}

TEST(FailedAttempts, CountsEachSourceForItself) {
    FailedAttempts attempts;
    EXPECT_EQ(allowed(attempts, "192.0.2.1"), 20);
    EXPECT_EQ(allowed(attempts, "192.0.2.2"), 20);
}

TEST(FailedAttempts, CountsIpv6ByItsNetwork) {
    FailedAttempts attempts;
    EXPECT_EQ(allowed(attempts, "2001:db8:1:2:a:b:c:d"), 20);
    EXPECT_EQ(allowed(attempts, "2001:db8:1:2::1"), 0);
    EXPECT_EQ(allowed(attempts, "2001:db8:1:2::"), 0);
    EXPECT_EQ(allowed(attempts, "2001:db8:1:3::1"), 20);
    EXPECT_EQ(allowed(attempts, "2001:db8::1"), 20);
    EXPECT_EQ(allowed(attempts, "2001:db8:0:0:1::"), 0);
    EXPECT_EQ(allowed(attempts, "::1"), 20);
    EXPECT_EQ(allowed(attempts, "0:0:0:0:9:9:9:9"), 0);
    EXPECT_EQ(allowed(attempts, "::5:6:7:8:9"), 20);  // 0:0:0:5
    EXPECT_EQ(allowed(attempts, "0:0:0:5::"), 0);
    EXPECT_EQ(allowed(attempts, "1::5:6:7:8:9"), 20);  // 1:0:0:5
    EXPECT_EQ(allowed(attempts, "1:0:0:5:1:1:1:1"), 0);
}

TEST(FailedAttempts, HowLongToWaitIsToldWithoutCounting) {
    FailedAttempts attempts(2, std::chrono::seconds(30));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(attempts.wait("192.0.2.1", kStart), Nanos(0));
    EXPECT_EQ(attempts.count("192.0.2.1", kStart), Nanos(0));
    EXPECT_EQ(attempts.wait("192.0.2.1", kStart), Nanos(0));
    EXPECT_EQ(attempts.count("192.0.2.1", kStart), Nanos(0));
    EXPECT_EQ(attempts.wait("192.0.2.1", kStart), std::chrono::seconds(30));
    EXPECT_EQ(attempts.wait("192.0.2.2", kStart), Nanos(0));
    EXPECT_EQ(attempts.wait("192.0.2.1", kStart + std::chrono::seconds(30)), Nanos(0));
}

TEST(FailedAttempts, ManySourcesTakeNoMoreMemoryAndFailSafely) {
    FailedAttempts attempts;
    for (int i = 0; i < 100'000; ++i) {
        attempts.count("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256), kStart);
    }
    EXPECT_EQ(allowed(attempts, "192.0.2.1"), 20);
}

}  // namespace
}  // namespace keywarden
