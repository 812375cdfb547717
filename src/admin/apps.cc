// Apps: named parts of a team, to which keys belong.
#include <string>
#include <utility>

#include "admin/account_fields.h"
#include "admin/account_record.h"
#include "admin/changed_by.h"
#include "admin/grantor.h"
#include "admin/handlers.h"
#include "admin/idempotency.h"
#include "admin/key_record.h"
#include "admin/warnings.h"
#include "base/id.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

/// Errors: VersionMismatch when If-Match asks for another version.
Result<void> check_version(const HttpRequest& request, int64_t version, std::string_view what) {
    TRY(const auto wanted, if_match(request));
    if (!wanted || *wanted == version) return {};
    return fail(ErrorCode::VersionMismatch,
                "The " + std::string(what) + " was changed meanwhile. Read it again.");
}

/// Where an app's policy stands: within its team's and the plan's.
PolicyPlace place_of(const App& app) { return {.team_id = app.team_id, .scope = Scope::App}; }

AuditEntry entry(AdminContext& context, const ApiCall& call, const char* action, const App& app) {
    return audit_entry(
        changed_by(context, call), app.team_id, action, {"app", app.id}, context.clock.now());
}

}  // namespace

Result<HttpResponse> list_apps(AdminContext& context, const ApiCall& call) {
    TRY(const auto apps, context.keys.store().accounts().list_apps(call.caller->team_id));
    Json data = Json::array();
    for (const App& app : apps) data.push_back(app_record(app));
    return list_response(std::move(data), "");
}

Result<HttpResponse> create_app(AdminContext& context, const ApiCall& call) {
    return run_once(context, call, "apps.create", [&](const AnswerNote& note) -> Result<Created> {
        TRY(const Json object, read_object(call.request, Body::Required));
        App app{.id = new_id("app"),
                .team_id = std::string(call.caller->team_id),
                .created_at = context.clock.now()};
        TRY_VOID(read_fields<App>(object, app_fields(), app));
        if (app.name.empty()) return fail_field("name", "is required");
        TRY_VOID(check_ceilings(context, place_of(app), app.policy));
        AuditEntry audit = entry(context, call, "app.create", app);
        audit.diff = audit_diff({}, audit_facts(app));
        Json record = app_record(app);
        warn_of_policy(context, {}, app.policy, record);
        TRY_VOID(store_answered(context, note(201, record), [&] {
            return context.keys.store().accounts().create_app(app, audit);
        }));
        context.keys.policies().put(rules_of(app));
        return Created{.record = std::move(record)};
    });
}

Result<HttpResponse> read_app(AdminContext& context, const ApiCall& call) {
    TRY(const App app,
        context.keys.store().accounts().get_app(call.caller->team_id, call.values.at(0)));
    return versioned_response(200, app_record(app), app.version);
}

Result<HttpResponse> change_app(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const App before, accounts.get_app(call.caller->team_id, call.values.at(0)));
    TRY_VOID(check_version(call.request, before.version, "app"));
    App app = before;
    TRY_VOID(read_fields<App>(object, app_fields(), app));
    TRY_VOID(check_ceilings(context, place_of(app), app.policy, before.policy));
    TRY_VOID(check_may_widen(context, *call.caller, "policy", before.policy, app.policy));
    ++app.version;
    AuditEntry audit = entry(context, call, "app.update", app);
    audit.diff = audit_diff(audit_facts(before), audit_facts(app));
    TRY_VOID(accounts.update_app(app, audit));
    context.keys.policies().put(rules_of(app));
    Json record = app_record(app);
    warn_of_policy(context, before.policy, app.policy, record);
    return versioned_response(200, record, app.version);
}

Result<HttpResponse> delete_app(AdminContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    AccountStore& accounts = context.keys.store().accounts();
    TRY(const App app, accounts.get_app(call.caller->team_id, call.values.at(0)));
    TRY_VOID(check_version(call.request, app.version, "app"));
    AuditEntry audit = entry(context, call, "app.delete", app);
    audit.diff = audit_diff(audit_facts(app), {});
    TRY_VOID(accounts.delete_app(app.team_id, app.id, audit));
    return json_response(200, {{"id", app.id}, {"object", "app"}, {"deleted", true}});
}

}  // namespace keywarden
