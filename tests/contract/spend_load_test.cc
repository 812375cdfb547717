// What memory has counted, a start counts again: from the store, and from the journal's rows.
#include <algorithm>
#include <array>
#include <gmock/gmock.h>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "domain/call_accounts.h"
#include "store/spend_directory.h"
#include "tests/contract/usage_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class SpendLoad : public UsageContract {
protected:
    void put(SpendDirectory& directory, const BillingTerms& terms) {
        ASSERT_TRUE(usage().put_billing("team_a", terms, an_audit()));
        ASSERT_TRUE(directory.put_billing("team_a", terms));
    }
    void add(int64_t amount) {
        ASSERT_TRUE(usage().add_ledger_entry({.id = new_id("led"),
                                              .team_id = "team_a",
                                              .kind = LedgerKind::Topup,
                                              .amount = {amount},
                                              .reason = "paid",
                                              .actor = "user:user_1",
                                              .at = kNow},
                                             an_audit()));
    }
    Budget a_budget(SpendScope scope, std::string target, Period period, NanoUsd amount) {
        return {.id = new_id("bud"),
                .team_id = "team_a",
                .name = "some",
                .scope = scope,
                .target = std::move(target),
                .amount = amount,
                .period = period,
                .created_at = kNow};
    }
    static std::vector<int> crossed(SpendDirectory& directory) {
        std::vector<int> percents;
        for (const auto& one : directory.take_crossed()) percents.push_back(one.percent);
        return percents;
    }

    ManualClock clock_{kNow};
};

INSTANTIATE_TEST_SUITE_P(Memory, SpendLoad, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, SpendLoad, testing::Values("sqlite:"));

/// Makes a call through the gate, as the proxy does, and returns its row.
CallRecord call(SpendDirectory& directory, CallRecord record) {
    const std::string model = model_name(record.provider, record.model);
    SpendHold hold;
    {
        SpendGate gate(directory,
                       {.team_id = record.team_id,
                        .app_id = record.app_id,
                        .key_id = record.key_id,
                        .key_slot = static_cast<uint32_t>(record.key_id.back()),
                        .model = model,
                        .makers = record.makers},
                       record.admitted_at);
        record.tags = gate.tags();
        hold = gate.take(record.held);
    }
    hold.settle(record.cost, record.ended_at);
    return record;
}

