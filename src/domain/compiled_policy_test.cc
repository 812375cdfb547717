#include "domain/compiled_policy.h"

#include <algorithm>
#include <random>
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

IpAddress ip(std::string_view text) { return parse_ip(text).value(); }

TEST(Decide, AnEmptyPolicyLetsEverythingThrough) {
    const CompiledPolicy nothing({});
    const std::vector<PolicyLink> chain = {{Scope::Team, &nothing}, {Scope::Key, &nothing}};
    EXPECT_TRUE(decide(chain, {.model = "gpt-4o"}).allowed);
    EXPECT_TRUE(decide({}, {.model = "gpt-4o"}).allowed);
    EXPECT_TRUE(explain(chain, {.model = "gpt-4o"}).empty());
}

TEST(Decide, DenyBeatsAllow) {
    const CompiledPolicy key({.models = {.allow = globs({"gpt-*"}), .deny = globs({"gpt-4*"})}});
    const std::vector<PolicyLink> chain = {{Scope::Key, &key}};
    EXPECT_TRUE(decide(chain, {.model = "gpt-3"}).allowed);
    EXPECT_FALSE(decide(chain, {.model = "claude"}).allowed);
    const Decision decision = decide(chain, {.model = "gpt-4o"});
    EXPECT_FALSE(decision.allowed);
    EXPECT_EQ(decision.verdict.entry, "gpt-4*");
}

TEST(Decide, AnEmptyAllowListLetsNothingThrough) {
    const CompiledPolicy key({.tools = {.allow = globs({})}});
    const std::vector<PolicyLink> chain = {{Scope::Key, &key}};
    const std::vector<std::string_view> tools = {"search"};
    EXPECT_FALSE(decide(chain, {.tools = tools}).allowed);
    EXPECT_TRUE(decide(chain, {.model = "gpt-4o"}).allowed);
}

TEST(Decide, AScopeCanOnlyNarrow) {
    const CompiledPolicy team({.models = {.allow = globs({"gpt-*"})}});
    const CompiledPolicy key({.models = {.allow = globs({"*"})}});
    const std::vector<PolicyLink> chain = {{Scope::Team, &team}, {Scope::Key, &key}};
    const Decision decision = decide(chain, {.model = "claude"});
    EXPECT_FALSE(decision.allowed);
    EXPECT_EQ(decision.denied_by, Scope::Team);
    EXPECT_EQ(decision.rule, PolicyRule::Models);
}

TEST(Decide, EachRuleSaysWhoDeniesAndWithWhichCode) {
    const CompiledPolicy policy({.kinds = {.deny = {KeyKind::Management}},
                                 .addresses = {.allow = {{IpRange::parse("10.0.0.0/8").value()}}},
                                 .endpoints = {.deny = globs({"/v1/audio/*"})},
                                 .models = {.deny = globs({"o1"})},
                                 .providers = {.allow = globs({"openai"})},
                                 .classes = {.allow = {{PrivacyClass::Zdr, PrivacyClass::Tee}}},
                                 .tools = {.deny = globs({"shell"})}});
    const std::vector<PolicyLink> chain = {{Scope::App, &policy}};
    const std::vector<std::string_view> tools = {"search", "shell"};
    const std::vector<std::pair<PolicyRequest, std::string_view>> denied = {
        {{.kind = KeyKind::Management}, "insufficient_scope"},
        {{.address = ip("11.0.0.1")}, "ip_not_allowed"},
        {{.endpoint = "/v1/audio/speech"}, "endpoint_not_allowed"},
        {{.model = "o1"}, "model_not_allowed"},
        {{.provider = "groq"}, "model_not_allowed"},
        {{.privacy = PrivacyClass::Standard}, "model_not_allowed"},
        {{.tools = tools}, "tool_not_allowed"},
    };
    for (size_t i = 0; i < denied.size(); ++i) {
        const Decision decision = decide(chain, denied[i].first);
        ASSERT_FALSE(decision.allowed) << i;
        EXPECT_EQ(decision.rule, static_cast<PolicyRule>(i));
        const Error error = denial(decision, denied[i].first);
        EXPECT_EQ(info(error.code).slug, denied[i].second);
        EXPECT_EQ(info(error.code).http_status, 403);
        EXPECT_EQ(std::get<std::string>(error.facts.at(0).value), "app");
        EXPECT_NE(error.message.find(info(decision.rule).field), std::string::npos);
    }
    EXPECT_TRUE(decide(chain,
                       {.kind = KeyKind::Inference,
                        .address = ip("10.0.0.1"),
                        .endpoint = "/v1/chat/completions",
                        .model = "gpt-4o",
                        .provider = "openai",
                        .privacy = PrivacyClass::Tee,
                        .tools = std::span(tools).first(1)})
                    .allowed);
}

