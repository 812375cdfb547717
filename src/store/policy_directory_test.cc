#include "store/policy_directory.h"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"

namespace keywarden {
namespace {

using enum LimitKind;

Policy with_limit(LimitKind kind, int64_t value) {
    Policy policy;
    policy.limits[kind] = value;
    return policy;
}

Policy allowing(std::string_view models) {
    Policy policy;
    policy.models.allow = {*Glob::parse(models)};
    return policy;
}

class PolicyHouse : public testing::Test {
protected:
    /// A key as its record has it.
    struct HeldKey {
        std::string id;
        KeyOrigin origin;
        int64_t rpm = 0;
        CounterSlot counter{nullptr};
        const KeyNode* node = nullptr;
    };

    ReadingKey key(HeldKey& held) {
        return {.place = house_.place(held.origin),
                .node = held.node,
                .id = held.id,
                .requests_per_minute = held.rpm,
                .counter = &held.counter};
    }

    SourcedLimit limit(HeldKey& held, LimitKind kind) {
        const PolicyReading reading(house_, key(held));
        return tightest(reading.limits())[kind];
    }

    /// "yes", or who denies it.
    std::string may(HeldKey& held, std::string_view model) {
        const PolicyReading reading(house_, key(held));
        const Decision decision = decide(reading.chain(), {.model = model});
        return decision.allowed ? "yes" : std::string(name(decision.denied_by));
    }

    std::optional<LimitDenial> take(HeldKey& held, ModelName model = {}) {
        const PolicyReading reading(house_, key(held), model);
        return take_limits(reading.limits(), {}, clock_.mono()).denial;
    }

