#include "domain/effective_policy.h"

#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using enum LimitKind;

Limits rpm(int64_t value) {
    Limits limits;
    limits[RequestsPerMinute] = value;
    return limits;
}

CompiledPolicy with(const Limits& limits) { return CompiledPolicy({.limits = limits}); }

TEST(EffectivePolicy, TheTightestLimitHoldsAndSaysWhereItComesFrom) {
    const CompiledPolicy plan = with(rpm(100));
    const CompiledPolicy team = with(rpm(500));
    const CompiledPolicy key = with(rpm(300));
    const std::vector<PolicyLink> chain = {
        {Scope::Plan, &plan}, {Scope::Team, &team}, {Scope::Key, &key}};
    EXPECT_EQ(effective(chain, {}).limits[RequestsPerMinute], (SourcedLimit{100, Scope::Plan}));
    EXPECT_EQ(own_limits(chain, {})[RequestsPerMinute], (SourcedLimit{300, Scope::Key}));
    EXPECT_EQ(effective(chain, {}).limits[TokensPerMinute].value, kNoLimit);
}

TEST(EffectivePolicy, AKeyThatSaysNothingGetsTheNearestDefault) {
    const CompiledPolicy key(Policy{});
    const Limits of_instance = rpm(60);
    const Limits of_plan = rpm(600);
    const Limits none;
    const std::vector<PolicyLink> chain = {{Scope::Key, &key}};
    const std::vector<KeyLimitDefaults> defaults = {
        {Scope::Instance, &of_instance}, {Scope::Plan, &of_plan}, {Scope::Team, &none}};
    EXPECT_EQ(effective(chain, defaults).limits[RequestsPerMinute],
              (SourcedLimit{600, Scope::Plan, true}));
    const CompiledPolicy named = with(rpm(7));
    const std::vector<PolicyLink> other = {{Scope::Key, &named}};
    EXPECT_EQ(effective(other, defaults).limits[RequestsPerMinute], (SourcedLimit{7, Scope::Key}));
}

TEST(EffectivePolicy, ADefaultNeverGoesBeyondACeiling) {
    const CompiledPolicy plan = with(rpm(20));
    const Limits of_instance = rpm(60);
    const std::vector<PolicyLink> chain = {{Scope::Plan, &plan}};
    const std::vector<KeyLimitDefaults> defaults = {{Scope::Instance, &of_instance}};
    EXPECT_EQ(effective(chain, defaults).limits[RequestsPerMinute],
              (SourcedLimit{20, Scope::Plan}));
}

TEST(EffectivePolicy, AKeyNeverHasMoreThanItsMakerHasNow) {
    const CompiledPolicy creator = with(rpm(10));
    const CompiledPolicy key = with(rpm(60));
    const std::vector<PolicyLink> chain = {{Scope::Creator, &creator}, {Scope::Key, &key}};
    EXPECT_EQ(own_limits(chain, {})[RequestsPerMinute], (SourcedLimit{10, Scope::Creator}));
    const CompiledPolicy silent(Policy{});
    const std::vector<PolicyLink> other = {{Scope::Creator, &creator}, {Scope::Key, &silent}};
    EXPECT_EQ(own_limits(other, {})[RequestsPerMinute], (SourcedLimit{10, Scope::Creator}));
}

TEST(EffectivePolicy, AChangedPlanHoldsTheNextTimeOneAsks) {
    const CompiledPolicy before = with(rpm(100));
    const CompiledPolicy after = with(rpm(10));
    std::vector<PolicyLink> chain = {{Scope::Plan, &before}};
    EXPECT_EQ(effective(chain, {}).limits[RequestsPerMinute].value, 100);
    chain[0].policy = &after;
    EXPECT_EQ(effective(chain, {}).limits[RequestsPerMinute].value, 10);
}

TEST(EffectivePolicy, SetsSayWhoTookAValueAway) {
    const CompiledPolicy plan({.classes = {.deny = {PrivacyClass::Standard}}});
    const CompiledPolicy key({.classes = {.allow = {{PrivacyClass::Zdr}}}});
    const std::vector<PolicyLink> chain = {{Scope::Plan, &plan}, {Scope::Key, &key}};
    const EffectivePolicy all = effective(chain, {});
    ASSERT_EQ(all.classes.size(), 3U);
    EXPECT_EQ(all.classes[0].denied_by, Scope::Plan);
    EXPECT_EQ(all.classes[1].denied_by, std::nullopt);
    EXPECT_EQ(all.classes[2].denied_by, Scope::Key);
    EXPECT_EQ(all.kinds[0].denied_by, std::nullopt);
    EXPECT_EQ(all.lists[static_cast<size_t>(PolicyRule::Classes)].size(), 2U);
    EXPECT_TRUE(all.lists[static_cast<size_t>(PolicyRule::Models)].empty());
}

}  // namespace
}  // namespace keywarden
