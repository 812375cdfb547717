// Read this first: the whole account and operator API, and who may call what, on one screen.
#include "admin/routes.h"

#include <array>

#include "admin/handlers.h"
#include "admin/incidents.h"

namespace keywarden {
namespace {

using Method::Delete;
using Method::Get;
using Method::Options;
using Method::Patch;
using Method::Post;
using Method::Put;
using Permission::AccountRead;
using Permission::AnyKey;
using Permission::AppsWrite;
using Permission::AuditRead;
using Permission::BillingRead;
using Permission::KeysRead;
using Permission::KeysWrite;
using Permission::MembersWrite;
using Permission::Operator;
using Permission::PolicyWrite;
using Permission::ProvidersWrite;
using Permission::Public;
using Permission::TeamLeave;
using Permission::TeamWrite;
using Permission::UsageRead;
using Permission::Verify;

struct Row {
    Method method;
    std::string_view path;
    Requires needs;
    Result<HttpResponse> (*handler)(AdminContext&, const ApiCall&);
};

// `/v1/keys` and `/v1/account/keys` are two names of one thing.
constexpr std::array kRoutes = {
    Row{Get, "/v1/account/keys", KeysRead, list_keys},
    Row{Post, "/v1/account/keys", KeysWrite, create_key},
    Row{Post, "/v1/account/keys/import", KeysWrite, import_keys},
    Row{Get, "/v1/account/keys/{id}", KeysRead, read_key},
    Row{Patch, "/v1/account/keys/{id}", KeysWrite, change_key},
    Row{Delete, "/v1/account/keys/{id}", KeysWrite, revoke_key},
    Row{Put, "/v1/account/keys/{id}/toollist", KeysWrite, put_toollist},
    Row{Post, "/v1/account/keys/{id}/rotate", KeysWrite, rotate_key},
    Row{Post, "/v1/account/keys/{id}/disable", KeysWrite, disable_key},
    Row{Post, "/v1/account/keys/{id}/enable", KeysWrite, enable_key},
    Row{Post, "/v1/account/keys/{id}/quarantine", KeysWrite, quarantine_key},
    Row{Post, "/v1/account/keys/{id}/release", KeysWrite, release_key},

    Row{Get, "/v1/keys", KeysRead, list_keys},
    Row{Post, "/v1/keys", KeysWrite, create_key},
    Row{Post, "/v1/keys/import", KeysWrite, import_keys},
    Row{Get, "/v1/keys/{id}", KeysRead, read_key},
    Row{Patch, "/v1/keys/{id}", KeysWrite, change_key},
    Row{Delete, "/v1/keys/{id}", KeysWrite, revoke_key},
    Row{Put, "/v1/keys/{id}/toollist", KeysWrite, put_toollist},
    Row{Post, "/v1/keys/{id}/rotate", KeysWrite, rotate_key},
    Row{Post, "/v1/keys/{id}/disable", KeysWrite, disable_key},
    Row{Post, "/v1/keys/{id}/enable", KeysWrite, enable_key},
    Row{Post, "/v1/keys/{id}/quarantine", KeysWrite, quarantine_key},
    Row{Post, "/v1/keys/{id}/release", KeysWrite, release_key},

    Row{Post, "/v1/account/keys/verify", Verify, verify_key},
    Row{Post, "/v1/keys/verify", Verify, verify_key},
    Row{Post, "/v1/introspect", Verify, introspect_key},
    // Asked by proxies on behalf of the caller, who is the one to be let in, or not.
    Row{Get, "/v1/authz", AnyKey, authorize_request},
    Row{Get, "/v1/authz/{demands}/{path*}", AnyKey, authorize_request},
    Row{Post, "/v1/authz/{demands}/{path*}", AnyKey, authorize_request},
    Row{Put, "/v1/authz/{demands}/{path*}", AnyKey, authorize_request},
    Row{Patch, "/v1/authz/{demands}/{path*}", AnyKey, authorize_request},
    Row{Delete, "/v1/authz/{demands}/{path*}", AnyKey, authorize_request},
    Row{Options, "/v1/authz/{demands}/{path*}", AnyKey, authorize_request},

    Row{Get, "/v1/account", AccountRead, read_account},
    Row{Patch, "/v1/account", TeamWrite, change_account},
    Row{Post, "/v1/account/leave", TeamLeave, leave_team},
    Row{Get, "/v1/account/close", TeamWrite, read_closing},
    Row{Post, "/v1/account/close", TeamWrite, close_account},
    Row{Patch, "/v1/account/policy", PolicyWrite, change_account_policy},
    Row{Patch, "/v1/account/key-defaults", PolicyWrite, change_account_key_defaults},
    Row{Get, "/v1/account/prices", AccountRead, list_account_prices},
    Row{Post, "/v1/account/explain", KeysRead, explain_request},
    Row{Get, "/v1/account/tools/health", UsageRead, read_tools_health},
    Row{Post, "/v1/account/tools/explain", KeysRead, explain_tools},
    Row{Get, "/v1/account/apps", AccountRead, list_apps},
    Row{Post, "/v1/account/apps", AppsWrite, create_app},
    Row{Get, "/v1/account/apps/{id}", AccountRead, read_app},
    Row{Patch, "/v1/account/apps/{id}", AppsWrite, change_app},
    Row{Delete, "/v1/account/apps/{id}", AppsWrite, delete_app},
    Row{Get, "/v1/account/members", AccountRead, list_members},
    Row{Post, "/v1/account/members", MembersWrite, add_member},
    Row{Patch, "/v1/account/members/{user}", MembersWrite, change_member},
    Row{Delete, "/v1/account/members/{user}", MembersWrite, remove_member},
    Row{Get, "/v1/account/invitations", MembersWrite, list_invitations},
    Row{Post, "/v1/account/invitations", MembersWrite, create_invitation},
    Row{Delete, "/v1/account/invitations/{id}", MembersWrite, delete_invitation},
    Row{Get, "/v1/account/providers", AccountRead, list_credentials},
    Row{Put, "/v1/account/providers", ProvidersWrite, put_credential},
    Row{Get, "/v1/account/providers/{id}", AccountRead, read_credential_of},
    Row{Put, "/v1/account/providers/{id}", ProvidersWrite, change_credential},
    Row{Delete, "/v1/account/providers/{id}", ProvidersWrite, delete_credential},
    Row{Post, "/v1/account/providers/{id}/test", ProvidersWrite, test_credential},
    Row{Get, "/v1/account/audit", AuditRead, list_audit},
    Row{Get, "/v1/account/audit/export", AuditRead, export_audit},

    Row{Get, "/v1/account/usage/summary", UsageRead, read_usage_summary},
    Row{Get, "/v1/account/usage/daily", UsageRead, list_usage_by_day},
    Row{Get, "/v1/account/usage/hourly", UsageRead, list_usage_by_hour},
    Row{Get, "/v1/account/usage/by-key", UsageRead, list_usage_by_key},
    Row{Get, "/v1/account/usage/by-app", UsageRead, list_usage_by_app},
    Row{Get, "/v1/account/usage/by-model", UsageRead, list_usage_by_model},
    Row{Get, "/v1/account/usage/by-provider", UsageRead, list_usage_by_provider},
    Row{Get, "/v1/account/requests", UsageRead, list_requests},
    Row{Get, "/v1/account/requests/{id}", UsageRead, read_request},
    Row{Get, "/v1/account/events", UsageRead, list_events},
    Row{Get, "/v1/account/balance", BillingRead, read_balance},
    Row{Get, "/v1/account/ledger", BillingRead, list_ledger},
    Row{Get, "/v1/account/budgets", UsageRead, list_budgets},
    Row{Post, "/v1/account/budgets", PolicyWrite, create_budget},
    Row{Get, "/v1/account/budgets/{id}", UsageRead, read_budget},
    Row{Patch, "/v1/account/budgets/{id}", PolicyWrite, change_budget},
    Row{Delete, "/v1/account/budgets/{id}", PolicyWrite, delete_budget},
    Row{Post, "/v1/account/budgets/{id}/raise", PolicyWrite, raise_budget},
    Row{Delete, "/v1/account/budgets/{id}/raise", PolicyWrite, end_budget_raise},
    Row{Get, "/v1/account/webhooks", UsageRead, list_webhooks},
    Row{Post, "/v1/account/webhooks", PolicyWrite, create_webhook},
    Row{Get, "/v1/account/webhooks/{id}", UsageRead, read_webhook},
    Row{Patch, "/v1/account/webhooks/{id}", PolicyWrite, change_webhook},
    Row{Delete, "/v1/account/webhooks/{id}", PolicyWrite, delete_webhook},
    Row{Post, "/v1/account/webhooks/{id}/rotate", PolicyWrite, rotate_webhook},
    Row{Post, "/v1/account/webhooks/{id}/test", PolicyWrite, test_webhook},

    Row{Get, "/v1/usage/summary", UsageRead, read_usage_summary},
    Row{Get, "/v1/usage/daily", UsageRead, list_usage_by_day},
    Row{Get, "/v1/usage/hourly", UsageRead, list_usage_by_hour},
    Row{Get, "/v1/usage/by-key", UsageRead, list_usage_by_key},
    Row{Get, "/v1/usage/by-app", UsageRead, list_usage_by_app},
    Row{Get, "/v1/usage/by-model", UsageRead, list_usage_by_model},
    Row{Get, "/v1/usage/by-provider", UsageRead, list_usage_by_provider},
    Row{Get, "/v1/requests", UsageRead, list_requests},
    Row{Get, "/v1/requests/{id}", UsageRead, read_request},

    Row{Get, "/api/account", AccountRead, read_api_account},
    Row{Get, "/api/apps", AccountRead, list_api_apps},
    Row{Get, "/api/status", Public, read_api_status},

    Row{Get, "/v1/admin/teams", Operator, list_teams},
    Row{Post, "/v1/admin/teams", Operator, create_team},
    Row{Get, "/v1/admin/teams/{id}", Operator, read_team},
    Row{Patch, "/v1/admin/teams/{id}", Operator, change_team},
    Row{Get, "/v1/admin/teams/{id}/close", Operator, read_team_closing},
    Row{Post, "/v1/admin/teams/{id}/close", Operator, close_team},
    Row{Post, "/v1/admin/teams/{id}/keys", Operator, create_team_key},
    Row{Post, "/v1/admin/teams/{id}/keys/import", Operator, import_team_keys},
    Row{Post, "/v1/admin/teams/{id}/members", Operator, add_team_member},
    Row{Get, "/v1/admin/teams/{id}/billing", Operator, read_billing},
    Row{Patch, "/v1/admin/teams/{id}/billing", Operator, change_billing},
    Row{Get, "/v1/admin/credits", Operator, list_credits},
    Row{Post, "/v1/admin/credits", Operator, add_credit},
    Row{Get, "/v1/admin/budgets", Operator, list_budgets},
    Row{Post, "/v1/admin/budgets", Operator, create_budget},
    Row{Get, "/v1/admin/budgets/{id}", Operator, read_budget},
    Row{Patch, "/v1/admin/budgets/{id}", Operator, change_budget},
    Row{Delete, "/v1/admin/budgets/{id}", Operator, delete_budget},
    Row{Get, "/v1/admin/webhooks", Operator, list_webhooks},
    Row{Post, "/v1/admin/webhooks", Operator, create_webhook},
    Row{Get, "/v1/admin/webhooks/{id}", Operator, read_webhook},
    Row{Patch, "/v1/admin/webhooks/{id}", Operator, change_webhook},
    Row{Delete, "/v1/admin/webhooks/{id}", Operator, delete_webhook},
    Row{Post, "/v1/admin/webhooks/{id}/rotate", Operator, rotate_webhook},
    Row{Post, "/v1/admin/webhooks/{id}/test", Operator, test_webhook},
    Row{Post, "/v1/admin/ledger/verify", Operator, verify_ledger},
    Row{Get, "/v1/admin/plans", Operator, list_plans},
    Row{Post, "/v1/admin/plans", Operator, create_plan},
    Row{Get, "/v1/admin/plans/{id}", Operator, read_plan},
    Row{Patch, "/v1/admin/plans/{id}", Operator, change_plan},
    Row{Get, "/v1/admin/settings", Operator, read_settings},
    Row{Patch, "/v1/admin/settings", Operator, change_settings},
    Row{Get, "/v1/admin/models", Operator, list_model_limits},
    Row{Get, "/v1/admin/models/{id+}", Operator, read_model_limits},
    Row{Patch, "/v1/admin/models/{id+}", Operator, change_model_limits},
    Row{Get, "/v1/admin/prices", Operator, list_prices},
    Row{Get, "/v1/admin/prices/{model+}", Operator, read_price_of_model},
    Row{Put, "/v1/admin/prices/{model+}", Operator, put_price},
    Row{Delete, "/v1/admin/prices/{model+}", Operator, delete_price},
    Row{Get, "/v1/admin/providers", Operator, list_credentials},
    Row{Put, "/v1/admin/providers", Operator, put_credential},
    Row{Get, "/v1/admin/providers/{id}", Operator, read_credential_of},
    Row{Put, "/v1/admin/providers/{id}", Operator, change_credential},
    Row{Delete, "/v1/admin/providers/{id}", Operator, delete_credential},
    Row{Post, "/v1/admin/providers/{id}/test", Operator, test_credential},
    Row{Get, "/v1/admin/vault", Operator, read_vault},
    Row{Post, "/v1/admin/vault/rotate", Operator, rotate_vault},
    Row{Get, "/v1/admin/users", Operator, list_users},
    Row{Get, "/v1/admin/users/{id}", Operator, read_user},
    Row{Patch, "/v1/admin/users/{id}", Operator, change_user},
    Row{Post, "/v1/admin/users/{id}/reset-link", Operator, create_reset_link},
    Row{Post, "/v1/admin/setup-link", Operator, create_setup_link},
    Row{Get, "/v1/admin/incidents", Operator, list_incidents},
    Row{Post, "/v1/admin/incidents", Operator, create_incident},
    Row{Get, "/v1/admin/incidents/{id}", Operator, read_incident},
    Row{Patch, "/v1/admin/incidents/{id}", Operator, change_incident},
    Row{Delete, "/v1/admin/incidents/{id}", Operator, delete_incident},
    Row{Get, "/v1/admin/audit", Operator, list_instance_audit},
    Row{Get, "/v1/admin/audit/export", Operator, export_instance_audit},
    Row{Get, "/v1/admin/export", Operator, export_document},
    Row{Post, "/v1/admin/apply", Operator, apply_document},

    Row{Get, "/v1/key", AnyKey, read_calling_key},
    Row{Post, "/v1/explain", AnyKey, explain_request},
    Row{Get, "/v1/key-formats", Public, list_key_formats},

    Row{Get, "/health", Public, read_health},
    Row{Get, "/ready", Public, read_readiness},
    Row{Get, "/status", Public, read_status},
    Row{Get, "/metrics", Operator, read_metrics},
    Row{Get, "/openapi.json", Public, read_openapi},
    Row{Get, "/docs", Public, read_docs},
    Row{Get, "/docs/errors", Public, read_error_docs},
};

RouteFacts facts_of(const Row& row) {
    const bool is_api = row.path.starts_with("/api/");
    return {.method = row.method,
            .path = row.path,
            .needs = row.needs,
            .dialect = is_api ? Dialect::Api : Dialect::Problem,
            .is_for_elsewhere = row.handler == authorize_request,
            .asks_elsewhere = row.handler == create_invitation || row.handler == create_reset_link};
}

}  // namespace

std::vector<ApiRoute> admin_routes(AdminContext& context) {
    std::vector<ApiRoute> routes;
    routes.reserve(kRoutes.size());
    for (const Row& row : kRoutes) {
        routes.push_back({.facts = facts_of(row),
                          .handler = [&context, handler = row.handler](const ApiCall& call) {
                              return handler(context, call);
                          }});
    }
    return routes;
}

std::vector<RouteFacts> admin_route_facts() {
    std::vector<RouteFacts> facts;
    facts.reserve(kRoutes.size());
    for (const Row& row : kRoutes) facts.push_back(facts_of(row));
    return facts;
}

}  // namespace keywarden
