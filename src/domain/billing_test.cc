#include "domain/billing.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "domain/call_record.h"

namespace keywarden {
namespace {

/// The field that is wrong; "ok" where none is.
template <class Checked>
std::string field_of(const Checked& checked) {
    if (checked) return "ok";
    EXPECT_EQ(checked.error().code, ErrorCode::InvalidRequest);
    return checked.error().param;
}

std::string wrong(const BillingTerms& terms) { return field_of(check_billing(terms)); }

std::string wrong(LedgerKind kind, NanoUsd amount, std::string reason = "because") {
    return field_of(
        check_ledger_entry({.kind = kind, .amount = amount, .reason = std::move(reason)}));
}

TEST(Billing, NamesGoBothWays) {
    for (size_t i = 0; i < static_cast<size_t>(CreditMode::kCount); ++i) {
        EXPECT_EQ(credit_mode_of(name(static_cast<CreditMode>(i))), static_cast<CreditMode>(i));
    }
    for (size_t i = 0; i < static_cast<size_t>(UnpricedRule::kCount); ++i) {
        EXPECT_EQ(unpriced_rule_of(name(static_cast<UnpricedRule>(i))),
                  static_cast<UnpricedRule>(i));
    }
    for (size_t i = 0; i < static_cast<size_t>(LedgerKind::kCount); ++i) {
        EXPECT_EQ(ledger_kind_of(name(static_cast<LedgerKind>(i))), static_cast<LedgerKind>(i));
    }
    EXPECT_EQ(name(CreditMode::Postpaid), "postpaid");
    EXPECT_EQ(name(UnpricedRule::Block), "block");
    EXPECT_EQ(name(LedgerKind::Topup), "topup");
    EXPECT_EQ(credit_mode_of("free"), std::nullopt);
    EXPECT_EQ(unpriced_rule_of(""), std::nullopt);
    EXPECT_EQ(ledger_kind_of("top-up"), std::nullopt);
}

TEST(Billing, RecordsSayHowTheyEnded) {
    EXPECT_EQ(name(CallOutcome::Settled), "settled");
    EXPECT_EQ(name(CallOutcome::Voided), "voided");
    EXPECT_EQ(name(CallOutcome::Expired), "expired");
    EXPECT_EQ(name(UsageBasis::Exact), "exact");
    EXPECT_EQ(name(UsageBasis::Counted), "counted");
    EXPECT_EQ(name(UsageBasis::Estimated), "estimated");
}

TEST(Billing, OnlyWhoPaysLaterHasACreditLimit) {
    EXPECT_EQ(wrong({}), "ok");
    EXPECT_EQ(wrong({.mode = CreditMode::Postpaid, .credit_limit = kMoneyMax}), "ok");
    EXPECT_EQ(wrong({.mode = CreditMode::Postpaid, .credit_limit = {kMoneyMax.value + 1}}),
              "credit_limit");
    EXPECT_EQ(wrong({.mode = CreditMode::Postpaid, .credit_limit = {-1}}), "credit_limit");
    EXPECT_EQ(wrong({.mode = CreditMode::Prepaid, .credit_limit = {1}}), "credit_limit");
}

TEST(Billing, AMarkupIsBounded) {
    EXPECT_EQ(wrong({.markup_basis_points = kMarkupBasisPointsMax}), "ok");
    EXPECT_EQ(wrong({.markup_basis_points = kMarkupBasisPointsMax + 1}), "markup_basis_points");
    EXPECT_EQ(wrong({.markup_basis_points = -1}), "markup_basis_points");
}

TEST(Billing, ATimeZoneHasAName) {
    EXPECT_EQ(wrong({.time_zone = ""}), "time_zone");
    EXPECT_EQ(wrong({.time_zone = std::string(65, 'A')}), "time_zone");
}

TEST(Ledger, OnlyACorrectionTakesAway) {
    for (const LedgerKind kind : {LedgerKind::Topup, LedgerKind::Grant, LedgerKind::Refund}) {
        EXPECT_EQ(wrong(kind, {1}), "ok");
        EXPECT_EQ(wrong(kind, {0}), "amount");
        EXPECT_EQ(wrong(kind, {-1}), "amount");
    }
    EXPECT_EQ(wrong(LedgerKind::Correction, {-1}), "ok");
    EXPECT_EQ(wrong(LedgerKind::Correction, {1}), "ok");
    EXPECT_EQ(wrong(LedgerKind::Correction, {0}), "amount");
}

TEST(Ledger, AmountsAreBounded) {
    EXPECT_EQ(wrong(LedgerKind::Topup, kMoneyMax), "ok");
    EXPECT_EQ(wrong(LedgerKind::Topup, {kMoneyMax.value + 1}), "amount");
    EXPECT_EQ(wrong(LedgerKind::Correction, {-kMoneyMax.value}), "ok");
    EXPECT_EQ(wrong(LedgerKind::Correction, {-kMoneyMax.value - 1}), "amount");
    EXPECT_EQ(wrong(LedgerKind::Correction, {INT64_MIN}), "amount");
}

TEST(Ledger, WhatSetsRightHasAReason) {
    EXPECT_EQ(wrong(LedgerKind::Topup, {1}, ""), "ok");
    EXPECT_EQ(wrong(LedgerKind::Grant, {1}, ""), "ok");
    EXPECT_EQ(wrong(LedgerKind::Refund, {1}, ""), "reason");
    EXPECT_EQ(wrong(LedgerKind::Correction, {1}, ""), "reason");
    EXPECT_EQ(wrong(LedgerKind::Topup, {1}, std::string(kLedgerReasonMax, 'x')), "ok");
    EXPECT_EQ(wrong(LedgerKind::Topup, {1}, std::string(kLedgerReasonMax + 1, 'x')), "reason");
}

}  // namespace
}  // namespace keywarden
