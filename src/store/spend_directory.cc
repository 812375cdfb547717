#include "store/spend_directory.h"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include "base/time_zone.h"
#include "domain/call_accounts.h"
#include "store/spend_directory_impl.h"

namespace keywarden {

// ---- who is there -----------------------------------------------------------------------------

SpendWallet* SpendDirectory::Impl::find_wallet(std::string_view team_id) {
    const std::shared_lock reading(teams_lock_);
    const auto known = teams_.find(team_id);
    return known != teams_.end() ? known->second.get() : nullptr;
}

SpendWallet& SpendDirectory::Impl::wallet(std::string_view team_id) {
    if (SpendWallet* const known = find_wallet(team_id)) return *known;
    auto made = std::make_unique<SpendWallet>(team_id, any_crossed_);
    const std::string_view id = made->id;
    const std::lock_guard writing(teams_lock_);
    return *teams_.try_emplace(id, std::move(made)).first->second;
}

SpendKey& SpendDirectory::Impl::key(SpendWallet& wallet, std::string_view id) {
    {
        const std::shared_lock reading(keys_lock_);
        if (const auto known = keys_.find(id); known != keys_.end()) return *known->second;
    }
    WalletAccount& account = wallet.account(SpendScope::Key, id);
    auto made = std::make_unique<SpendKey>(
        SpendKey{.id = std::string(id), .wallet = &wallet, .account = &account});
    const std::string_view name = made->id;
    const std::lock_guard writing(keys_lock_);
    return *keys_.try_emplace(name, std::move(made)).first->second;
}

[[gnu::cold]] SpendKey& SpendDirectory::Impl::look_up(const Spender& spender) {
    SpendWallet& team = wallet(spender.team_id);
    if (spender.key_id.empty()) return team.nobody;
    SpendKey& found = key(team, spender.key_id);
    assert(found.wallet == &team);  // a key never leaves its team
    slots_.put(spender.key_slot, found);
    return found;
}

// ---- what they have spent ---------------------------------------------------------------------

Result<void> SpendDirectory::Impl::load(UsageStore& store) {
    Result<void> zones;
    TRY_VOID(store.for_each_credit([&](std::string_view team_id, const CreditAccount& credit) {
        add_credit(team_id, credit.credited);
        if (Result<void> put = put_billing(team_id, credit.terms); !put) zones = std::move(put);
    }));
    TRY_VOID(std::move(zones));
    const TimePoint now = clock_.now();
    TRY_VOID(store.for_each_spend([&](const SpendTotals& totals) {
        SpendWallet& team = wallet(totals.team_id);
        SpendAccount& sums = team.account(totals.scope, totals.target).sums;
        const std::lock_guard lock(team.lock);
        sums.restore(totals.starts, totals.spent);
        sums.move_to(team.calendar.zone(), now);  // it may have been another one when they began
    }));
    return store.for_each_budget([&](const Budget& budget) { put_budget(budget); });
}

void SpendDirectory::Impl::count(const CallRecord& record) {
    SpendWallet& team = wallet(record.team_id);
    std::array<WalletAccount*, kSpendAccountsMax> accounts{};
    size_t count = 0;
    for_each_account(record, [&](SpendScope scope, std::string_view target) {
        accounts.at(count++) = &team.account(scope, target);
    });
    const std::lock_guard lock(team.lock);
    team.spend(std::span(accounts).first(count), record.cost, record.ended_at);
}

// ---- how they pay -----------------------------------------------------------------------------

Result<void> SpendDirectory::Impl::put_billing(std::string_view team_id,
                                               const BillingTerms& terms) {
    const auto zone = TimeZone::find(terms.time_zone);
    if (!zone) {
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = "There is no time zone '" + terms.time_zone +
                                "' here: an IANA name, such as 'Europe/Berlin', is needed.",
                     .param = "time_zone"});
    }
    const std::lock_guard changing(changes_);
    SpendWallet& team = wallet(team_id);
    if (terms.version >= team.billing.version) put_terms(team, terms, *zone);
    return {};
}

void SpendDirectory::Impl::put_terms(SpendWallet& wallet,
                                     const BillingTerms& terms,
                                     const TimeZone& zone) {
    const bool moves = terms.time_zone != wallet.billing.time_zone;
    wallet.billing = terms;
    const TimePoint now = clock_.now();
    const auto put = [&] {
        wallet.mode = terms.mode;
        wallet.credit_limit = terms.credit_limit;
        wallet.terms = {.unpriced = terms.unpriced,
                        .markup_basis_points = terms.markup_basis_points,
                        .clamps_output = terms.clamps_output,
                        .is_bounded = terms.mode != CreditMode::Unlimited};
    };
    if (!moves) {
        const std::lock_guard lock(wallet.lock);
        put();
        return;
    }
    const auto accounts = wallet.accounts();
    const std::lock_guard lock(wallet.lock);
    put();
    wallet.calendar = PeriodCalendar(zone);
    for (WalletAccount* account : accounts) account->sums.move_to(zone, now);
    for (const auto& watch : wallet.watches) {
        watch->noted_in = {};
        if (watch->look(wallet.calendar.starts(now), now)) any_crossed_ = true;
    }
}

