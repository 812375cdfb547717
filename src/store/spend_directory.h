// What everybody has spent and holds, in memory: budgets and balances as a call meets them.
//
// An account is a team, an app, a key, a model within a team, or a tag within a team. Everything is
// counted, whether a budget asks or not, so that one that is set later meets what is spent already.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "domain/billing.h"
#include "domain/budget.h"
#include "domain/calendar.h"
#include "domain/call_record.h"
#include "store/usage_store.h"

namespace keywarden {

/// The accounts of one call. Views are only read during the call they are passed to.
struct Spender {
    std::string_view team_id{};
    std::string_view app_id{};  // empty: none
    std::string_view key_id{};  // empty: the operator's
    uint32_t key_slot = 0;      // Caller::slot: where its accounts are remembered
    std::string_view model{};   // "provider/model"
    std::array<std::string_view, kCallMakersMax> makers{};
};

/// What says no.
struct SpendDenial {
    bool by_balance = false;  // else by a budget
    std::string budget_id{};
    std::string budget_name{};
    SpendScope scope = SpendScope::Team;
    NanoUsd limit{};  // the budget's amount now; of a balance, what may be spent in all
    NanoUsd spent{};
    NanoUsd held{};
    NanoUsd wanted{};
    std::optional<TimePoint> resets_at{};  // none: not by itself
};

/// BudgetExceeded or InsufficientCredits, with what is used, held, and when it resets.
/// A call that alone is more than the whole budget is RequestTooLarge: waiting does not help.
Error spend_error(const SpendDenial& denial, TimePoint now);

struct SpendKey;
struct SpendWallet;
struct WalletAccount;
class SpendDirectory;

/// Team, app, key, model, the key's makers, and its tags.
inline constexpr size_t kSpendAccountsMax = 4 + kCallMakersMax + kCallTagsMax;

/// Money set aside in all accounts of a call. Its end, whichever way it comes, gives back what was
/// not spent. Requires: it ends after the gate that it comes from, and before the directory.
/// Threads: one at a time.
class SpendHold {
public:
    SpendHold() = default;
    SpendHold(SpendHold&& other) noexcept;
    SpendHold& operator=(SpendHold&& other) noexcept;
    SpendHold(const SpendHold&) = delete;
    SpendHold& operator=(const SpendHold&) = delete;
    ~SpendHold() { settle({}, {}); }

    bool is_open() const { return count_ > 0; }
    NanoUsd amount() const { return amount_; }

    /// What was held becomes what was spent at that moment: more than was held, too, where a
    /// provider did more than it was asked for. A second call does nothing.
    void settle(NanoUsd cost, TimePoint ended_at) noexcept;

private:
    friend class SpendGate;

    SpendWallet* wallet_ = nullptr;
    std::array<WalletAccount*, kSpendAccountsMax> accounts_;  // as many as count_ says
    size_t count_ = 0;
    NanoUsd amount_{};
};

/// What a team's terms mean to one call.
struct CallTerms {
    UnpricedRule unpriced = UnpricedRule::Allow;
    int32_t markup_basis_points = 0;
    bool clamps_output = false;
    bool is_bounded = false;  // a balance or a budget may say no
};

/// All accounts of one call, locked. While it lives nobody else of the team reserves or settles:
/// keep it for a few sums, never over an `await`, one at a time on a thread. Limits may be taken
/// meanwhile; no gate is opened while their locks are held. Allocates nothing, but where an account
/// is met for the first time.
///
/// All accounts of a call are its team's, so one lock a team is enough, and nothing to be put in
/// order.
class SpendGate {
public:
    SpendGate(SpendDirectory& directory, const Spender& spender, TimePoint now);
    ~SpendGate();
    SpendGate(const SpendGate&) = delete;
    SpendGate& operator=(const SpendGate&) = delete;

