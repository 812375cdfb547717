#include "admin/budget_fields.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "admin/choice_field.h"
#include "admin/key_fields.h"
#include "admin/model_name.h"
#include "admin/money_field.h"
#include "admin/report_query.h"
#include "base/clock.h"

namespace keywarden {
namespace {

constexpr size_t kTargetMax = 300;  // characters
constexpr int64_t kPercentMax = 1'000'000;

Result<void> read_thresholds(const Json& value, Budget& budget) {
    const auto is_percent = [](const Json& each) {
        return each.is_number_integer() && each >= 1 && each <= 100;
    };
    if (!value.is_array() || value.size() > kThresholdsMax ||
        !std::ranges::all_of(value, is_percent)) {
        return fail_field("thresholds",
                          "must be a list of at most " + std::to_string(kThresholdsMax) +
                              " whole numbers from 1 to 100");
    }
    std::vector<uint8_t> percents;
    for (const Json& each : value) percents.push_back(each.get<uint8_t>());
    std::ranges::sort(percents);
    if (std::ranges::adjacent_find(percents) != percents.end()) {
        return fail_field("thresholds", "has a number twice");
    }
    budget.thresholds = {};
    std::ranges::copy(percents, budget.thresholds.begin());
    return {};
}

constexpr Field<Budget> kName = {"name", [](const Json& value, Budget& budget) -> Result<void> {
                                     TRY(budget.name, read_line("name", value, kBudgetNameMax));
                                     return {};
                                 }};
constexpr Field<Budget> kAmount = {"amount_usd",
                                   [](const Json& value, Budget& budget) -> Result<void> {
                                       TRY(budget.amount, read_money("amount_usd", value));
                                       return {};
                                   }};
constexpr Field<Budget> kBlocks = {"blocks", [](const Json& value, Budget& budget) -> Result<void> {
                                       if (!value.is_boolean()) {
                                           return fail_field("blocks", "must be true or false");
                                       }
                                       budget.blocks = value.get<bool>();
                                       return {};
                                   }};
constexpr Field<Budget> kThresholds = {"thresholds", read_thresholds};

constexpr std::array kChangeFields = {kName, kAmount, kBlocks, kThresholds};
constexpr std::array kNewFields = {
    kName,
    kAmount,
    kBlocks,
    kThresholds,
    Field<Budget>{"scope",
                  [](const Json& value, Budget& budget) {
                      return read_choice("scope", value, spend_scope_of, budget.scope);
                  }},
    Field<Budget>{"target",
                  [](const Json& value, Budget& budget) -> Result<void> {
                      if (value.is_null()) return {};
                      TRY(budget.target, read_line("target", value, kTargetMax));
                      return {};
                  }},
    Field<Budget>{"period",
                  [](const Json& value, Budget& budget) {
                      return read_choice("period", value, period_of, budget.period);
                  }},
};

/// NotFound becomes what is wrong with the target.
template <class T>
Result<void> must_be_there(const Result<T>& found, std::string_view what) {
    if (found) return {};
    if (found.error().code != ErrorCode::NotFound) return fail(found.error());
    return fail_field("target", "must be the id of " + std::string(what));
}

/// Of the amount, rounded down; what is spent beyond it is more than a hundred.
int64_t percent_of(NanoUsd spent, NanoUsd amount) {
    if (amount <= NanoUsd() || spent <= NanoUsd()) return 0;
    const auto percent = static_cast<__int128>(spent.value) * 100 / amount.value;
    return percent > kPercentMax ? kPercentMax : static_cast<int64_t>(percent);
}

struct RaiseDraft {
    BudgetRaise raise{};
    std::string until{};
};

constexpr std::array kRaiseFields = {
    Field<RaiseDraft>{"amount_usd",
                      [](const Json& value, RaiseDraft& draft) -> Result<void> {
                          TRY(draft.raise.amount, read_money("amount_usd", value));
                          return {};
                      }},
    Field<RaiseDraft>{"until",
                      [](const Json& value, RaiseDraft& draft) -> Result<void> {
                          TRY(draft.until, read_line("until", value, kTargetMax));
                          return {};
                      }},
};

}  // namespace

std::span<const Field<Budget>> new_budget_fields() { return kNewFields; }
std::span<const Field<Budget>> budget_change_fields() { return kChangeFields; }

Result<void> check_target(AdminContext& context, Budget& budget) {
    if (budget.scope == SpendScope::Team) {
        if (budget.target.empty()) return {};
        return fail_field("target", "is not for a budget of the whole team");
    }
    if (budget.target.empty()) {
        return fail_field("target", "is required: what of the team it is for");
    }
    Store& store = context.keys.store();
    switch (budget.scope) {
        case SpendScope::Key:
            return must_be_there(store.get_key(budget.team_id, budget.target), "a key of the team");
        case SpendScope::App:
            return must_be_there(store.accounts().get_app(budget.team_id, budget.target),
                                 "an app of the team");
        case SpendScope::Plan:
            return must_be_there(store.accounts().get_plan(budget.target), "a plan");
        case SpendScope::Model: {
            const auto target = context.models->resolve_model(budget.target);
            if (!target) {
                Error error = target.error();
                error.code = ErrorCode::InvalidRequest;
                error.param = "target";
                return fail(std::move(error));
            }
            budget.target = full_name(*context.models, target->provider, target->id);
            return {};
        }
        default:
            return {};
    }
}

Result<BudgetRaise> read_raise(AdminContext& context,
                               const ApiCall& call,
                               std::string_view team_id) {
    TRY(const Json object, read_object(call.request, Body::Required));
    RaiseDraft draft;
    TRY_VOID(read_fields<RaiseDraft>(object, kRaiseFields, draft));
    for (const char* needed : {"amount_usd", "until"}) {
        if (!object.contains(needed)) return fail_field(needed, "is required");
    }
    TRY(draft.raise.until, read_moment(context, team_id, "until", draft.until));
    if (draft.raise.until > context.clock.now()) return draft.raise;
    return fail_field("until", "must lie in the future");
}

Json budget_state_record(const BudgetState& state) {
    const NanoUsd left = state.amount - state.spent - state.held;
    return {{"limit_usd", money(state.amount)},
            {"spent_usd", money(state.spent)},
            {"held_usd", money(state.held)},
            {"remaining_usd", money(std::max(left, NanoUsd()))},
            {"percent", percent_of(state.spent, state.amount)},
            {"resets_at", state.resets_at ? Json(format_iso8601(*state.resets_at)) : nullptr}};
}

Result<Json> budget_record(const Budget& budget,
                           const std::optional<BudgetState>& state,
                           TimePoint now,
                           ReportNames& names) {
    Json target = nullptr;
    if (budget.scope == SpendScope::Key) {
        TRY(target, names.key(budget.target));
    } else if (budget.scope == SpendScope::App) {
        TRY(target, names.app(budget.target));
    }
    Json thresholds = Json::array();
    for (const uint8_t each : budget.thresholds) {
        if (each != 0) thresholds.push_back(each);
    }
    Json record = {{"id", budget.id},
                   {"object", "budget"},
                   {"name", budget.name},
                   {"scope", name(budget.scope)},
                   {"target", budget.target.empty() ? Json(nullptr) : Json(budget.target)},
                   {"target_name",
                    target.is_object() && target.contains("name") ? target["name"] : Json(nullptr)},
                   {"amount_usd", money(budget.amount)},
                   {"period", name(budget.period)},
                   {"blocks", budget.blocks},
                   {"thresholds", std::move(thresholds)},
                   {"raise", nullptr}};
    if (budget.raise && budget.raise->until > now) {
        record["raise"] = {{"amount_usd", money(budget.raise->amount)},
                           {"until", format_iso8601(budget.raise->until)}};
    }
    record["state"] = state ? budget_state_record(*state) : Json(nullptr);
    record["created_at"] = format_iso8601(budget.created_at);
    record["version"] = budget.version;
    return record;
}

}  // namespace keywarden
