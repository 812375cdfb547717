// Money in memory: what teams have and may spend, budgets, prices, and events.
#include <algorithm>
#include <mutex>
#include <ranges>
#include <utility>

#include "store/account_rules.h"
#include "store/key_rules.h"
#include "store/memory/memory_usage.h"

namespace keywarden {
namespace {

constexpr auto kTotal = static_cast<size_t>(Period::Total);

/// The newest of a team's that come before `after`.
template <class T>
Result<Page<T>> page_of_team(const std::vector<T>& items,
                             std::string_view team_id,
                             const PageQuery& query) {
    Page<T> page;
    bool begun = query.after.empty();
    for (const T& item : items | std::views::reverse) {
        if (item.team_id != team_id) continue;
        if (!std::exchange(begun, begun || item.id == query.after)) continue;
        if (page.items.size() == query.limit) {
            page.next = page.items.back().id;
            return page;
        }
        page.items.push_back(item);
    }
    if (!begun) return no_such_cursor();
    return page;
}

}  // namespace

// ---- money -------------------------------------------------------------------------------------

Result<CreditAccount> MemoryUsage::get_credit(std::string_view team_id) {
    const std::lock_guard lock(log_.mutex);
    if (accounts_.team(team_id) == nullptr) return no_such("team");
    CreditAccount account;
    if (const auto terms = terms_.find(team_id); terms != terms_.end()) {
        account.terms = terms->second;
    }
    for (const LedgerEntry& entry : ledger_) {
        if (entry.team_id == team_id) account.credited = account.credited + entry.amount;
    }
    const auto spend = spend_.find({std::string(team_id), SpendScope::Team, ""});
    if (spend != spend_.end()) account.spent = spend->second.spent[kTotal];
    return account;
}

Result<void> MemoryUsage::for_each_credit(
    const std::function<void(std::string_view, const CreditAccount&)>& each) {
    const std::lock_guard lock(log_.mutex);
    std::set<std::string> teams;
    for (const auto& [team, terms] : terms_) teams.insert(team);
    for (const LedgerEntry& entry : ledger_) teams.insert(entry.team_id);
    for (const auto& [name, spend] : spend_) teams.insert(std::get<0>(name));
    for (const std::string& team : teams) {
        if (const auto account = get_credit(team)) each(team, *account);
    }
    return {};
}

Result<void> MemoryUsage::put_billing(std::string_view team_id,
                                      const BillingTerms& terms,
                                      const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (accounts_.team(team_id) == nullptr) return no_such("team");
        const auto found = terms_.find(team_id);
        const int64_t version = found == terms_.end() ? 0 : found->second.version;
        if (version != terms.version - 1) return changed_meanwhile("billing");
        TRY(const TimeZone zone, find_time_zone(terms.time_zone));
        const BillingTerms before = std::exchange(terms_[std::string(team_id)], terms);
        if (before.time_zone == terms.time_zone) return {};
        return count_anew(team_id, zone, audit.at - kRezonedMax);
    });
}

Result<void> MemoryUsage::count_anew(std::string_view team_id,
                                     const TimeZone& zone,
                                     TimePoint since) {
    std::map<AccountName, PeriodSpend> anew;
    for (const Call& call : calls_) {
        const CallRecord& record = call.row.record;
        if (call.pruned || record.team_id != team_id || record.ended_at < since) continue;
        TRY_VOID(count_call(anew, record, period_starts(zone, record.ended_at)));
    }
    for (const auto& [name, spend] : anew) {
        PeriodSpend& stored = spend_[name];
        for (size_t i = 0; i < kTotal; ++i) {
            // One that began before the rows that were looked at is over, and stays as it was.
            if (spend.starts.at(i) < since) continue;
            stored.starts.at(i) = spend.starts.at(i);
            stored.spent.at(i) = spend.spent.at(i);
        }
    }
    return {};
}

Result<void> MemoryUsage::add_ledger_entry(const LedgerEntry& entry, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (accounts_.team(entry.team_id) == nullptr) return no_such("team");
        NanoUsd sum = entry.amount;
        for (const LedgerEntry& each : ledger_) {
            if (each.id == entry.id) return taken("ledger entry", "id");
            if (each.team_id == entry.team_id) TRY_VOID(add_to(sum, each.amount));
        }
        ledger_.push_back(entry);
        ledger_.back().at = in_millis(entry.at);
        return {};
    });
}

Result<Page<LedgerEntry>> MemoryUsage::list_ledger(std::string_view team_id,
                                                   const PageQuery& query) {
    const std::lock_guard lock(log_.mutex);
    return page_of_team(ledger_, team_id, query);
}

// ---- budgets -----------------------------------------------------------------------------------

