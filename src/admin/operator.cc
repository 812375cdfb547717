// What only the operator of the instance does: teams, plans, users.
#include <string>
#include <utility>

#include "admin/account_change.h"
#include "admin/account_fields.h"
#include "admin/account_record.h"
#include "admin/grantor.h"
#include "admin/handlers.h"
#include "admin/idempotency.h"
#include "admin/list_query.h"
#include "admin/sign_ins.h"
#include "admin/warnings.h"
#include "base/id.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

Result<PageQuery> page_query(const ApiCall& call) {
    TRY(const ListQuery wanted, read_list_query(call.request.query));
    if (wanted.status) return fail_field("status", "is none of these");
    return PageQuery{.after = wanted.after, .limit = wanted.limit};
}

/// A plan keeps within the instance, and what it gives keys within the plan.
Result<void> check_plan(AdminContext& context, const Plan& plan, const Policy& before) {
    TRY_VOID(check_ceilings(context, {.scope = Scope::Plan}, plan.policy, before));
    return check_key_defaults(plan.key_defaults, plan.policy, Scope::Plan);
}

/// What a team gives keys keeps within what it is in. A plan that there is not, the store refuses.
Result<void> check_team(AdminContext& context, const Team& team, const Team& before) {
    if (team.key_defaults == before.key_defaults) return {};
    const auto plan = accounts_of(context).get_plan(team.plan_id);
    if (!plan && plan.error().code == ErrorCode::NotFound) return {};
    return check_key_defaults(context, team, before.key_defaults);
}

Result<HttpResponse> team_response(AdminContext& context, int status, const Team& team) {
    TRY(const Plan plan, accounts_of(context).get_plan(team.plan_id));
    const Json record = team_record(team, plan, context.keys.defaults().caps);
    return versioned_response(status, record, team.version);
}

}  // namespace

Result<HttpResponse> list_teams(AdminContext& context, const ApiCall& call) {
    TRY(const PageQuery query, page_query(call));
    TRY(const auto page, accounts_of(context).list_teams(query));
    Json data = Json::array();
    for (const Team& team : page.items) {
        TRY(const Plan plan, accounts_of(context).get_plan(team.plan_id));
        data.push_back(team_record(team, plan, context.keys.defaults().caps));
    }
    return list_response(std::move(data), page.next);
}

Result<HttpResponse> create_team(AdminContext& context, const ApiCall& call) {
    return run_once(context, call, "teams.create", [&](const AnswerNote& note) -> Result<Created> {
        Team team{.id = new_id("team"), .created_at = context.clock.now()};
        TRY_VOID(read_new<Team>(call, team_fields(), team));
        const AuditEntry audit =
            change_entry(context, call, team.id, "team", static_cast<const Team*>(nullptr), team);
        const auto plan = accounts_of(context).get_plan(team.plan_id);
        if (!plan && plan.error().code == ErrorCode::NotFound) {
            return fail_field("plan", "must be the id of a plan");
        }
        if (!plan) return fail(plan.error());
        TRY_VOID(check_key_defaults(context, team, {}));
        Json record = team_record(team, *plan, context.keys.defaults().caps);
        TRY_VOID(store_answered(context, note(201, record), [&] {
            return accounts_of(context).create_team(team, audit);
        }));
        context.keys.policies().put(rules_of(team));
        return Created{.record = std::move(record)};
    });
}

Result<HttpResponse> read_team(AdminContext& context, const ApiCall& call) {
    TRY(const Team team, accounts_of(context).get_team(call.values.at(0)));
    return team_response(context, 200, team);
}

Result<HttpResponse> change_team(AdminContext& context, const ApiCall& call) {
    TRY(const Team before, accounts_of(context).get_team(call.values.at(0)));
    Team team = before;
    TRY_VOID(read_change<Team>(call, team_fields(), team));
    TRY_VOID(check_team(context, team, before));
    TRY_VOID(accounts_of(context).update_team(
        team, change_entry(context, call, team.id, "team", &before, team)));
    context.keys.policies().put(rules_of(team));
    return team_response(context, 200, team);
}

Result<HttpResponse> list_plans(AdminContext& context, const ApiCall&) {
    TRY(const auto plans, accounts_of(context).list_plans());
    Json data = Json::array();
    for (const Plan& plan : plans) data.push_back(plan_record(plan));
    return list_response(std::move(data), "");
}

Result<HttpResponse> create_plan(AdminContext& context, const ApiCall& call) {
    return run_once(context, call, "plans.create", [&](const AnswerNote& note) -> Result<Created> {
        Plan plan{.id = new_id("plan")};
        TRY_VOID(read_new<Plan>(call, plan_fields(), plan));
        TRY_VOID(check_plan(context, plan, {}));
        const AuditEntry audit = change_entry(
            context, call, kInstanceTenant, "plan", static_cast<const Plan*>(nullptr), plan);
        Json record = plan_record(plan);
        warn_of_policy(context, {}, plan.policy, record);
        TRY_VOID(store_answered(context, note(201, record), [&] {
            return accounts_of(context).create_plan(plan, audit);
        }));
        context.keys.policies().put(rules_of(plan));
        return Created{.record = std::move(record)};
    });
}

Result<HttpResponse> read_plan(AdminContext& context, const ApiCall& call) {
    TRY(const Plan plan, accounts_of(context).get_plan(call.values.at(0)));
    return versioned_response(200, plan_record(plan), plan.version);
}

Result<HttpResponse> change_plan(AdminContext& context, const ApiCall& call) {
    TRY(const Plan before, accounts_of(context).get_plan(call.values.at(0)));
    Plan plan = before;
    TRY_VOID(read_change<Plan>(call, plan_fields(), plan));
    TRY_VOID(check_plan(context, plan, before.policy));
    TRY_VOID(accounts_of(context).update_plan(
        plan, change_entry(context, call, kInstanceTenant, "plan", &before, plan)));
    context.keys.policies().put(rules_of(plan));
    Json record = plan_record(plan);
    warn_of_policy(context, before.policy, plan.policy, record);
    return versioned_response(200, record, plan.version);
}

Result<HttpResponse> list_users(AdminContext& context, const ApiCall& call) {
    TRY(const PageQuery query, page_query(call));
    TRY(const auto page, accounts_of(context).list_users(query));
    Json data = Json::array();
    for (const User& user : page.items) data.push_back(user_record(user));
    return list_response(std::move(data), page.next);
}

Result<HttpResponse> read_user(AdminContext& context, const ApiCall& call) {
    TRY(const User user, accounts_of(context).get_user(call.values.at(0)));
    return json_response(200, user_record(user));
}

Result<HttpResponse> change_user(AdminContext& context, const ApiCall& call) {
    User user;
    // In one step: a new name must not take back what another call has changed meanwhile.
    const auto changes = [&]() -> Result<void> {
        TRY(const User before, accounts_of(context).get_user(call.values.at(0)));
        user = before;
        TRY_VOID(read_change<User>(call, user_fields(), user));
        if (user.is_disabled && call.caller->user_id == user.id) {
            return fail_field("is_disabled",
                              "would lock yourself out: have another operator do it");
        }
        return accounts_of(context).update_user(
            user, change_entry(context, call, kInstanceTenant, "user", &before, user));
    };
    TRY_VOID(context.keys.store().together(changes));
    if (user.is_disabled) TRY_VOID(end_sessions_of(context, user.id));
    return json_response(200, user_record(user));
}

}  // namespace keywarden
