// Budgets: so much money in so much time, for a team or a part of it; and for every team of a plan.
#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/account_change.h"
#include "admin/account_record.h"
#include "admin/budget_fields.h"
#include "admin/changed_by.h"
#include "admin/grantor.h"
#include "admin/handlers.h"
#include "admin/idempotency.h"
#include "admin/money_field.h"
#include "base/id.h"
#include "domain/money_facts.h"

namespace keywarden {
namespace {

UsageStore& usage_of(AdminContext& context) { return context.keys.store().usage(); }

/// Whose budgets a route is about: those of the caller's team, or, with an empty id, of plans.
std::string owner_of(const ApiCall& call) {
    const bool is_of_plans = call.request.path.starts_with("/v1/admin/");
    return is_of_plans ? std::string() : std::string(call.caller->team_id);
}

/// A budget as `team_id` meets it; empty: as an operator sees one of a plan.
Result<Json> record_of(AdminContext& context,
                       const Budget& budget,
                       std::string_view team_id,
                       ReportNames& names) {
    std::optional<BudgetState> state;
    if (!team_id.empty()) {
        TRY(state, context.spend->budget(team_id, budget.id));
    }
    return budget_record(budget, state, context.clock.now(), names);
}

Result<Json> record_of(AdminContext& context, const Budget& budget) {
    ReportNames names(context, budget.team_id);
    return record_of(context, budget, budget.team_id, names);
}

AuditEntry entry_of(AdminContext& context,
                    const ApiCall& call,
                    const char* action,
                    const Budget* before,
                    const Budget* after) {
    const Budget& shown = after != nullptr ? *after : *before;
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   shown.team_id.empty() ? kInstanceTenant : shown.team_id,
                                   action,
                                   {"budget", shown.id},
                                   context.clock.now());
    audit.diff = audit_diff(before != nullptr ? audit_facts(*before) : AuditFacts(),
                            after != nullptr ? audit_facts(*after) : AuditFacts());
    return audit;
}

/// Changes the budget of the path: in the store, then where calls meet it.
template <class Change>
Result<HttpResponse> change_and_answer(AdminContext& context,
                                       const ApiCall& call,
                                       const char* action,
                                       const Change& change) {
    const std::scoped_lock lock(*context.money_changes);
    TRY(const Budget before, usage_of(context).get_budget(owner_of(call), call.values.at(0)));
    TRY_VOID(check_may_loosen(context, *call.caller, before));
    TRY(const auto wanted, if_match(call.request));
    if (wanted && *wanted != before.version) {
        return fail(ErrorCode::VersionMismatch, "It was changed meanwhile. Read it again.");
    }
    Budget budget = before;
    TRY_VOID(change(budget));
    TRY_VOID(in_words_of_bodies(check_budget(budget)));
    ++budget.version;
    TRY_VOID(
        usage_of(context).update_budget(budget, entry_of(context, call, action, &before, &budget)));
    context.spend->put_budget(budget);
    TRY(const Json record, record_of(context, budget));
    return versioned_response(200, record, budget.version);
}

}  // namespace

Result<HttpResponse> list_budgets(AdminContext& context, const ApiCall& call) {
    const std::string owner = owner_of(call);
    TRY(std::vector<Budget> budgets, usage_of(context).list_budgets(owner));
    if (!owner.empty()) {  // those of its plan bind it, too
        TRY(const Team team, accounts_of(context).get_team(owner));
        TRY(const std::vector<Budget> plans, usage_of(context).list_budgets(""));
        std::ranges::copy_if(plans, std::back_inserter(budgets), [&](const Budget& budget) {
            return budget.target == team.plan_id;
        });
    }
    ReportNames names(context, owner);
    Json data = Json::array();
    for (const Budget& budget : budgets) {
        TRY(Json record, record_of(context, budget, owner, names));
        data.push_back(std::move(record));
    }
    return list_response(std::move(data), "");
}

Result<HttpResponse> create_budget(AdminContext& context, const ApiCall& call) {
    const std::scoped_lock lock(*context.money_changes);
    return run_once(
        context, call, "budgets.create", [&](const AnswerNote& note) -> Result<Created> {
            Budget budget{.id = new_id("budget"),
                          .team_id = owner_of(call),
                          .created_at = context.clock.now()};
            if (budget.team_id.empty()) budget.scope = SpendScope::Plan;
            TRY_VOID(read_new<Budget>(call, new_budget_fields(), budget));
            if ((budget.scope == SpendScope::Plan) != budget.team_id.empty()) {
                return fail_field("scope",
                                  budget.team_id.empty() ? "must be \"plan\" here"
                                                         : "cannot be a plan: operators set those");
            }
            if (budget.amount == NanoUsd()) return fail_field("amount_usd", "is required");
            TRY_VOID(check_target(context, budget));
            TRY_VOID(in_words_of_bodies(check_budget(budget)));
            const AuditEntry audit = entry_of(context, call, "budget.create", nullptr, &budget);
            ReportNames names(context, budget.team_id);
            TRY(Json record, budget_record(budget, std::nullopt, context.clock.now(), names));
            TRY_VOID(store_answered(context, note(201, record), [&] {
                return usage_of(context).create_budget(budget, audit);
            }));
            context.spend->put_budget(budget);
            TRY(record, record_of(context, budget));
            return Created{.record = std::move(record)};
        });
}

Result<HttpResponse> read_budget(AdminContext& context, const ApiCall& call) {
    TRY(const Budget budget, usage_of(context).get_budget(owner_of(call), call.values.at(0)));
    TRY(const Json record, record_of(context, budget));
    return versioned_response(200, record, budget.version);
}

Result<HttpResponse> change_budget(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    return change_and_answer(context, call, "budget.update", [&](Budget& budget) {
        return read_fields<Budget>(object, budget_change_fields(), budget);
    });
}

Result<HttpResponse> delete_budget(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    const std::scoped_lock lock(*context.money_changes);
    TRY(const Budget budget, usage_of(context).get_budget(owner_of(call), call.values.at(0)));
    TRY_VOID(check_may_loosen(context, *call.caller, budget));
    TRY(const auto wanted, if_match(call.request));
    if (wanted && *wanted != budget.version) {
        return fail(ErrorCode::VersionMismatch, "It was changed meanwhile. Read it again.");
    }
    TRY_VOID(usage_of(context).delete_budget(
        budget.team_id, budget.id, entry_of(context, call, "budget.delete", &budget, nullptr)));
    context.spend->remove_budget(budget.team_id, budget.id);
    return json_response(200, {{"id", budget.id}, {"object", "budget"}, {"deleted", true}});
}

Result<HttpResponse> raise_budget(AdminContext& context, const ApiCall& call) {
    TRY(const BudgetRaise raise, read_raise(context, call, call.caller->team_id));
    return change_and_answer(context, call, "budget.raise", [&](Budget& budget) -> Result<void> {
        budget.raise = raise;
        return {};
    });
}

Result<HttpResponse> end_budget_raise(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    return change_and_answer(context, call, "budget.raise_end", [](Budget& budget) -> Result<void> {
        budget.raise.reset();
        return {};
    });
}

}  // namespace keywarden
