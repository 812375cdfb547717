#include "domain/budget.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/money.h"
#include "base/names.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, kPeriods> kPeriodNames = {"day", "week", "month", "total"};
constexpr std::array<std::string_view, static_cast<size_t>(SpendScope::kCount)> kScopeNames = {
    "team", "app", "key", "model", "tag", "plan"};

std::unexpected<Error> wrong(std::string_view field, std::string message) {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = std::move(message),
                 .param = std::string(field)});
}

Result<void> check_amount(std::string_view field, NanoUsd amount) {
    if (amount > NanoUsd{} && amount <= kMoneyMax) return {};
    return wrong(
        field,
        fmt::format(
            "'{}' must be above zero and at most {} dollars.", field, format_usd(kMoneyMax)));
}

Result<void> check_target(const Budget& budget) {
    if (budget.scope == SpendScope::Team) {
        if (budget.target.empty()) return {};
        return wrong("target", "A budget of the team as a whole has no 'target'.");
    }
    if (!budget.target.empty() && budget.target.size() <= kBudgetTargetMax) return {};
    return wrong("target",
                 fmt::format("'target' must say which {}, in at most {} bytes.",
                             name(budget.scope),
                             kBudgetTargetMax));
}

Result<void> check_thresholds(const Budget& budget) {
    int last = 0;
    bool is_over = false;
    for (const uint8_t percent : budget.thresholds) {
        if (percent == 0) {
            is_over = true;
            continue;
        }
        if (is_over || percent <= last || percent > 100) {
            return wrong("thresholds",
                         "'thresholds' are whole percents from 1 to 100, each above the one "
                         "before.");
        }
        last = percent;
    }
    return {};
}

}  // namespace

std::string_view name(Period period) { return kPeriodNames.at(static_cast<size_t>(period)); }

std::optional<Period> period_of(std::string_view text) {
    return find_name<Period>(kPeriodNames, text);
}

std::string_view name(SpendScope scope) { return kScopeNames.at(static_cast<size_t>(scope)); }

std::optional<SpendScope> spend_scope_of(std::string_view text) {
    return find_name<SpendScope>(kScopeNames, text);
}

NanoUsd Budget::amount_at(TimePoint now) const {
    return raise && now < raise->until ? add_saturating(amount, raise->amount) : amount;
}

Result<void> check_budget(const Budget& budget) {
    // Characters of UTF-8, as people count them.
    const auto characters = std::ranges::count_if(
        budget.name, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    if (budget.name.empty() || static_cast<size_t>(characters) > kBudgetNameMax) {
        return wrong("name", fmt::format("'name' must have 1 to {} characters.", kBudgetNameMax));
    }
    if (budget.team_id.empty() != (budget.scope == SpendScope::Plan)) {
        return wrong("scope", "Budgets of a plan, and only they, belong to no team.");
    }
    TRY_VOID(check_target(budget));
    TRY_VOID(check_amount("amount", budget.amount));
    TRY_VOID(check_thresholds(budget));
    if (budget.raise) TRY_VOID(check_amount("raise.amount", budget.raise->amount));
    return {};
}

}  // namespace keywarden