void SpendDirectory::Impl::add_credit(std::string_view team_id, NanoUsd amount) {
    SpendWallet& team = wallet(team_id);
    const std::lock_guard lock(team.lock);
    team.credited = add_saturating(team.credited, amount);
}

BillingTerms SpendDirectory::Impl::billing(std::string_view team_id) {
    const std::lock_guard changing(changes_);
    const SpendWallet* const team = find_wallet(team_id);
    return team != nullptr ? team->billing : BillingTerms();
}

BalanceState SpendDirectory::Impl::balance(std::string_view team_id) {
    SpendWallet* const team = find_wallet(team_id);
    if (team == nullptr) return {};
    const std::lock_guard lock(team->lock);
    const NanoUsd spent = team->team.sums.spent(Period::Total, {});
    return {.mode = team->mode,
            .balance = add_saturating(team->credited, {-spent.value}),
            .held = team->team.sums.held(),
            .credit_limit = team->credit_limit};
}

// ---- what bounds them -------------------------------------------------------------------------

void SpendDirectory::Impl::put_watch(SpendWallet& wallet, const Budget& budget) {
    WalletAccount& account = wallet.account(budget.scope, budget.target);
    const auto known = std::ranges::find_if(
        wallet.watches, [&](const auto& watch) { return watch->budget.id == budget.id; });
    Budget copy = budget;
    const TimePoint now = clock_.now();
    if (known != wallet.watches.end() && (*known)->account == &account) {
        BudgetWatch& watch = **known;
        if (budget.version < watch.budget.version) return;
        const std::lock_guard lock(wallet.lock);
        if (copy.period != watch.budget.period) {
            watch.noted_in = {};
            watch.noted = 0;
        }
        std::swap(watch.budget, copy);
        if (watch.look(wallet.calendar.starts(now), now)) any_crossed_ = true;
        return;
    }
    remove_watch(wallet, budget.id);  // it was about something else
    auto& watch = *wallet.watches.emplace_back(std::make_unique<BudgetWatch>());
    watch.budget = std::move(copy);
    watch.account = &account;
    std::vector<BudgetWatch*> watches = account.watches;
    watches.push_back(&watch);
    const std::lock_guard lock(wallet.lock);
    std::swap(account.watches, watches);
    if (watch.look(wallet.calendar.starts(now), now)) any_crossed_ = true;
}

void SpendDirectory::Impl::remove_watch(SpendWallet& wallet, std::string_view id) {
    const auto found = std::ranges::find_if(
        wallet.watches, [&](const auto& watch) { return watch->budget.id == id; });
    if (found == wallet.watches.end()) return;
    WalletAccount& account = *(*found)->account;
    std::vector<BudgetWatch*> watches = account.watches;
    std::erase(watches, found->get());
    {
        const std::lock_guard lock(wallet.lock);
        std::swap(account.watches, watches);
    }
    wallet.watches.erase(found);
}

void SpendDirectory::Impl::put_budget(const Budget& budget) {
    const std::lock_guard changing(changes_);
    if (budget.scope != SpendScope::Plan) {
        put_watch(wallet(budget.team_id), budget);
        return;
    }
    Plan& plan = plans_[budget.target];
    const auto [known, is_new] = plan.budgets.try_emplace(budget.id, budget);
    if (!is_new) {
        if (budget.version < known->second.version) return;
        known->second = budget;
    }
    for (SpendWallet* team : plan.teams) put_watch(*team, budget);
}

void SpendDirectory::Impl::remove_budget(std::string_view team_id, std::string_view id) {
    const std::lock_guard changing(changes_);
    if (!team_id.empty()) {
        if (SpendWallet* const team = find_wallet(team_id)) remove_watch(*team, id);
        return;
    }
    for (auto& [name, plan] : plans_) {
        const auto found = plan.budgets.find(id);
        if (found == plan.budgets.end()) continue;
        for (SpendWallet* team : plan.teams) remove_watch(*team, id);
        plan.budgets.erase(found);
        return;
    }
}

void SpendDirectory::Impl::put_team(std::string_view team_id, std::string_view plan_id) {
    const std::lock_guard changing(changes_);
    SpendWallet& team = wallet(team_id);
    if (team.plan_id == plan_id) return;
    if (!team.plan_id.empty()) {
        Plan& left = plans_[team.plan_id];
        left.teams.erase(&team);
        for (const auto& [id, budget] : left.budgets) remove_watch(team, id);
    }
    team.plan_id = plan_id;
    if (plan_id.empty()) return;
    Plan& joined = plans_[team.plan_id];
    joined.teams.insert(&team);
    for (const auto& [id, budget] : joined.budgets) put_watch(team, budget);
}

