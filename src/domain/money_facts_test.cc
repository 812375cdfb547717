#include "domain/money_facts.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

/// "amount_usd mode": the fields that differ.
std::string changed(const AuditFacts& before, const AuditFacts& after) {
    std::string names;
    for (const AuditChange& each : audit_diff(before, after)) names += each.field + " ";
    return names;
}

TEST(MoneyFacts, TellWhichTermsChanged) {
    const BillingTerms before;
    BillingTerms after = before;
    after.mode = CreditMode::Postpaid;
    after.credit_limit = {5'000'000'000};
    after.clamps_output = true;
    EXPECT_EQ(changed(audit_facts(before), audit_facts(after)),
              "mode credit_limit_usd clamps_output ");
}

TEST(MoneyFacts, TellOfABudgetAndItsRaise) {
    const Budget before{.name = "b", .amount = {1'000'000'000}};
    Budget after = before;
    EXPECT_EQ(changed(audit_facts(before), audit_facts(after)), "");
    after.amount = {2'000'000'000};
    after.raise = BudgetRaise{.amount = {500'000'000}, .until = TimePoint()};
    after.thresholds = {90};
    EXPECT_EQ(changed(audit_facts(before), audit_facts(after)),
              "amount_usd thresholds raise.amount_usd raise.until ");
    EXPECT_EQ(changed(audit_facts(after), audit_facts(before)),
              "amount_usd thresholds raise.amount_usd raise.until ");
}

TEST(MoneyFacts, TellOfACreditInDollars) {
    const AuditFacts facts =
        audit_facts(LedgerEntry{.kind = LedgerKind::Grant, .amount = {12'500'000'000}});
    ASSERT_EQ(facts.size(), 2U) << "no reason was given";
    EXPECT_EQ(facts.at(1), (AuditFacts::value_type{"amount_usd", std::string("12.50")}));
}

}  // namespace
}  // namespace keywarden
