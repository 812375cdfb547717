// Credit, the ledger, budgets, prices, and events: what every store promises of them.
#include <gmock/gmock.h>
#include <string>
#include <vector>

#include "tests/contract/usage_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class MoneyContract : public UsageContract {
protected:
    static LedgerEntry an_entry(int64_t amount = 1000, const std::string& team = "team_a") {
        return {.id = new_id("led"),
                .team_id = team,
                .kind = LedgerKind::Topup,
                .amount = {amount},
                .reason = "paid",
                .actor = "user:user_1",
                .at = kNow};
    }
    static Budget a_budget(const std::string& team = "team_a") {
        return {.id = new_id("bud"),
                .team_id = team,
                .name = "month",
                .scope = SpendScope::Key,
                .target = "key_1",
                .amount = {5000},
                .created_at = kNow};
    }
    Result<void> add(const LedgerEntry& entry) {
        return usage().add_ledger_entry(entry, an_audit());
    }
    Result<void> add(const Budget& budget) { return usage().create_budget(budget, an_audit()); }

    size_t audit_rows() { return store_->accounts().read_audit({.tenant = "team_a"})->size(); }
};

INSTANTIATE_TEST_SUITE_P(Memory, MoneyContract, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, MoneyContract, testing::Values("sqlite:"));

// ---- credit ------------------------------------------------------------------------------------

TEST_P(MoneyContract, ATeamWithoutTermsHasTheDefault) {
    const auto account = usage().get_credit("team_a");
    ASSERT_TRUE(account);
    EXPECT_EQ(account->terms, BillingTerms());
    EXPECT_EQ(account->balance(), NanoUsd{0});
    EXPECT_EQ(usage().get_credit("none").error().code, ErrorCode::NotFound);
}

TEST_P(MoneyContract, TermsStayAsTheyWereSet) {
    const BillingTerms terms{.mode = CreditMode::Postpaid,
                             .credit_limit = {77},
                             .unpriced = UnpricedRule::Block,
                             .markup_basis_points = 250,
                             .clamps_output = true,
                             .time_zone = "Europe/Berlin",
                             .version = 1};
    ASSERT_TRUE(usage().put_billing("team_a", terms, an_audit()));
    if (lasts()) open();
    EXPECT_EQ(usage().get_credit("team_a")->terms, terms);
    EXPECT_EQ(usage().get_credit("team_b")->terms, BillingTerms());
    EXPECT_EQ(usage().put_billing("team_a", terms, an_audit()).error().code,
              ErrorCode::VersionMismatch);
    BillingTerms next = terms;
    next.version = 2;
    next.time_zone = "Mars/Olympus";
    const auto refused = usage().put_billing("team_a", next, an_audit());
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidRequest);
    EXPECT_EQ(refused.error().param, "time_zone");
    EXPECT_EQ(usage().get_credit("team_a")->terms, terms);
    EXPECT_EQ(usage().put_billing("none", terms, an_audit()).error().code, ErrorCode::NotFound);
    EXPECT_EQ(audit_rows(), 1U) << "a row for what happened, and none for what did not";
}

