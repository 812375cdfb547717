// What time does to budgets: periods, zones, thresholds, clocks that jump.
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "store/spend_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

class SpendPeriods : public SpendFixture {
protected:
    void go_to(std::string_view text) { clock_.advance(moment(text) - clock_.now()); }
    Budget watched(NanoUsd amount, std::string id = "bud_a") {
        return a_budget(amount, std::move(id));
    }
};

TEST_F(SpendPeriods, EachPeriodResetsByItself) {
    const std::vector<std::pair<Period, std::string_view>> rows = {
        {Period::Day, "2026-11-21T00:00:00Z"},
        {Period::Week, "2026-11-23T00:00:00Z"},
        {Period::Month, "2026-12-01T00:00:00Z"}};
    for (const auto& [period, reset] : rows) {
        Budget budget = a_budget(usd(2), std::string(name(period)));
        budget.period = period;
        directory_.put_budget(budget);
    }
    spend(a_spender(), usd(1));
    for (const auto& [period, reset] : rows) {
        const std::string id(name(period));
        EXPECT_EQ(state(id).resets_at, moment(reset));
        clock_.advance(moment(reset) - clock_.now() - 1ns);
        EXPECT_EQ(state(id).spent, usd(1)) << id;
        clock_.advance(1ns);
        EXPECT_EQ(state(id).spent, usd(0)) << id;
    }
    EXPECT_EQ(directory_.balance("team_a").balance, usd(-1));
}

TEST_F(SpendPeriods, AnOpenHoldSurvivesAResetAndIsSpentOnTheNewDay) {
    directory_.put_budget(a_budget(usd(10)));
    Try call = reserve(a_spender(), usd(6));
    spend(a_spender(), usd(3));
    go_to("2026-11-21T00:30:00Z");
    EXPECT_EQ(state().spent, usd(0));
    EXPECT_EQ(state().held, usd(6));
    EXPECT_EQ(room(a_spender()), usd(4));
    call.hold.settle(usd(5), clock_.now());
    EXPECT_EQ(state().spent, usd(5));
    EXPECT_EQ(room(a_spender()), usd(5));
}

TEST_F(SpendPeriods, ACallCountsOnTheDayOnWhichItEndedWheneverItIsSettled) {
    directory_.put_budget(a_budget(usd(10)));
    Try late = reserve(a_spender(), usd(2));
    go_to("2026-11-21T00:00:01Z");
    spend(a_spender(), usd(1));
    late.hold.settle(usd(2), moment("2026-11-20T23:59:59Z"));
    EXPECT_EQ(state().spent, usd(1));
    clock_.set_back(1h);
    EXPECT_EQ(state().spent, usd(2));
}

TEST_F(SpendPeriods, AClockThatIsSetBackOpensNothing) {
    directory_.put_budget(a_budget(usd(2)));
    spend(a_spender(), usd(2));
    go_to("2026-11-21T00:00:01Z");
    spend(a_spender(), usd(1));
    clock_.set_back(2h);
    EXPECT_FALSE(may(a_spender(), {1})) << "that day is spent";
    clock_.set_back(24h * 40);
    EXPECT_FALSE(may(a_spender(), {1})) << "and what was before it is not known";
    go_to("2026-11-21T10:00:00Z");
    EXPECT_EQ(room(a_spender()), usd(1));
}

TEST_F(SpendPeriods, DaysAreOfTheTeamsZone) {
    put_zone("Asia/Kathmandu");
    directory_.put_budget(a_budget(usd(1)));
    EXPECT_EQ(state().resets_at, moment("2026-11-21T00:00:00+05:45"));
    spend(a_spender(), usd(1));
    go_to("2026-11-20T18:14:59Z");
    EXPECT_FALSE(may(a_spender(), {1}));
    go_to("2026-11-20T18:15:00Z");
    EXPECT_TRUE(may(a_spender(), usd(1)));
    EXPECT_EQ(directory_.period_starts("team_a", clock_.now())[0],
              moment("2026-11-21T00:00:00+05:45"));
    EXPECT_EQ(directory_.period_starts("team_x", clock_.now())[0], moment("2026-11-20T00:00:00Z"))
        << "nobody knows it: UTC";
}

TEST_F(SpendPeriods, ADayOnWhichClocksAreChangedIsAsLongAsItIs) {
    put_zone("Europe/Berlin");
    directory_.put_budget(a_budget(usd(1)));
    go_to("2027-03-28T00:00:00+01:00");
    spend(a_spender(), usd(1));
    EXPECT_EQ(*state().resets_at - clock_.now(), 23h);
    clock_.advance(23h - 1ns);
    EXPECT_FALSE(may(a_spender(), {1}));
    clock_.advance(1ns);
    EXPECT_TRUE(may(a_spender(), usd(1)));
    go_to("2027-10-31T00:00:00+02:00");
    spend(a_spender(), usd(1));
    clock_.advance(25h - 1ns);
    EXPECT_FALSE(may(a_spender(), {1}));
    clock_.advance(1ns);
    EXPECT_TRUE(may(a_spender(), usd(1)));
}

