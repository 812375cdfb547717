#include "domain/rights.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/compiled_policy.h"

namespace keywarden {
namespace {

using enum LimitKind;
using std::chrono::hours;

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

/// The field that goes beyond, or nothing.
std::string beyond(const Rights& wanted, const Rights& grantor, const Rights* before = nullptr) {
    const Result<void> checked = check_rights(wanted, grantor, before);
    if (checked) return "";
    EXPECT_EQ(checked.error().code, ErrorCode::InsufficientScope);
    EXPECT_NE(checked.error().message.find(checked.error().param), std::string::npos);
    return checked.error().param;
}

Rights with(Policy policy) { return {.policy = std::move(policy)}; }

TEST(Rights, WhoHoldsEverythingGrantsEverything) {
    EXPECT_EQ(beyond({}, {}), "");
    EXPECT_EQ(beyond(with({.models = {.allow = globs({"*"})}}), {}), "");
}

TEST(Rights, AKindIsHeldWhenItsPermissionsAre) {
    EXPECT_EQ(beyond({.kind = KeyKind::Inference}, {.kind = KeyKind::Full}), "");
    EXPECT_EQ(beyond({.kind = KeyKind::Full}, {.kind = KeyKind::Management}), "kind");
    EXPECT_EQ(beyond({.kind = KeyKind::Inference}, {.kind = KeyKind::Management}), "kind");
}

TEST(Rights, NoKeyOutlivesOrPrecedesItsMaker) {
    const TimePoint noon(hours(12));
    EXPECT_EQ(beyond({}, {.expires_at = noon}), "expires_at");
    EXPECT_EQ(beyond({.expires_at = noon + Nanos(1)}, {.expires_at = noon}), "expires_at");
    EXPECT_EQ(beyond({.expires_at = noon}, {.expires_at = noon}), "");
    EXPECT_EQ(beyond({.not_before = noon - Nanos(1)}, {.not_before = noon}), "not_before");
    EXPECT_EQ(beyond({.app_id = "b"}, {.app_id = "a"}), "app");
    EXPECT_EQ(beyond({}, {.app_id = "a"}), "app");
    EXPECT_EQ(beyond({.app_id = "a"}, {}), "");
}

TEST(Rights, AListMayOnlyGetNarrower) {
    const Rights grantor = with({.models = {.allow = globs({"gpt-*", "claude-3"})}});
    EXPECT_EQ(beyond(with({.models = {.allow = globs({"gpt-4*", "claude-3"})}}), grantor), "");
    EXPECT_EQ(beyond(with({.models = {.allow = globs({})}}), grantor), "");
    EXPECT_EQ(beyond(with({.models = {.allow = globs({"gpt-4*", "claude-*"})}}), grantor),
              "models");
    EXPECT_EQ(beyond({}, grantor), "models");
}

TEST(Rights, WhatTheGrantorIsDeniedMustBeDeniedTooWhereItMatters) {
    const Rights grantor = with({.models = {.deny = globs({"*-preview"})}});
    EXPECT_EQ(beyond({}, grantor), "models");
    EXPECT_EQ(beyond(with({.models = {.deny = globs({"*preview"})}}), grantor), "");
    EXPECT_EQ(beyond(with({.models = {.allow = globs({"gpt-4o"})}}), grantor), "");
    EXPECT_EQ(beyond(with({.models = {.allow = globs({"gpt-*"})}}), grantor), "models");
    EXPECT_EQ(beyond(with({.models = {.allow = globs({"gpt-*", "x-preview"}),
                                      .deny = globs({"*-preview"})}}),
                     grantor),
              "");
}

TEST(Rights, SetsAreComparedByWhatTheyLetThrough) {
    const Rights all = with(
        {.classes = {.allow = {{PrivacyClass::Standard, PrivacyClass::Zdr, PrivacyClass::Tee}}}});
    EXPECT_EQ(beyond({}, all), "");
    const Rights no_standard = with({.classes = {.deny = {PrivacyClass::Standard}}});
    EXPECT_EQ(beyond({}, no_standard), "privacy_classes");
    EXPECT_EQ(beyond(with({.classes = {.allow = {{PrivacyClass::Zdr}}}}), no_standard), "");
    EXPECT_EQ(beyond(with({.kinds = {.deny = {KeyKind::Full}}}), {}), "");
}

TEST(Rights, NetworksLieInNetworks) {
    const Rights grantor = with({.addresses = {.allow = ranges({"10.0.0.0/8"})}});
    EXPECT_EQ(beyond(with({.addresses = {.allow = ranges({"10.1.0.0/16"})}}), grantor), "");
    EXPECT_EQ(beyond(with({.addresses = {.allow = ranges({"10.0.0.0/7"})}}), grantor), "ip_ranges");
}

TEST(Rights, EveryLimitIsLookedAt) {
    for (const LimitKindInfo& row : all_limit_kinds()) {
        Rights grantor;
        grantor.policy.limits[row.kind] = 10;
        const std::string field = "limits." + std::string(row.field);
        EXPECT_EQ(beyond({}, grantor), field);
        Rights wanted;
        wanted.policy.limits[row.kind] = 11;
        EXPECT_EQ(beyond(wanted, grantor), field);
        wanted.policy.limits[row.kind] = 10;
        EXPECT_EQ(beyond(wanted, grantor), "");
    }
}

TEST(Rights, AChangeThatWidensNothingIsNobodysGrant) {
    const Rights grantor = with({.models = {.allow = globs({"gpt-*"})}});
    const Rights before = with({.models = {.allow = globs({"claude-*"})}});
    const Rights after = with({.models = {.allow = globs({"claude-3"})}});
    EXPECT_EQ(beyond(after, grantor), "models");
    EXPECT_EQ(beyond(after, grantor, &before), "");
    EXPECT_EQ(beyond(with({.models = {.allow = globs({"*"})}}), grantor, &before), "models");
}

TEST(Rights, WhoAsksForNothingInParticularGetsWhatThereIs) {
    Rights grantor = with({.addresses = {.allow = ranges({"10.0.0.0/8"})},
                           .models = {.allow = globs({"gpt-*"}), .deny = globs({"gpt-4*"})}});
    grantor.policy.limits[RequestsPerMinute] = 5;
    grantor.expires_at = TimePoint(hours(1));
    grantor.app_id = "a";
    Rights wanted;
    inherit(wanted, grantor);
    EXPECT_EQ(beyond(wanted, grantor), "");
    EXPECT_EQ(wanted.policy, grantor.policy);
    Rights named;
    named.policy.limits[RequestsPerMinute] = 6;
    inherit(named, grantor);
    EXPECT_EQ(beyond(named, grantor), "limits.requests_per_minute");
}

TEST(Rights, ToolsAreComparedByWhatTheyPermit) {
    const auto tools = [](AllowDeny<Glob> wanted, AllowDeny<Glob> grantor) {
        return beyond(with({.tools = std::move(wanted)}), with({.tools = std::move(grantor)}));
    };
    EXPECT_EQ(tools({}, {}), "");
    EXPECT_EQ(tools({.allow = globs({"a"})}, {.allow = globs({"a", "b"})}), "");
    EXPECT_EQ(tools({.allow = globs({"c"})}, {.allow = globs({"a", "b"})}), "tools");
    EXPECT_EQ(tools({}, {.allow = globs({})}), "tools");
    EXPECT_EQ(tools({.deny = globs({"x", "y"})}, {.deny = globs({"x"})}), "");
    EXPECT_EQ(tools({.deny = globs({"y"})}, {.deny = globs({"x"})}), "tools");
    // A list of allowed ones that leaves the denied one out needs no denial of its own.
    EXPECT_EQ(tools({.allow = globs({"a"})}, {.deny = globs({"x"})}), "");
    EXPECT_EQ(tools({.allow = globs({"x"})}, {.deny = globs({"x"})}), "tools");
    // Deny beats allow, on both sides.
    EXPECT_EQ(tools({.allow = globs({"x"}), .deny = globs({"x"})}, {.deny = globs({"x"})}), "");
    EXPECT_EQ(tools({.allow = globs({"A"})}, {.allow = globs({"a"})}), "tools");
    EXPECT_EQ(tools({.allow = globs({"github_read_*"})}, {.allow = globs({"github_*"})}), "");
    EXPECT_EQ(tools({.allow = globs({"github_*"})}, {.allow = globs({"github_read_*"})}), "tools");
}

TEST(Rights, ATagBindsWhoeverHoldsIt) {
    const Rights grantor{.tags = {"a", "b"}};
    EXPECT_EQ(beyond({.tags = {"b", "c", "a"}}, grantor), "");
    EXPECT_EQ(beyond({.tags = {"a"}}, grantor), "tags");
    EXPECT_EQ(beyond({.tags = {"a"}}, {}), "");
    const Rights before{.tags = {"x"}};
    EXPECT_EQ(beyond({.tags = {"x", "a"}}, grantor, &before), "") << "bound by more than it was";
    EXPECT_EQ(beyond({}, grantor, &before), "tags");
    Rights wanted{.tags = {"c", "b"}};
    inherit(wanted, grantor);
    EXPECT_EQ(wanted.tags, (std::vector<std::string>{"c", "b", "a"}));
    narrow(wanted, {.tags = {"d", "a"}});
    EXPECT_EQ(wanted.tags, (std::vector<std::string>{"c", "b", "a", "d"}));
}

TEST(Rights, ARefusalSaysWhatWasAskedForAndWhatIsHeld) {
    const auto error = [](const Rights& wanted, const Rights& grantor) {
        const Error got = check_rights(wanted, grantor, nullptr, "policy").error();
        std::string text = got.param;
        for (const Fact& fact : got.facts) text += " | " + std::get<std::string>(fact.value);
        return text;
    };
    Rights limited;
    limited.policy.limits[RequestsPerDay] = 100;
    Rights wanted;
    wanted.policy.limits[RequestsPerDay] = 101;
    EXPECT_EQ(error(wanted, limited), "policy.limits.requests_per_day | key | 101 | 100");
    EXPECT_EQ(error({}, limited), "policy.limits.requests_per_day | key | no limit | 100");
    EXPECT_EQ(error(with({.models = {.allow = globs({"o1", "gpt-*"}), .deny = globs({"gpt-4"})}}),
                    with({.models = {.allow = globs({})}})),
              "policy.models | key | o1, gpt-* but gpt-4 | nothing");
    EXPECT_EQ(error({}, {.app_id = "app_1"}), "app | key | the whole team | app_1");
    EXPECT_EQ(error({}, {.kind = KeyKind::Inference}), "kind | key | full | inference");
    EXPECT_EQ(error({}, {.expires_at = TimePoint(hours(1))}),
              "expires_at | key | no bound | 1970-01-01T01:00:00.000Z");
    EXPECT_EQ(error({}, {.tags = {"a", "b"}}), "tags | key | no tag | to be counted by a, b");
    EXPECT_EQ(error({}, with({.tools = {.deny = globs({"rm"})}})),
              "policy.tools | key | everything | everything but rm");
    std::vector<Glob> many;
    for (char c = 'a'; c <= 'z'; ++c) many.push_back(Glob::parse(std::string(1, c)).value());
    EXPECT_EQ(error({}, with({.models = {.allow = many}})),
              "policy.models | key | everything | a, b, c, d, e, f, g, h, …");
}

TEST(Rights, AKeyHoldsWhatItsFieldsSay) {
    const TimePoint noon(hours(12));
    Key key{.id = "k", .team_id = "t", .name = "n", .not_before = noon, .rate_limit_rpm = 7};
    key.policy.models.deny = globs({"x"});
    EXPECT_EQ(rights_of(key, noon - Nanos(1)).not_before, noon);
    EXPECT_EQ(rights_of(key, noon).not_before, std::nullopt) << "what has begun binds nobody";
    EXPECT_EQ(rights_of(key, noon).policy.limits[RequestsPerMinute], 7);
    EXPECT_EQ(rights_of(key, noon).policy.models, key.policy.models);
}

TEST(Rights, OfALimitNobodyInheritsMoreThanADefault) {
    Rights grantor;
    grantor.policy.limits[RequestsPerMinute] = 100;
    Limits defaults;
    defaults[RequestsPerMinute] = 60;
    defaults[RequestsPerDay] = 1000;
    Rights wanted;
    inherit(wanted, grantor, defaults);
    EXPECT_EQ(wanted.policy.limits[RequestsPerMinute], 60);
    EXPECT_EQ(wanted.policy.limits[RequestsPerDay], std::nullopt) << "a default stays one";
    defaults[RequestsPerMinute] = 600;
    Rights other;
    inherit(other, grantor, defaults);
    EXPECT_EQ(other.policy.limits[RequestsPerMinute], 100);
}

TEST(Ceiling, NamesTheLimitTheMostAndWhoSetsIt) {
    Policy plan;
    plan.limits[RequestsPerMinute] = 100;
    Policy key;
    EXPECT_TRUE(check_ceiling(key, plan, Scope::Plan));
    key.limits[RequestsPerMinute] = 101;
    const Error error = check_ceiling(key, plan, Scope::Plan).error();
    EXPECT_EQ(error.code, ErrorCode::InvalidRequest);
    EXPECT_EQ(error.message, "'requests_per_minute' may be at most 100: the plan's ceiling.");
    key.limits[RequestsPerMinute] = 100;
    EXPECT_TRUE(check_ceiling(key, plan, Scope::Plan));
}

constexpr std::string_view kNames[] = {"a", "b", "ab", "ba", "abc", "aab", "bb", "c", "zz"};
constexpr std::string_view kAddresses[] = {
    "10.0.0.1", "10.1.0.1", "10.1.1.1", "11.0.0.1", "192.0.2.1", "2001:db8::1", "2001:db9::1"};

class Dice {
public:
    explicit Dice(uint64_t seed) : random_(seed) {}
    uint64_t below(uint64_t bound) { return random_() % bound; }
    bool once_in(uint64_t times) { return below(times) == 0; }

