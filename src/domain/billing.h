// How a team pays: from a balance, later, or not at all; and what its calls are priced with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "base/units.h"

namespace keywarden {

enum class CreditMode : uint8_t {
    Unlimited,  // what it spends is counted, and never held against it
    Prepaid,    // no call is let through that the balance does not cover
    Postpaid,   // the balance may go below zero by `credit_limit`
    kCount,
};

/// What happens to a call of a model that has no price.
enum class UnpricedRule : uint8_t {
    Allow,     // it costs nothing, and says so
    Estimate,  // as the instance's fallback price says
    Block,     // it is refused
    kCount,
};

std::string_view name(CreditMode mode);  // "unlimited", "prepaid", "postpaid"
std::optional<CreditMode> credit_mode_of(std::string_view text);
std::string_view name(UnpricedRule rule);  // "allow", "estimate", "block"
std::optional<UnpricedRule> unpriced_rule_of(std::string_view text);

inline constexpr int32_t kMarkupBasisPointsMax = 100'000;  // ten times the price on top

/// What an operator sets for a team.
struct BillingTerms {
    CreditMode mode = CreditMode::Unlimited;
    NanoUsd credit_limit{};  // of Postpaid; not negative
    UnpricedRule unpriced = UnpricedRule::Allow;
    int32_t markup_basis_points = 0;  // of the price; 0 to the max
    bool clamps_output = false;       // max_tokens is lowered to what can be paid, not refused
    std::string time_zone = "UTC";    // an IANA name
    int64_t version = 0;              // counts changes; 0: never set

    friend bool operator==(const BillingTerms&, const BillingTerms&) = default;
};

/// Errors: InvalidRequest, naming the field. Whether there is such a time zone, base/time_zone.h
/// says.
Result<void> check_billing(const BillingTerms& terms);

/// What changes a balance beside calls.
enum class LedgerKind : uint8_t { Topup, Grant, Refund, Correction, kCount };

std::string_view name(LedgerKind kind);  // "topup", "grant", "refund", "correction"
std::optional<LedgerKind> ledger_kind_of(std::string_view text);

/// A row of a team's ledger: only ever added. The balance is the sum of these less the cost of all
/// calls.
struct LedgerEntry {
    std::string id{};
    std::string team_id{};
    LedgerKind kind = LedgerKind::Topup;
    NanoUsd amount{};  // above zero; a correction may be below, and is never zero
    std::string reason{};
    std::string actor{};  // "user:user_…", "key:key_…"
    TimePoint at{};
};

inline constexpr size_t kLedgerReasonMax = 500;

/// Errors: InvalidRequest, naming the field: an amount of zero or below (or beyond kMoneyMax), no
/// reason where one is due (corrections, refunds), a reason that is too long.
Result<void> check_ledger_entry(const LedgerEntry& entry);

}  // namespace keywarden
