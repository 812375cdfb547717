#include "domain/grant.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using Names = std::vector<std::string>;

constexpr TimePoint kMay = TimePoint(std::chrono::hours(1000));
constexpr TimePoint kJune = TimePoint(std::chrono::hours(2000));

/// "ok", or the field that is refused.
std::string verdict(const Grant& wanted, const Grant& grantor, const Grant* before = nullptr) {
    const Result<void> got = check_grant(wanted, grantor, before);
    if (got) return "ok";
    EXPECT_EQ(got.error().code, ErrorCode::InsufficientScope);
    return got.error().param;
}

TEST(Grant, AKindIsHeldWhenEachOfItsPermissionsIs) {
    const auto kinds = [](KeyKind wanted, KeyKind grantor) {
        return verdict({.kind = wanted}, {.kind = grantor});
    };
    using enum KeyKind;
    EXPECT_EQ(kinds(Full, Full), "ok");
    EXPECT_EQ(kinds(Inference, Full), "ok");
    EXPECT_EQ(kinds(Management, Full), "ok");
    EXPECT_EQ(kinds(Management, Management), "ok");
    EXPECT_EQ(kinds(Full, Management), "kind");
    EXPECT_EQ(kinds(Inference, Management), "kind");
    EXPECT_EQ(kinds(Full, Inference), "kind");
    EXPECT_EQ(kinds(Management, Inference), "kind");
}

TEST(Grant, ARateMayBeEqualButNotHigher) {
    EXPECT_EQ(verdict({.rate_limit_rpm = 60}, {.rate_limit_rpm = 60}), "ok");
    EXPECT_EQ(verdict({.rate_limit_rpm = 61}, {.rate_limit_rpm = 60}), "rate_limit_rpm");
}

TEST(Grant, ALifeMayNotOutlastTheGrantors) {
    EXPECT_EQ(verdict({.expires_at = kMay}, {.expires_at = kMay}), "ok");
    EXPECT_EQ(verdict({.expires_at = kMay}, {}), "ok");
    EXPECT_EQ(verdict({.expires_at = kJune}, {.expires_at = kMay}), "expires_at");
    EXPECT_EQ(verdict({}, {.expires_at = kMay}), "expires_at");
}

TEST(Grant, ToolsAreComparedByWhatTheyPermit) {
    const auto tools = [](ToolList wanted, ToolList grantor) {
        return verdict({.tools = std::move(wanted)}, {.tools = std::move(grantor)});
    };
    EXPECT_EQ(tools({}, {}), "ok");
    EXPECT_EQ(tools({.allowed = Names{"a"}}, {.allowed = Names{"a", "b"}}), "ok");
    EXPECT_EQ(tools({.allowed = Names{}}, {.allowed = Names{}}), "ok");
    EXPECT_EQ(tools({.allowed = Names{"c"}}, {.allowed = Names{"a", "b"}}), "toollist");
    EXPECT_EQ(tools({}, {.allowed = Names{"a"}}), "toollist");
    EXPECT_EQ(tools({}, {.allowed = Names{}}), "toollist");
    EXPECT_EQ(tools({.denied = Names{"x", "y"}}, {.denied = Names{"x"}}), "ok");
    EXPECT_EQ(tools({.denied = Names{"y"}}, {.denied = Names{"x"}}), "toollist");
    // A list of allowed ones that leaves the denied one out needs no denial of its own.
    EXPECT_EQ(tools({.allowed = Names{"a"}}, {.denied = Names{"x"}}), "ok");
    EXPECT_EQ(tools({.allowed = Names{"x"}}, {.denied = Names{"x"}}), "toollist");
    // Deny beats allow, on both sides.
    EXPECT_EQ(tools({.allowed = Names{"x"}, .denied = Names{"x"}}, {.denied = Names{"x"}}), "ok");
    EXPECT_EQ(tools({.allowed = Names{"A"}}, {.allowed = Names{"a"}}), "toollist");
}

