#include "domain/retry.h"

#include <algorithm>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using namespace std::chrono_literals;

TEST(Retry, OnlyWhatMayPassIsAskedAgain) {
    for (const int status : {429, 500, 502, 503, 504, 520, 529}) EXPECT_TRUE(may_pass(status));
    for (const int status : {200, 301, 400, 401, 403, 404, 408, 409, 422, 501, 505}) {
        EXPECT_FALSE(may_pass(status)) << status;
    }
}

TEST(Retry, WhatAProviderAsksForIsReadOrNotKnown) {
    EXPECT_EQ(parse_retry_after(""), Nanos(0));
    EXPECT_EQ(parse_retry_after("0"), Nanos(0));
    EXPECT_EQ(parse_retry_after("7"), Nanos(7s));
    EXPECT_EQ(parse_retry_after("99999999999999999999"), Nanos(24h));
    EXPECT_EQ(parse_retry_after("4000000000"), Nanos(24h));
    for (const char* text : {"-1", "1.5", "7 s", " 7", "Wed, 21 Oct 2026 07:28:00 GMT", "soon"}) {
        EXPECT_EQ(parse_retry_after(text), std::nullopt) << text;
    }
}

TEST(Retry, WaitsLongerEachTimeAndNeverAllAlike) {
    const uint32_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Nanos most = RetryRule().first_wait;
    for (int retry = 1; retry <= 12; ++retry) {
        Nanos shortest = Nanos::max();
        Nanos longest{};
        for (int i = 0; i < 2'000; ++i) {
            const Nanos wait = retry_wait({}, retry, {}, static_cast<uint32_t>(random()));
            shortest = std::min(shortest, wait);
            longest = std::max(longest, wait);
        }
        EXPECT_GE(shortest, most / 2) << retry;
        EXPECT_LE(longest, most) << retry;
        EXPECT_GT(longest - shortest, most / 4) << retry;
        most = std::min(most * 2, kRetryWaitMax);
    }
}

TEST(Retry, IsNoSoonerThanTheProviderAsksFor) {
    EXPECT_EQ(retry_wait({}, 1, 3s, 0), Nanos(3s));
    EXPECT_EQ(retry_wait({}, 1, 1ms, 0), RetryRule().first_wait / 2);
}

}  // namespace
}  // namespace keywarden
