// Calls, ledger entries, budgets, prices, and events as rows of SQLite, and back.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "store/sqlite/call_code.h"
#include "store/sqlite/database.h"
#include "store/usage_store.h"

namespace keywarden {

// What a SELECT must name for each, in this order, and from which tables.
#define KEYWARDEN_LEDGER_COLUMNS_                                                   \
    "SELECT l.id, w.word, l.kind, l.amount, l.at, l.actor, l.reason FROM ledger l " \
    "JOIN words w ON w.n = l.team "
#define KEYWARDEN_BUDGET_COLUMNS_                                                          \
    "SELECT b.id, w.word, b.name, b.scope, b.target, b.amount, b.period, b.blocks, "       \
    "b.thresholds, b.raise_amount, b.raise_until, b.created_at, b.version FROM budgets b " \
    "JOIN words w ON w.n = b.team "
#define KEYWARDEN_EVENT_COLUMNS_                                               \
    "SELECT e.id, w.word, e.kind, e.target, e.at, e.body FROM usage_events e " \
    "JOIN words w ON w.n = e.team "
#define KEYWARDEN_CREDIT_COLUMNS_ \
    "credited, spent, mode, credit_limit, unpriced, markup, clamps_output, time_zone, version "

/// With its words. Errors: StoreUnavailable when there is none of such a number.
Result<CallRow> read_call(Database& database, const StoredCall& call);

// Errors: StoreUnavailable when the row is none that we wrote.
Result<LedgerEntry> read_ledger_entry(const Query& row);
Result<Budget> read_budget(const Query& row);
Result<UsageEvent> read_event(const Query& row);
/// Its columns begin at `first`.
Result<CreditAccount> read_credit(const Query& row, int first);

std::string price_text(const Price& price);
Result<Price> read_price(std::string_view text);

}  // namespace keywarden
