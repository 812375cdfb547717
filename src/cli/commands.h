// The functions that the rows of commands.cc name: a file a command.
#pragma once

#include "base/result.h"
#include "cli/command.h"
#include "cli/session.h"

namespace keywarden {

Result<int> run_serve(Session& session, const Arguments& arguments);
Result<int> run_init(Session& session, const Arguments& arguments);
Result<int> run_keys_list(Session& session, const Arguments& arguments);
Result<int> run_keys_create(Session& session, const Arguments& arguments);
Result<int> run_keys_update(Session& session, const Arguments& arguments);
Result<int> run_keys_show(Session& session, const Arguments& arguments);
Result<int> run_keys_rotate(Session& session, const Arguments& arguments);
Result<int> run_keys_disable(Session& session, const Arguments& arguments);
Result<int> run_keys_import(Session& session, const Arguments& arguments);
Result<int> run_keys_enable(Session& session, const Arguments& arguments);
Result<int> run_keys_quarantine(Session& session, const Arguments& arguments);
Result<int> run_keys_release(Session& session, const Arguments& arguments);
Result<int> run_keys_revoke(Session& session, const Arguments& arguments);
Result<int> run_usage(Session& session, const Arguments& arguments);
Result<int> run_balance(Session& session, const Arguments& arguments);
Result<int> run_topup(Session& session, const Arguments& arguments);
Result<int> run_ledger_list(Session& session, const Arguments& arguments);
Result<int> run_ledger_verify(Session& session, const Arguments& arguments);
Result<int> run_requests_list(Session& session, const Arguments& arguments);
Result<int> run_requests_show(Session& session, const Arguments& arguments);
Result<int> run_requests_tail(Session& session, const Arguments& arguments);
Result<int> run_webhooks_list(Session& session, const Arguments& arguments);
Result<int> run_webhooks_add(Session& session, const Arguments& arguments);
Result<int> run_webhooks_test(Session& session, const Arguments& arguments);
Result<int> run_webhooks_update(Session& session, const Arguments& arguments);
Result<int> run_webhooks_rotate(Session& session, const Arguments& arguments);
Result<int> run_webhooks_remove(Session& session, const Arguments& arguments);
Result<int> run_budgets_list(Session& session, const Arguments& arguments);
Result<int> run_budgets_create(Session& session, const Arguments& arguments);
Result<int> run_budgets_update(Session& session, const Arguments& arguments);
Result<int> run_budgets_raise(Session& session, const Arguments& arguments);
Result<int> run_budgets_delete(Session& session, const Arguments& arguments);
Result<int> run_explain(Session& session, const Arguments& arguments);
Result<int> run_tools_top(Session& session, const Arguments& arguments);
Result<int> run_tools_health(Session& session, const Arguments& arguments);
Result<int> run_tools_explain(Session& session, const Arguments& arguments);
Result<int> run_apply(Session& session, const Arguments& arguments);
Result<int> run_export(Session& session, const Arguments& arguments);
Result<int> run_audit_verify(Session& session, const Arguments& arguments);
Result<int> run_whoami(Session& session, const Arguments& arguments);
Result<int> run_models(Session& session, const Arguments& arguments);
Result<int> run_models_show(Session& session, const Arguments& arguments);
Result<int> run_routes(Session& session, const Arguments& arguments);
Result<int> run_prices(Session& session, const Arguments& arguments);
Result<int> run_prices_set(Session& session, const Arguments& arguments);
Result<int> run_prices_reset(Session& session, const Arguments& arguments);
Result<int> run_providers_add(Session& session, const Arguments& arguments);
Result<int> run_providers_list(Session& session, const Arguments& arguments);
Result<int> run_providers_test(Session& session, const Arguments& arguments);
Result<int> run_providers_remove(Session& session, const Arguments& arguments);
Result<int> run_vault_status(Session& session, const Arguments& arguments);
Result<int> run_vault_rotate(Session& session, const Arguments& arguments);
Result<int> run_teams_list(Session& session, const Arguments& arguments);
Result<int> run_teams_show(Session& session, const Arguments& arguments);
Result<int> run_teams_create(Session& session, const Arguments& arguments);
Result<int> run_teams_rename(Session& session, const Arguments& arguments);
Result<int> run_teams_defaults(Session& session, const Arguments& arguments);
Result<int> run_teams_close(Session& session, const Arguments& arguments);
Result<int> run_teams_reopen(Session& session, const Arguments& arguments);
Result<int> run_users_reset_password(Session& session, const Arguments& arguments);
Result<int> run_users_setup_link(Session& session, const Arguments& arguments);
Result<int> run_chat(Session& session, const Arguments& arguments);
Result<int> run_config_show(Session& session, const Arguments& arguments);
Result<int> run_config_check(Session& session, const Arguments& arguments);
Result<int> run_doctor(Session& session, const Arguments& arguments);
Result<int> run_completion(Session& session, const Arguments& arguments);
Result<int> run_version(Session& session, const Arguments& arguments);

}  // namespace keywarden
