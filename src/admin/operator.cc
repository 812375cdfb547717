// What only the operator of the instance does: teams, plans, users.
#include <array>
#include <string>
#include <utility>

#include "admin/account_record.h"
#include "admin/changed_by.h"
#include "admin/handlers.h"
#include "admin/key_record.h"
#include "admin/list_query.h"
#include "admin/policy_field.h"
#include "base/id.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

constexpr std::array kTeamFields = {
    Field<Team>{"name",
                [](const Json& value, Team& team) -> Result<void> {
                    TRY(team.name, read_name_of("name", value));
                    return {};
                }},
    Field<Team>{"plan",
                [](const Json& value, Team& team) -> Result<void> {
                    TRY(team.plan_id, read_name_of("plan", value));
                    return {};
                }},
    Field<Team>{"state",
                [](const Json& value, Team& team) -> Result<void> {
                    const auto state = value.is_string()
                                           ? team_state_of(value.get_ref<const std::string&>())
                                           : std::nullopt;
                    if (!state) {
                        return fail_field("state",
                                          "must be \"active\", \"suspended\", or \"overdue\"");
                    }
                    team.state = *state;
                    return {};
                }},
};

constexpr std::array kPlanFields = {
    Field<Plan>{"name",
                [](const Json& value, Plan& plan) -> Result<void> {
                    TRY(plan.name, read_name_of("name", value));
                    return {};
                }},
    Field<Plan>{"active_keys_max",
                [](const Json& value, Plan& plan) -> Result<void> {
                    TRY(plan.active_keys_max, read_cap("active_keys_max", value));
                    return {};
                }},
    Field<Plan>{"creations_per_hour_max",
                [](const Json& value, Plan& plan) -> Result<void> {
                    TRY(plan.creations_per_hour_max, read_cap("creations_per_hour_max", value));
                    return {};
                }},
    Field<Plan>{
        "policy",
        [](const Json& value, Plan& plan) { return read_policy("policy", value, plan.policy); }},
};

constexpr std::array kUserFields = {
    Field<User>{"email",
                [](const Json& value, User& user) -> Result<void> {
                    TRY(user.email, read_email(value));
                    return {};
                }},
    Field<User>{"name",
                [](const Json& value, User& user) -> Result<void> {
                    TRY(user.name, read_name_of("name", value));
                    return {};
                }},
};

AccountStore& accounts_of(AdminContext& context) { return context.keys.store().accounts(); }

/// The row for a change from `before` (null: there was none) to `after`.
template <class T>
AuditEntry entry(AdminContext& context,
                 const ApiCall& call,
                 std::string tenant,
                 const char* type,
                 const T* before,
                 const T& after) {
    AuditEntry audit = audit_entry(changed_by(context, call),
                                   std::move(tenant),
                                   std::string(type) + (before == nullptr ? ".create" : ".update"),
                                   {type, after.id},
                                   context.clock.now());
    audit.diff =
        audit_diff(before == nullptr ? AuditFacts() : audit_facts(*before), audit_facts(after));
    return audit;
}

/// Takes the body's fields over into `draft`, whose version must be the one that If-Match asks for.
template <class T>
Result<void> read_change(const ApiCall& call, std::span<const Field<T>> fields, T& draft) {
    TRY(const Json object, read_object(call.request, Body::Required));
    if constexpr (requires { draft.version; }) {
        TRY(const auto wanted, if_match(call.request));
        if (wanted && *wanted != draft.version) {
            return fail(ErrorCode::VersionMismatch, "It was changed meanwhile. Read it again.");
        }
        ++draft.version;
    }
    return read_fields<T>(object, fields, draft);
}

template <class T>
Result<void> read_new(const ApiCall& call, std::span<const Field<T>> fields, T& draft) {
    TRY(const Json object, read_object(call.request, Body::Required));
    TRY_VOID(read_fields<T>(object, fields, draft));
    if (draft.name.empty()) return fail_field("name", "is required");
    return {};
}

Result<PageQuery> page_query(const ApiCall& call) {
    TRY(const ListQuery wanted, read_list_query(call.request.query));
    if (wanted.status) return fail_field("status", "is none of these");
    return PageQuery{.after = wanted.after, .limit = wanted.limit};
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
    Team team{.id = new_id("team"), .created_at = context.clock.now()};
    TRY_VOID(read_new<Team>(call, kTeamFields, team));
    const AuditEntry audit =
        entry(context, call, team.id, "team", static_cast<const Team*>(nullptr), team);
    TRY_VOID(accounts_of(context).create_team(team, audit));
    context.keys.policies().put(rules_of(team));
    return team_response(context, 201, team);
}

Result<HttpResponse> read_team(AdminContext& context, const ApiCall& call) {
    TRY(const Team team, accounts_of(context).get_team(call.values.at(0)));
    return team_response(context, 200, team);
}

Result<HttpResponse> change_team(AdminContext& context, const ApiCall& call) {
    TRY(const Team before, accounts_of(context).get_team(call.values.at(0)));
    Team team = before;
    TRY_VOID(read_change<Team>(call, kTeamFields, team));
    TRY_VOID(accounts_of(context).update_team(
        team, entry(context, call, team.id, "team", &before, team)));
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
    Plan plan{.id = new_id("plan")};
    TRY_VOID(read_new<Plan>(call, kPlanFields, plan));
    const AuditEntry audit =
        entry(context, call, kInstanceTenant, "plan", static_cast<const Plan*>(nullptr), plan);
    TRY_VOID(accounts_of(context).create_plan(plan, audit));
    context.keys.policies().put(rules_of(plan));
    return versioned_response(201, plan_record(plan), plan.version);
}

Result<HttpResponse> read_plan(AdminContext& context, const ApiCall& call) {
    TRY(const Plan plan, accounts_of(context).get_plan(call.values.at(0)));
    return versioned_response(200, plan_record(plan), plan.version);
}

Result<HttpResponse> change_plan(AdminContext& context, const ApiCall& call) {
    TRY(const Plan before, accounts_of(context).get_plan(call.values.at(0)));
    Plan plan = before;
    TRY_VOID(read_change<Plan>(call, kPlanFields, plan));
    TRY_VOID(accounts_of(context).update_plan(
        plan, entry(context, call, kInstanceTenant, "plan", &before, plan)));
    context.keys.policies().put(rules_of(plan));
    return versioned_response(200, plan_record(plan), plan.version);
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
    TRY(const User before, accounts_of(context).get_user(call.values.at(0)));
    User user = before;
    TRY_VOID(read_change<User>(call, kUserFields, user));
    TRY_VOID(accounts_of(context).update_user(
        user, entry(context, call, kInstanceTenant, "user", &before, user)));
    return json_response(200, user_record(user));
}

}  // namespace keywarden
