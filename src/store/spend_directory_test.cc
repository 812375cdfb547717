#include "store/spend_directory.h"

#include <chrono>
#include <utility>

#include "store/spend_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

class SpendDirectoryTest : public SpendFixture {};

// ---- balances ---------------------------------------------------------------------------------

TEST_F(SpendDirectoryTest, WhoIsBoundByNothingIsNeverRefused) {
    EXPECT_EQ(room(a_spender()), std::nullopt);
    EXPECT_FALSE(SpendGate(directory_, a_spender(), clock_.now()).terms().is_bounded);
    spend(a_spender(), kMoneyMax);
    EXPECT_TRUE(may(a_spender(), kMoneyMax));
    EXPECT_EQ(directory_.balance("team_a").balance.value, -kMoneyMax.value);
}

TEST_F(SpendDirectoryTest, WhoPaysAheadSpendsWhatTheyHave) {
    put_prepaid(usd(10));
    EXPECT_EQ(room(a_spender()), usd(10));
    EXPECT_TRUE(SpendGate(directory_, a_spender(), clock_.now()).terms().is_bounded);
    Try first = reserve(a_spender(), usd(6));
    EXPECT_TRUE(first.hold.is_open());
    EXPECT_EQ(room(a_spender()), usd(4));
    const auto denial = reserve(a_spender("key_b", 2), usd(5)).denial;
    ASSERT_TRUE(denial);
    EXPECT_TRUE(denial->by_balance);
    EXPECT_EQ(denial->limit, usd(10));
    EXPECT_EQ(denial->held, usd(6));
    EXPECT_EQ(denial->wanted, usd(5));
    EXPECT_TRUE(may(a_spender(), usd(4))) << "to the last cent";
    first.hold.settle(usd(1), clock_.now());
    EXPECT_EQ(room(a_spender()), usd(9));
    const BalanceState state = directory_.balance("team_a");
    EXPECT_EQ(state.balance, usd(9));
    EXPECT_EQ(state.held, usd(0));
}

TEST_F(SpendDirectoryTest, WhoPaysLaterMayOwe) {
    ASSERT_TRUE(
        directory_.put_billing("team_a", {.mode = CreditMode::Postpaid, .credit_limit = usd(5)}));
    directory_.add_credit("team_a", usd(1));
    EXPECT_EQ(room(a_spender()), usd(6));
    spend(a_spender(), usd(4));
    EXPECT_EQ(directory_.balance("team_a").balance, usd(-3));
    EXPECT_FALSE(may(a_spender(), usd(3)));
    EXPECT_TRUE(may(a_spender(), usd(2)));
}

TEST_F(SpendDirectoryTest, ACorrectionMayTakeAwayWhatIsSpent) {
    put_prepaid(usd(2));
    directory_.add_credit("team_a", usd(-3));
    EXPECT_EQ(room(a_spender()), usd(0));
    EXPECT_EQ(directory_.balance("team_a").balance, usd(-1));
    EXPECT_FALSE(may(a_spender(), {0})) << "not even for nothing, below zero";
}

TEST_F(SpendDirectoryTest, WhatAProviderUsedBeyondTheHoldIsSpentAllTheSame) {
    put_prepaid(usd(3));
    Try call = reserve(a_spender(), usd(1));
    call.hold.settle(usd(5), clock_.now());
    EXPECT_EQ(directory_.balance("team_a").balance, usd(-2));
    EXPECT_EQ(room(a_spender()), usd(0));
    EXPECT_FALSE(may(a_spender(), {1}));
}

TEST_F(SpendDirectoryTest, OtherTeamsAreOthers) {
    put_prepaid(usd(1));
    Spender other = a_spender("key_z", 9);
    other.team_id = "team_z";
    EXPECT_EQ(room(other), std::nullopt);
    spend(other, usd(50));
    EXPECT_EQ(room(a_spender()), usd(1));
}

