#include "domain/call_accounts.h"

#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

std::vector<std::string> accounts_of(const CallRecord& record) {
    constexpr std::array kScopes = {"team", "app", "key", "model", "tag", "plan"};
    std::vector<std::string> accounts;
    for_each_account(record, [&](SpendScope scope, std::string_view target) {
        accounts.push_back(std::string(kScopes.at(static_cast<size_t>(scope))) + " " +
                           std::string(target));
    });
    return accounts;
}

using Accounts = std::vector<std::string>;

TEST(CallAccounts, ACallCountsInAllThatItBelongsTo) {
    EXPECT_EQ(accounts_of({.team_id = "team_1",
                           .app_id = "app_1",
                           .key_id = "key_3",
                           .user_id = "user_1",
                           .provider = "openai",
                           .model = "gpt-4o",
                           .makers = {"key_2", "key_1"},
                           .tags = {"blue", "green"}}),
              (Accounts{"team ",
                        "app app_1",
                        "key key_3",
                        "key key_2",
                        "key key_1",
                        "model openai/gpt-4o",
                        "tag blue",
                        "tag green"}));
}

TEST(CallAccounts, WhatIsEmptyIsNoAccount) {
    EXPECT_EQ(accounts_of({.team_id = "team_1"}), Accounts{"team "});
    EXPECT_EQ(accounts_of({.team_id = "team_1", .provider = "openai"}), Accounts{"team "})
        << "a provider without a model";
}

TEST(CallAccounts, NoneCountsTwice) {
    EXPECT_EQ(accounts_of({.team_id = "team_1",
                           .key_id = "key_1",
                           .makers = {"key_1", "key_2", "key_2"},
                           .tags = {"blue", "green", "blue"}}),
              (Accounts{"team ", "key key_1", "key key_2", "tag blue", "tag green"}));
    EXPECT_EQ(accounts_of({.team_id = "t", .key_id = "same", .tags = {"same"}}),
              (Accounts{"team ", "key same", "tag same"}))
        << "a key and a tag of one name are two accounts";
}

TEST(CallAccounts, NumbersCountAsTextsDo) {
    const std::array<int64_t, 3> makers = {7, 0, 8};
    const std::array<int64_t, 3> tags = {9, 9, 0};
    std::vector<std::pair<SpendScope, int64_t>> accounts;
    for_each_account(
        CallNames<int64_t>{.key = 7, .model = 3, .makers = makers, .tags = tags},
        [&](SpendScope scope, int64_t target) { accounts.emplace_back(scope, target); });
    EXPECT_EQ(accounts,
              (std::vector<std::pair<SpendScope, int64_t>>{{SpendScope::Team, 0},
                                                           {SpendScope::Key, 7},
                                                           {SpendScope::Key, 8},
                                                           {SpendScope::Model, 3},
                                                           {SpendScope::Tag, 9}}));
}

TEST(CallAccounts, AModelIsNamedWithItsProvider) {
    EXPECT_EQ(model_name("openrouter", "meta/llama-3"), "openrouter/meta/llama-3");
    EXPECT_EQ(model_name("openai", ""), "");
}

}  // namespace
}  // namespace keywarden