TEST_P(MoneyContract, ABalanceIsWhatWasAddedLessWhatCallsCost) {
    ASSERT_TRUE(add(an_entry(1000)));
    ASSERT_TRUE(add(an_entry(500)));
    ASSERT_TRUE(add(an_entry(-200)));
    ASSERT_TRUE(add(an_entry(9, "team_b")));
    apply({a_call(kNow, 301)});
    const CreditAccount account = *usage().get_credit("team_a");
    EXPECT_EQ(account.credited, NanoUsd{1300});
    EXPECT_EQ(account.spent, NanoUsd{301});
    EXPECT_EQ(account.balance(), NanoUsd{999});
    std::vector<std::string> all;
    ASSERT_TRUE(usage().for_each_credit([&](std::string_view team, const CreditAccount& each) {
        all.push_back(std::string(team) + " " + std::to_string(each.balance().value));
    }));
    EXPECT_THAT(all, testing::UnorderedElementsAre("team_a 999", "team_b 9"));
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_P(MoneyContract, TermsAndMoneyDoNotTouchEachOther) {
    ASSERT_TRUE(add(an_entry(1000)));
    apply({a_call(kNow, 100)});
    ASSERT_TRUE(
        usage().put_billing("team_a", {.mode = CreditMode::Prepaid, .version = 1}, an_audit()));
    ASSERT_TRUE(add(an_entry(1)));
    apply({a_call(kNow, 10)});
    const CreditAccount account = *usage().get_credit("team_a");
    EXPECT_EQ(account.credited, NanoUsd{1001});
    EXPECT_EQ(account.spent, NanoUsd{110});
    EXPECT_EQ(account.terms.mode, CreditMode::Prepaid);
}

// ---- time zones --------------------------------------------------------------------------------

TEST_P(MoneyContract, AnotherTimeZoneCountsTheRunningPeriodsAnew) {
    // 2026-11-20, a Friday. In New York the day began five hours later than in UTC.
    const TimePoint day = std::chrono::floor<std::chrono::days>(kNow);
    const TimePoint month = day - 24h * 19;
    CallRecord old_key = a_call(day - 24h * 100, 4000);
    old_key.key_id = "key_old";
    apply({a_call(day + 6h, 1),
           a_call(day + 4h, 10),
           a_call(month + 3h, 100),
           a_call(month - 1h, 1000),
           old_key});
    EXPECT_EQ(spent(Period::Day), 11);
    EXPECT_EQ(spent(Period::Month), 111);
    put_zone("America/New_York");
    EXPECT_EQ(spent(Period::Day), 1);
    EXPECT_EQ(spent(Period::Week), 11);
    EXPECT_EQ(spent(Period::Month), 11) << "there, October was not over at 3:00 UTC";
    EXPECT_EQ(spent(Period::Total), 5111);
    apply({a_call(day + 7h, 5)});
    EXPECT_EQ(spent(Period::Day), 6) << "what comes goes on in the same day";
    EXPECT_THAT(spends(Period::Month), testing::Contains("team_a key key_old: 4000"))
        << "a month that is long over stays as it was";
    const auto days = lines({.team_id = "team_a",
                             .from = day - 24h * 30,
                             .until = day + 24h,
                             .grain = UsageGrain::Day});
    ASSERT_EQ(days.size(), 4U);
    EXPECT_EQ(days[2].start, day) << "days that were counted stay";
    EXPECT_EQ(days[2].sums.cost, NanoUsd{11});
    EXPECT_EQ(days[3].start, day + 5h);
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_P(MoneyContract, AMonthThatIsOverStaysWhateverTheTimeZone) {
    // Of September, which began more than two months ago, only the later row would be read again.
    apply({a_call(kNow - 24h * 56, 30), a_call(kNow - 24h * 76, 300)});
    put_zone("America/New_York");
    EXPECT_EQ(spent(Period::Month), 330);
    EXPECT_EQ(spent(Period::Week), 30);
    EXPECT_THAT(findings(), IsEmpty());
    apply({a_call(kNow, 1)});
    EXPECT_EQ(spent(Period::Month), 1);
    EXPECT_THAT(findings(), IsEmpty());
}

// ---- the ledger --------------------------------------------------------------------------------

TEST_P(MoneyContract, TheLedgerIsReadNewestFirstInPages) {
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        const LedgerEntry entry = an_entry(i + 1);
        ids.insert(ids.begin(), entry.id);
        ASSERT_TRUE(add(entry));
        ASSERT_TRUE(add(an_entry(1, "team_b")));
    }
    if (lasts()) open();
    std::vector<std::string> read;
    PageQuery query{.limit = 2};
    do {
        const auto page = usage().list_ledger("team_a", query);
        ASSERT_TRUE(page);
        for (const LedgerEntry& entry : page->items) read.push_back(entry.id);
        query.after = page->next;
    } while (!query.after.empty());
    EXPECT_EQ(read, ids);
    const std::string others = usage().list_ledger("team_b", {})->items.front().id;
    EXPECT_FALSE(usage().list_ledger("team_a", {.after = others}));
    EXPECT_FALSE(usage().list_ledger("team_a", {.after = "none"}));
}

TEST_P(MoneyContract, ALedgerEntryComesBackAsItWas) {
    LedgerEntry entry = an_entry(-5);
    entry.kind = LedgerKind::Correction;
    entry.at = kNow + 999us;
    ASSERT_TRUE(add(entry));
    const LedgerEntry found = usage().list_ledger("team_a", {})->items.front();
    EXPECT_EQ(found.id, entry.id);
    EXPECT_EQ(found.team_id, "team_a");
    EXPECT_EQ(found.kind, LedgerKind::Correction);
    EXPECT_EQ(found.amount, NanoUsd{-5});
    EXPECT_EQ(found.reason, "paid");
    EXPECT_EQ(found.actor, "user:user_1");
    EXPECT_EQ(found.at, kNow);
    EXPECT_EQ(add(entry).error().code, ErrorCode::InvalidRequest) << "an id is used once";
    EXPECT_EQ(add(an_entry(1, "none")).error().code, ErrorCode::NotFound);
    EXPECT_EQ(add(an_entry(INT64_MIN)).error().code, ErrorCode::StoreUnavailable);
    EXPECT_EQ(usage().get_credit("team_a")->credited, NanoUsd{-5});
}

// ---- budgets -----------------------------------------------------------------------------------

TEST_P(MoneyContract, ABudgetIsMadeChangedAndDeleted) {
    Budget budget = a_budget();
    budget.period = Period::Week;
    budget.blocks = false;
    budget.thresholds = {10, 90};
    budget.raise = BudgetRaise{.amount = {5}, .until = kNow + 1h};
    ASSERT_TRUE(add(budget));
    if (lasts()) open();
    const auto same = [](const Budget& a, const Budget& b) {
        EXPECT_EQ(a.id, b.id);
        EXPECT_EQ(a.team_id, b.team_id);
        EXPECT_EQ(a.name, b.name);
        EXPECT_EQ(a.scope, b.scope);
        EXPECT_EQ(a.target, b.target);
        EXPECT_EQ(a.amount, b.amount);
        EXPECT_EQ(a.period, b.period);
        EXPECT_EQ(a.blocks, b.blocks);
        EXPECT_EQ(a.thresholds, b.thresholds);
        EXPECT_EQ(a.created_at, b.created_at);
        EXPECT_EQ(a.version, b.version);
        ASSERT_EQ(a.raise.has_value(), b.raise.has_value());
        if (a.raise) EXPECT_EQ(a.raise->amount, b.raise->amount);
        if (a.raise) EXPECT_EQ(a.raise->until, b.raise->until);
    };
    same(*usage().get_budget("team_a", budget.id), budget);
    Budget next = a_budget();
    next.id = budget.id;
    next.created_at = kNow + 1h;
    next.version = 2;
    ASSERT_TRUE(usage().update_budget(next, an_audit()));
    next.created_at = kNow;
    same(*usage().get_budget("team_a", budget.id), next);
    EXPECT_EQ(usage().update_budget(next, an_audit()).error().code, ErrorCode::VersionMismatch);
    ASSERT_TRUE(usage().delete_budget("team_a", budget.id, an_audit()));
    EXPECT_EQ(usage().get_budget("team_a", budget.id).error().code, ErrorCode::NotFound);
    EXPECT_EQ(usage().delete_budget("team_a", budget.id, an_audit()).error().code,
              ErrorCode::NotFound);
    next.version = 3;
    EXPECT_EQ(usage().update_budget(next, an_audit()).error().code, ErrorCode::NotFound);
    EXPECT_EQ(audit_rows(), 3U);
}

TEST_P(MoneyContract, ABudgetBelongsToItsTeamOrToAPlan) {
    const Budget budget = a_budget();
    ASSERT_TRUE(add(budget));
    EXPECT_EQ(add(budget).error().code, ErrorCode::InvalidRequest);
    EXPECT_FALSE(usage().get_budget("team_b", budget.id));
    EXPECT_FALSE(usage().delete_budget("team_b", budget.id, an_audit()));
    Budget stolen = budget;
    stolen.team_id = "team_b";
    stolen.version = 2;
    EXPECT_EQ(usage().update_budget(stolen, an_audit()).error().code, ErrorCode::NotFound);
    EXPECT_EQ(add(a_budget("none")).error().code, ErrorCode::NotFound);

    Budget of_plan = a_budget("");
    of_plan.scope = SpendScope::Plan;
    of_plan.target = "plan_none";
    EXPECT_EQ(add(of_plan).error().code, ErrorCode::InvalidRequest);
    of_plan.target = kDefaultPlanId;
    ASSERT_TRUE(add(of_plan));
    EXPECT_EQ(usage().list_budgets("team_a")->size(), 1U);
    EXPECT_EQ(usage().list_budgets("")->size(), 1U);
    EXPECT_EQ(usage().get_budget("", of_plan.id)->target, kDefaultPlanId);
    size_t count = 0;
    ASSERT_TRUE(usage().for_each_budget([&](const Budget&) { ++count; }));
    EXPECT_EQ(count, 2U);
}

TEST_P(MoneyContract, ATeamHasSoManyBudgetsAndNoMore) {
    ASSERT_TRUE(store_->together([&]() -> Result<void> {
        for (size_t i = 0; i < kBudgetsMax; ++i) TRY_VOID(add(a_budget()));
        return {};
    }));
    const auto refused = add(a_budget());
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidRequest);
    EXPECT_TRUE(add(a_budget("team_b"))) << "each team its own";
    const std::vector<Budget> all = *usage().list_budgets("team_a");
    EXPECT_EQ(all.size(), kBudgetsMax);
    ASSERT_TRUE(usage().delete_budget("team_a", all.front().id, an_audit()));
    const Budget last = a_budget();
    ASSERT_TRUE(add(last));
    EXPECT_EQ(usage().list_budgets("team_a")->back().id, last.id) << "oldest first";
}