// ---- holds ------------------------------------------------------------------------------------

TEST_F(SpendDirectoryTest, AHoldThatIsForgottenGivesEverythingBack) {
    put_prepaid(usd(1));
    {
        const Try call = reserve(a_spender(), usd(1));
        EXPECT_EQ(room(a_spender()), usd(0));
    }
    EXPECT_EQ(room(a_spender()), usd(1));
}

TEST_F(SpendDirectoryTest, AHoldSettlesOnce) {
    put_prepaid(usd(9));
    Try call = reserve(a_spender(), usd(2));
    SpendHold hold = std::move(call.hold);
    EXPECT_FALSE(call.hold.is_open());  // NOLINT(bugprone-use-after-move): that is the promise
    EXPECT_EQ(hold.amount(), usd(2));
    hold.settle(usd(1), clock_.now());
    hold.settle(usd(1), clock_.now());
    EXPECT_FALSE(hold.is_open());
    EXPECT_EQ(room(a_spender()), usd(8));
    SpendHold another = reserve(a_spender(), usd(3)).hold;
    another = SpendHold();
    EXPECT_EQ(room(a_spender()), usd(8)) << "what is written over has ended";
}

TEST_F(SpendDirectoryTest, ARefusedCallHoldsNothing) {
    put_prepaid(usd(10));
    directory_.put_budget(a_budget(usd(1)));
    EXPECT_FALSE(may(a_spender(), usd(2)));
    EXPECT_EQ(directory_.balance("team_a").held, usd(0));
    EXPECT_EQ(state().held, usd(0));
}

// ---- budgets ----------------------------------------------------------------------------------

TEST_F(SpendDirectoryTest, ABudgetHoldsForWhatItIsAbout) {
    const auto holds_for = [&](SpendScope scope, std::string target, const Spender& spender) {
        Budget budget = a_budget(usd(1));
        budget.scope = scope;
        budget.target = std::move(target);
        directory_.put_budget(budget);
        const bool holds = room(spender).has_value();
        directory_.remove_budget("team_a", budget.id);
        EXPECT_EQ(room(spender), std::nullopt);
        return holds;
    };
    const Spender spender = a_spender();
    EXPECT_TRUE(holds_for(SpendScope::Team, "", spender));
    EXPECT_TRUE(holds_for(SpendScope::App, "app_a", spender));
    EXPECT_FALSE(holds_for(SpendScope::App, "app_b", spender));
    EXPECT_TRUE(holds_for(SpendScope::Key, "key_a", spender));
    EXPECT_FALSE(holds_for(SpendScope::Key, "key_b", spender));
    EXPECT_TRUE(holds_for(SpendScope::Model, "openai/gpt-4o", spender));
    EXPECT_FALSE(holds_for(SpendScope::Model, "openai/gpt-4o-mini", spender));
    EXPECT_FALSE(holds_for(SpendScope::Tag, "blue", spender));
    directory_.put_tags("team_a", "key_a", std::vector<std::string>{"blue", "green", "blue"});
    EXPECT_TRUE(holds_for(SpendScope::Tag, "blue", spender));
    EXPECT_TRUE(holds_for(SpendScope::Tag, "green", spender));
    EXPECT_FALSE(holds_for(SpendScope::Tag, "openai/gpt-4o", spender));
}

TEST_F(SpendDirectoryTest, ABudgetThatIsSetLaterMeetsWhatIsSpentAlready) {
    spend(a_spender(), usd(3));
    Try open = reserve(a_spender(), usd(2));
    for (const auto& [scope, target] : {std::pair(SpendScope::Team, ""),
                                        std::pair(SpendScope::Key, "key_a"),
                                        std::pair(SpendScope::Model, "openai/gpt-4o")}) {
        Budget budget = a_budget(usd(6));
        budget.scope = scope;
        budget.target = target;
        directory_.put_budget(budget);
        EXPECT_EQ(state().spent, usd(3));
        EXPECT_EQ(state().held, usd(2));
        EXPECT_EQ(room(a_spender()), usd(1));
    }
}

