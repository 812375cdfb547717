#include "app/spike_watch.h"

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "base/id.h"
#include "domain/call_id.h"
#include "store/directory_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr NanoUsd kDollar{1'000'000'000};

class SpikeWatchTest : public DirectoryFixture {
protected:
    void SetUp() override {
        DirectoryFixture::SetUp();
        clock_.advance(30min);  // the clock begins with an hour
        key_ = create();
        make_watch();
    }
    void make_watch(SpikeAction action = SpikeAction::Event) {
        watch_ = std::make_unique<SpikeWatch>(
            SpikeWatchParts{.spending = &spending_,
                            .keys = directory_.get(),
                            .refused = &refused_,
                            .events = &told_,
                            .clock = &clock_,
                            .rule = {.factor = 10,
                                     .factor_elsewhere = 3,
                                     .spend_floor = {5 * kDollar.value},
                                     .token_floor = 1'000'000,
                                     .refusals = 5,
                                     .action = action}});
    }

    /// A call of the key that ended then, in the store and in memory.
    void call(TimePoint ended_at, int64_t dollars, int64_t tokens = 0) {
        const CallRecord row{.id = *call_id_of(new_request_id(ended_at).view()),
                             .admitted_at = ended_at,
                             .ended_at = ended_at,
                             .team_id = "team_a",
                             .key_id = key_.key.id,
                             .provider = "p",
                             .model = "m",
                             .status = 200,
                             .usage = {.input = tokens},
                             .cost = {dollars * kDollar.value}};
        ASSERT_TRUE(store_->usage().apply({&row, 1}, {}));
        SpendHold hold =
            SpendGate(
                spending_, {.team_id = "team_a", .key_id = key_.key.id, .key_slot = 1}, ended_at)
                .take({});
        hold.settle(row.cost, ended_at);
    }

    std::vector<UsageEvent> events() {
        EXPECT_TRUE(told_.write(store_->usage()));
        return store_->usage().list_events("team_a", {.limit = 100})->items;
    }
    KeyStatus status() { return store_->get_key("team_a", key_.key.id)->status; }
    void be_refused(int times) {
        for (int i = 0; i < times; ++i) refused_.note("team_a", key_.key.id, clock_.now());
    }
    void put_plan(const SpikeTerms& spikes) {
        Plan plan = store_->accounts().get_plan(kDefaultPlanId).value();
        plan.spikes = spikes;
        ++plan.version;
        ASSERT_TRUE(store_->accounts().update_plan(plan, {.tenant = "test"}));
    }
    void look() {
        clock_.advance(SpikeWatch::kLookEvery);
        const auto looked = watch_->look();
        ASSERT_TRUE(looked) << looked.error().message;
    }

    MintedKey key_;
    SpendDirectory spending_{clock_};
    RefusedCalls refused_;
    MoneyEvents told_;
    std::unique_ptr<SpikeWatch> watch_;
};

TEST_F(SpikeWatchTest, AnHourFarAboveTheLastDaysIsToldOfOnce) {
    call(clock_.now() - 24h, 2);
    call(clock_.now(), 20);
    look();
    EXPECT_TRUE(events().empty()) << "ten times";
    call(clock_.now(), 1);
    look();
    look();
    ASSERT_EQ(events().size(), 1U);
    EXPECT_EQ(events()[0].kind, "key.spike");
    EXPECT_EQ(events()[0].target, key_.key.id);
    EXPECT_NE(events()[0].body.find(R"("spent_usd":"21.00")"), std::string::npos)
        << events()[0].body;
    EXPECT_NE(events()[0].body.find(R"("busiest_hour_spent_usd":"2.00")"), std::string::npos);
    EXPECT_EQ(status(), KeyStatus::Active) << "only told of";
    make_watch();
    look();
    EXPECT_EQ(events().size(), 1U) << "a start tells nothing again";
}

TEST_F(SpikeWatchTest, WhatIsUsualForTheKeyIsNoSpike) {
    call(clock_.now() - 24h * 6, 100);
    call(clock_.now(), 900);
    look();
    EXPECT_TRUE(events().empty());
}

TEST_F(SpikeWatchTest, WhatWasLongAgoIsNotItsLastDays) {
    call(clock_.now() - 24h * 8, 100);
    call(clock_.now(), 900);
    look();
    EXPECT_EQ(events().size(), 1U);
}