TEST(Decide, TheDenialNamesTheTool) {
    const CompiledPolicy key({.tools = {.deny = globs({"shell"})}});
    const std::vector<PolicyLink> chain = {{Scope::Key, &key}};
    const std::vector<std::string_view> tools = {"search", "shell"};
    EXPECT_EQ(denial(decide(chain, {.tools = tools}), {.tools = tools}).message,
              "The tool 'shell' is not allowed: the key's 'tools' deny it.");
}

TEST(Decide, TheDenialSaysWhichOfTheTwoListsItIs) {
    const auto says = [](Policy policy, const PolicyRequest& request) {
        const CompiledPolicy compiled(std::move(policy));
        const std::vector<PolicyLink> chain = {{Scope::Key, &compiled}};
        return denial(decide(chain, request), request).message;
    };
    const std::vector<IpRange> ranges = {IpRange::parse("10.0.0.0/8").value()};
    EXPECT_EQ(says({.addresses = {.deny = ranges}}, {.address = ip("10.0.0.1")}),
              "The address '10.0.0.1' is not allowed: the key's 'ip_ranges' deny it.");
    EXPECT_EQ(says({.addresses = {.allow = ranges}}, {.address = ip("11.0.0.1")}),
              "The address '11.0.0.1' is not allowed: the key's 'ip_ranges' do not include it.");
    EXPECT_EQ(says({.kinds = {.deny = {KeyKind::Full}}}, {.kind = KeyKind::Full}),
              "The kind of key 'full' is not allowed: the key's 'key_kinds' deny it.");
    EXPECT_EQ(says({.classes = {.deny = {PrivacyClass::Tee}}}, {.privacy = PrivacyClass::Tee}),
              "The privacy class 'tee' is not allowed: the key's 'privacy_classes' deny it.");
    EXPECT_EQ(says({.models = {.deny = globs({"o1"})}}, {.model = "o1"}),
              "The model 'o1' is not allowed: the key's 'models' deny it.");
}

TEST(Explain, TellsEveryRuleThatIsMet) {
    const CompiledPolicy plan({.models = {.allow = globs({"gpt-*"})}});
    const CompiledPolicy key(
        {.models = {.deny = globs({"gpt-4o"})}, .providers = {.allow = globs({"groq"})}});
    const std::vector<PolicyLink> chain = {{Scope::Plan, &plan}, {Scope::Key, &key}};
    const auto decisions = explain(chain, {.model = "gpt-4o", .provider = "openai"});
    ASSERT_EQ(decisions.size(), 3U);
    EXPECT_TRUE(decisions[0].allowed);
    EXPECT_EQ(decisions[0].denied_by, Scope::Plan);
    EXPECT_FALSE(decisions[1].allowed);
    EXPECT_EQ(decisions[1].verdict.entry, "gpt-4o");
    EXPECT_EQ(decisions[2].rule, PolicyRule::Providers);
}

// The plain reading of the rules, with nothing compiled.
bool plainly_allowed(const AllowDeny<Glob>& list, std::string_view value) {
    const auto fits = [&](const Glob& glob) { return glob.matches(value); };
    if (std::ranges::any_of(list.deny, fits)) return false;
    return !list.allow || std::ranges::any_of(*list.allow, fits);
}

TEST(Decide, RandomChainsAsTheRulesRead) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::vector<Glob> pool = globs({"*", "a*", "*b", "ab", "a?", "b", "c", "abc", "?b*"});
    const std::vector<std::string_view> names = {"a", "b", "c", "ab", "abc", "bb", "cab", "zzz"};
    const auto pick = [&] {
        std::vector<Glob> list;
        for (uint64_t i = random() % 4; i > 0; --i) list.push_back(pool[random() % pool.size()]);
        return list;
    };
    for (int round = 0; round < 5000; ++round) {
        std::vector<CompiledPolicy> policies;
        for (uint64_t i = 1 + random() % 5; i > 0; --i) {
            Policy policy;
            if (random() % 2 == 0) policy.models.allow = pick();
            if (random() % 2 == 0) policy.models.deny = pick();
            policies.emplace_back(policy);
        }
        std::vector<PolicyLink> chain;
        for (const CompiledPolicy& policy : policies) chain.push_back({Scope::Key, &policy});
        for (const std::string_view name : names) {
            const bool wanted = std::ranges::all_of(policies, [&](const CompiledPolicy& policy) {
                return plainly_allowed(policy.policy().models, name);
            });
            ASSERT_EQ(decide(chain, {.model = name}).allowed, wanted) << name;
        }
    }
}

}  // namespace
}  // namespace keywarden
