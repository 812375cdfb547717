#include "admin/spend_view.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "admin/account_change.h"
#include "admin/budget_fields.h"
#include "admin/list_query.h"
#include "admin/money_field.h"
#include "base/money.h"
#include "domain/call_accounts.h"
#include "store/price_directory.h"

namespace keywarden {
namespace {

/// The keys that made it, nearest first, as calls count for them.
std::array<std::string_view, kCallMakersMax> makers_of(AdminContext& context, const Key& key) {
    const auto found = context.keys.look_at(key, context.clock.now());
    if (!found) return {};
    return context.keys.read_policy(found->caller).maker_ids();
}

bool is_used_up(const SpendView::Entry& entry) {
    return entry.budget.blocks && entry.state.spent >= entry.state.amount;
}

struct PriceAsked {
    Price price{};
    bool is_known = false;
};

/// The price that a call of it meets now, or what stands for one.
PriceAsked price_of(AdminContext& context, const CostQuestion& question, UnpricedRule rule) {
    const auto table = context.prices->table();
    if (const PricedModel* const found =
            table->find(question.provider, question.model, question.upstream_model)) {
        return {.price = found->price, .is_known = true};
    }
    if (rule == UnpricedRule::Estimate) return {.price = context.prices->estimate()};
    return {};
}

std::string dollars(NanoUsd amount) { return "$" + format_usd(amount); }

/// Why a call that would hold so much does not fit into a budget; nothing where it does.
std::optional<SpendDenial> denial_of(const SpendView::Entry& entry, NanoUsd amount) {
    const NanoUsd used = add_saturating(entry.state.spent, entry.state.held);
    if (!entry.budget.blocks || add_saturating(used, amount) <= entry.state.amount) return {};
    return SpendDenial{.budget_id = entry.budget.id,
                       .budget_name = entry.budget.name,
                       .scope = entry.budget.scope,
                       .limit = entry.state.amount,
                       .spent = entry.state.spent,
                       .held = entry.state.held,
                       .wanted = amount,
                       .resets_at = entry.state.resets_at};
}

Result<void> refusal_of(const std::optional<SpendDenial>& denial, TimePoint now) {
    if (!denial) return {};
    return fail(spend_error(*denial, now));
}

}  // namespace

Result<SpendView> SpendView::of(AdminContext& context, std::string_view team_id) {
    SpendView view(context);
    UsageStore& usage = context.keys.store().usage();
    TRY(std::vector<Budget> budgets, usage.list_budgets(team_id));
    TRY(const std::vector<Budget> plans, usage.list_budgets(""));
    if (!plans.empty()) {
        TRY(const Team team, accounts_of(context).get_team(team_id));
        std::ranges::copy_if(plans, std::back_inserter(budgets), [&](const Budget& budget) {
            return budget.target == team.plan_id;
        });
    }
    for (Budget& budget : budgets) {
        const auto state = context.spend->budget(team_id, budget.id);
        if (!state) continue;  // it was deleted just now
        view.entries_.push_back({.budget = std::move(budget), .state = *state});
    }
    return view;
}

bool is_own_budget(const Budget& budget,
                   const Key& key,
                   std::span<const std::string_view> maker_ids) {
    switch (budget.scope) {
        case SpendScope::Key:
            return budget.target == key.id ||
                   std::ranges::find(maker_ids, budget.target) != maker_ids.end();
        case SpendScope::App:
            return budget.target == key.app_id;
        case SpendScope::Tag:
            return std::ranges::find(key.tags, budget.target) != key.tags.end();
        default:
            return false;
    }
}

std::vector<SpendView::Entry> SpendView::binding(const Key& key, std::string_view model) const {
    std::vector<Entry> out;
    if (entries_.empty()) return out;
    const auto makers = makers_of(*context_, key);
    for (const Entry& entry : entries_) {
        const SpendScope scope = entry.budget.scope;
        const bool is_of_all = scope == SpendScope::Team || scope == SpendScope::Plan;
        const bool is_of_model = scope == SpendScope::Model && entry.budget.target == model;
        if (is_of_all || is_of_model || is_own_budget(entry.budget, key, makers)) {
            out.push_back(entry);
        }
    }
    return out;
}

Result<Json> SpendView::budgets_of(const Key& key) const {
    std::vector<Entry> all = binding(key);
    std::ranges::copy_if(entries_, std::back_inserter(all), [](const Entry& entry) {
        return entry.budget.scope == SpendScope::Model;
    });
    ReportNames names(*context_, key.team_id);
    Json list = Json::array();
    for (const Entry& entry : all) {
        TRY(Json record, budget_record(entry.budget, entry.state, context_->clock.now(), names));
        list.push_back(std::move(record));
    }
    return list;
}

bool SpendView::is_exhausted(const Key& key) const {
    if (std::ranges::none_of(entries_, is_used_up)) return false;
    return std::ranges::any_of(binding(key), is_used_up);
}

void SpendView::mark(const Key& key, Json& record) const {
    if (record["status"] == name(KeyState::Active) && is_exhausted(key)) {
        record["status"] = kExhausted;
    }
}

Result<NanoUsd> explain_money(AdminContext& context,
                              const CostQuestion& question,
                              const ToldStep& tell) {
    const TimePoint now = context.clock.now();
    const std::string model = model_name(question.provider, question.model);
    TRY(const SpendView view, SpendView::of(context, question.key.team_id));
    const BillingTerms terms = context.spend->billing(question.key.team_id);
    const PriceAsked asked = price_of(context, question, terms.unpriced);
    if (!asked.is_known && terms.unpriced == UnpricedRule::Block) {
        tell("price",
             "team",
             name(terms.unpriced),
             fail({.code = ErrorCode::ModelNotAllowed,
                   .message = "The model has no price, and the team's terms refuse models without "
                              "one.",
                   .param = "model",
                   .facts = {{"denied_by", "team"}}}));
    }
    const bool is_bounded = terms.mode != CreditMode::Unlimited;
    const CallBound most = bound_of(question.asked, asked.price, is_bounded);
    const NanoUsd amount =
        most_cost(asked.price, most.input_tokens, most.all_output(), terms.markup_basis_points);
    std::optional<SpendDenial> denial;
    {
        const auto makers = makers_of(context, question.key);
        const SpendGate gate(*context.spend,
                             {.team_id = question.key.team_id,
                              .app_id = question.key.app_id,
                              .key_id = question.key.id,
                              .key_slot = question.caller.slot,
                              .model = model,
                              .makers = makers},
                             now);
        denial = gate.find_denial(amount);
    }
    const bool by_balance = denial && denial->by_balance;
    const BalanceState balance = context.spend->balance(question.key.team_id);
    if (balance.mode != CreditMode::Unlimited) {
        tell("balance",
             "team",
             dollars(balance.balance),
             by_balance ? refusal_of(denial, now) : Result<void>());
    }
    for (const SpendView::Entry& entry : view.binding(question.key, model)) {
        tell("budget",
             name(entry.budget.scope),
             entry.budget.name,
             refusal_of(denial_of(entry, amount), now));
    }
    return amount;
}

}  // namespace keywarden