TEST_F(SpendDirectoryTest, ABudgetOfAKeyHoldsForTheKeysThatItMade) {
    Budget budget = a_budget(usd(2));
    budget.scope = SpendScope::Key;
    budget.target = "key_parent";
    directory_.put_budget(budget);
    Spender child = a_spender("key_child", 3);
    child.makers = {"key_mid", "key_parent"};
    spend(child, usd(1));
    EXPECT_EQ(state().spent, usd(1));
    EXPECT_EQ(room(child), usd(1));
    EXPECT_EQ(room(a_spender("key_parent", 4)), usd(1));
    EXPECT_EQ(room(a_spender()), std::nullopt);
}

TEST_F(SpendDirectoryTest, AListOfMakersThatRepeatsItselfCountsOnce) {
    Spender odd = a_spender();
    odd.makers = {"key_a", "key_m", "key_m"};
    Budget budget = a_budget(usd(9));
    budget.scope = SpendScope::Key;
    for (const char* target : {"key_a", "key_m"}) {
        budget.target = target;
        directory_.put_budget(budget);
        spend(odd, usd(1));
    }
    EXPECT_EQ(state().spent, usd(2)) << "one of each call";
}

TEST_F(SpendDirectoryTest, ABudgetOfAPlanHoldsForEachTeamOnIt) {
    Budget budget = a_budget(usd(4), "bud_plan");
    budget.team_id = "";
    budget.scope = SpendScope::Plan;
    budget.target = "plan_small";
    directory_.put_budget(budget);
    Spender other = a_spender("key_z", 9);
    other.team_id = "team_z";
    directory_.put_team("team_a", "plan_small");
    directory_.put_team("team_z", "plan_small");
    spend(a_spender(), usd(3));
    EXPECT_EQ(room(a_spender()), usd(1));
    EXPECT_EQ(room(other), usd(4));
    EXPECT_EQ(state("bud_plan", "team_z").spent, usd(0));
    budget.amount = usd(5);
    budget.version = 2;
    directory_.put_budget(budget);
    EXPECT_EQ(room(a_spender()), usd(2));
    directory_.put_team("team_a", "plan_big");
    EXPECT_EQ(room(a_spender()), std::nullopt);
    EXPECT_EQ(room(other), usd(5));
    directory_.remove_budget("", "bud_plan");
    EXPECT_EQ(room(other), std::nullopt);
    EXPECT_FALSE(directory_.budget("team_z", "bud_plan"));
}

TEST_F(SpendDirectoryTest, ABudgetThatOnlyTellsRefusesNothing) {
    Budget budget = a_budget(usd(1));
    budget.blocks = false;
    directory_.put_budget(budget);
    EXPECT_EQ(room(a_spender()), std::nullopt);
    EXPECT_FALSE(SpendGate(directory_, a_spender(), clock_.now()).terms().is_bounded);
    spend(a_spender(), usd(2));
    EXPECT_TRUE(may(a_spender(), usd(2)));
    EXPECT_EQ(state().spent, usd(2));
    EXPECT_EQ(crossed(), (std::vector<int>{50, 75, 100}));
}

TEST_F(SpendDirectoryTest, ARaiseHoldsUntilItEnds) {
    Budget budget = a_budget(usd(1));
    budget.raise = BudgetRaise{.amount = usd(2), .until = clock_.now() + 1h};
    directory_.put_budget(budget);
    EXPECT_EQ(room(a_spender()), usd(3));
    EXPECT_EQ(state().amount, usd(3));
    spend(a_spender(), usd(2));
    clock_.advance(1h);
    EXPECT_EQ(room(a_spender()), usd(0));
    EXPECT_EQ(state().amount, usd(1));
    EXPECT_FALSE(may(a_spender(), {0})) << "more is spent than there is";
    clock_.advance(12h);
    EXPECT_EQ(room(a_spender()), usd(1));
}

