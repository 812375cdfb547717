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

class SpendAccount;
class SpendDirectory;

/// Team, app, key, model, the key's makers, and its tags.
inline constexpr size_t kSpendAccountsMax = 4 + kCallMakersMax + kCallTagsMax;

/// Money set aside in all accounts of a call. Its end, whichever way it comes, gives back what was
/// not spent. Threads: one at a time.
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

    /// What was held becomes what was spent at that moment. A second call does nothing.
    void settle(NanoUsd cost, TimePoint ended_at) noexcept;

private:
    friend class SpendGate;

    SpendDirectory* directory_ = nullptr;
    std::array<SpendAccount*, kSpendAccountsMax> accounts_{};
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

/// All accounts of one call, locked in one order. While it lives nobody else reserves from them:
/// keep it for a few sums, never over an `await`, one at a time on a thread.
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

private:
    SpendDirectory& directory_;
    TimePoint now_;
    CallTerms terms_{};
    std::array<SpendAccount*, kSpendAccountsMax> accounts_{};
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
};

/// Threads: any, for every function.
class SpendDirectory {
public:
    explicit SpendDirectory(const Clock& clock);
    ~SpendDirectory();
    SpendDirectory(const SpendDirectory&) = delete;
    SpendDirectory& operator=(const SpendDirectory&) = delete;

    /// Takes in everything the store has. Before the first call.
    Result<void> load(UsageStore& store);
    /// Counts a row that the store does not have yet: of the journal, at a start.
    void count(const CallRecord& record);

    // ---- changes: in force when they return ---------------------------------------------------

    /// Errors: InvalidRequest when there is no such time zone.
    Result<void> put_billing(std::string_view team_id, const BillingTerms& terms);
    void add_credit(std::string_view team_id, NanoUsd amount);
    /// Whose plan's budgets hold for the team.
    void put_team(std::string_view team_id, std::string_view plan_id);
    void put_budget(const Budget& budget);
    void remove_budget(std::string_view team_id, std::string_view id);
    /// The tags of a key count as accounts of its team.
    void put_tags(std::string_view team_id,
                  std::string_view key_id,
                  std::span<const std::string> tags);

    /// Copied.
    BillingTerms billing(std::string_view team_id) const;
    /// The tags of a key, for its rows. They live as long as the directory.
    std::array<std::string_view, kCallTagsMax> tags(std::string_view key_id) const;

    /// In which day, week, and month of the team a moment lies.
    std::array<TimePoint, kPeriods> period_starts(std::string_view team_id, TimePoint at) const;

    // ---- for people ---------------------------------------------------------------------------

    BalanceState balance(std::string_view team_id) const;
    /// Errors: NotFound. `team_id`: of a budget of a plan, the team that asks.
    Result<BudgetState> budget(std::string_view team_id, std::string_view id) const;

    /// What was crossed since the last time that this was asked, oldest first.
    std::vector<ThresholdCrossed> take_crossed();

private:
    friend class SpendGate;
    friend class SpendHold;
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace keywarden
