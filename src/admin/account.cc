// The caller's team: GET /v1/account, and the three routes under /api.
#include <string>
#include <string_view>

#include "admin/account_record.h"
#include "admin/changed_by.h"
#include "admin/grantor.h"
#include "admin/handlers.h"
#include "admin/key_record.h"
#include "admin/policy_field.h"
#include "admin/warnings.h"
#include "base/clock.h"
#include "base/version.h"
#include "domain/effective_policy.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

Result<Json> record_of_team(AdminContext& context, const Team& team) {
    TRY(const Plan plan, context.keys.store().accounts().get_plan(team.plan_id));
    return team_record(team, plan, context.keys.defaults().caps);
}

/// The team as it is, if it is what If-Match asks for.
Result<Team> team_to_change(AdminContext& context, const ApiCall& call) {
    TRY(Team team, context.keys.store().accounts().get_team(call.caller->team_id));
    TRY(const auto wanted, if_match(call.request));
    if (!wanted || *wanted == team.version) return team;
    return fail(ErrorCode::VersionMismatch, "The team was changed meanwhile. Read it again.");
}

/// Stores it, with the row that tells of `action`; from then on it holds.
Result<void> put_team(AdminContext& context,
                      const ApiCall& call,
                      const char* action,
                      const Team& before,
                      Team& team) {
    ++team.version;
    AuditEntry audit = audit_entry(
        changed_by(context, call), team.id, action, {"team", team.id}, context.clock.now());
    audit.diff = audit_diff(audit_facts(before), audit_facts(team));
    TRY_VOID(context.keys.store().accounts().update_team(team, audit));
    context.keys.policies().put(rules_of(team));
    return {};
}

/// What a key of the team starts with that names no limit: of the team, its plan, or the instance.
Result<Policy> beginning_of_keys(AdminContext& context, const Team& team) {
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const InstanceSettings instance, accounts.get_instance());
    TRY(const Plan plan, accounts.get_plan(team.plan_id));
    SourcedLimits limits;
    limits.fill(Scope::Team, team.key_defaults);
    limits.fill(Scope::Plan, plan.key_defaults);
    limits.fill(Scope::Instance,
                rules_of(instance, context.keys.defaults().rate_limit_rpm).key_defaults);
    return Policy{.limits = limits.values()};
}

}  // namespace

Result<HttpResponse> read_account(AdminContext& context, const ApiCall& call) {
    TRY(const Team team, context.keys.store().accounts().get_team(call.caller->team_id));
    TRY(const Json record, record_of_team(context, team));
    return versioned_response(200, record, team.version);
}

Result<HttpResponse> change_account_policy(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    TRY(const Team before, team_to_change(context, call));
    Team team = before;
    TRY_VOID(read_policy("", object, team.policy));
    const PolicyPlace place{.team_id = team.id, .scope = Scope::Team, .under = ""};
    TRY_VOID(check_ceilings(context, place, team.policy, before.policy));
    TRY_VOID(check_may_widen(context, *call.caller, "", before.policy, team.policy));
    TRY_VOID(put_team(context, call, "team.policy", before, team));
    TRY(Json record, record_of_team(context, team));
    warn_of_policy(context, before.policy, team.policy, record);
    return versioned_response(200, record, team.version);
}

Result<HttpResponse> change_account_key_defaults(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    TRY(const Team before, team_to_change(context, call));
    Team team = before;
    TRY_VOID(read_limits("", object, team.key_defaults));
    TRY_VOID(of_key_defaults(check_key_defaults(context, team, before.key_defaults), ""));
    TRY(const Policy was, beginning_of_keys(context, before));
    TRY(const Policy wanted, beginning_of_keys(context, team));
    TRY_VOID(of_key_defaults(check_may_widen(context, *call.caller, "", was, wanted), ""));
    TRY_VOID(put_team(context, call, "team.key_defaults", before, team));
    TRY(const Json record, record_of_team(context, team));
    return versioned_response(200, record, team.version);
}

/// Under /api moments are milliseconds since 1970.
Result<HttpResponse> read_api_account(AdminContext& context, const ApiCall& call) {
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const Team team, accounts.get_team(call.caller->team_id));
    TRY(const Plan plan, accounts.get_plan(team.plan_id));
    return json_response(200,
                         {{"id", team.id},
                          {"name", team.name},
                          {"plan", plan.name},
                          {"createdAt", to_millis(team.created_at)}});
}

Result<HttpResponse> list_api_apps(AdminContext& context, const ApiCall& call) {
    TRY(const auto apps, context.keys.store().accounts().list_apps(call.caller->team_id));
    Json list = Json::array();
    for (const App& app : apps) {
        list.push_back(
            {{"id", app.id}, {"name", app.name}, {"createdAt", to_millis(app.created_at)}});
    }
    return json_response(200, list);
}

Result<HttpResponse> read_api_status(AdminContext& context, const ApiCall&) {
    return json_response(200,
                         {{"status", context.draining() ? "draining" : "ok"},
                          {"version", version()},
                          {"time", to_millis(context.clock.now())}});
}

}  // namespace keywarden