TEST_F(SpendPeriods, AnotherZoneForgetsNothingOfToday) {
    directory_.put_budget(a_budget(usd(3)));
    spend(a_spender(), usd(2));
    EXPECT_EQ(crossed(), std::vector<int>{50});
    for (const char* zone : {"America/Los_Angeles", "Asia/Tokyo", "UTC"}) {
        put_zone(zone);
        EXPECT_EQ(state().spent, usd(2)) << zone;
        EXPECT_EQ(room(a_spender()), usd(1)) << zone;
        EXPECT_EQ(crossed(), std::vector<int>{50}) << "again: the event has the same id";
    }
}

TEST_F(SpendPeriods, AZoneThatIsNoneChangesNothing) {
    put_zone("Europe/Berlin");
    const auto put = directory_.put_billing(
        "team_a", {.mode = CreditMode::Prepaid, .time_zone = "Europe/Atlantis"});
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, ErrorCode::InvalidRequest);
    EXPECT_EQ(put.error().param, "time_zone");
    EXPECT_EQ(directory_.billing("team_a").time_zone, "Europe/Berlin");
    EXPECT_EQ(room(a_spender()), std::nullopt);
}

// ---- thresholds -------------------------------------------------------------------------------

TEST_F(SpendPeriods, AThresholdIsToldOfOnceAPeriod) {
    directory_.put_budget(watched(usd(100)));
    spend(a_spender(), usd(49));
    EXPECT_EQ(crossed(), std::vector<int>{});
    spend(a_spender(), usd(1));
    EXPECT_EQ(crossed(), std::vector<int>{50});
    spend(a_spender(), usd(10));
    EXPECT_EQ(crossed(), std::vector<int>{});
    spend(a_spender(), usd(40));
    EXPECT_EQ(crossed(), (std::vector<int>{75, 100}));
    spend(a_spender(), usd(40));
    EXPECT_EQ(crossed(), std::vector<int>{});
    clock_.advance(24h);
    spend(a_spender(), usd(60));
    EXPECT_EQ(crossed(), std::vector<int>{50});
}

TEST_F(SpendPeriods, ACrossingSaysWhatWhenAndOfWhichPeriod) {
    directory_.put_budget(watched(usd(10)));
    spend(a_spender(), usd(6));
    const std::vector<ThresholdCrossed> all = directory_.take_crossed();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].budget_id, "bud_a");
    EXPECT_EQ(all[0].team_id, "team_a");
    EXPECT_EQ(all[0].percent, 50);
    EXPECT_EQ(all[0].amount, usd(10));
    EXPECT_EQ(all[0].spent, usd(6));
    EXPECT_EQ(all[0].at, clock_.now());
    EXPECT_EQ(all[0].period_start, moment("2026-11-20T00:00:00Z"));
}

TEST_F(SpendPeriods, CrossingsComeInTheOrderInWhichTheyHappened) {
    Budget first = watched(usd(1), "bud_first");
    first.thresholds = {100};
    Budget second = watched(usd(2), "bud_another");
    second.thresholds = {100};
    directory_.put_budget(first);
    directory_.put_budget(second);
    spend(a_spender(), usd(1));
    clock_.advance(1s);
    spend(a_spender(), usd(1));
    const std::vector<ThresholdCrossed> all = directory_.take_crossed();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].budget_id, "bud_first");
    EXPECT_EQ(all[1].budget_id, "bud_another");
}

TEST_F(SpendPeriods, ABudgetThatIsSetLaterTellsAtOnceWhatIsBehindIt) {
    spend(a_spender(), usd(8));
    directory_.put_budget(watched(usd(10)));
    EXPECT_EQ(crossed(), (std::vector<int>{50, 75}));
    Budget lowered = watched(usd(8));
    lowered.version = 2;
    directory_.put_budget(lowered);
    EXPECT_EQ(crossed(), std::vector<int>{100});
}

TEST_F(SpendPeriods, ARaiseMovesTheThresholds) {
    Budget budget = watched(usd(10));
    budget.raise = BudgetRaise{.amount = usd(10), .until = clock_.now() + 1h};
    directory_.put_budget(budget);
    spend(a_spender(), usd(9));
    EXPECT_EQ(crossed(), std::vector<int>{});
    clock_.advance(1h);
    spend(a_spender(), usd(0));
    spend(a_spender(), {1});
    EXPECT_EQ(crossed(), (std::vector<int>{50, 75}));
}

TEST_F(SpendPeriods, OfAYesterdayThatIsOverNothingIsToldAgain) {
    directory_.put_budget(watched(usd(10)));
    Try late = reserve(a_spender(), usd(5));
    spend(a_spender(), usd(5));
    EXPECT_EQ(crossed(), std::vector<int>{50});
    clock_.advance(13h);
    spend(a_spender(), usd(1));
    late.hold.settle(usd(5), clock_.now() - 2h);
    EXPECT_EQ(crossed(), std::vector<int>{});
}

TEST_F(SpendPeriods, ATeamThatComesToAPlanIsToldAtOnceWhatIsBehindIt) {
    Budget budget = watched(usd(10), "bud_plan");
    budget.team_id = "";
    budget.scope = SpendScope::Plan;
    budget.target = "plan_a";
    directory_.put_budget(budget);
    spend(a_spender(), usd(6));
    directory_.put_team("team_a", "plan_a");
    EXPECT_EQ(crossed(), std::vector<int>{50});
    spend(a_spender(), usd(2));
    EXPECT_EQ(crossed(), std::vector<int>{75});
}

}  // namespace
}  // namespace keywarden