    CallTerms terms() const { return terms_; }
    /// The most that the call may hold; nothing where nothing bounds it.
    std::optional<NanoUsd> room() const;
    /// Why `amount` may not be held: of several, the one that takes longest to pass.
    /// spent + held + amount <= limit holds for the balance and for every budget that blocks.
    std::optional<SpendDenial> find_denial(NanoUsd amount) const;
    /// Holds it in all accounts. Requires: there was no denial of it.
    SpendHold take(NanoUsd amount);
    /// Takes a hold over: what it holds in accounts that are not the call's any more is let go, and
    /// held in those that have become its own. Or says why these may not hold it, and leaves all as
    /// it is.
    /// Requires: the hold is of the same team.
    std::optional<SpendDenial> move(SpendHold* hold);
    /// The tags that it counts for, for its row: these, so that rows and accounts agree. They live
    /// as long as the directory.
    std::array<std::string_view, kCallTagsMax> tags() const;

private:
    void note_denials(const WalletAccount& account,
                      NanoUsd amount,
                      std::optional<SpendDenial>& worst) const;
    void look_up(SpendKey& key, const Spender& spender);
    bool recall(const SpendKey& key, const Spender& spender);
    void add(WalletAccount* account);

    SpendWallet* wallet_ = nullptr;
    TimePoint now_;
    CallTerms terms_{};
    std::array<WalletAccount*, kSpendAccountsMax> accounts_;  // as many as count_ says
    size_t count_ = 0;
};

/// A budget as people see it.
struct BudgetState {
    NanoUsd amount{};  // with a raise
    NanoUsd spent{};
    NanoUsd held{};
    std::optional<TimePoint> resets_at{};
};

struct BalanceState {
    CreditMode mode = CreditMode::Unlimited;
    NanoUsd balance{};
    NanoUsd held{};
    NanoUsd credit_limit{};
};

/// A threshold that was crossed: for an event.
struct ThresholdCrossed {
    std::string budget_id{};
    std::string team_id{};
    int percent = 0;
    NanoUsd amount{};
    NanoUsd spent{};
    TimePoint at{};
    TimePoint period_start{};  // with the budget and the percent it names the crossing for good
};

/// Threads: any, for every function.
class SpendDirectory {
public:
    /// `clock`: for what people are told; a call brings its own moment. It must outlive this.
    explicit SpendDirectory(const Clock& clock);
    ~SpendDirectory();
    SpendDirectory(const SpendDirectory&) = delete;
    SpendDirectory& operator=(const SpendDirectory&) = delete;

    /// Takes in everything the store has. Once, before the first call. Thresholds that are behind
    /// are told of: whoever crossed them may have been killed before they were.
    Result<void> load(UsageStore& store);
    /// Counts a row that the store does not have yet: of the journal, at a start.
    void count(const CallRecord& record);

    // ---- changes: in force when they return ---------------------------------------------------
    // Versions count changes: one that is older than what is here is ignored, so that writers who
    // race may put theirs in any order. Open holds stay, and settle as if nothing had changed.

    /// With another time zone, what was spent today, this week, and this month still is, until
    /// recount() says it exactly.
    /// Errors: InvalidRequest when there is no such time zone.
    Result<void> put_billing(std::string_view team_id, const BillingTerms& terms);
    /// Takes over what the store has summed of the team's accounts in the periods of its new time
    /// zone, and on top of it what is not in the store yet. Errors: the store's.
    Result<void> recount(std::string_view team_id, UsageStore& store);
    void add_credit(std::string_view team_id, NanoUsd amount);
    /// Whose plan's budgets hold for the team: as if they were put now.
    void put_team(std::string_view team_id, std::string_view plan_id);
    /// It meets what is spent already. A threshold that is behind is told of at once.
    /// Requires: check_budget found nothing wrong.
    void put_budget(const Budget& budget);
    void remove_budget(std::string_view team_id, std::string_view id);
    /// The tags of a key count as accounts of its team, at most kCallTagsMax of them.
    void put_tags(std::string_view team_id,
                  std::string_view key_id,
                  std::span<const std::string> tags);

    /// Copied.
    BillingTerms billing(std::string_view team_id) const;
    /// In which day, week, and month of the team a moment lies.
    PeriodStarts period_starts(std::string_view team_id, TimePoint at) const;

    // ---- for people ---------------------------------------------------------------------------

    BalanceState balance(std::string_view team_id) const;
    /// Errors: NotFound. `team_id`: of a budget of a plan, the team that asks.
    Result<BudgetState> budget(std::string_view team_id, std::string_view id) const;

    /// Of a key that was here; empty where none was.
    std::string team_of(std::string_view key_id) const;

    /// What was crossed since the last time that this was asked, oldest first. Each threshold of a
    /// budget is told of once a period; and again after a start, or with another time zone.
    std::vector<ThresholdCrossed> take_crossed();

private:
    friend class SpendGate;
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace keywarden
