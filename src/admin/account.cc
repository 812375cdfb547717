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
#include "store/load_policies.h"

namespace keywarden {
namespace {

Result<Json> record_of_team(AdminContext& context, std::string_view team_id) {
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const Team team, accounts.get_team(team_id));
    TRY(const Plan plan, accounts.get_plan(team.plan_id));
    return team_record(team, plan, context.keys.defaults().caps);
}

}  // namespace

Result<HttpResponse> read_account(AdminContext& context, const ApiCall& call) {
    TRY(const Json record, record_of_team(context, call.caller->team_id));
    return versioned_response(200, record, record["version"].get<int64_t>());
}

Result<HttpResponse> change_account_policy(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const Team before, accounts.get_team(call.caller->team_id));
    TRY(const Plan plan, accounts.get_plan(before.plan_id));
    TRY(const auto wanted, if_match(call.request));
    if (wanted && *wanted != before.version) {
        return fail(ErrorCode::VersionMismatch, "The team was changed meanwhile. Read it again.");
    }
    Team team = before;
    TRY_VOID(read_policy("", object, team.policy));
    const PolicyPlace place{.team_id = team.id, .scope = Scope::Team, .under = ""};
    TRY_VOID(check_ceilings(context, place, team.policy, before.policy));
    TRY_VOID(check_may_widen(context, *call.caller, "", before.policy, team.policy));
    ++team.version;
    AuditEntry audit = audit_entry(
        changed_by(context, call), team.id, "team.policy", {"team", team.id}, context.clock.now());
    audit.diff = audit_diff(audit_facts(before), audit_facts(team));
    TRY_VOID(accounts.update_team(team, audit));
    context.keys.policies().put(rules_of(team));
    Json record = team_record(team, plan, context.keys.defaults().caps);
    warn_of_policy(context, before.policy, team.policy, record);
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