TEST_F(SpendDirectoryTest, AnOlderVersionOfABudgetIsIgnored) {
    Budget budget = a_budget(usd(3));
    budget.version = 3;
    directory_.put_budget(budget);
    budget.amount = usd(2);
    budget.version = 2;
    directory_.put_budget(budget);
    EXPECT_EQ(room(a_spender()), usd(3));
    ASSERT_TRUE(directory_.put_billing(
        "team_a", {.mode = CreditMode::Prepaid, .markup_basis_points = 5, .version = 2}));
    ASSERT_TRUE(directory_.put_billing("team_a", {.version = 1}));
    EXPECT_EQ(directory_.billing("team_a").mode, CreditMode::Prepaid);
    EXPECT_EQ(SpendGate(directory_, a_spender(), clock_.now()).terms().markup_basis_points, 5);
}

TEST_F(SpendDirectoryTest, ABudgetMayBeAboutSomethingElse) {
    Budget budget = a_budget(usd(3));
    directory_.put_budget(budget);
    budget.scope = SpendScope::App;
    budget.target = "app_b";
    budget.version = 2;
    directory_.put_budget(budget);
    EXPECT_EQ(room(a_spender()), std::nullopt);
    Spender moved = a_spender();
    moved.app_id = "app_b";
    EXPECT_EQ(room(moved), usd(3));
}

// ---- who calls --------------------------------------------------------------------------------

TEST_F(SpendDirectoryTest, AKeyThatMovedCountsWhereItIsNow) {
    Budget budget = a_budget(usd(5));
    budget.scope = SpendScope::App;
    budget.target = "app_b";
    directory_.put_budget(budget);
    Try before = reserve(a_spender(), usd(1));
    Spender moved = a_spender();
    moved.app_id = "app_b";
    spend(moved, usd(2));
    EXPECT_EQ(state().spent, usd(2));
    moved.app_id = "";
    spend(moved, usd(1));
    EXPECT_EQ(room(moved), std::nullopt);
    before.hold.settle(usd(1), clock_.now());
    EXPECT_EQ(state().spent, usd(2)) << "a call counts where it began";
}

TEST_F(SpendDirectoryTest, AKeyOfManyModelsCountsEach) {
    const std::vector<std::string> models = {"p/a", "p/b", "p/c", "p/d", "p/e", "p/f"};
    for (int round = 0; round < 3; ++round) {
        for (const std::string& model : models) {
            Spender spender = a_spender();
            spender.model = model;
            spend(spender, usd(1));
        }
    }
    for (const std::string& model : models) {
        Budget budget = a_budget(usd(10));
        budget.scope = SpendScope::Model;
        budget.target = model;
        directory_.put_budget(budget);
        EXPECT_EQ(state().spent, usd(3)) << model;
    }
}

TEST_F(SpendDirectoryTest, SlotsOfOthersAreNotBelieved) {
    spend(a_spender("key_a", 1), usd(1));
    spend(a_spender("key_b", 1), usd(2));
    spend(a_spender("key_c", UINT32_MAX), usd(4));
    spend({.team_id = "team_a", .app_id = "app_a", .model = "p/a"}, usd(8));
    for (const auto& [key, spent] :
         {std::pair("key_a", 1), std::pair("key_b", 2), std::pair("key_c", 4)}) {
        Budget budget = a_budget(usd(100));
        budget.scope = SpendScope::Key;
        budget.target = key;
        directory_.put_budget(budget);
        EXPECT_EQ(state().spent, usd(spent)) << key;
    }
    directory_.put_budget(a_budget(usd(100)));
    EXPECT_EQ(state().spent, usd(15)) << "the operator's calls count with the team";
}