    template <class T>
    AllowDeny<T> list(const std::vector<T>& pool) {
        AllowDeny<T> made;
        if (once_in(2)) made.allow = some(pool, 4);
        if (once_in(3)) made.deny = some(pool, 2);
        return made;
    }
    Rights rights() {
        static const std::vector<Glob> kGlobs = globs({"*", "a*", "*b", "a?", "ab", "b", "?b*"});
        static const std::vector<IpRange> kRanges =
            ranges({"10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "2001:db8::/32", "192.0.2.1"});
        static const std::vector<KeyKind> kKinds = {
            KeyKind::Full, KeyKind::Inference, KeyKind::Management};
        static const std::vector<PrivacyClass> kClasses = {
            PrivacyClass::Standard, PrivacyClass::Zdr, PrivacyClass::Tee};
        static const std::vector<std::string> kTags = {"a", "b", "c"};
        Rights made{.kind = kKinds[below(kKinds.size())],
                    .not_before = moment(),
                    .expires_at = moment(),
                    .app_id = once_in(3) ? kTags[below(2)] : "",
                    .tags = some(kTags, 3),
                    .policy = {.kinds = list(kKinds),
                               .addresses = list(kRanges),
                               .endpoints = list(kGlobs),
                               .models = list(kGlobs),
                               .providers = list(kGlobs),
                               .classes = list(kClasses),
                               .tools = list(kGlobs)}};
        for (const LimitKindInfo& row : all_limit_kinds()) {
            if (once_in(3)) made.policy.limits[row.kind] = static_cast<int64_t>(1 + below(4));
        }
        return made;
    }

private:
    std::optional<TimePoint> moment() {
        return once_in(2) ? std::optional(TimePoint(std::chrono::hours(1 + below(4))))
                          : std::nullopt;
    }
    template <class T>
    std::vector<T> some(const std::vector<T>& pool, uint64_t most) {
        std::vector<T> made;
        for (uint64_t i = below(most); i > 0; --i) made.push_back(pool[below(pool.size())]);
        return made;
    }
    std::mt19937_64 random_;
};

/// Every request that tells two of the random policies apart.
std::vector<PolicyRequest> all_requests() {
    std::vector<PolicyRequest> requests;
    for (const std::string_view& name : kNames) {
        requests.push_back({.endpoint = name});
        requests.push_back({.model = name});
        requests.push_back({.provider = name});
        requests.push_back({.tools = {&name, 1}});
    }
    for (const std::string_view address : kAddresses) {
        requests.push_back({.address = parse_ip(address)});
    }
    for (const KeyKind kind : {KeyKind::Full, KeyKind::Inference, KeyKind::Management}) {
        requests.push_back({.kind = kind});
    }
    for (const PrivacyClass privacy :
         {PrivacyClass::Standard, PrivacyClass::Zdr, PrivacyClass::Tee}) {
        requests.push_back({.privacy = privacy});
    }
    return requests;
}

bool permits(const CompiledPolicy& policy, const PolicyRequest& request) {
    const PolicyLink link{Scope::Key, &policy};
    return decide({&link, 1}, request).allowed;
}

/// Neither earlier, nor later, nor of another app.
void expect_within(const Rights& child, const Rights& maker) {
    if (maker.not_before) EXPECT_GE(child.not_before.value(), *maker.not_before);
    if (maker.expires_at) EXPECT_LE(child.expires_at.value(), *maker.expires_at);
    if (!maker.app_id.empty()) EXPECT_EQ(child.app_id, maker.app_id);
}

bool holds_tags(const Rights& rights, const Rights& of) {
    return std::ranges::all_of(of.tags, [&](const std::string& tag) {
        return std::ranges::find(rights.tags, tag) != rights.tags.end();
    });
}

// What is left of a key's rights under its maker's is neither more than it had nor than they have.
TEST(Rights, NarrowingLeavesNoMoreThanBothHave) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::vector<PolicyRequest> requests = all_requests();
    int left = 0;
    for (int i = 0; i < 2000; ++i) {
        const Rights key = dice.rights();
        const Rights maker = dice.rights();
        Rights both = key;
        narrow(both, maker);
        const CompiledPolicy of_key(key.policy);
        const CompiledPolicy of_maker(maker.policy);
        const CompiledPolicy of_both(both.policy);
        for (const PolicyRequest& request : requests) {
            ASSERT_LE(permits(of_both, request), permits(of_key, request));
            ASSERT_LE(permits(of_both, request), permits(of_maker, request));
            left += permits(of_both, request) ? 1 : 0;
        }
        for (const LimitKindInfo& row : all_limit_kinds()) {
            const std::optional<int64_t>& limit = both.policy.limits[row.kind];
            for (const Rights* each : {&key, &maker}) {
                const std::optional<int64_t>& most = each->policy.limits[row.kind];
                if (most) ASSERT_LE(limit.value(), *most) << row.field;
            }
        }
        ASSERT_TRUE(holds_tags(both, key) && holds_tags(both, maker));
        Rights wanted{.kind = both.kind};
        inherit(wanted, both);
        ASSERT_EQ(beyond(wanted, both), "") << "whoever asks for nothing is not refused";
    }
    EXPECT_GT(left, 10'000);
}

TEST(Rights, NarrowingToolsLeavesWhatBothPermit) {
    Rights rights = with({.tools = {.allow = globs({"a", "b"}), .deny = globs({"x"})}});
    narrow(rights, with({.tools = {.allow = globs({"b", "c"}), .deny = globs({"y"})}}));
    EXPECT_EQ(*rights.policy.tools.allow, globs({"b"}));
    EXPECT_EQ(rights.policy.tools.deny, globs({"x", "y"}));
    Rights open;
    narrow(open, with({.tools = {.allow = globs({"a"})}}));
    EXPECT_EQ(*open.policy.tools.allow, globs({"a"}));
    EXPECT_TRUE(open.policy.tools.deny.empty());
}

// Trees of keys that make keys. Whoever asks at random gets nothing that its maker has not; whoever
// asks for nothing in particular is never refused.
TEST(Rights, InNoTreeOfKeysDoesAChildHoldMoreThanItsMaker) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::vector<PolicyRequest> requests = all_requests();
    int granted = 0;
    for (int tree = 0; tree < 400; ++tree) {
        std::vector<Rights> keys = {dice.once_in(4) ? Rights{} : dice.rights()};
        for (int tries = 0; tries < 40; ++tries) {
            const Rights maker = keys[dice.below(keys.size())];
            const bool asks_for_nothing = dice.once_in(4);
            Rights wanted = asks_for_nothing ? Rights{.kind = maker.kind} : dice.rights();
            if (asks_for_nothing || dice.once_in(2)) inherit(wanted, maker);
            const std::string field = beyond(wanted, maker);
            if (asks_for_nothing) ASSERT_EQ(field, "");
            if (!field.empty()) continue;
            ++granted;
            keys.push_back(wanted);
            ASSERT_TRUE(holds_tags(wanted, maker)) << "a child leaves no budget of its maker";
            expect_within(wanted, maker);
            ASSERT_FALSE(testing::Test::HasFailure());
            const CompiledPolicy of_maker(maker.policy);
            const CompiledPolicy of_child(wanted.policy);
            for (const PolicyRequest& request : requests) {
                ASSERT_LE(permits(of_child, request), permits(of_maker, request));
            }
            for (const LimitKindInfo& row : all_limit_kinds()) {
                const std::optional<int64_t>& most = maker.policy.limits[row.kind];
                if (most) ASSERT_LE(wanted.policy.limits[row.kind].value(), *most) << row.field;
            }
        }
    }
    EXPECT_GT(granted, 1000);
}

}  // namespace
}  // namespace keywarden
