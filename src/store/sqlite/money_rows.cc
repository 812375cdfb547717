#include "store/sqlite/money_rows.h"

#include <utility>

#include "store/account_rules.h"
#include "store/sqlite/call_blocks.h"
#include "store/sqlite/read.h"
#include "store/sqlite/usage_rows.h"
#include "store/sqlite/words.h"
#include "store/usage_rules.h"

namespace keywarden {
namespace {

Result<void> check_team(Database& database, std::string_view id) {
    TRY(const bool there, has_row(Query(database, "SELECT 1 FROM teams WHERE id = ?1", id)));
    if (there) return {};
    return no_such("team");
}

/// A budget belongs to a team, or to a plan that there is.
Result<void> check_home(Database& database, const Budget& budget) {
    if (!budget.team_id.empty()) return check_team(database, budget.team_id);
    TRY(const bool there,
        has_row(Query(database, "SELECT 1 FROM plans WHERE id = ?1", budget.target)));
    if (there) return {};
    return no_such_plan();
}

/// Where the page begins, by the row's number: below the one that the cursor names.
Result<int64_t> start_of_page(Query&& cursor, const PageQuery& query) {
    if (query.after.empty()) return INT64_MAX;
    TRY(const auto n, number_of(std::move(cursor)));
    if (!n) return no_such_cursor();
    return *n;
}

int64_t rows_of(const PageQuery& query) { return static_cast<int64_t>(query.limit + 1); }

}  // namespace

// ---- credit, and the ledger --------------------------------------------------------------------

Result<CreditAccount> get_credit_row(Database& database, std::string_view team_id) {
    TRY_VOID(check_team(database, team_id));
    Query query(database,
                "SELECT " KEYWARDEN_CREDIT_COLUMNS_
                "FROM credit WHERE team = (SELECT n FROM words WHERE word = ?1)",
                team_id);
    TRY(const bool row, query.next());
    if (!row) return CreditAccount();
    return read_credit(query, 0);
}

Result<void> put_billing_row(Database& database,
                             std::string_view team_id,
                             const BillingTerms& terms,
                             TimePoint now) {
    TRY(const CreditAccount before, get_credit_row(database, team_id));
    if (before.terms.version != terms.version - 1) return changed_meanwhile("billing");
    TRY(const TimeZone zone, find_time_zone(terms.time_zone));
    TRY(const int64_t team, add_word(database, team_id));
    TRY_VOID(Query(database,
                   "INSERT INTO credit(team, mode, credit_limit, unpriced, markup, clamps_output, "
                   "time_zone, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
                   "ON CONFLICT DO UPDATE SET mode = excluded.mode, "
                   "credit_limit = excluded.credit_limit, unpriced = excluded.unpriced, "
                   "markup = excluded.markup, clamps_output = excluded.clamps_output, "
                   "time_zone = excluded.time_zone, version = excluded.version",
                   team,
                   static_cast<int64_t>(terms.mode),
                   terms.credit_limit.value,
                   static_cast<int64_t>(terms.unpriced),
                   int64_t{terms.markup_basis_points},
                   int64_t{terms.clamps_output},
                   terms.time_zone,
                   terms.version)
                 .run());
    if (before.terms.time_zone == terms.time_zone) return {};
    return count_anew(database, team, zone, now - kRezonedMax);
}

Result<void> insert_ledger_row(Database& database, const LedgerEntry& entry) {
    TRY(const CreditAccount before, get_credit_row(database, entry.team_id));
    TRY(const bool there, has_row(Query(database, "SELECT 1 FROM ledger WHERE id = ?1", entry.id)));
    if (there) return taken("ledger entry", "id");
    NanoUsd credited = before.credited;
    TRY_VOID(add_to(credited, entry.amount));
    TRY(const int64_t team, add_word(database, entry.team_id));
    TRY_VOID(Query(database,
                   "INSERT INTO ledger(id, team, kind, amount, at, actor, reason) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                   entry.id,
                   team,
                   static_cast<int64_t>(entry.kind),
                   entry.amount.value,
                   entry.at,
                   entry.actor,
                   entry.reason)
                 .run());
    return Query(database,
                 "INSERT INTO credit(team, credited) VALUES (?1, ?2) "
                 "ON CONFLICT DO UPDATE SET credited = excluded.credited",
                 team,
                 credited.value)
        .run();
}

Result<Page<LedgerEntry>> list_ledger_rows(Database& database,
                                           std::string_view team_id,
                                           const PageQuery& query) {
    TRY(const int64_t team, find_word(database, team_id));
    TRY(const int64_t below,
        start_of_page(
            Query(database, "SELECT n FROM ledger WHERE id = ?1 AND team = ?2", query.after, team),
            query));
    TRY(auto entries,
        read_all(Query(database,
                       KEYWARDEN_LEDGER_COLUMNS_
                       "WHERE l.team = ?1 AND l.n < ?2 ORDER BY l.n DESC LIMIT ?3",
                       team,
                       below,
                       rows_of(query)),
                 read_ledger_entry));
    return page_of(std::move(entries), query.limit);
}

// ---- budgets -----------------------------------------------------------------------------------

Result<void> insert_budget_row(Database& database, const Budget& budget) {
    TRY_VOID(check_home(database, budget));
    TRY(const int64_t team, add_word(database, budget.team_id));
    TRY(const int64_t count,
        count_of(Query(database, "SELECT count(*) FROM budgets WHERE team = ?1", team)));
    if (static_cast<size_t>(count) >= kBudgetsMax) return too_many("budgets", kBudgetsMax);
    TRY(const bool there,
        has_row(Query(database, "SELECT 1 FROM budgets WHERE id = ?1", budget.id)));
    if (there) return taken("budget", "id");
    TRY_VOID(Query(database,
                   "INSERT INTO budgets(id, team, name, scope, target, amount, period, blocks, "
                   "thresholds, created_at, version) "
                   "VALUES (?1, ?2, '', 0, '', 0, 0, 0, x'', ?3, 0)",
                   budget.id,
                   team,
                   budget.created_at)
                 .run());
    Budget first = budget;
    first.version = 1;
    return update_budget_row(database, first);
}

Result<void> update_budget_row(Database& database, const Budget& budget) {
    TRY_VOID(check_home(database, budget));
    TRY(const int64_t team, find_word(database, budget.team_id));
    std::optional<int64_t> raise_amount;
    std::optional<TimePoint> raise_until;
    if (budget.raise) {
        raise_amount = budget.raise->amount.value;
        raise_until = budget.raise->until;
    }
    TRY_VOID(Query(database,
                   "UPDATE budgets SET name = ?4, scope = ?5, target = ?6, amount = ?7, "
                   "period = ?8, blocks = ?9, thresholds = ?10, raise_amount = ?11, "
                   "raise_until = ?12, version = ?3 "
                   "WHERE id = ?1 AND team = ?2 AND version = ?3 - 1",
                   budget.id,
                   team,
                   budget.version,
                   budget.name,
                   static_cast<int64_t>(budget.scope),
                   budget.target,
                   budget.amount.value,
                   static_cast<int64_t>(budget.period),
                   int64_t{budget.blocks},
                   std::span<const uint8_t>(budget.thresholds),
                   raise_amount,
                   raise_until)
                 .run());
    if (database.changes() > 0) return {};
    TRY(const bool there,
        has_row(
            Query(database, "SELECT 1 FROM budgets WHERE id = ?1 AND team = ?2", budget.id, team)));
    if (there) return changed_meanwhile("budget");
    return no_such("budget");
}

Result<void> delete_budget_row(Database& database, std::string_view team_id, std::string_view id) {
    TRY(const int64_t team, find_word(database, team_id));
    TRY_VOID(Query(database, "DELETE FROM budgets WHERE id = ?1 AND team = ?2", id, team).run());
    if (database.changes() > 0) return {};
    return no_such("budget");
}

Result<Budget> get_budget_row(Database& database, std::string_view team_id, std::string_view id) {
    TRY(const int64_t team, find_word(database, team_id));
    return read_one(
        Query(database, KEYWARDEN_BUDGET_COLUMNS_ "WHERE b.id = ?1 AND b.team = ?2", id, team),
        read_budget,
        "budget");
}

Result<std::vector<Budget>> list_budget_rows(Database& database, std::string_view team_id) {
    TRY(const int64_t team, find_word(database, team_id));
    return read_all(
        Query(database, KEYWARDEN_BUDGET_COLUMNS_ "WHERE b.team = ?1 ORDER BY b.n", team),
        read_budget);
}

// ---- prices, and events ------------------------------------------------------------------------

Result<UsageStore::PriceOverrides> list_price_rows(Database& database) {
    UsageStore::PriceOverrides overrides;
    TRY(overrides.version, count_of(Query(database, "SELECT max(version) FROM prices")));
    TRY(overrides.prices,
        read_all<ModelPrice>(
            Query(database,
                  "SELECT model, price FROM prices WHERE price IS NOT NULL ORDER BY model"),
            [](const Query& row) -> Result<ModelPrice> {
                TRY(const Price price, read_price(row.text(1)));
                return ModelPrice{.model = std::string(row.text(0)), .price = price};
            }));
    return overrides;
}

Result<int64_t> put_price_row(Database& database,
                              const std::string& model,
                              const std::optional<Price>& price) {
    TRY(const bool there,
        has_row(
            Query(database, "SELECT 1 FROM prices WHERE model = ?1 AND price IS NOT NULL", model)));
    if (!price && !there) return no_such("price");
    TRY(const int64_t count,
        count_of(Query(database, "SELECT count(*) FROM prices WHERE price IS NOT NULL")));
    if (!there && count >= kPricesMax) return too_many("prices", kPricesMax);
    std::optional<std::string> text;
    if (price) text = price_text(*price);
    // What was taken away stays, as the number of its change.
    return count_of(Query(database,
                          "INSERT INTO prices(model, version, price) "
                          "SELECT ?1, ifnull(max(version), 0) + 1, ?2 FROM prices WHERE true "
                          "ON CONFLICT DO UPDATE SET version = excluded.version, "
                          "price = excluded.price RETURNING version",
                          model,
                          text));
}

Result<void> insert_event_row(Database& database, const UsageEvent& event) {
    TRY(const int64_t team, add_word(database, event.team_id));
    TRY_VOID(Query(database,
                   "INSERT INTO usage_events(id, team, kind, target, at, body) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                   event.id,
                   team,
                   event.kind,
                   event.target,
                   event.at,
                   event.body)
                 .run());
    return Query(database,
                 "DELETE FROM usage_events WHERE team = ?1 AND n <= (SELECT n FROM usage_events "
                 "WHERE team = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)",
                 team,
                 kEventsMax)
        .run();
}

Result<Page<UsageEvent>> list_event_rows(Database& database,
                                         std::string_view team_id,
                                         const PageQuery& query) {
    TRY(const int64_t team, find_word(database, team_id));
    TRY(const int64_t below,
        start_of_page(Query(database,
                            "SELECT n FROM usage_events WHERE id = ?1 AND team = ?2",
                            query.after,
                            team),
                      query));
    TRY(auto events,
        read_all(Query(database,
                       KEYWARDEN_EVENT_COLUMNS_
                       "WHERE e.team = ?1 AND e.n < ?2 ORDER BY e.n DESC LIMIT ?3",
                       team,
                       below,
                       rows_of(query)),
                 read_event));
    return page_of(std::move(events), query.limit);
}

}  // namespace keywarden
