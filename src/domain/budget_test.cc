#include "domain/budget.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "base/money.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr NanoUsd kDollar{1'000'000'000};
constexpr TimePoint kNow(Nanos(1'800'000'000s));

Budget good() {
    return {.id = "bud_1", .team_id = "team_1", .name = "all of it", .amount = kDollar};
}

/// The field that is wrong; "ok" where none is.
std::string wrong(const Budget& budget) {
    const auto checked = check_budget(budget);
    if (checked) return "ok";
    EXPECT_EQ(checked.error().code, ErrorCode::InvalidRequest);
    return checked.error().param;
}

TEST(Budget, NamesGoBothWays) {
    for (size_t i = 0; i < kPeriods; ++i) {
        EXPECT_EQ(period_of(name(static_cast<Period>(i))), static_cast<Period>(i));
    }
    for (size_t i = 0; i < static_cast<size_t>(SpendScope::kCount); ++i) {
        EXPECT_EQ(spend_scope_of(name(static_cast<SpendScope>(i))), static_cast<SpendScope>(i));
    }
    EXPECT_EQ(name(Period::Total), "total");
    EXPECT_EQ(name(SpendScope::Plan), "plan");
    EXPECT_EQ(period_of("year"), std::nullopt);
    EXPECT_EQ(period_of(""), std::nullopt);
    EXPECT_EQ(spend_scope_of("Team"), std::nullopt);
}

TEST(Budget, AnAmountIsAboveZeroAndBounded) {
    Budget budget = good();
    EXPECT_EQ(wrong(budget), "ok");
    budget.amount = {0};
    EXPECT_EQ(wrong(budget), "amount");
    budget.amount = {-1};
    EXPECT_EQ(wrong(budget), "amount");
    budget.amount = kMoneyMax;
    EXPECT_EQ(wrong(budget), "ok");
    budget.amount = kMoneyMax + NanoUsd{1};
    EXPECT_EQ(wrong(budget), "amount");
}

TEST(Budget, ThresholdsAscendWithinAHundred) {
    Budget budget = good();
    budget.thresholds = {};
    EXPECT_EQ(wrong(budget), "ok");
    budget.thresholds = {1, 2, 3, 4, 5, 6, 7, 100};
    EXPECT_EQ(wrong(budget), "ok");
    budget.thresholds = {50, 50};
    EXPECT_EQ(wrong(budget), "thresholds");
    budget.thresholds = {75, 50};
    EXPECT_EQ(wrong(budget), "thresholds");
    budget.thresholds = {101};
    EXPECT_EQ(wrong(budget), "thresholds");
    budget.thresholds = {0, 50};
    EXPECT_EQ(wrong(budget), "thresholds");
}

TEST(Budget, ANameIsCountedInCharacters) {
    Budget budget = good();
    budget.name = "";
    EXPECT_EQ(wrong(budget), "name");
    budget.name.clear();
    for (size_t i = 0; i < kBudgetNameMax; ++i) budget.name += "ü";
    EXPECT_EQ(wrong(budget), "ok");
    budget.name += "ü";
    EXPECT_EQ(wrong(budget), "name");
}

TEST(Budget, ATargetIsThereWhereTheScopeIsNarrower) {
    Budget budget = good();
    budget.target = "team_1";
    EXPECT_EQ(wrong(budget), "target");
    for (const SpendScope scope :
         {SpendScope::App, SpendScope::Key, SpendScope::Model, SpendScope::Tag}) {
        budget.scope = scope;
        budget.target = "";
        EXPECT_EQ(wrong(budget), "target") << name(scope);
        budget.target = std::string(kBudgetTargetMax, 'm');
        EXPECT_EQ(wrong(budget), "ok") << name(scope);
        budget.target += 'm';
        EXPECT_EQ(wrong(budget), "target") << name(scope);
    }
}

TEST(Budget, OneOfAPlanBelongsToNoTeam) {
    Budget budget = good();
    budget.scope = SpendScope::Plan;
    budget.target = "plan_1";
    EXPECT_EQ(wrong(budget), "scope");
    budget.team_id = "";
    EXPECT_EQ(wrong(budget), "ok");
    budget.scope = SpendScope::App;
    EXPECT_EQ(wrong(budget), "scope");
}

TEST(Budget, ARaiseAddsUntilItEnds) {
    Budget budget = good();
    EXPECT_EQ(budget.amount_at(kNow), kDollar);
    budget.raise = BudgetRaise{.amount = {500'000'000}, .until = kNow + 1h};
    EXPECT_EQ(budget.amount_at(kNow).value, 1'500'000'000);
    EXPECT_EQ(budget.amount_at(kNow + 1h - 1ns).value, 1'500'000'000);
    EXPECT_EQ(budget.amount_at(kNow + 1h), kDollar);
    EXPECT_EQ(wrong(budget), "ok");
    budget.raise->amount = {0};
    EXPECT_EQ(wrong(budget), "raise.amount");
    budget.raise->amount = kMoneyMax + NanoUsd{1};
    EXPECT_EQ(wrong(budget), "raise.amount");
}

TEST(Budget, ARaiseNeverOverflows) {
    Budget budget = good();
    budget.amount = {INT64_MAX};
    budget.raise = BudgetRaise{.amount = {INT64_MAX}, .until = kNow + 1h};
    EXPECT_EQ(budget.amount_at(kNow).value, INT64_MAX);
}

}  // namespace
}  // namespace keywarden