Budget* MemoryUsage::find_budget(std::string_view team_id, std::string_view id) {
    const auto found = std::ranges::find(budgets_, id, &Budget::id);
    return found == budgets_.end() || found->team_id != team_id ? nullptr : &*found;
}

Result<void> MemoryUsage::create_budget(const Budget& budget, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const bool of_plan = budget.team_id.empty();
        if (of_plan && !accounts_.has_plan(budget.target)) return no_such_plan();
        if (!of_plan && accounts_.team(budget.team_id) == nullptr) return no_such("team");
        const auto count = std::ranges::count(budgets_, budget.team_id, &Budget::team_id);
        if (static_cast<size_t>(count) >= kBudgetsMax) return too_many("budgets", kBudgetsMax);
        if (std::ranges::count(budgets_, budget.id, &Budget::id) > 0) return taken("budget", "id");
        budgets_.push_back(as_kept(budget));
        budgets_.back().version = 1;
        return {};
    });
}

Result<void> MemoryUsage::update_budget(const Budget& budget, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        Budget* stored = find_budget(budget.team_id, budget.id);
        if (stored == nullptr) return no_such("budget");
        if (stored->version != budget.version - 1) return changed_meanwhile("budget");
        if (budget.team_id.empty() && !accounts_.has_plan(budget.target)) return no_such_plan();
        Budget next = as_kept(budget);
        next.created_at = stored->created_at;
        *stored = std::move(next);
        return {};
    });
}

Result<void> MemoryUsage::delete_budget(std::string_view team_id,
                                        std::string_view id,
                                        const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const Budget* stored = find_budget(team_id, id);
        if (stored == nullptr) return no_such("budget");
        budgets_.erase(budgets_.begin() + (stored - budgets_.data()));
        return {};
    });
}

Result<Budget> MemoryUsage::get_budget(std::string_view team_id, std::string_view id) {
    const std::lock_guard lock(log_.mutex);
    const Budget* stored = find_budget(team_id, id);
    if (stored == nullptr) return no_such("budget");
    return *stored;
}

Result<std::vector<Budget>> MemoryUsage::list_budgets(std::string_view team_id) {
    const std::lock_guard lock(log_.mutex);
    std::vector<Budget> budgets;
    for (const Budget& budget : budgets_) {
        if (budget.team_id == team_id) budgets.push_back(budget);
    }
    return budgets;
}

Result<void> MemoryUsage::for_each_budget(const std::function<void(const Budget&)>& each) {
    const std::lock_guard lock(log_.mutex);
    for (const Budget& budget : budgets_) each(budget);
    return {};
}

// ---- prices, and events ------------------------------------------------------------------------

Result<UsageStore::PriceOverrides> MemoryUsage::get_prices() {
    const std::lock_guard lock(log_.mutex);
    PriceOverrides overrides{.prices = {}, .version = prices_version_};
    for (const auto& [model, price] : prices_) overrides.prices.push_back({model, price});
    return overrides;
}

Result<int64_t> MemoryUsage::put_price(const std::string& model,
                                       const std::optional<Price>& price,
                                       const AuditEntry& audit) {
    TRY_VOID(log_.change(audit, [&]() -> Result<void> {
        const bool is_there = prices_.contains(model);
        if (!price && !is_there) return no_such("price");
        if (!is_there && std::ssize(prices_) >= kPricesMax) return too_many("prices", kPricesMax);
        if (price) {
            prices_[model] = *price;
        } else {
            prices_.erase(model);
        }
        ++prices_version_;
        return {};
    }));
    const std::lock_guard lock(log_.mutex);
    return prices_version_;
}

Result<void> MemoryUsage::add_event(const UsageEvent& event) {
    const std::lock_guard lock(log_.mutex);
    if (std::ranges::count(events_, event.id, &UsageEvent::id) > 0) return {};
    events_.push_back(event);
    events_.back().at = in_millis(event.at);
    event_numbers_.push_back(event_numbers_.empty() ? 1 : event_numbers_.back() + 1);
    const auto of_team = [&](const UsageEvent& each) { return each.team_id == event.team_id; };
    if (std::ranges::count_if(events_, of_team) > kEventsMax) {
        const auto oldest = std::ranges::find_if(events_, of_team);
        event_numbers_.erase(event_numbers_.begin() + (oldest - events_.begin()));
        events_.erase(oldest);
    }
    return {};
}

Result<Page<UsageEvent>> MemoryUsage::list_events(std::string_view team_id,
                                                  const PageQuery& query) {
    const std::lock_guard lock(log_.mutex);
    return page_of_team(events_, team_id, query);
}

}  // namespace keywarden
