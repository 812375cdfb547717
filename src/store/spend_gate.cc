// SpendGate and SpendHold: what a call meets of spend_directory.h.
#include <algorithm>
#include <cassert>
#include <mutex>
#include <span>
#include <utility>

#include "domain/calendar.h"
#include "store/spend_directory_impl.h"
#include "store/spend_wallet.h"

namespace keywarden {
namespace {

bool is_it(const WalletAccount* account, std::string_view target) {
    return account == nullptr ? target.empty() : account->target == target;
}

/// How long it takes to pass: longest where waiting does not help at all.
int patience(const SpendDenial& denial) {
    if (denial.by_balance) return 2;
    if (denial.wanted > denial.limit) return 3;
    return denial.resets_at ? 0 : 1;
}

bool takes_longer(const SpendDenial& a, const SpendDenial& b) {
    if (patience(a) != patience(b)) return patience(a) > patience(b);
    return a.resets_at > b.resets_at;
}

void note(std::optional<SpendDenial>& worst, SpendDenial denial) {
    if (!worst || takes_longer(denial, *worst)) worst = std::move(denial);
}

}  // namespace

SpendGate::SpendGate(SpendDirectory& directory, const Spender& spender, TimePoint now) : now_(now) {
    SpendKey& key = directory.impl_->key_of(spender);
    wallet_ = key.wallet;
    wallet_->lock.lock();
    if (!recall(key, spender)) [[unlikely]] {
        look_up(key, spender);
    }
    terms_ = wallet_->terms;
    for (const WalletAccount* account : std::span(accounts_).first(count_)) {
        for (const BudgetWatch* watch : account->watches) terms_.is_bounded |= watch->budget.blocks;
    }
}

SpendGate::~SpendGate() { wallet_->lock.unlock(); }

void SpendGate::add(WalletAccount* account) {
    if (account == nullptr) return;
    const auto end = accounts_.begin() + static_cast<std::ptrdiff_t>(count_);
    if (std::find(accounts_.begin(), end, account) != end) return;  // a list that repeats itself
    accounts_[count_++] = account;
}

/// The accounts of the call, if the key was met with the same ones before.
bool SpendGate::recall(const SpendKey& key, const Spender& spender) {
    if (!is_it(key.app, spender.app_id)) return false;
    for (size_t i = 0; i < key.makers.size(); ++i) {
        if (!is_it(key.makers[i], spender.makers[i])) return false;
    }
    WalletAccount* model = nullptr;
    if (!spender.model.empty()) {
        const auto found = std::ranges::find_if(key.models, [&](const WalletAccount* known) {
            return known != nullptr && known->target == spender.model;
        });
        if (found == key.models.end()) return false;
        model = *found;
    }
    count_ = 0;
    accounts_[count_++] = &wallet_->team;
    if (key.account != nullptr) accounts_[count_++] = key.account;
    if (key.app != nullptr) accounts_[count_++] = key.app;
    if (model != nullptr) accounts_[count_++] = model;
    for (WalletAccount* maker : key.makers) add(maker);
    for (size_t i = 0; i < key.tags_count; ++i) accounts_[count_++] = key.tags[i];
    return true;
}

/// Finds the accounts by their names, and lets the key remember them.
[[gnu::cold]] void SpendGate::look_up(SpendKey& key, const Spender& spender) {
    wallet_->lock.unlock();  // what follows may wait and allocate
    const auto find = [&](SpendScope scope, std::string_view target) {
        return target.empty() ? nullptr : &wallet_->account(scope, target);
    };
    WalletAccount* const app = find(SpendScope::App, spender.app_id);
    WalletAccount* const model = find(SpendScope::Model, spender.model);
    std::array<WalletAccount*, kCallMakersMax> makers{};
    std::ranges::transform(spender.makers, makers.begin(), [&](std::string_view maker) {
        return find(SpendScope::Key, maker);
    });
    wallet_->lock.lock();
    key.app = app;
    key.makers = makers;
    if (model != nullptr && std::ranges::find(key.models, model) == key.models.end()) {
        key.models[key.models_next] = model;
        key.models_next = (key.models_next + 1) % key.models.size();
    }
    [[maybe_unused]] const bool found = recall(key, spender);
    assert(found);
}

std::optional<NanoUsd> SpendGate::room() const {
    std::optional<NanoUsd> least;
    const auto bound = [&](NanoUsd left) {
        left = std::max(left, NanoUsd{});
        if (!least || left < *least) least = left;
    };
    if (wallet_->mode != CreditMode::Unlimited) bound(credit_left(*wallet_));
    for (const WalletAccount* account : std::span(accounts_).first(count_)) {
        for (const BudgetWatch* watch : account->watches) {
            const Budget& budget = watch->budget;
            if (!budget.blocks) continue;
            bound(account->sums.available(
                budget.amount_at(now_), budget.period, wallet_->calendar.starts(now_)));
        }
    }
    return least;
}

std::optional<SpendDenial> SpendGate::find_denial(NanoUsd amount) const {
    if (!terms_.is_bounded) return std::nullopt;
    std::optional<SpendDenial> worst;
    if (wallet_->mode != CreditMode::Unlimited && amount > credit_left(*wallet_)) {
        const SpendAccount& sums = wallet_->team.sums;
        note(worst,
             {.by_balance = true,
              .limit = credit_of(*wallet_),
              .spent = sums.spent(Period::Total, {}),
              .held = sums.held(),
              .wanted = amount});
    }
    for (const WalletAccount* account : std::span(accounts_).first(count_)) {
        note_denials(*account, amount, worst);
    }
    return worst;
}

/// Of the account's budgets.
void SpendGate::note_denials(const WalletAccount& account,
                             NanoUsd amount,
                             std::optional<SpendDenial>& worst) const {
    for (const BudgetWatch* watch : account.watches) {
        const Budget& budget = watch->budget;
        if (!budget.blocks) continue;
        const PeriodStarts& starts = wallet_->calendar.starts(now_);
        const NanoUsd limit = budget.amount_at(now_);
        if (amount <= account.sums.available(limit, budget.period, starts)) continue;
        note(worst,
             {.budget_id = budget.id,
              .budget_name = budget.name,
              .scope = budget.scope,
              .limit = limit,
              .spent = account.sums.spent(budget.period, starts),
              .held = account.sums.held(),
              .wanted = amount,
              .resets_at = period_end(wallet_->calendar.zone(), budget.period, now_)});
    }
}

std::optional<SpendDenial> SpendGate::move(SpendHold* hold) {
    assert(hold->wallet_ == wallet_);
    const auto now = std::span(accounts_).first(count_);
    const auto before = std::span(hold->accounts_).first(hold->count_);
    const auto is_in = [](const auto& accounts, const WalletAccount* account) {
        return std::ranges::find(accounts, account) != accounts.end();
    };
    std::optional<SpendDenial> worst;
    for (const WalletAccount* account : now) {
        if (!is_in(before, account)) note_denials(*account, hold->amount_, worst);
    }
    if (worst) return worst;
    for (WalletAccount* account : now) {
        if (!is_in(before, account)) account->sums.hold(hold->amount_);
    }
    for (WalletAccount* account : before) {
        if (!is_in(now, account)) account->sums.release(hold->amount_);
    }
    hold->count_ = count_;
    std::ranges::copy(now, hold->accounts_.begin());
    return std::nullopt;
}

SpendHold SpendGate::take(NanoUsd amount) {
    SpendHold hold;
    hold.wallet_ = wallet_;
    hold.amount_ = std::max(amount, NanoUsd{});
    hold.count_ = count_;
    for (size_t i = 0; i < count_; ++i) {
        hold.accounts_[i] = accounts_[i];
        accounts_[i]->sums.hold(hold.amount_);
    }
    return hold;
}

std::array<std::string_view, kCallTagsMax> SpendGate::tags() const {
    std::array<std::string_view, kCallTagsMax> tags{};
    size_t count = 0;
    for (const WalletAccount* account : std::span(accounts_).first(count_)) {
        if (account->scope == SpendScope::Tag) tags[count++] = account->target;
    }
    return tags;
}

SpendHold::SpendHold(SpendHold&& other) noexcept { *this = std::move(other); }

SpendHold& SpendHold::operator=(SpendHold&& other) noexcept {
    if (this == &other) return *this;
    settle({}, {});
    wallet_ = other.wallet_;
    count_ = std::exchange(other.count_, 0);
    amount_ = other.amount_;
    std::copy_n(other.accounts_.begin(), count_, accounts_.begin());
    return *this;
}

void SpendHold::settle(NanoUsd cost, TimePoint ended_at) noexcept {
    if (count_ == 0) return;
    const auto accounts = std::span(accounts_).first(std::exchange(count_, 0));
    const std::lock_guard lock(wallet_->lock);
    for (WalletAccount* account : accounts) account->sums.release(amount_);
    if (cost > NanoUsd{}) wallet_->spend(accounts, cost, ended_at);
}

}  // namespace keywarden
