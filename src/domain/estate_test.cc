// What turns one estate into another: each thing once, field by field, in an order that works.
#include "domain/estate.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

HeldKey a_key(const std::string& id, const std::string& maker = "") {
    return {.key = {.id = id, .team_id = "t", .name = id, .maker_key_id = maker}};
}

/// The id of what a change is about, with its sign.
std::string text_of(const EstateChange& change) {
    const auto id = [](const auto& thing) {
        using T = std::decay_t<decltype(thing)>;
        if constexpr (std::is_same_v<T, HeldKey>) {
            return thing.key.id;
        } else if constexpr (std::is_same_v<T, Member>) {
            return thing.user_id;
        } else if constexpr (std::is_same_v<T, InstanceSettings>) {
            return std::string("settings");
        } else {
            return thing.id;
        }
    };
    return std::visit(
        [&](const auto& each) {
            const std::string sign = !each.before ? "+" : !each.after ? "-" : "~";
            return sign + id(each.after ? *each.after : *each.before);
        },
        change);
}

std::vector<std::string> texts(const std::vector<EstateChange>& changes) {
    std::vector<std::string> out;
    for (const EstateChange& change : changes) out.push_back(text_of(change));
    return out;
}

TEST(Estate, WhatIsTheSameNeedsNoChange) {
    Estate estate;
    estate.plans = {{.id = "p", .name = "P"}};
    estate.teams = {{.id = "t", .name = "T"}};
    estate.keys = {a_key("k")};
    EXPECT_TRUE(changes_between(estate, estate).empty());
    Estate same = estate;
    same.plans[0].version = 7;
    same.teams[0].created_at = TimePoint(std::chrono::hours(1));
    same.keys[0].key.secrets = {{.id = "s", .format = "keywarden", .display = "kw_…"}};
    EXPECT_TRUE(changes_between(estate, same).empty()) << "no file says any of this";
}

TEST(Estate, TellsFieldByFieldWhatWasAndWillBe) {
    HeldKey before = a_key("k");
    HeldKey after = before;
    after.key.name = "new";
    after.key.rate_limit_rpm = 5;
    after.key.policy.models.deny = {*Glob::parse("gpt-*")};
    const auto fields = fields_of(Change<HeldKey>{before, after});
    ASSERT_EQ(fields.size(), 3U);
    EXPECT_EQ(fields[0].field, "name");
    EXPECT_EQ(std::get<std::string>(fields[0].before), "k");
    EXPECT_EQ(fields[1].field, "rate_limit_rpm");
    EXPECT_EQ(std::get<int64_t>(fields[1].after), 5);
    EXPECT_EQ(fields[2].field, "policy.models.deny");
}

TEST(Estate, TakesTheStepsInAnOrderThatWorks) {
    Estate before;
    before.members = {{.team_id = "t", .user_id = "old owner", .role = Role::Owner},
                      {.team_id = "t", .user_id = "heir", .role = Role::Member}};
    before.apps = {{.id = "old app", .team_id = "t"}};
    before.keys = {a_key("old key"), a_key("kept")};
    Estate after;
    after.plans = {{.id = "plan"}};
    after.users = {{.id = "user"}};
    after.teams = {{.id = "team"}};
    after.members = {{.team_id = "t", .user_id = "user", .role = Role::Viewer},
                     {.team_id = "t", .user_id = "heir", .role = Role::Owner}};
    after.apps = {{.id = "app", .team_id = "t"}};
    after.keys = {a_key("grandchild", "child"),
                  a_key("child", "maker"),
                  a_key("kept"),
                  a_key("maker", "kept")};
    after.keys[2].key.app_id = "app";
    EXPECT_EQ(texts(changes_between(before, after)),
              (std::vector<std::string>{"+plan",
                                        "+user",
                                        "+team",
                                        "~heir",
                                        "+user",
                                        "+app",
                                        "-old key",
                                        "~kept",
                                        "+maker",
                                        "+child",
                                        "+grandchild",
                                        "-old app",
                                        "-old owner"}));
}

TEST(Estate, SettingsAndWhatModelsBearAreChangesToo) {
    const Estate before;
    Estate after;
    after.settings.key_defaults[LimitKind::RequestsPerMinute] = 30;
    after.models = {{.id = "openai/gpt-4o"}};
    after.models[0].limits[LimitKind::ConcurrentRequests] = 5;
    EXPECT_EQ(texts(changes_between(before, after)),
              (std::vector<std::string>{"~settings", "+openai/gpt-4o"}));
    EXPECT_TRUE(changes_between(after, after).empty());
}

TEST(Estate, ACircleOfMakersEndsAllTheSame) {
    Estate after;
    after.keys = {a_key("a", "b"), a_key("b", "a"), a_key("c", "c")};
    EXPECT_EQ(changes_between({}, after).size(), 3U);
}

/// Whatever the two are: each thing that differs stands there once, and nothing else does.
RC_GTEST_PROP(EstateProperty, TheChangesTurnOneIntoTheOther, ()) {
    const auto some_keys = [] {
        std::vector<HeldKey> keys;
        for (const std::string id : {"a", "b", "c", "d", "e"}) {
            if (*rc::gen::inRange(0, 3) == 0) continue;
            keys.push_back(a_key(id, *rc::gen::element<std::string>("", "a", "b", "c")));
            keys.back().key.description = *rc::gen::element<std::string>("", "x", "y");
        }
        return keys;
    };
    Estate before;
    Estate after;
    before.keys = some_keys();
    after.keys = some_keys();
    std::vector<HeldKey> keys = before.keys;
    const auto find = [&](const std::string& id) {
        return std::ranges::find_if(keys, [&](const HeldKey& held) { return held.key.id == id; });
    };
    for (const EstateChange& change : changes_between(before, after)) {
        const auto& key = std::get<Change<HeldKey>>(change);
        if (key.before) {
            RC_ASSERT(find(key.before->key.id) != keys.end());
            keys.erase(find(key.before->key.id));
        }
        if (!key.after) continue;
        RC_ASSERT(find(key.after->key.id) == keys.end());
        keys.push_back(*key.after);
    }
    const auto facts = [](std::vector<HeldKey> all) {
        std::ranges::sort(all, {}, [](const HeldKey& held) { return held.key.id; });
        std::vector<AuditFacts> out;
        for (const HeldKey& held : all) out.push_back(estate_facts(held));
        return out;
    };
    RC_ASSERT(facts(keys) == facts(after.keys));
}

}  // namespace
}  // namespace keywarden