TEST_F(SpikeWatchTest, TokensAloneAreOneToo) {
    call(clock_.now(), 0, 1'000'000);
    look();
    ASSERT_EQ(events().size(), 1U);
    EXPECT_NE(events()[0].body.find(R"("of":"tokens")"), std::string::npos);
}

TEST_F(SpikeWatchTest, ItLooksOnceAMinute) {
    look();
    call(clock_.now(), 50);
    clock_.advance(30s);
    ASSERT_TRUE(watch_->look());
    EXPECT_TRUE(events().empty());
    clock_.advance(30s);
    ASSERT_TRUE(watch_->look());
    EXPECT_EQ(events().size(), 1U);
}

TEST_F(SpikeWatchTest, AKeyThatSpikesIsHeldBackUntilAPersonReleasesIt) {
    make_watch(SpikeAction::Quarantine);
    call(clock_.now(), 50);
    look();
    EXPECT_EQ(status(), KeyStatus::Quarantined);
    EXPECT_EQ(ask(key_).error().code, ErrorCode::KeyQuarantined) << "from the next call on";
    ASSERT_EQ(events().size(), 1U);
    EXPECT_NE(events()[0].body.find(R"("quarantined":true)"), std::string::npos);
    set_status(key_, KeyStatus::Active);
    call(clock_.now(), 50);
    look();
    EXPECT_EQ(status(), KeyStatus::Active) << "whoever released it knew of this hour";
}

TEST_F(SpikeWatchTest, AKeyThatAPersonDisabledStaysDisabled) {
    make_watch(SpikeAction::Quarantine);
    set_status(key_, KeyStatus::Disabled);
    call(clock_.now(), 50);
    look();
    EXPECT_EQ(status(), KeyStatus::Disabled);
    ASSERT_EQ(events().size(), 1U);
    EXPECT_NE(events()[0].body.find(R"("quarantined":false)"), std::string::npos);
}

TEST_F(SpikeWatchTest, FromElsewhereLessIsEnough) {
    const auto use_from = [&](std::string_view address) {
        ASSERT_TRUE(directory_->authenticate(
            key_.secret.reveal(), clock_.now(), prefix_of(*parse_ip(address))));
        ASSERT_TRUE(directory_->write_uses());
    };
    use_from("192.0.2.1");
    clock_.advance(24h);
    call(clock_.now() - 2h, 3);
    call(clock_.now(), 10);
    look();
    EXPECT_TRUE(events().empty());
    use_from("198.51.100.7");
    look();
    ASSERT_EQ(events().size(), 1U);
    EXPECT_NE(events()[0].body.find(R"("from_elsewhere":true)"), std::string::npos);
}

TEST_F(SpikeWatchTest, ManyRefusalsAreOneByThemselves) {
    be_refused(4);
    look();
    EXPECT_TRUE(events().empty());
    be_refused(1);
    look();
    look();
    ASSERT_EQ(events().size(), 1U);
    EXPECT_NE(events()[0].body.find(R"("of":"refusals")"), std::string::npos);
    EXPECT_NE(events()[0].body.find(R"("refusals":5)"), std::string::npos) << events()[0].body;
    clock_.advance(1h);
    look();
    EXPECT_EQ(events().size(), 1U) << "another hour begins anew";
}

TEST_F(SpikeWatchTest, APlanSaysOtherwiseForItsTeams) {
    put_plan({.refusals = 0, .action = SpikeAction::None});
    be_refused(500);
    call(clock_.now(), 50);
    look();
    EXPECT_TRUE(events().empty());
    put_plan({.spend_floor = 51 * kDollar.value, .refusals = 0});
    look();
    EXPECT_TRUE(events().empty());
    put_plan({.spend_floor = 50 * kDollar.value, .refusals = 0, .action = SpikeAction::Quarantine});
    look();
    ASSERT_EQ(events().size(), 1U);
    EXPECT_NE(events()[0].body.find(R"("of":"spend")"), std::string::npos);
    EXPECT_EQ(status(), KeyStatus::Quarantined);
}

TEST_F(SpikeWatchTest, AStoreThatIsAwayIsAskedAgain) {
    call(clock_.now(), 50);
    store_->away = true;
    clock_.advance(SpikeWatch::kLookEvery);
    EXPECT_FALSE(watch_->look());
    store_->away = false;
    look();
    EXPECT_EQ(events().size(), 1U);
}

}  // namespace
}  // namespace keywarden