TEST_P(SpendLoad, AStartCountsWhatLiveCallsCounted) {
    const auto seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
    constexpr std::array<std::string_view, 3> kKeys = {"key_1", "key_2", "key_3"};
    constexpr std::array<std::string_view, 3> kApps = {"", "app_1", "app_2"};
    constexpr std::array<std::string_view, 2> kModels = {"gpt-4o", "gpt-4o-mini"};

    SpendDirectory live(clock_);
    put(live, {.time_zone = "America/New_York", .version = 1});
    live.put_tags("team_a", "key_1", std::vector<std::string>{"blue", "green"});
    live.put_tags("team_a", "key_2", std::vector<std::string>{"blue"});

    SpendDirectory started(clock_);
    std::vector<CallRecord> rows;
    std::set<std::pair<SpendScope, std::string>> accounts;
    for (int i = 0; i < 200; ++i) {
        clock_.advance(std::chrono::minutes(below(200)));
        CallRecord record = a_call(clock_.now() - std::chrono::minutes(below(30)), below(1'000));
        record.app_id = kApps[below(3)];
        record.key_id = kKeys[below(3)];
        record.model = kModels[below(2)];
        if (record.key_id == "key_3") record.makers = {"key_2", "key_1"};
        rows.push_back(call(live, record));
        for_each_account(rows.back(), [&](SpendScope scope, std::string_view target) {
            accounts.emplace(scope, target);
        });
    }
    // The store has the first ones, the journal the others.
    const auto in_store = static_cast<std::ptrdiff_t>(below(201));
    apply({rows.begin(), rows.begin() + in_store});
    ASSERT_TRUE(started.load(usage()));
    std::for_each(
        rows.begin() + in_store, rows.end(), [&](const CallRecord& row) { started.count(row); });

    EXPECT_EQ(started.balance("team_a").balance, live.balance("team_a").balance);
    for (const auto& [scope, target] : accounts) {
        for (const Period period : {Period::Day, Period::Week, Period::Month, Period::Total}) {
            const Budget budget = a_budget(scope, target, period, {1});
            for (SpendDirectory* directory : {&live, &started}) directory->put_budget(budget);
            const auto expected = live.budget("team_a", budget.id);
            const auto got = started.budget("team_a", budget.id);
            EXPECT_EQ(got->spent.value, expected->spent.value)
                << name(scope) << " " << target << " " << name(period);
            EXPECT_EQ(got->held, NanoUsd());
        }
    }
}

TEST_P(SpendLoad, AStartMeetsTermsCreditAndBudgets) {
    add(1'000);
    add(500);
    ASSERT_TRUE(usage().put_billing("team_a",
                                    {.mode = CreditMode::Prepaid,
                                     .markup_basis_points = 77,
                                     .time_zone = "Asia/Kathmandu",
                                     .version = 1},
                                    an_audit()));
    const Budget budget = a_budget(SpendScope::Key, "key_1", Period::Total, {700});
    ASSERT_TRUE(usage().create_budget(budget, an_audit()));
    apply({a_call(kNow, 300)});

    SpendDirectory directory(clock_);
    ASSERT_TRUE(directory.load(usage()));
    EXPECT_EQ(directory.balance("team_a").balance.value, 1'200);
    EXPECT_EQ(directory.billing("team_a").time_zone, "Asia/Kathmandu");
    EXPECT_EQ(directory.budget("team_a", budget.id)->spent.value, 300);
    const SpendGate gate(
        directory, {.team_id = "team_a", .key_id = "key_1", .key_slot = 5}, clock_.now());
    EXPECT_EQ(gate.terms().markup_basis_points, 77);
    EXPECT_EQ(gate.room()->value, 400);
}

TEST_P(SpendLoad, ABudgetOfAPlanIsMetByTheTeamsThatComeToIt) {
    ASSERT_TRUE(store_->accounts().create_plan({.id = "plan_a", .name = "A"}, an_audit()));
    ASSERT_TRUE(usage().create_budget({.id = "bud_plan",
                                       .name = "small",
                                       .scope = SpendScope::Plan,
                                       .target = "plan_a",
                                       .amount = {700},
                                       .period = Period::Total,
                                       .created_at = kNow},
                                      an_audit()));
    apply({a_call(kNow, 300)});
    SpendDirectory directory(clock_);
    ASSERT_TRUE(directory.load(usage()));
    directory.put_team("team_a", "plan_a");
    EXPECT_EQ(directory.budget("team_a", "bud_plan")->spent.value, 300);
}

// Whoever crossed them may have been killed before it was told.
TEST_P(SpendLoad, AStartTellsOfTheThresholdsThatAreBehind) {
    const Budget budget = a_budget(SpendScope::Team, "", Period::Day, {1'000});
    ASSERT_TRUE(usage().create_budget(budget, an_audit()));
    apply({a_call(kNow, 600)});
    SpendDirectory directory(clock_);
    ASSERT_TRUE(directory.load(usage()));
    EXPECT_THAT(crossed(directory), ElementsAre(50));
    directory.count(a_call(kNow, 200));
    EXPECT_THAT(crossed(directory), ElementsAre(75)) << "a row that only the journal had";
}

TEST_P(SpendLoad, AStartTellsOfThoseOfAPlan) {
    ASSERT_TRUE(store_->accounts().create_plan({.id = "plan_a", .name = "A"}, an_audit()));
    Budget budget = a_budget(SpendScope::Plan, "plan_a", Period::Day, {1'000});
    budget.team_id = "";
    ASSERT_TRUE(usage().create_budget(budget, an_audit()));
    apply({a_call(kNow, 600)});
    SpendDirectory directory(clock_);
    ASSERT_TRUE(directory.load(usage()));
    EXPECT_THAT(crossed(directory), IsEmpty());
    directory.put_team("team_a", "plan_a");
    EXPECT_THAT(crossed(directory), ElementsAre(50));
}

TEST_P(SpendLoad, AnotherTimeZoneSinceForgetsNothingOfToday) {
    // By UTC it is noon of the same Friday, there early in the morning.
    apply({a_call(kNow, 300)});
    ASSERT_TRUE(usage().put_billing(
        "team_a", {.time_zone = "America/Los_Angeles", .version = 1}, an_audit()));
    const Budget budget = a_budget(SpendScope::Team, "", Period::Day, {1'000});
    ASSERT_TRUE(usage().create_budget(budget, an_audit()));
    SpendDirectory directory(clock_);
    ASSERT_TRUE(directory.load(usage()));
    EXPECT_EQ(directory.budget("team_a", budget.id)->spent.value, 300);
}

// Whatever was spent when, in memory the running periods of another zone are what the store makes
// of its rows, and so what a start would count.
TEST_P(SpendLoad, AnotherTimeZoneIsCountedAsAStartWouldCountIt) {
    const auto seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
    constexpr std::array<const char*, 5> kZones = {
        "America/Los_Angeles", "Asia/Tokyo", "Pacific/Kiritimati", "Asia/Kathmandu", "UTC"};
    constexpr std::array<std::string_view, 3> kKeys = {"key_1", "key_2", "key_3"};
    SpendDirectory live(clock_);
    put(live, {.time_zone = "Europe/Berlin", .version = 1});
    int64_t version = 1;
    for (const char* zone : kZones) {
        std::vector<CallRecord> rows;
        for (int i = 0; i < 60; ++i) {
            clock_.advance(std::chrono::minutes(below(300)));
            CallRecord record = a_call(clock_.now(), 1 + below(1'000));
            record.key_id = kKeys[below(3)];
            rows.push_back(call(live, record));
        }
        apply(rows);
        const CallRecord late = call(live, a_call(clock_.now(), 7));  // still in the journal
        put(live, {.time_zone = zone, .version = ++version});
        ASSERT_TRUE(live.recount("team_a", usage()));
        apply({late});
        SpendDirectory started(clock_);
        ASSERT_TRUE(started.load(usage()));
        for (const std::string_view target : {"", "key_1", "key_2", "key_3"}) {
            for (const Period period : {Period::Day, Period::Week, Period::Month, Period::Total}) {
                const SpendScope scope = target.empty() ? SpendScope::Team : SpendScope::Key;
                const Budget budget = a_budget(scope, std::string(target), period, {1});
                for (SpendDirectory* directory : {&live, &started}) directory->put_budget(budget);
                const auto expected = started.budget("team_a", budget.id);
                const auto got = live.budget("team_a", budget.id);
                EXPECT_EQ(got->spent.value, expected->spent.value)
                    << zone << " " << target << " " << name(period);
                EXPECT_EQ(got->resets_at, expected->resets_at);
                live.remove_budget("team_a", budget.id);
            }
        }
    }
}

TEST_P(SpendLoad, AStartKnowsTheTagsOfKeys) {
    Key tagged = a_key();
    tagged.tags = {"blue", "a \"tag\", with more"};
    Key plain = a_key();
    plain.description = R"("tags":["none"])";
    for (const Key& key : {tagged, plain}) {
        ASSERT_TRUE(store_->create_key(key, {.caps = kNoCaps, .now = kNow}));
    }
    if (lasts()) open();
    std::map<std::string, std::vector<std::string>, std::less<>> found;
    ASSERT_TRUE(store_->for_each_hot_key([&](const HotKey& key) {
        found.emplace(key.id, std::vector<std::string>(key.tags.begin(), key.tags.end()));
    }));
    EXPECT_EQ(found[tagged.id], tagged.tags);
    EXPECT_EQ(found[plain.id], std::vector<std::string>());
}

}  // namespace
}  // namespace keywarden
