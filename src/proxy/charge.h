// The money of one call: what it holds before it goes to its provider, and what it comes to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "domain/call_bound.h"
#include "domain/call_record.h"
#include "domain/price.h"
#include "domain/usage.h"
#include "net/task.h"
#include "store/journal.h"
#include "store/spend_directory.h"

namespace keywarden {

struct Call;
class PolicyReading;

/// Lives from the moment the call is let through to the moment its row is written.
struct Charge : Pooled {
    JournalWriter* journal = nullptr;
    SpendHold hold{};  // in memory
    OpenHold entry{};  // in the journal
    Price price{};     // copied: it is the one of the model's admission, whatever is set later
    int32_t markup_basis_points = 0;
    int64_t input_tokens = 0;  // by estimate, where no count comes
    int64_t images = 0;        // that were asked for
    std::string session_id{};  // as the client named it
    CallRecord record{};       // what is known at admission; views live as long as the call
};

/// A clamp that would leave less than this is a refusal: an answer of a few words is of no use.
inline constexpr int64_t kClampedOutputTokensMin = 16;
inline constexpr size_t kSessionIdMax = 128;

/// Takes the call's limits and what it may cost, in one step over all scopes, and writes the hold
/// into the journal. A refusal takes nothing. Where a balance or a budget binds, the call is
/// bounded: its provider is told how much output there may be. Of a route, what is held is enough
/// for the dearest of the targets that there is money for. Errors: those of limits;
/// InsufficientCredits, BudgetExceeded; ModelNotAllowed for a model that has no price where the
/// team has set that to be refused; LedgerUnavailable; InvalidRequest (the session's id).
Result<void> take_charge(Call* call, const PolicyReading* reading);

/// Goes on for the model that the call is now aimed at: its price, its bound, and the accounts that
/// are its. What is held stays what it is. Errors, and then nothing has changed: ModelNotAllowed
/// (as take_charge); BudgetExceeded, also where the hold is not enough for it.
Result<void> move_charge(Call* call, const PolicyReading* reading);

/// Whether the hold is as durable as the journal promises: always, but with `durability = power`.
bool is_durable(const Call& call);
/// Waits until it is. Errors: LedgerUnavailable.
Task<Result<void>> await_durable(Call* call);

/// Something of the request is about to go out.
void note_sent(Call* call);
/// More of a stream has passed.
void note_progress(Call* call);

/// The best that is known of what a call used.
struct Used {
    TokenUsage usage{};
    UsageBasis basis = UsageBasis::Exact;
};

/// Nothing where nobody worked for it: nothing was sent, or it failed before a word was written.
std::optional<Used> used_by(const Call& call);

/// Writes the call's row: to what it used, or to nothing. Requires: it has a charge.
void settle_charge(Call* call, const std::optional<Used>& used);

/// What the call has come to so far, if it has a price: for the answer's head.
std::optional<NanoUsd> cost_so_far(const Call& call);

}  // namespace keywarden
