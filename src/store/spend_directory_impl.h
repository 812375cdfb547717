// What is behind a SpendDirectory. Private to spend_*.cc.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/spend_directory.h"
#include "store/spend_wallet.h"

namespace keywarden {

/// Locks are taken in this order: changes, then teams or keys or a wallet's accounts, then a
/// wallet.
class SpendDirectory::Impl {
public:
    explicit Impl(const Clock& clock) : clock_(clock) {}

    /// The key that calls. Only its first call ever looks for it.
    SpendKey& key_of(const Spender& spender) {
        if (!spender.key_id.empty()) [[likely]] {
            SpendKey* const key = slots_.find(spender.key_slot);
            if (key != nullptr && key->id == spender.key_id) [[likely]] {
                return *key;
            }
        }
        return look_up(spender);
    }

    Result<void> load(UsageStore& store);
    void count(const CallRecord& record);

    Result<void> put_billing(std::string_view team_id, const BillingTerms& terms);
    Result<void> recount(std::string_view team_id, UsageStore& store);
    void add_credit(std::string_view team_id, NanoUsd amount);
    void put_team(std::string_view team_id, std::string_view plan_id);
    void put_budget(const Budget& budget);
    void remove_budget(std::string_view team_id, std::string_view id);
    void put_tags(std::string_view team_id,
                  std::string_view key_id,
                  std::span<const std::string> tags);

    BillingTerms billing(std::string_view team_id);
    PeriodStarts period_starts(std::string_view team_id, TimePoint at);
    BalanceState balance(std::string_view team_id);
    Result<BudgetState> budget(std::string_view team_id, std::string_view id);
    std::string team_of(std::string_view key_id);
    std::vector<ThresholdCrossed> take_crossed();

private:
    struct Plan {
        std::map<std::string, Budget, std::less<>> budgets;
        std::set<SpendWallet*> teams;
    };

    SpendKey& look_up(const Spender& spender);
    SpendKey& key(SpendWallet& wallet, std::string_view id);
    SpendWallet* find_wallet(std::string_view team_id);
    SpendWallet& wallet(std::string_view team_id);
    void put_terms(SpendWallet& wallet, const BillingTerms& terms, const TimeZone& zone);
    void put_watch(SpendWallet& wallet, const Budget& budget);
    static void remove_watch(SpendWallet& wallet, std::string_view id);

    const Clock& clock_;
    SpendKeySlots slots_;
    std::atomic<bool> any_crossed_ = false;

    std::mutex changes_;
    std::map<std::string, Plan, std::less<>> plans_;

    std::shared_mutex teams_lock_;
    std::unordered_map<std::string_view, std::unique_ptr<SpendWallet>> teams_;
    std::shared_mutex keys_lock_;
    std::unordered_map<std::string_view, std::unique_ptr<SpendKey>> keys_;
};

}  // namespace keywarden
