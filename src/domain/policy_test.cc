#include "domain/policy.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

std::vector<Glob> globs(std::initializer_list<std::string_view> texts) {
    std::vector<Glob> list;
    for (const std::string_view text : texts) list.push_back(Glob::parse(text).value());
    return list;
}

std::vector<IpRange> ranges(std::initializer_list<std::string_view> texts) {
    std::vector<IpRange> list;
    for (const std::string_view text : texts) list.push_back(IpRange::parse(text).value());
    return list;
}

TEST(Policy, EveryRuleAndClassHasAName) {
    for (const PolicyRuleInfo& row : all_policy_rules()) EXPECT_FALSE(row.field.empty());
    EXPECT_EQ(name(PrivacyClass::Tee), "tee");
    EXPECT_EQ(privacy_class_of("zdr"), PrivacyClass::Zdr);
    EXPECT_EQ(privacy_class_of("ZDR"), std::nullopt);
    EXPECT_EQ(name(Scope::Plan), "plan");
}

TEST(Policy, AnEmptyOneIsFine) { EXPECT_TRUE(check_policy({})); }

TEST(Policy, AnEntryTwiceIsRefused) {
    Policy policy{.models = {.allow = globs({"gpt-*", "a", "gpt-**"})}};
    EXPECT_EQ(check_policy(policy).error().param, "models.allow");
    EXPECT_EQ(check_policy(policy).error().message, "'gpt-*' is there twice.");
    policy = {.kinds = {.deny = {KeyKind::Full, KeyKind::Full}}};
    EXPECT_EQ(check_policy(policy).error().param, "key_kinds.deny");
}

TEST(Policy, NetworksOfOneListThatLieInOneAnotherAreRefused) {
    Policy policy{.addresses = {.allow = ranges({"10.1.0.0/16", "10.0.0.0/8"})}};
    EXPECT_EQ(check_policy(policy).error().message, "'10.1.0.0/16' lies in '10.0.0.0/8' already.");
    EXPECT_EQ(check_policy(policy).error().param, "ip_ranges.allow");
    policy.addresses = {.allow = ranges({"10.0.0.0/8"}), .deny = ranges({"10.1.0.0/16"})};
    EXPECT_TRUE(check_policy(policy));
}

TEST(Policy, AListHasABound) {
    Policy policy;
    policy.tools.allow.emplace();
    for (size_t i = 0; i <= kToolEntriesMax; ++i) {
        policy.tools.allow->push_back(Glob::parse("tool_" + std::to_string(i)).value());
    }
    EXPECT_EQ(check_policy(policy).error().param, "tools.allow");
    policy.tools.allow->pop_back();
    EXPECT_TRUE(check_policy(policy));
    policy.models.allow = policy.tools.allow;
    EXPECT_EQ(check_policy(policy).error().param, "models.allow") << "of others, fewer";
}

TEST(Policy, AListOfToolsHasFewPatterns) {
    Policy policy;
    for (size_t i = 0; i <= kToolPatternsMax; ++i) {
        policy.tools.deny.push_back(Glob::parse("tool_" + std::to_string(i) + "*").value());
    }
    EXPECT_EQ(check_policy(policy).error().param, "tools.deny");
    policy.tools.deny.pop_back();
    EXPECT_TRUE(check_policy(policy));
    policy.tools.allow = policy.tools.deny;
    policy.tools.allow->push_back(Glob::parse("*_x").value());
    EXPECT_EQ(check_policy(policy).error().param, "tools.allow");
}

TEST(Limits, LieWithinTheirBounds) {
    for (const LimitKindInfo& row : all_limit_kinds()) {
        if (row.kind == LimitKind::Burst) continue;
        for (const int64_t wrong : {int64_t{0}, int64_t{-1}, row.largest + 1, INT64_MAX}) {
            Policy policy;
            policy.limits[row.kind] = wrong;
            ASSERT_FALSE(check_policy(policy)) << row.field;
            EXPECT_EQ(check_policy(policy).error().param, "limits." + std::string(row.field));
        }
        Policy policy;
        policy.limits[row.kind] = row.largest;
        EXPECT_TRUE(check_policy(policy)) << row.field;
    }
}

TEST(Limits, ABurstNeedsTheRateThatItSmooths) {
    Policy policy;
    policy.limits[LimitKind::Burst] = 5;
    EXPECT_EQ(check_policy(policy).error().param, "limits.burst");
    policy.limits[LimitKind::RequestsPerMinute] = 60;
    EXPECT_TRUE(check_policy(policy));
    EXPECT_FALSE(policy.limits.empty());
}

TEST(PolicyWarnings, NamePatternsThatFitNothing) {
    const PolicyNames names = {.models = {"gpt-4o", "groq/llama"},
                               .providers = {"groq"},
                               .endpoints = {"/v1/chat/completions"}};
    const Policy policy{.endpoints = {.allow = globs({"/v1/chat/*", "/v1/caht/*"})},
                        .models = {.allow = globs({"gpt-*", "claude-*"}), .deny = globs({"o1"})},
                        .providers = {.deny = globs({"groq", "grok"})}};
    EXPECT_EQ(
        policy_warnings(policy, names),
        (std::vector<std::string>{"'models': 'claude-*' fits no model that there is.",
                                  "'models': 'o1' fits no model that there is.",
                                  "'providers': 'grok' fits no provider that there is.",
                                  "'endpoints': '/v1/caht/*' fits no endpoint of the gateway: it "
                                  "holds only where an API of your own asks about the key."}));
}

TEST(PolicyWarnings, LeaveOutWhatAProviderMayTakeWithoutListingIt) {
    const PolicyNames names = {.more_models = globs({"groq/*"})};
    const Policy policy{.models = {.allow = globs({"groq/x-*", "*-mini", "o1"})}};
    EXPECT_EQ(policy_warnings(policy, names),
              std::vector<std::string>{"'models': 'o1' fits no model that there is."});
}

TEST(PolicyWarnings, NameWhatIsAllowedAndDeniedWhole) {
    const Policy policy{.tools = {.allow = globs({"web_search", "run"}), .deny = globs({"web*"})}};
    EXPECT_EQ(policy_warnings(policy, {}),
              std::vector<std::string>{
                  "'tools' allows 'web_search', but denies 'web*', which is all of it."});
}

}  // namespace
}  // namespace keywarden
