#include "domain/billing.h"

#include <array>
#include <fmt/format.h>
#include <utility>

#include "base/names.h"
#include "base/time_zone.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(CreditMode::kCount)> kModeNames = {
    "unlimited", "prepaid", "postpaid"};
constexpr std::array<std::string_view, static_cast<size_t>(UnpricedRule::kCount)> kRuleNames = {
    "allow", "estimate", "block"};
constexpr std::array<std::string_view, static_cast<size_t>(LedgerKind::kCount)> kKindNames = {
    "topup", "grant", "refund", "correction"};

std::unexpected<Error> wrong(std::string_view field, std::string message) {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = std::move(message),
                 .param = std::string(field)});
}

/// Money that leaves, or that is set right, has a reason that somebody can be asked about.
bool needs_reason(LedgerKind kind) {
    return kind == LedgerKind::Refund || kind == LedgerKind::Correction;
}

}  // namespace

std::string_view name(CreditMode mode) { return kModeNames.at(static_cast<size_t>(mode)); }

std::optional<CreditMode> credit_mode_of(std::string_view text) {
    return find_name<CreditMode>(kModeNames, text);
}

std::string_view name(UnpricedRule rule) { return kRuleNames.at(static_cast<size_t>(rule)); }

std::optional<UnpricedRule> unpriced_rule_of(std::string_view text) {
    return find_name<UnpricedRule>(kRuleNames, text);
}

std::string_view name(LedgerKind kind) { return kKindNames.at(static_cast<size_t>(kind)); }

std::optional<LedgerKind> ledger_kind_of(std::string_view text) {
    return find_name<LedgerKind>(kKindNames, text);
}

Result<void> check_billing(const BillingTerms& terms) {
    if (terms.credit_limit < NanoUsd{} || terms.credit_limit > kMoneyMax) {
        return wrong(
            "credit_limit",
            fmt::format("'credit_limit' lies between 0 and {} dollars.", format_usd(kMoneyMax)));
    }
    if (terms.credit_limit > NanoUsd{} && terms.mode != CreditMode::Postpaid) {
        return wrong("credit_limit", "Only the mode 'postpaid' has a 'credit_limit'.");
    }
    if (terms.markup_basis_points < 0 || terms.markup_basis_points > kMarkupBasisPointsMax) {
        return wrong("markup_basis_points",
                     fmt::format("'markup_basis_points' lies between 0 and {}: hundredths of a "
                                 "percent on top of the price.",
                                 kMarkupBasisPointsMax));
    }
    if (terms.time_zone.empty() || terms.time_zone.size() > kTimeZoneNameMax) {
        return wrong("time_zone", "'time_zone' must be an IANA name, such as 'Europe/Berlin'.");
    }
    return {};
}

Result<void> check_ledger_entry(const LedgerEntry& entry) {
    const bool may_be_below = entry.kind == LedgerKind::Correction;
    if (entry.amount == NanoUsd{} || (entry.amount < NanoUsd{} && !may_be_below)) {
        return wrong("amount",
                     may_be_below ? "'amount' must not be zero." : "'amount' must be above zero.");
    }
    if (entry.amount > kMoneyMax || entry.amount < NanoUsd{-kMoneyMax.value}) {
        return wrong("amount",
                     fmt::format("'amount' is beyond {} dollars.", format_usd(kMoneyMax)));
    }
    if (needs_reason(entry.kind) && entry.reason.empty()) {
        return wrong("reason", fmt::format("A {} needs a 'reason'.", name(entry.kind)));
    }
    if (entry.reason.size() > kLedgerReasonMax) {
        return wrong("reason", fmt::format("'reason' is longer than {} bytes.", kLedgerReasonMax));
    }
    return {};
}

}  // namespace keywarden
