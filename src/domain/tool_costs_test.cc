#include "domain/tool_costs.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/price.h"

namespace keywarden {
namespace {

using enum CachePolicy;

/// What the requests of one conversation cost whose prompts have these tokens of tools, and end
/// where these messages do. The provider keeps what it was sent, if it is long enough.
double paid(const CacheTerms& terms,
            const std::vector<double>& tools,
            const std::vector<double>& messages,
            double in_cache_before) {
    double sum = 0;
    double had = in_cache_before >= kCachedPrefixTokensMin ? in_cache_before : 0;
    for (size_t i = 0; i < tools.size(); ++i) {
        const double prompt = tools[i] + messages[i];
        const bool is_kept = prompt >= kCachedPrefixTokensMin;
        if (i > 0 && tools[i] != tools[i - 1]) had = 0;
        sum += had * terms.read + (prompt - had) * (is_kept ? terms.write : 1);
        had = is_kept ? prompt : 0;
    }
    return sum;
}

double number(int from, int until) { return *rc::gen::inRange(from, until + 1); }

RC_GTEST_PROP(ToolCosts, WhereASetPaysItNeverCostsMoreThanAllTools, ()) {
    const CacheTerms terms{.read = number(0, 100) / 100,
                           .write = number(100, 200) / 100,
                           .shared = number(0, 100) / 100};
    ToolCosts costs{.tools = number(1'500, 60'000)};
    costs.kept = costs.tools * number(1, 60) / 100;
    costs.system = number(0, 8'000);
    costs.said = costs.system + number(1, 8'000);
    RC_PRE(pays_to_select(terms, costs));

    // So many requests, each with more to read, and one growth of the set as they begin.
    const auto requests = static_cast<size_t>(number(1, 40));
    const bool grows = *rc::gen::arbitrary<bool>() && requests > 1;
    std::vector<double> messages{costs.said};
    while (messages.size() < requests) messages.push_back(messages.back() + number(32, 3'000));
    const std::vector<double> all(requests, costs.tools);
    std::vector<double> kept(requests, grows ? costs.kept * 1.5 : costs.kept);
    kept.front() = costs.kept;
    const double cold = paid(terms, all, messages, 0);
    const double warm = paid(terms, all, messages, costs.tools + costs.system);
    const double of_all = terms.shared * warm + (1 - terms.shared) * cold;
    RC_ASSERT(paid(terms, kept, messages, 0) <= of_all * 1.000'001);
}

TEST(ToolCosts, ItPaysAtNoMatterWhichPricesWhereLittleIsSaid) {
    const ToolCosts costs{.tools = 11'000, .kept = 2'200, .system = 100, .said = 300};
    EXPECT_TRUE(pays_to_select({.read = 1, .write = 1, .shared = 1}, costs));
    EXPECT_TRUE(pays_to_select({.read = 0.5, .write = 1, .shared = 1}, costs));
    EXPECT_TRUE(pays_to_select({.read = 0.1, .write = 1, .shared = 0}, costs));
    EXPECT_TRUE(pays_to_select({.read = 0.1, .write = 1.25, .shared = 0.3}, costs));
    EXPECT_FALSE(pays_to_select({.read = 0.1, .write = 1, .shared = 1}, costs));
    EXPECT_FALSE(pays_to_select({.read = 0.1, .write = 1.25, .shared = 0.9}, costs));
}

TEST(ToolCosts, WhatTheSystemSaysIsReadAnewToo) {
    const CacheTerms terms{.read = 0.5, .write = 1, .shared = 1};
    EXPECT_TRUE(pays_to_select(terms, {.tools = 5'000, .kept = 1'500, .said = 100}));
    EXPECT_FALSE(
        pays_to_select(terms, {.tools = 5'000, .kept = 1'500, .system = 4'000, .said = 4'100}));
}

TEST(ToolCosts, APromptThatIsTooShortForTheCacheIsPaidWholeEachTime) {
    const CacheTerms terms{.read = 0.1, .write = 1, .shared = 0};
    EXPECT_FALSE(pays_to_select(terms, {.tools = 3'000, .kept = 400, .said = 50}));
    EXPECT_TRUE(pays_to_select(terms, {.tools = 3'000, .kept = 1'000, .said = 50}));
    EXPECT_TRUE(pays_to_select(terms, {.tools = 9'000, .kept = 400, .said = 50}));
}

TEST(ToolCosts, PricesAreThoseOfThePriceBook) {
    EXPECT_FALSE(cache_terms({.output = 5}));
    const auto plain = cache_terms({.input = 200});
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->read, 1);
    EXPECT_EQ(plain->write, 1);
    const auto cached = cache_terms({.input = 200, .cached_input = 20, .cache_write = 250});
    ASSERT_TRUE(cached);
    EXPECT_EQ(cached->read, 0.1);
    EXPECT_EQ(cached->write, 1.25);
    EXPECT_EQ(cached->shared, 1) << "where nothing is known, the list is in the cache";
}

TEST(ToolCosts, AutoSelectsWhereThatPaysAndElseMasksWhereItCan) {
    EXPECT_EQ(what_to_do(Auto, true, true), Select);
    EXPECT_EQ(what_to_do(Auto, false, true), Mask);
    EXPECT_EQ(what_to_do(Auto, false, false), Leave);
    EXPECT_EQ(what_to_do(Select, false, true), Select);
    EXPECT_EQ(what_to_do(Mask, true, true), Mask);
    EXPECT_EQ(what_to_do(Mask, true, false), Leave);
    EXPECT_EQ(what_to_do(Leave, true, true), Leave);
    for (const CachePolicy policy : {Auto, Select, Mask, Leave}) {
        EXPECT_EQ(cache_policy_of(name(policy)), policy);
    }
    EXPECT_FALSE(cache_policy_of("Auto"));
}

TEST(ToolCosts, ScopesOfOtherAccountsAndModelsDiffer) {
    const uint64_t scope = cache_scope_of("team_a", "openai", "gpt");
    EXPECT_EQ(scope, cache_scope_of("team_a", "openai", "gpt"));
    EXPECT_NE(scope, cache_scope_of("team_b", "openai", "gpt"));
    EXPECT_NE(scope, cache_scope_of("team_a", "other", "gpt"));
    EXPECT_NE(scope, cache_scope_of("team_a", "openai", "gpt-2"));
}

}  // namespace
}  // namespace keywarden
