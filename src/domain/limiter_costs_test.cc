// Costs that other services take from limits, and the list of limits for `explain`.
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/limiter_fixture.h"

namespace keywarden {
namespace {

using enum LimitKind;
using std::chrono::seconds;

struct House : CountedHouse {
    LimitResult take(LimitKind kind, int64_t cost, MonoTime now = at(0)) {
        Limits costs;
        costs[kind] = cost;
        return take_costs(scopes(), costs, now);
    }
    std::vector<LimitUse> list(const LimitRequest& request = {}) {
        return list_limits(scopes(), request, at(0));
    }
};

TEST(LimiterCosts, AreTakenFromTheLimitThatIsNamedAndNoOther) {
    House house;
    house.key[RequestsPerMinute] = {10, Scope::Key};
    house.key[RequestsPerDay] = {10, Scope::Plan};
    EXPECT_FALSE(house.take(RequestsPerMinute, 4).denial);
    const std::vector<LimitUse> uses = house.list();
    ASSERT_EQ(uses.size(), 2U);
    EXPECT_EQ(uses[0].used, 4);
    EXPECT_EQ(uses[1].used, 0);
    EXPECT_FALSE(house.take(TokensPerMinute, 1'000).denial) << "nobody limits it";
}

TEST(LimiterCosts, ADenialTakesNothing) {
    House house;
    house.team[RequestsPerMinute] = {5, Scope::Team};
    house.key[RequestsPerMinute] = {10, Scope::Key};
    EXPECT_FALSE(house.take(RequestsPerMinute, 3).denial);
    const auto denial = house.take(RequestsPerMinute, 3).denial;
    ASSERT_TRUE(denial);
    EXPECT_EQ(denial->source, Scope::Team);
    EXPECT_EQ(denial->used, 3);
    EXPECT_GT(denial->retry_after, Nanos(0));
    EXPECT_EQ(house.list()[1].used, 3) << "not even where there was room";
    EXPECT_FALSE(house.take(RequestsPerMinute, 2).denial);
}

TEST(LimiterCosts, SeveralAreOneStep) {
    House house;
    house.key[RequestsPerMinute] = {10, Scope::Key};
    house.key[RequestsPerDay] = {1, Scope::Key};
    Limits both;
    both[RequestsPerMinute] = 1;
    both[RequestsPerDay] = 1;
    EXPECT_FALSE(take_costs(house.scopes(), both, at(0)).denial);
    EXPECT_EQ(take_costs(house.scopes(), both, at(1)).denial->kind, RequestsPerDay);
    EXPECT_EQ(house.list()[0].used, 1);
}

TEST(LimiterCosts, WhatCanNeverFitDoesNotWait) {
    House house;
    house.key[RequestsPerMinute] = {10, Scope::Key};
    const auto denial = house.take(RequestsPerMinute, 11).denial;
    ASSERT_TRUE(denial);
    EXPECT_EQ(denial->retry_after, Nanos(0));
    EXPECT_EQ(limit_error(*denial).code, ErrorCode::RequestTooLarge);
    EXPECT_TRUE(house.take(RequestsPerMinute, INT64_MAX).denial);
}

TEST(LimiterCosts, ABurstSmoothsThemToo) {
    House house;
    house.key[RequestsPerMinute] = {60, Scope::Key};
    house.key[Burst] = {2, Scope::Key};
    EXPECT_FALSE(house.take(RequestsPerMinute, 2).denial);
    const auto denial = house.take(RequestsPerMinute, 1).denial;
    ASSERT_TRUE(denial);
    EXPECT_EQ(denial->kind, Burst);
    EXPECT_FALSE(house.take(RequestsPerMinute, 1, at(0) + denial->retry_after).denial);
    EXPECT_EQ(house.take(RequestsPerMinute, INT64_MAX, at(100)).denial->retry_after, Nanos(0));
}

TEST(LimiterCosts, HoldNoPlace) {
    House house;
    house.key[ConcurrentRequests] = {1, Scope::Key};
    EXPECT_FALSE(house.take(RequestsPerMinute, 1).denial);
    EXPECT_FALSE(house.take(RequestsPerMinute, 1).denial);
}

TEST(LimiterCosts, OnlyRatesCanBeTakenFrom) {
    for (const LimitKindInfo& row : all_limit_kinds()) {
        const std::string field(row.field);
        EXPECT_EQ(is_rate(row.kind), field.ends_with("_per_minute") || field.ends_with("_per_day"))
            << field;
    }
}

TEST(LimitList, SaysWhatEachScopeHasLeftAndWhatTheRequestWouldTake) {
    House house;
    house.team[TokensPerMinute] = {100, Scope::Plan};
    house.team[ConcurrentRequests] = {1, Scope::Team};
    house.key[RequestsPerMinute] = {60, Scope::Instance, true};
    house.key[BodyBytes] = {10, Scope::Key};
    const LimitResult running = take_limits(house.scopes(), {.tokens_in = 90}, at(0));

    const std::vector<LimitUse> uses = house.list({.body_bytes = 11, .tokens_in = 11});
    ASSERT_EQ(uses.size(), 4U);
    EXPECT_EQ(uses[0].kind, TokensPerMinute);
    EXPECT_EQ(uses[0].counted_in, Scope::Team);
    EXPECT_EQ(uses[0].limit.source, Scope::Plan);
    EXPECT_EQ(uses[0].used, 90);
    EXPECT_EQ(uses[0].wanted, 11);
    EXPECT_FALSE(uses[0].allowed);
    EXPECT_GT(uses[0].reset_after, Nanos(0));
    EXPECT_EQ(uses[1].kind, ConcurrentRequests);
    EXPECT_FALSE(uses[1].allowed);
    EXPECT_EQ(uses[2].used, 1);
    EXPECT_TRUE(uses[2].allowed);
    EXPECT_TRUE(uses[2].limit.is_default);
    EXPECT_FALSE(uses[3].allowed) << "the body is too large";
}

TEST(LimitList, AgreesWithWhatIsTaken) {
    House house;
    house.key[RequestsPerMinute] = {3, Scope::Key};
    house.key[Burst] = {2, Scope::Key};
    house.key[TokensPerRequest] = {50, Scope::Key};
    for (int step = 0; step < 4; ++step) {
        for (const int64_t tokens : {0, 50, 51}) {
            const LimitRequest request{.tokens_in = tokens};
            bool all = true;
            for (const LimitUse& use : house.list(request)) all = all && use.allowed;
            EXPECT_EQ(all, !peek_limits(house.scopes(), request, at(0)).denial) << step << tokens;
        }
        const LimitResult taken = take_limits(house.scopes(), {}, at(0));
    }
}

}  // namespace
}  // namespace keywarden