void SpendDirectory::Impl::put_tags(std::string_view team_id,
                                    std::string_view key_id,
                                    std::span<const std::string> tags) {
    SpendWallet& team = wallet(team_id);
    SpendKey& tagged = key(team, key_id);
    std::array<WalletAccount*, kCallTagsMax> accounts{};
    size_t count = 0;
    for (const std::string& tag : tags) {
        if (tag.empty() || count == accounts.size()) continue;
        WalletAccount* const account = &team.account(SpendScope::Tag, tag);
        if (std::ranges::find(accounts, account) == accounts.end()) accounts[count++] = account;
    }
    const std::lock_guard lock(tagged.wallet->lock);
    tagged.tags = accounts;
    tagged.tags_count = count;
}

// ---- what people see --------------------------------------------------------------------------

PeriodStarts SpendDirectory::Impl::period_starts(std::string_view team_id, TimePoint at) {
    TimeZone zone;
    if (SpendWallet* const team = find_wallet(team_id)) {
        const std::lock_guard lock(team->lock);
        zone = team->calendar.zone();
    }
    return keywarden::period_starts(zone, at);
}

Result<BudgetState> SpendDirectory::Impl::budget(std::string_view team_id, std::string_view id) {
    const std::lock_guard changing(changes_);
    if (SpendWallet* const team = find_wallet(team_id)) {
        for (const auto& watch : team->watches) {
            const Budget& budget = watch->budget;
            if (budget.id != id) continue;
            const TimePoint now = clock_.now();
            const std::lock_guard lock(team->lock);
            const SpendAccount& sums = watch->account->sums;
            return BudgetState{.amount = budget.amount_at(now),
                               .spent = sums.spent(budget.period, team->calendar.starts(now)),
                               .held = sums.held(),
                               .resets_at = period_end(team->calendar.zone(), budget.period, now)};
        }
    }
    return fail(ErrorCode::NotFound, "There is no such budget.");
}

std::string SpendDirectory::Impl::team_of(std::string_view key_id) {
    const std::shared_lock reading(keys_lock_);
    const auto known = keys_.find(key_id);
    return known != keys_.end() ? known->second->wallet->id : std::string();
}

std::vector<ThresholdCrossed> SpendDirectory::Impl::take_crossed() {
    std::vector<ThresholdCrossed> crossed;
    if (!any_crossed_.exchange(false)) return crossed;
    const std::lock_guard changing(changes_);
    const std::shared_lock reading(teams_lock_);
    for (const auto& [team_id, team] : teams_) {
        for (const auto& watch : team->watches) {
            std::array<BudgetWatch::Crossing, kThresholdsMax> crossings;
            size_t count = 0;
            {
                const std::lock_guard lock(team->lock);
                count = std::exchange(watch->crossings_count, 0);
                std::copy_n(watch->crossings.begin(), count, crossings.begin());
            }
            for (const BudgetWatch::Crossing& one : std::span(crossings).first(count)) {
                crossed.push_back({.budget_id = watch->budget.id,
                                   .team_id = std::string(team_id),
                                   .percent = one.percent,
                                   .amount = one.amount,
                                   .spent = one.spent,
                                   .at = one.at,
                                   .period_start = one.period_start});
            }
        }
    }
    std::ranges::sort(crossed, {}, [](const ThresholdCrossed& one) {
        return std::tuple(one.at, std::string_view(one.budget_id), one.percent);
    });
    return crossed;
}

// ---- the door ---------------------------------------------------------------------------------

SpendDirectory::SpendDirectory(const Clock& clock) : impl_(std::make_unique<Impl>(clock)) {}
SpendDirectory::~SpendDirectory() = default;

Result<void> SpendDirectory::load(UsageStore& store) { return impl_->load(store); }
void SpendDirectory::count(const CallRecord& record) { impl_->count(record); }

Result<void> SpendDirectory::put_billing(std::string_view team_id, const BillingTerms& terms) {
    return impl_->put_billing(team_id, terms);
}
void SpendDirectory::add_credit(std::string_view team_id, NanoUsd amount) {
    impl_->add_credit(team_id, amount);
}
void SpendDirectory::put_team(std::string_view team_id, std::string_view plan_id) {
    impl_->put_team(team_id, plan_id);
}
void SpendDirectory::put_budget(const Budget& budget) { impl_->put_budget(budget); }
void SpendDirectory::remove_budget(std::string_view team_id, std::string_view id) {
    impl_->remove_budget(team_id, id);
}
void SpendDirectory::put_tags(std::string_view team_id,
                              std::string_view key_id,
                              std::span<const std::string> tags) {
    impl_->put_tags(team_id, key_id, tags);
}

BillingTerms SpendDirectory::billing(std::string_view team_id) const {
    return impl_->billing(team_id);
}
PeriodStarts SpendDirectory::period_starts(std::string_view team_id, TimePoint at) const {
    return impl_->period_starts(team_id, at);
}
BalanceState SpendDirectory::balance(std::string_view team_id) const {
    return impl_->balance(team_id);
}
Result<BudgetState> SpendDirectory::budget(std::string_view team_id, std::string_view id) const {
    return impl_->budget(team_id, id);
}
std::string SpendDirectory::team_of(std::string_view key_id) const {
    return impl_->team_of(key_id);
}
std::vector<ThresholdCrossed> SpendDirectory::take_crossed() { return impl_->take_crossed(); }

}  // namespace keywarden