    ManualClock clock_;
    PolicyDirectory house_;
    HeldKey key_{.id = "key_1", .origin = {.team_id = "team_a", .app_id = "app_a"}};
};

TEST_F(PolicyHouse, ATeamThatWasNeverPutInSaysNothing) {
    const PolicyReading reading(house_, key(key_));
    EXPECT_EQ(reading.team_state(), TeamState::Active);
    EXPECT_EQ(reading.maker(), Role::Owner);
    EXPECT_TRUE(reading.chain().empty());
    EXPECT_TRUE(tightest(reading.limits()).empty());
}

TEST_F(PolicyHouse, EachScopeNarrowsAndIsNamed) {
    house_.put(InstanceRules{.policy = with_limit(RequestsPerDay, 900)});
    EXPECT_EQ(limit(key_, RequestsPerDay), (SourcedLimit{900, Scope::Instance}));
    house_.put(PlanRules{.id = "plan_a", .policy = with_limit(RequestsPerDay, 800)});
    house_.put(TeamRules{.id = "team_a", .plan_id = "plan_a"});
    EXPECT_EQ(limit(key_, RequestsPerDay), (SourcedLimit{800, Scope::Plan}));
    house_.put(
        TeamRules{.id = "team_a", .plan_id = "plan_a", .policy = with_limit(RequestsPerDay, 700)});
    EXPECT_EQ(limit(key_, RequestsPerDay), (SourcedLimit{700, Scope::Team}));
    house_.put(
        AppRules{.id = "app_a", .team_id = "team_a", .policy = with_limit(RequestsPerDay, 600)});
    EXPECT_EQ(limit(key_, RequestsPerDay), (SourcedLimit{600, Scope::App}));
    const Policy own = with_limit(RequestsPerDay, 500);
    key_.node = house_.put_key(key_.id, *house_.place(key_.origin), &own, 0);
    EXPECT_EQ(limit(key_, RequestsPerDay), (SourcedLimit{500, Scope::Key}));
}

TEST_F(PolicyHouse, AChangedPlanHoldsAtTheNextReading) {
    house_.put(PlanRules{.id = "plan_a", .policy = allowing("gpt-*")});
    house_.put(TeamRules{.id = "team_a", .plan_id = "plan_a"});
    EXPECT_EQ(may(key_, "claude"), "plan");
    house_.put(PlanRules{.id = "plan_a",
                         .policy = allowing("claude"),
                         .key_defaults = with_limit(RequestsPerMinute, 5).limits,
                         .version = 2});
    EXPECT_EQ(may(key_, "claude"), "yes");
    EXPECT_EQ(may(key_, "gpt-4o"), "plan");
    EXPECT_EQ(limit(key_, RequestsPerMinute), (SourcedLimit{5, Scope::Plan, true}));
}

TEST_F(PolicyHouse, APlanMayComeAfterItsTeam) {
    house_.put(TeamRules{.id = "team_a", .plan_id = "plan_a"});
    EXPECT_EQ(may(key_, "claude"), "yes");
    house_.put(PlanRules{.id = "plan_a", .policy = allowing("gpt-*")});
    EXPECT_EQ(may(key_, "claude"), "plan");
}

TEST_F(PolicyHouse, ATeamThatLeavesAPlanIsFreeOfIt) {
    house_.put(PlanRules{.id = "plan_a", .policy = allowing("gpt-*")});
    house_.put(TeamRules{.id = "team_a", .plan_id = "plan_a"});
    house_.put(TeamRules{.id = "team_a", .version = 2});
    house_.put(PlanRules{.id = "plan_a", .policy = with_limit(RequestsPerDay, 1), .version = 2});
    EXPECT_EQ(may(key_, "claude"), "yes");
    EXPECT_EQ(limit(key_, RequestsPerDay).value, kNoLimit);
}

TEST_F(PolicyHouse, AnOlderVersionIsIgnored) {
    house_.put(TeamRules{.id = "team_a", .state = TeamState::Suspended, .version = 3});
    house_.put(TeamRules{.id = "team_a", .version = 2});
    EXPECT_EQ(PolicyReading(house_, key(key_)).team_state(), TeamState::Suspended);
}

TEST_F(PolicyHouse, AKeyThatSaysNothingHasTheDefaultOfTheNarrowestScope) {
    InstanceRules instance;
    instance.key_defaults[RequestsPerMinute] = 60;
    instance.key_defaults[RequestsPerDay] = 1'000;
    house_.put(instance);
    EXPECT_EQ(limit(key_, RequestsPerMinute), (SourcedLimit{60, Scope::Instance, true}));
    TeamRules team{.id = "team_a"};
    team.key_defaults[RequestsPerMinute] = 30;
    house_.put(team);
    EXPECT_EQ(limit(key_, RequestsPerMinute), (SourcedLimit{30, Scope::Team, true}));
    key_.rpm = 45;
    EXPECT_EQ(limit(key_, RequestsPerMinute), (SourcedLimit{45, Scope::Key}));
    EXPECT_EQ(limit(key_, RequestsPerDay), (SourcedLimit{1'000, Scope::Instance, true}));
    const Policy own = allowing("gpt-*");
    key_.node = house_.put_key(key_.id, *house_.place(key_.origin), &own, 50);
    EXPECT_EQ(limit(key_, RequestsPerMinute), (SourcedLimit{50, Scope::Key}));
    EXPECT_EQ(limit(key_, RequestsPerDay), (SourcedLimit{1'000, Scope::Instance, true}));
}

TEST_F(PolicyHouse, AMakerNarrowsWhatItMadeForEver) {
    HeldKey child{.id = "key_2", .origin = {.team_id = "team_a", .maker_key_id = "key_1"}};
    HeldKey grandchild{.id = "key_3", .origin = {.team_id = "team_a", .maker_key_id = "key_2"}};
    EXPECT_EQ(may(grandchild, "claude"), "yes");
    EXPECT_TRUE(house_.waits_for("key_1") || house_.waits_for_any());

    EXPECT_NE(house_.put_key("key_2", *house_.place(child.origin), nullptr, 0), nullptr);
    Policy own = allowing("gpt-*");
    own.limits[RequestsPerDay] = 9;
    EXPECT_NE(house_.put_key("key_1", *house_.place(key_.origin), &own, 7), nullptr);
    EXPECT_FALSE(house_.waits_for_any());
    EXPECT_EQ(may(child, "claude"), "creator");
    EXPECT_EQ(may(grandchild, "claude"), "creator");
    grandchild.rpm = 60;
    EXPECT_EQ(limit(grandchild, RequestsPerMinute), (SourcedLimit{7, Scope::Creator}));
    EXPECT_EQ(limit(child, RequestsPerDay), (SourcedLimit{9, Scope::Creator}));

    const Policy wider = allowing("*");
    house_.put_key("key_1", *house_.place(key_.origin), &wider, 0);
    EXPECT_EQ(may(grandchild, "claude"), "yes") << "as it is now";
}

TEST_F(PolicyHouse, AKeyActsWithTheRoleThatItsMakerHasNow) {
    key_.origin.user_id = "user_1";
    const auto role = [&] { return PolicyReading(house_, key(key_)).maker(); };
    EXPECT_EQ(role(), std::nullopt) << "nobody said that they are in the team";
    house_.put(MemberRole{"team_a", "user_1", Role::Member});
    EXPECT_EQ(role(), Role::Member);
    house_.put(MemberRole{"team_b", "user_1", Role::Owner});
    EXPECT_EQ(role(), Role::Member) << "the role in another team";
    house_.put(MemberRole{"team_a", "user_1", Role::Viewer});
    EXPECT_EQ(role(), Role::Viewer);
    house_.put(MemberRole{"team_a", "user_1", std::nullopt});
    EXPECT_EQ(role(), std::nullopt);
}

TEST_F(PolicyHouse, ATeamAndAModelCountAllOfTheirKeys) {
    house_.put(TeamRules{.id = "team_a", .policy = with_limit(RequestsPerMinute, 3)});
    house_.put(
        ModelRules{.id = "openai/gpt-4o", .limits = with_limit(RequestsPerMinute, 2).limits});
    HeldKey other{.id = "key_2", .origin = {.team_id = "team_b"}};
    EXPECT_FALSE(take(key_, {"openai", "gpt-4o"}));
    EXPECT_FALSE(take(other, {"openai", "gpt-4o"}));
    EXPECT_EQ(take(other, {"openai", "gpt-4o"})->source, Scope::Model);
    HeldKey third{.id = "key_3", .origin = {.team_id = "team_a"}};
    EXPECT_FALSE(take(third, {"openai", "claude"}));
    EXPECT_FALSE(take(key_, {"openai", "claude"}));
    EXPECT_EQ(take(third, {"openai", "claude"})->source, Scope::Team);
}

TEST_F(PolicyHouse, WhatIsCountedKeepsItsPlaceOverARestart) {
    house_.put(TeamRules{.id = "team_a", .policy = with_limit(RequestsPerMinute, 3)});
    key_.rpm = 2;
    EXPECT_FALSE(take(key_));
    EXPECT_FALSE(take(key_));
    const TimePoint wall = clock_.now();
    const std::string first = house_.counters().snapshot(wall, clock_.mono());

    PolicyDirectory after;
    ASSERT_TRUE(after.counters().restore(first, wall, clock_.mono()));
    // Again before anybody called: what waits to be asked for is not forgotten.
    PolicyDirectory second;
    const std::string again = after.counters().snapshot(wall, clock_.mono());
    ASSERT_TRUE(second.counters().restore(again, wall, clock_.mono()));

    second.put(TeamRules{.id = "team_a", .policy = with_limit(RequestsPerMinute, 3)});
    const auto take_from_second = [&](std::string_view id, CounterSlot& slot) {
        const PolicyReading reading(second,
                                    {.place = second.place({.team_id = "team_a"}),
                                     .id = id,
                                     .requests_per_minute = 2,
                                     .counter = &slot});
        return take_limits(reading.limits(), {}, clock_.mono()).denial;
    };
    CounterSlot slot{nullptr};
    CounterSlot other_slot{nullptr};
    const auto denial = take_from_second("key_1", slot);
    ASSERT_TRUE(denial);
    EXPECT_EQ(denial->source, Scope::Key);
    EXPECT_FALSE(take_from_second("key_9", other_slot));
    EXPECT_EQ(take_from_second("key_9", other_slot)->source, Scope::Team) << "three are taken";
}

TEST_F(PolicyHouse, ADamagedSnapshotIsSaid) {
    EXPECT_EQ(house_.counters().restore("kwlimit1 cut", clock_.now(), clock_.mono()).error().code,
              ErrorCode::InvalidRequest);
    EXPECT_FALSE(take(key_));
}

/// Under TSan and ASan this shows that nothing is freed that is read.
TEST_F(PolicyHouse, ReadersMeetTheOldOrTheNewAndNeverWhatIsGone) {
    constexpr int kChanges = 50;
    std::atomic<bool> done = false;
    std::atomic<int> torn = 0;
    std::atomic<int> reads = 0;
    const auto put = [&](int round) {
        const bool even = round % 2 == 0;
        Policy policy = allowing(even ? "even" : "odd");
        policy.limits[RequestsPerDay] = even ? 1'000'000 : 1'000'001;
        house_.put(TeamRules{
            .id = "team_a", .plan_id = even ? "plan_a" : "", .policy = policy, .version = round});
        house_.put(
            PlanRules{.id = "plan_a", .policy = allowing(even ? "*" : "?*"), .version = round});
        house_.put(InstanceRules{.policy = allowing("*"), .version = round});
        house_.put(ModelRules{.id = "p/model_" + std::to_string(round), .version = round});
    };
    put(1);
    const ReadingKey reading_key = key(key_);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&] {
                for (; !done || reads < 100; std::this_thread::yield()) {
                    const PolicyReading reading(house_, reading_key, {"p", "even"});
                    const bool even = decide(reading.chain(), {.model = "even"}).allowed;
                    const int64_t day = tightest(reading.limits())[RequestsPerDay].value;
                    if (even != (day == 1'000'000)) ++torn;
                    ++reads;
                }
            });
        }
        for (int round = 2; round < kChanges; ++round) put(round);
        done = true;
    }
    EXPECT_EQ(torn, 0);
}

TEST_F(PolicyHouse, SixtyFourThreadsNeverTakeMoreThanALimit) {
    constexpr int kThreads = 64;
    constexpr int64_t kLimit = 500;
    house_.put(TeamRules{.id = "team_a", .policy = with_limit(RequestsPerMinute, kLimit)});
    std::atomic<int64_t> allowed = 0;
    const MonoTime now = clock_.mono();
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&, i] {
                HeldKey own{.id = "key_" + std::to_string(i), .origin = {.team_id = "team_a"}};
                const ReadingKey reading_key = key(own);
                for (int call = 0; call < 50; ++call) {
                    const PolicyReading reading(house_, reading_key);
                    if (!take_limits(reading.limits(), {}, now).denial) ++allowed;
                }
            });
        }
    }
    EXPECT_EQ(allowed, kLimit);
}

}  // namespace
}  // namespace keywarden
