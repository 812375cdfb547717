// Credit, the ledger, budgets, prices, and events in SQLite: what changes and reads each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/sqlite/database.h"
#include "store/usage_store.h"

namespace keywarden {

// What alters is called within change(): see connection.h. Errors: as UsageStore says.

Result<CreditAccount> get_credit_row(Database& database, std::string_view team_id);
Result<void> put_billing_row(Database& database,
                             std::string_view team_id,
                             const BillingTerms& terms,
                             TimePoint now);
Result<void> insert_ledger_row(Database& database, const LedgerEntry& entry);
Result<Page<LedgerEntry>> list_ledger_rows(Database& database,
                                           std::string_view team_id,
                                           const PageQuery& query);

Result<void> insert_budget_row(Database& database, const Budget& budget);
Result<void> update_budget_row(Database& database, const Budget& budget);
Result<void> delete_budget_row(Database& database, std::string_view team_id, std::string_view id);
Result<Budget> get_budget_row(Database& database, std::string_view team_id, std::string_view id);
Result<std::vector<Budget>> list_budget_rows(Database& database, std::string_view team_id);

Result<UsageStore::PriceOverrides> list_price_rows(Database& database);
/// Returns the new version.
Result<int64_t> put_price_row(Database& database,
                              const std::string& model,
                              const std::optional<Price>& price);

Result<void> insert_event_row(Database& database, const UsageEvent& event);
Result<Page<UsageEvent>> list_event_rows(Database& database,
                                         std::string_view team_id,
                                         const PageQuery& query);

}  // namespace keywarden
