#include <algorithm>
#include <chrono>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "store/spend_directory.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr NanoUsd kDollar{1'000'000'000};
const TimePoint kNow = parse_iso8601("2026-11-20T12:00:00Z").value();

SpendDenial a_denial() {
    return {.budget_id = "bud_1",
            .budget_name = "daily",
            .scope = SpendScope::Key,
            .limit = {10'000'000'000},
            .spent = {9'000'000'000},
            .held = {500'000'000},
            .wanted = kDollar,
            .resets_at = kNow + 12h};
}

std::string fact(const Error& error, std::string_view name) {
    const auto found = std::ranges::find(error.facts, name, &Fact::name);
    return found == error.facts.end() ? "(none)" : std::get<std::string>(found->value);
}

TEST(SpendError, ABudgetSaysWhatIsUsedHeldAndWhenItResets) {
    const Error error = spend_error(a_denial(), kNow);
    EXPECT_EQ(error.code, ErrorCode::BudgetExceeded);
    EXPECT_EQ(error.retry_after, 12h);
    EXPECT_EQ(fact(error, "denied_by"), "key");
    EXPECT_EQ(fact(error, "limit"), "10.00");
    EXPECT_EQ(fact(error, "used"), "9.00");
    EXPECT_EQ(fact(error, "held"), "0.50");
    EXPECT_EQ(fact(error, "wanted"), "1.00");
    EXPECT_EQ(fact(error, "budget"), "bud_1");
    EXPECT_EQ(fact(error, "budget_name"), "daily");
    EXPECT_EQ(fact(error, "resets_at"), "2026-11-21T00:00:00.000Z");
    EXPECT_NE(error.message.find("0.50 left"), std::string::npos) << error.message;
}

TEST(SpendError, WhoeverWaitsAsToldWaitsForASecondAtLeast) {
    SpendDenial denial = a_denial();
    denial.resets_at = kNow - 1s;
    EXPECT_EQ(spend_error(denial, kNow).retry_after, 1s);
}

TEST(SpendError, ABudgetThatDoesNotResetIsNotWorthTryingSoon) {
    SpendDenial denial = a_denial();
    denial.resets_at = std::nullopt;
    const Error error = spend_error(denial, kNow);
    EXPECT_EQ(error.code, ErrorCode::BudgetExceeded);
    EXPECT_GT(error.retry_after, 1min) << "beyond what SDKs wait for: error_body.h says no";
    EXPECT_EQ(fact(error, "resets_at"), "(none)");
}

TEST(SpendError, ACallThatIsMoreThanTheWholeBudgetIsTooLarge) {
    SpendDenial denial = a_denial();
    denial.wanted = {10'000'000'001};
    const Error error = spend_error(denial, kNow);
    EXPECT_EQ(error.code, ErrorCode::RequestTooLarge);
    EXPECT_EQ(error.retry_after, 0s);
    EXPECT_EQ(fact(error, "wanted"), "10.000000001");
    denial.wanted = denial.limit;
    EXPECT_EQ(spend_error(denial, kNow).code, ErrorCode::BudgetExceeded);
}

TEST(SpendError, ABalanceIsNeverA429) {
    SpendDenial denial{.by_balance = true, .limit = kDollar, .wanted = {5'000'000'000}};
    const Error error = spend_error(denial, kNow);
    EXPECT_EQ(error.code, ErrorCode::InsufficientCredits);
    EXPECT_EQ(info(error.code).http_status, 402);
    EXPECT_EQ(error.retry_after, 0s);
    EXPECT_EQ(fact(error, "denied_by"), "team");
    EXPECT_EQ(fact(error, "budget"), "(none)");
    EXPECT_NE(error.message.find("1.00 are left"), std::string::npos) << error.message;
}

TEST(SpendError, WhatIsOverspentLeavesNothing) {
    SpendDenial denial = a_denial();
    denial.spent = {INT64_MAX};
    denial.held = {INT64_MAX};
    EXPECT_NE(spend_error(denial, kNow).message.find("has 0.00 left"), std::string::npos);
}

}  // namespace
}  // namespace keywarden
