// Budgets in bodies and answers.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "admin/context.h"
#include "admin/json_body.h"
#include "admin/usage_record.h"
#include "base/result.h"
#include "domain/budget.h"
#include "domain/route.h"
#include "store/spend_directory.h"

namespace keywarden {

/// What a new budget says, and what of it may change later: all but its scope, target, and period.
std::span<const Field<Budget>> new_budget_fields();
std::span<const Field<Budget>> budget_change_fields();

/// Makes sure that there is such a key, app, model, or plan, and calls a model by its whole name.
/// Errors: InvalidRequest, naming the field.
Result<void> check_target(AdminContext& context, Budget& budget);

/// Reads a raise. Errors: InvalidRequest, also when it ends in the past.
Result<BudgetRaise> read_raise(AdminContext& context,
                               const ApiCall& call,
                               std::string_view team_id);

/// `state` empty: of a plan, whose teams each have their own.
Result<Json> budget_record(const Budget& budget,
                           const std::optional<BudgetState>& state,
                           TimePoint now,
                           ReportNames& names);
Json budget_state_record(const BudgetState& state);

}  // namespace keywarden
