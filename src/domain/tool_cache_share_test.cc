#include "domain/tool_cache_share.h"

#include <gtest/gtest.h>

#include "domain/tool_wilson_bounds.h"

namespace keywarden {
namespace {

using std::chrono::minutes;

constexpr TimePoint kNow{std::chrono::hours(500'000)};
constexpr uint64_t kScope = 7;

/// Conversations that begin one after another, each with this list.
void begin(CacheShare& share, int count, uint64_t list, bool is_whole, TimePoint at = kNow) {
    for (int i = 0; i < count; ++i) {
        share.note_list({.scope = kScope, .list = list, .is_first = true, .is_whole = is_whole},
                        at);
    }
}

TEST(CacheShare, NothingIsKnownAtFirstSoAllCountsAsCached) {
    CacheShare share;
    EXPECT_EQ(share.shared(kScope, kNow), 1);
    begin(share, kShareBeginningsMin - 1, 1, true);
    EXPECT_EQ(share.shared(kScope, kNow), 1);
}

TEST(CacheShare, ListsThatNobodyElseHasAreNotCached) {
    CacheShare share;
    for (uint64_t list = 1; list <= 100; ++list) begin(share, 1, list, true);
    EXPECT_LT(share.shared(kScope, kNow), 0.05);
    EXPECT_GT(share.shared(kScope, kNow), 0) << "an upper bound";
    EXPECT_EQ(share.shared(kScope + 1, kNow), 1) << "another account's is unknown";
}

TEST(CacheShare, AListIsForgottenAfterAnHour) {
    CacheShare share;
    for (int i = 0; i < 100; ++i) begin(share, 1, 1, true, kNow + i * kListCached);
    EXPECT_LT(share.shared(kScope, kNow + 100 * kListCached), 0.05);
}

TEST(CacheShare, WhatTheProviderDoesNotReadFromItsCacheIsNotThere) {
    CacheShare share;
    begin(share, 100, 1, true);
    EXPECT_GT(share.shared(kScope, kNow), 0.95);
    for (int i = 0; i < 100; ++i) share.note_read(kScope, false, kNow);
    EXPECT_GT(share.shared(kScope, kNow + minutes(59)), 0.95) << "it holds still";
    EXPECT_LT(share.shared(kScope, kNow + minutes(60)), 0.05);
    EXPECT_GT(share.shared(kScope, kNow + minutes(60 * 25)), 0.95) << "yesterday's says nothing";
}

TEST(CacheShare, ItAsksOnlyForListsThatShouldBeThere) {
    CacheShare share;
    const auto note = [&](uint64_t list, bool is_first, bool is_whole, TimePoint at) {
        return share.note_list(
            {.scope = kScope, .list = list, .is_first = is_first, .is_whole = is_whole}, at);
    };
    EXPECT_FALSE(note(1, true, true, kNow)) << "nobody had it";
    EXPECT_TRUE(note(1, true, true, kNow + minutes(1)));
    EXPECT_FALSE(note(1, false, true, kNow + minutes(1))) << "the conversation itself had it";
    EXPECT_FALSE(note(2, true, true, kNow + minutes(1))) << "another list";
    EXPECT_FALSE(note(1, true, false, kNow + minutes(2))) << "it does not go on";
    EXPECT_FALSE(note(1, true, true, kNow + minutes(3))) << "the last one did not go on whole";
    EXPECT_FALSE(note(1, true, true, kNow + minutes(63))) << "it was too long ago";
}

TEST(CacheShare, WhoWantsAnothersPlaceWaitsUntilItIsStill) {
    CacheShare share;
    for (uint64_t list = 1; list <= 100; ++list) begin(share, 1, list, true);
    EXPECT_LT(share.shared(kScope, kNow), 0.05);
    EXPECT_EQ(share.shared(kScope + kSharesMax, kNow + minutes(59)), 1);
    EXPECT_LT(share.shared(kScope, kNow + minutes(59)), 0.05);
    EXPECT_EQ(share.shared(kScope + kSharesMax, kNow + minutes(61)), 1);
    EXPECT_EQ(share.shared(kScope, kNow + minutes(61)), 1) << "its place is taken";
}

TEST(WilsonBounds, AreThoseOfTheBook) {
    EXPECT_EQ(wilson_bounds(0, 0).low, 0);
    EXPECT_EQ(wilson_bounds(0, 0).high, 1);
    // 81 of 263: Newcombe, "Two-sided confidence intervals for the single proportion", 1998.
    EXPECT_NEAR(wilson_bounds(81, 263).low, 0.2553, 1e-4);
    EXPECT_NEAR(wilson_bounds(81, 263).high, 0.3662, 1e-4);
    EXPECT_NEAR(wilson_bounds(20, 20).low, 0.8389, 1e-4);
    EXPECT_NEAR(wilson_bounds(20, 20).high, 1, 1e-9);
}

}  // namespace
}  // namespace keywarden