TEST_F(SpendDirectoryTest, TheGateSaysWhichTagsItCountsFor) {
    directory_.put_tags("team_a", "key_a", std::vector<std::string>{"blue", "", "green", "blue"});
    {
        const SpendGate gate(directory_, a_spender(), clock_.now());
        const auto tags = gate.tags();
        EXPECT_EQ(tags[0], "blue");
        EXPECT_EQ(tags[1], "green");
        EXPECT_EQ(tags[2], "");
    }
    directory_.put_tags("team_a", "key_a", {});
    EXPECT_EQ(SpendGate(directory_, a_spender(), clock_.now()).tags()[0], "");
    std::vector<std::string> many;
    for (int i = 0; i < 40; ++i) many.push_back("tag" + std::to_string(i));
    directory_.put_tags("team_a", "key_a", many);
    EXPECT_EQ(SpendGate(directory_, a_spender(), clock_.now()).tags().back(), "tag15");
}

// ---- what is refused --------------------------------------------------------------------------

TEST_F(SpendDirectoryTest, OfSeveralDenialsTheOneThatTakesLongestIsNamed) {
    directory_.put_budget(a_budget(usd(5), "bud_day"));
    Budget month = a_budget(usd(6), "bud_month");
    month.period = Period::Month;
    directory_.put_budget(month);
    spend(a_spender(), usd(4));
    EXPECT_EQ(reserve(a_spender(), usd(2)).denial->budget_id, "bud_day");
    EXPECT_EQ(reserve(a_spender(), usd(3)).denial->budget_id, "bud_month");
    Budget total = a_budget(usd(6), "bud_total");
    total.period = Period::Total;
    directory_.put_budget(total);
    EXPECT_EQ(reserve(a_spender(), usd(3)).denial->budget_id, "bud_total");
    put_prepaid(usd(5));
    EXPECT_TRUE(reserve(a_spender(), usd(3)).denial->by_balance);
    EXPECT_EQ(reserve(a_spender(), {5'500'000'000}).denial->budget_id, "bud_day")
        << "larger than the whole of it: no time and no money helps";
}

TEST_F(SpendDirectoryTest, AHoldGoesOverToAnotherModelAndIsHeldOnce) {
    Spender other = a_spender();
    other.model = "groq/llama";
    directory_.put_budget(a_budget(usd(10)));
    Budget of_other = a_budget(usd(5), "bud_other");
    of_other.scope = SpendScope::Model;
    of_other.target = "groq/llama";
    directory_.put_budget(of_other);
    Try first = reserve(a_spender(), usd(4));
    {
        SpendGate gate(directory_, other, clock_.now());
        EXPECT_FALSE(gate.move(&first.hold));
    }
    EXPECT_EQ(directory_.budget("team_a", "bud_a")->held, usd(4));
    EXPECT_EQ(directory_.budget("team_a", "bud_other")->held, usd(4));
    Try second = reserve(a_spender(), usd(2));
    {
        SpendGate gate(directory_, other, clock_.now());
        const auto denial = gate.move(&second.hold);
        ASSERT_TRUE(denial) << "4 and 2 are more than 5";
        EXPECT_EQ(denial->budget_id, "bud_other");
    }
    EXPECT_EQ(directory_.budget("team_a", "bud_other")->held, usd(4)) << "nothing has changed";
    {
        SpendGate gate(directory_, a_spender(), clock_.now());
        EXPECT_FALSE(gate.move(&first.hold)) << "and back";
    }
    EXPECT_EQ(directory_.budget("team_a", "bud_other")->held, NanoUsd{});
    first.hold.settle(usd(3), clock_.now());
    second.hold.settle(usd(1), clock_.now());
    EXPECT_EQ(directory_.budget("team_a", "bud_a")->spent, usd(4));
    EXPECT_EQ(directory_.budget("team_a", "bud_a")->held, NanoUsd{});
    EXPECT_EQ(directory_.budget("team_a", "bud_other")->spent, NanoUsd{});
}

}  // namespace
}  // namespace keywarden
