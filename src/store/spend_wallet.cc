#include "store/spend_wallet.h"

namespace keywarden {

bool BudgetWatch::look(const PeriodStarts& starts, TimePoint at) {
    const TimePoint start = starts.at(static_cast<size_t>(budget.period));
    if (start < noted_in) return false;  // of a period that is over: that was told
    if (start > noted_in) {
        noted_in = start;
        noted = 0;
    }
    const NanoUsd amount = budget.amount_at(at);
    const NanoUsd spent = account->sums.spent(budget.period, starts);
    for (const int percent : budget.thresholds) {
        if (percent == 0) break;
        if (percent <= noted) continue;
        if (WideNanoUsd{spent.value} * 100 < WideNanoUsd{amount.value} * percent) break;
        noted = percent;
        if (crossings_count == crossings.size()) continue;
        crossings[crossings_count++] = {percent, amount, spent, at, start};
    }
    return crossings_count > 0;
}

void SpendWallet::spend(std::span<WalletAccount* const> spenders,
                        NanoUsd cost,
                        TimePoint ended_at) {
    const PeriodStarts& starts = calendar.starts(ended_at);
    bool is_crossed = false;
    for (WalletAccount* account : spenders) {
        account->sums.spend(cost, starts);
        for (BudgetWatch* watch : account->watches) {
            is_crossed |= watch->look(starts, ended_at);
        }
    }
    if (is_crossed) any_crossed_.store(true, std::memory_order_relaxed);
}

WalletAccount& SpendWallet::account(SpendScope scope, std::string_view target) {
    // A plan's budgets are about the team.
    if (scope == SpendScope::Team || scope == SpendScope::Plan) return team;
    {
        const std::shared_lock reading(accounts_lock_);
        const auto known = accounts_.find({scope, target});
        if (known != accounts_.end()) return *known->second;
    }
    auto made = std::make_unique<WalletAccount>(
        WalletAccount{.scope = scope, .target = std::string(target)});
    const std::string_view name = made->target;
    const std::lock_guard writing(accounts_lock_);
    return *accounts_.try_emplace({scope, name}, std::move(made)).first->second;
}

std::vector<WalletAccount*> SpendWallet::accounts() {
    std::vector<WalletAccount*> all = {&team};
    const std::shared_lock reading(accounts_lock_);
    for (const auto& [name, account] : accounts_) all.push_back(account.get());
    return all;
}

NanoUsd credit_of(const SpendWallet& wallet) {
    const bool may_owe = wallet.mode == CreditMode::Postpaid;
    return may_owe ? add_saturating(wallet.credited, wallet.credit_limit) : wallet.credited;
}

NanoUsd credit_left(SpendWallet& wallet) {
    return wallet.team.sums.available(credit_of(wallet), Period::Total, {});
}

SpendKeySlots::~SpendKeySlots() {
    for (const std::atomic<Slot*>& chunk : chunks_) delete[] chunk.load();
}

SpendKey* SpendKeySlots::find(uint32_t slot) const {
    if (slot >= kSlotsMax) return nullptr;
    const Slot* const chunk = chunks_[slot / kChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk[slot % kChunk].load(std::memory_order_acquire);
}

void SpendKeySlots::put(uint32_t slot, SpendKey& key) {
    if (slot >= kSlotsMax) return;
    std::atomic<Slot*>& chunk = chunks_[slot / kChunk];
    if (chunk.load(std::memory_order_acquire) == nullptr) {
        auto made = std::make_unique<Slot[]>(kChunk);
        Slot* none = nullptr;
        if (chunk.compare_exchange_strong(none, made.get())) made.release();
    }
    chunk.load(std::memory_order_acquire)[slot % kChunk].store(&key, std::memory_order_release);
}

}  // namespace keywarden