/// What a list permits, said the long way.
bool may_use(const ToolList& tools, const std::string& name) {
    const auto has = [&](const Names& names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    return !(tools.denied && has(*tools.denied)) && (!tools.allowed || has(*tools.allowed));
}

TEST(Grant, ToolsAreWithinExactlyWhenEachToolIs) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const Names world = {"a", "b", "c", "never listed"};
    const auto some_list = [&]() -> std::optional<Names> {
        if (random() % 3 == 0) return std::nullopt;
        Names names;
        for (size_t i = 0; i < 3; ++i) {
            if (random() % 2 == 0) names.push_back(world[i]);
        }
        return names;
    };
    size_t within = 0;
    for (int i = 0; i < 3000; ++i) {
        const ToolList inner = {.allowed = some_list(), .denied = some_list()};
        const ToolList outer = {.allowed = some_list(), .denied = some_list()};
        bool each = true;
        for (const std::string& name : world) {
            each = each && (!may_use(inner, name) || may_use(outer, name));
        }
        EXPECT_EQ(verdict({.tools = inner}, {.tools = outer}), each ? "ok" : "toollist");
        within += each ? 1 : 0;
    }
    EXPECT_GT(within, 300U);
    EXPECT_LT(within, 2700U);
}

TEST(Grant, AChangeThatWidensNothingIsNobodysGrant) {
    const Grant grantor = {.rate_limit_rpm = 60, .expires_at = kMay};
    const Grant before = {.rate_limit_rpm = 100};
    EXPECT_EQ(verdict({.rate_limit_rpm = 100}, grantor, &before), "ok");
    EXPECT_EQ(verdict({.rate_limit_rpm = 80, .expires_at = kJune}, grantor, &before), "ok");
    EXPECT_EQ(verdict({.rate_limit_rpm = 101}, grantor, &before), "rate_limit_rpm");
}

TEST(Grant, WhatIsNotNamedIsInheritedWhereTheGrantorIsBound) {
    Key child;
    inherit(
        child, {.rate_limit_rpm = 10, .expires_at = kMay, .tools = {.allowed = Names{"a"}}}, 60);
    EXPECT_EQ(child.rate_limit_rpm, 10);
    EXPECT_EQ(child.expires_at, kMay);
    EXPECT_EQ(child.tools.allowed, Names{"a"});
    EXPECT_EQ(child.tools.denied, std::nullopt);
}

TEST(Grant, WhatIsNamedStays) {
    Key child;
    child.rate_limit_rpm = 5;
    child.expires_at = kMay;
    child.tools.allowed = Names{};
    inherit(
        child, {.rate_limit_rpm = 10, .expires_at = kJune, .tools = {.allowed = Names{"a"}}}, 60);
    EXPECT_EQ(child.rate_limit_rpm, 5);
    EXPECT_EQ(child.expires_at, kMay);
    EXPECT_EQ(child.tools.allowed, Names{});
}

TEST(Grant, ADefaultIsNotABound) {
    const Key first_key;
    Key child;
    inherit(child, grant_of(first_key), 60);
    EXPECT_EQ(child.rate_limit_rpm, std::nullopt);
    child.rate_limit_rpm = 600;
    EXPECT_EQ(verdict(grant_of(child), grant_of(first_key)), "ok");
}

TEST(Grant, AGivenLimitBindsWhatItsChildrenGrantToo) {
    Key child;
    inherit(child, {.rate_limit_rpm = 100}, 60);
    EXPECT_EQ(child.rate_limit_rpm, 60);
    Key grandchild;
    grandchild.rate_limit_rpm = 61;
    EXPECT_EQ(verdict(grant_of(grandchild), grant_of(child)), "rate_limit_rpm");
}

TEST(Grant, WhatIsInheritedIsAlwaysAllowed) {
    const Grant grantor = {.kind = KeyKind::Full,
                           .rate_limit_rpm = 7,
                           .expires_at = kJune,
                           .tools = {.allowed = Names{"a", "b"}, .denied = Names{"b"}}};
    Key child;
    inherit(child, grantor, 60);
    EXPECT_EQ(verdict(grant_of(child), grantor), "ok");
}

TEST(Grants, AKeyOfAnAppMakesKeysOfThatApp) {
    const Grant bound{.app_id = "app_1"};
    Key key{.id = "key_1", .team_id = "team_1", .name = "k"};
    inherit(key, bound, 60);
    EXPECT_EQ(key.app_id, "app_1");
    EXPECT_TRUE(check_grant({.app_id = "app_1"}, bound));
    EXPECT_EQ(check_grant({.app_id = "app_2"}, bound).error().param, "app");
    EXPECT_EQ(check_grant({}, bound).error().param, "app");
    EXPECT_TRUE(check_grant({.app_id = "app_1"}, {})) << "who is bound to none may name any";
    const Grant elsewhere{.app_id = "app_2"};
    EXPECT_TRUE(check_grant(elsewhere, bound, &elsewhere)) << "what does not move is no grant";
}

}  // namespace
}  // namespace keywarden