// ---- prices, and events ------------------------------------------------------------------------

TEST_P(MoneyContract, PricesAreSetAndTakenAwayAndEachChangeCounts) {
    const Price full{.input = 1,
                     .output = 2,
                     .cached_input = 0,
                     .cache_write = 3,
                     .cache_write_1h = 16,
                     .reasoning = 4,
                     .audio_input = 5,
                     .audio_output = 6,
                     .per_request = 7,
                     .per_image = 8,
                     .long_context_above = 9,
                     .long_input = 10,
                     .long_output = 11,
                     .long_cached_input = 12,
                     .long_cache_write = 13,
                     .long_cache_write_1h = 17,
                     .context_tokens_max = 14,
                     .output_tokens_max = 15};
    EXPECT_EQ(usage().get_prices()->version, 0);
    EXPECT_EQ(usage().put_price("openai/gpt-4o", full, an_audit()), 1);
    EXPECT_EQ(usage().put_price("o3", Price{.input = kPriceMax}, an_audit()), 2);
    if (lasts()) open();
    const auto prices = *usage().get_prices();
    EXPECT_EQ(prices.version, 2);
    ASSERT_EQ(prices.prices.size(), 2U);
    EXPECT_EQ(prices.prices[0].model, "o3");
    EXPECT_EQ(prices.prices[0].price, Price{.input = kPriceMax});
    EXPECT_EQ(prices.prices[1].price, full);
    EXPECT_EQ(usage().put_price("openai/gpt-4o", std::nullopt, an_audit()), 3);
    EXPECT_EQ(usage().put_price("openai/gpt-4o", std::nullopt, an_audit()).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(usage().put_price("none", std::nullopt, an_audit()).error().code,
              ErrorCode::NotFound);
    if (lasts()) open();
    EXPECT_EQ(usage().get_prices()->prices.size(), 1U);
    EXPECT_EQ(usage().get_prices()->version, 3) << "no version comes twice";
    EXPECT_EQ(usage().put_price("openai/gpt-4o", full, an_audit()), 4);
    EXPECT_EQ(audit_rows(), 4U);
}

TEST_P(MoneyContract, EventsAreReadNewestFirstAndTheSameIsOne) {
    const auto an_event = [](const std::string& id, const std::string& team) {
        return UsageEvent{.id = id,
                          .team_id = team,
                          .kind = "budget.threshold",
                          .target = "bud_1",
                          .at = kNow + 5us,
                          .body = R"({"percent":50})"};
    };
    for (const char* id : {"evt_1", "evt_2", "evt_1", "evt_3"}) {
        ASSERT_TRUE(usage().add_event(an_event(id, "team_a")));
    }
    ASSERT_TRUE(usage().add_event(an_event("evt_4", "team_b")));
    if (lasts()) open();
    const auto first = *usage().list_events("team_a", {.limit = 2});
    ASSERT_EQ(first.items.size(), 2U);
    EXPECT_EQ(first.items[0].id, "evt_3");
    EXPECT_EQ(first.items[0].kind, "budget.threshold");
    EXPECT_EQ(first.items[0].target, "bud_1");
    EXPECT_EQ(first.items[0].at, kNow);
    EXPECT_EQ(first.items[0].body, R"({"percent":50})");
    const auto second = *usage().list_events("team_a", {.after = first.next, .limit = 2});
    ASSERT_EQ(second.items.size(), 1U);
    EXPECT_EQ(second.items[0].id, "evt_1");
    EXPECT_EQ(second.next, "");
    EXPECT_FALSE(usage().list_events("team_a", {.after = "evt_4"}));
}

// ---- as one ------------------------------------------------------------------------------------

TEST_P(MoneyContract, TogetherTakesBackMoneyToo) {
    const Budget budget = a_budget();
    ASSERT_TRUE(add(budget));
    apply({a_call(kNow, 11)});
    const size_t rows = audit_rows();
    const auto failed = store_->together([&]() -> Result<void> {
        TRY_VOID(add(an_entry(1000)));
        TRY_VOID(add(a_budget()));
        TRY_VOID(usage().delete_budget("team_a", budget.id, an_audit()));
        TRY_VOID(usage().put_price("m", Price{.input = 1}, an_audit()));
        TRY_VOID(usage().put_billing(
            "team_a", {.time_zone = "Pacific/Auckland", .version = 1}, an_audit()));
        return fail(ErrorCode::InvalidRequest, "thought better of it");
    });
    EXPECT_FALSE(failed);
    if (lasts()) open();
    EXPECT_EQ(usage().get_credit("team_a")->credited, NanoUsd{0});
    EXPECT_EQ(usage().get_credit("team_a")->terms, BillingTerms());
    EXPECT_EQ(usage().list_budgets("team_a")->size(), 1U);
    EXPECT_EQ(usage().list_budgets("team_a")->front().id, budget.id);
    EXPECT_EQ(usage().get_prices()->version, 0);
    EXPECT_THAT(usage().list_ledger("team_a", {})->items, IsEmpty());
    EXPECT_EQ(audit_rows(), rows);
    PeriodStarts starts{};
    ASSERT_TRUE(usage().for_each_spend([&](const SpendTotals& each) { starts = each.starts; }));
    EXPECT_EQ(starts, period_starts(TimeZone(), kNow));
    EXPECT_THAT(findings(), IsEmpty());
}

}  // namespace
}  // namespace keywarden
