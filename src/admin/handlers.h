// Every handler of this layer, as the table in routes.cc names them.
#pragma once

#include "admin/context.h"
#include "base/result.h"
#include "domain/route.h"

namespace keywarden {

// keys.cc
Result<HttpResponse> list_keys(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_team_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> revoke_key(AdminContext& context, const ApiCall& call);

// key_import.cc
Result<HttpResponse> import_keys(AdminContext& context, const ApiCall& call);
Result<HttpResponse> import_team_keys(AdminContext& context, const ApiCall& call);

// key_actions.cc
Result<HttpResponse> put_toollist(AdminContext& context, const ApiCall& call);
Result<HttpResponse> rotate_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> disable_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> enable_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> quarantine_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> release_key(AdminContext& context, const ApiCall& call);

// verify.cc
Result<HttpResponse> verify_key(AdminContext& context, const ApiCall& call);

// introspect.cc
Result<HttpResponse> introspect_key(AdminContext& context, const ApiCall& call);

// authz.cc
Result<HttpResponse> authorize_request(AdminContext& context, const ApiCall& call);

// explain.cc
Result<HttpResponse> explain_request(AdminContext& context, const ApiCall& call);

// tool_reports.cc
Result<HttpResponse> read_tools_health(AdminContext& context, const ApiCall& call);
Result<HttpResponse> explain_tools(AdminContext& context, const ApiCall& call);

// calling_key.cc
Result<HttpResponse> read_calling_key(AdminContext& context, const ApiCall& call);

// account.cc
Result<HttpResponse> read_account(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_account_policy(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_account_key_defaults(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_api_account(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_api_apps(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_api_status(AdminContext& context, const ApiCall& call);

// team_life.cc
Result<HttpResponse> change_account(AdminContext& context, const ApiCall& call);
Result<HttpResponse> leave_team(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_closing(AdminContext& context, const ApiCall& call);
Result<HttpResponse> close_account(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_team_closing(AdminContext& context, const ApiCall& call);
Result<HttpResponse> close_team(AdminContext& context, const ApiCall& call);

// apps.cc
Result<HttpResponse> list_apps(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_app(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_app(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_app(AdminContext& context, const ApiCall& call);
Result<HttpResponse> delete_app(AdminContext& context, const ApiCall& call);

// members.cc
Result<HttpResponse> list_members(AdminContext& context, const ApiCall& call);
Result<HttpResponse> add_member(AdminContext& context, const ApiCall& call);
Result<HttpResponse> add_team_member(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_member(AdminContext& context, const ApiCall& call);
Result<HttpResponse> remove_member(AdminContext& context, const ApiCall& call);

// invitations.cc
Result<HttpResponse> list_invitations(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_invitation(AdminContext& context, const ApiCall& call);
Result<HttpResponse> delete_invitation(AdminContext& context, const ApiCall& call);

// sign_ins.cc
Result<HttpResponse> create_reset_link(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_setup_link(AdminContext& context, const ApiCall& call);

// usage.cc
Result<HttpResponse> read_usage_summary(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_usage_by_day(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_usage_by_hour(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_usage_by_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_usage_by_app(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_usage_by_model(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_usage_by_provider(AdminContext& context, const ApiCall& call);

// requests.cc
Result<HttpResponse> list_requests(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_request(AdminContext& context, const ApiCall& call);

// balance.cc
Result<HttpResponse> read_balance(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_ledger(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_events(AdminContext& context, const ApiCall& call);

// webhooks.cc
Result<HttpResponse> list_webhooks(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_webhook(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_webhook(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_webhook(AdminContext& context, const ApiCall& call);
Result<HttpResponse> rotate_webhook(AdminContext& context, const ApiCall& call);
Result<HttpResponse> test_webhook(AdminContext& context, const ApiCall& call);
Result<HttpResponse> delete_webhook(AdminContext& context, const ApiCall& call);
// budgets.cc
Result<HttpResponse> list_budgets(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_budget(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_budget(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_budget(AdminContext& context, const ApiCall& call);
Result<HttpResponse> delete_budget(AdminContext& context, const ApiCall& call);
Result<HttpResponse> raise_budget(AdminContext& context, const ApiCall& call);
Result<HttpResponse> end_budget_raise(AdminContext& context, const ApiCall& call);

// credits.cc
Result<HttpResponse> list_credits(AdminContext& context, const ApiCall& call);
Result<HttpResponse> add_credit(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_billing(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_billing(AdminContext& context, const ApiCall& call);
Result<HttpResponse> verify_ledger(AdminContext& context, const ApiCall& call);

// audit.cc
Result<HttpResponse> list_audit(AdminContext& context, const ApiCall& call);
Result<HttpResponse> export_audit(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_instance_audit(AdminContext& context, const ApiCall& call);
Result<HttpResponse> export_instance_audit(AdminContext& context, const ApiCall& call);

// operator.cc
Result<HttpResponse> list_teams(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_team(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_team(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_team(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_plans(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_plan(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_plan(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_plan(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_users(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_user(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_user(AdminContext& context, const ApiCall& call);

// settings.cc
Result<HttpResponse> read_settings(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_settings(AdminContext& context, const ApiCall& call);

// model_limits.cc
Result<HttpResponse> list_model_limits(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_model_limits(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_model_limits(AdminContext& context, const ApiCall& call);

// prices.cc
Result<HttpResponse> list_prices(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_price_of_model(AdminContext& context, const ApiCall& call);
Result<HttpResponse> put_price(AdminContext& context, const ApiCall& call);
Result<HttpResponse> delete_price(AdminContext& context, const ApiCall& call);
Result<HttpResponse> list_account_prices(AdminContext& context, const ApiCall& call);

// credentials.cc
Result<HttpResponse> list_credentials(AdminContext& context, const ApiCall& call);
Result<HttpResponse> put_credential(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_credential_of(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_credential(AdminContext& context, const ApiCall& call);
Result<HttpResponse> delete_credential(AdminContext& context, const ApiCall& call);
Result<HttpResponse> test_credential(AdminContext& context, const ApiCall& call);

// vault.cc
Result<HttpResponse> read_vault(AdminContext& context, const ApiCall& call);
Result<HttpResponse> rotate_vault(AdminContext& context, const ApiCall& call);

// apply.cc
Result<HttpResponse> apply_document(AdminContext& context, const ApiCall& call);
Result<HttpResponse> export_document(AdminContext& context, const ApiCall& call);

// key_formats.cc
Result<HttpResponse> list_key_formats(AdminContext& context, const ApiCall& call);

// health.cc
Result<HttpResponse> read_health(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_readiness(AdminContext& context, const ApiCall& call);

// metrics.cc
Result<HttpResponse> read_metrics(AdminContext& context, const ApiCall& call);

// docs.cc
Result<HttpResponse> read_openapi(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_docs(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_error_docs(AdminContext& context, const ApiCall& call);

}  // namespace keywarden
