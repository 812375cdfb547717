#include "store/sqlite/sqlite_usage.h"

#include <mutex>
#include <utility>

#include "store/sqlite/apply_calls.h"
#include "store/sqlite/check_usage.h"
#include "store/sqlite/money_rows.h"
#include "store/sqlite/prune_calls.h"
#include "store/sqlite/read.h"
#include "store/sqlite/repeatable_rows.h"
#include "store/sqlite/trial_rows.h"
#include "store/sqlite/usage_reports.h"
#include "store/sqlite/usage_rows.h"
#include "store/sqlite/webhook_rows.h"

namespace keywarden {
namespace {

class SqliteUsage final : public UsageStore {
public:
    SqliteUsage(Connection& writer, std::unique_ptr<Database> reader, std::string path)
        : writer_(writer), path_(std::move(path)) {
        reader_.database = std::move(reader);
    }

    // ---- from the journal ---------------------------------------------------------------------

    Result<void> apply(std::span<const CallRecord> rows,
                       std::span<const JournalPosition> positions) override {
        const std::lock_guard lock(writer_.mutex);
        return applier_.apply(*writer_.database, rows, positions);
    }

    Result<std::vector<JournalPosition>> journal_positions() override {
        const std::lock_guard lock(reader_.mutex);
        return read_all<JournalPosition>(
            Query(*reader_.database, "SELECT segment, offset FROM journal_positions"),
            [](const Query& row) -> Result<JournalPosition> {
                return JournalPosition{.segment = std::string(row.text(0)),
                                       .offset = row.integer(1)};
            });
    }

    Result<void> forget_segments(std::span<const std::string> segments) override {
        const std::lock_guard lock(writer_.mutex);
        TRY(Transaction transaction, Transaction::begin(*writer_.database));
        for (const std::string& segment : segments) {
            TRY_VOID(Query(*writer_.database,
                           "DELETE FROM journal_positions WHERE segment = ?1",
                           segment)
                         .run());
        }
        return transaction.commit();
    }

    Result<void> for_each_repeatable(
        const std::function<void(const RepeatableCall&)>& each) override {
        const std::lock_guard lock(reader_.mutex);
        return for_each_repeatable_row(*reader_.database, each);
    }

    Result<void> for_each_tool_trial(const std::function<void(const KeyTrial&)>& each) override {
        const std::lock_guard lock(reader_.mutex);
        return for_each_trial_row(*reader_.database, each);
    }

    Result<void> for_each_spend(const std::function<void(const SpendTotals&)>& each) override {
        const std::lock_guard lock(reader_.mutex);
        Query rows(*reader_.database,
                   "SELECT t.word, s.scope, w.word, s.day_start, s.week_start, s.month_start, "
                   "s.day, s.week, s.month, s.total FROM spend s JOIN words t ON t.n = s.team "
                   "JOIN words w ON w.n = s.target");
        while (true) {
            TRY(const bool row, rows.next());
            if (!row) return {};
            SpendTotals totals{.scope = static_cast<SpendScope>(rows.integer(1)),
                               .team_id = rows.text(0),
                               .target = rows.text(2)};
            for (int i = 0; i < 3; ++i) {
                totals.starts.at(static_cast<size_t>(i)) = rows.moment(3 + i);
            }
            for (int i = 0; i < 4; ++i) {
                totals.spent.at(static_cast<size_t>(i)) = {rows.integer(6 + i)};
            }
            each(totals);
        }
    }

    // ---- money --------------------------------------------------------------------------------

    Result<CreditAccount> get_credit(std::string_view team_id) override {
        const std::lock_guard lock(reader_.mutex);
        return get_credit_row(*reader_.database, team_id);
    }

    Result<void> for_each_credit(
        const std::function<void(std::string_view, const CreditAccount&)>& each) override {
        const std::lock_guard lock(reader_.mutex);
        Query rows(*reader_.database,
                   "SELECT w.word, " KEYWARDEN_CREDIT_COLUMNS_
                   "FROM credit c JOIN words w ON w.n = c.team "
                   "WHERE EXISTS (SELECT 1 FROM teams WHERE id = w.word)");
        while (true) {
            TRY(const bool row, rows.next());
            if (!row) return {};
            TRY(const CreditAccount account, read_credit(rows, 1));
            each(rows.text(0), account);
        }
    }

    Result<void> put_billing(std::string_view team_id,
                             const BillingTerms& terms,
                             const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) {
            return put_billing_row(database, team_id, terms, audit.at);
        });
    }

    Result<void> add_ledger_entry(const LedgerEntry& entry, const AuditEntry& audit) override {
        return change(
            writer_, audit, [&](Database& database) { return insert_ledger_row(database, entry); });
    }

    Result<Page<LedgerEntry>> list_ledger(std::string_view team_id,
                                          const PageQuery& query) override {
        const std::lock_guard lock(reader_.mutex);
        return list_ledger_rows(*reader_.database, team_id, query);
    }

    // ---- budgets ------------------------------------------------------------------------------

    Result<void> create_budget(const Budget& budget, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) {
            return insert_budget_row(database, budget);
        });
    }

    Result<void> update_budget(const Budget& budget, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) {
            return update_budget_row(database, budget);
        });
    }

    Result<void> delete_budget(std::string_view team_id,
                               std::string_view id,
                               const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) {
            return delete_budget_row(database, team_id, id);
        });
    }

    Result<Budget> get_budget(std::string_view team_id, std::string_view id) override {
        const std::lock_guard lock(reader_.mutex);
        return get_budget_row(*reader_.database, team_id, id);
    }

    Result<std::vector<Budget>> list_budgets(std::string_view team_id) override {
        const std::lock_guard lock(reader_.mutex);
        return list_budget_rows(*reader_.database, team_id);
    }

    Result<void> for_each_budget(const std::function<void(const Budget&)>& each) override {
        const std::lock_guard lock(reader_.mutex);
        Query rows(*reader_.database, KEYWARDEN_BUDGET_COLUMNS_ "ORDER BY b.n");
        while (true) {
            TRY(const bool row, rows.next());
            if (!row) return {};
            TRY(const Budget budget, read_budget(rows));
            each(budget);
        }
    }

    // ---- prices -------------------------------------------------------------------------------

    Result<PriceOverrides> get_prices() override {
        const std::lock_guard lock(reader_.mutex);
        return list_price_rows(*reader_.database);
    }

    Result<int64_t> put_price(const std::string& model,
                              const std::optional<Price>& price,
                              const AuditEntry& audit) override {
        int64_t version = 0;
        TRY_VOID(change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(version, put_price_row(database, model, price));
            return {};
        }));
        return version;
    }

    // ---- for people ---------------------------------------------------------------------------

    Result<std::vector<UsageLine>> usage(const UsageQuery& query) override {
        const std::lock_guard lock(reader_.mutex);
        return reports_.usage(*reader_.database, query);
    }

    Result<Page<CallRow>> list_calls(const CallQuery& query) override {
        const std::lock_guard lock(reader_.mutex);
        return list_call_rows(*reader_.database, query);
    }

    Result<CallRow> get_call(std::string_view team_id, const CallId& id) override {
        const std::lock_guard lock(reader_.mutex);
        return get_call_row(*reader_.database, team_id, id);
    }

    Result<void> add_event(const UsageEvent& event) override {
        const std::lock_guard lock(writer_.mutex);
        TRY(Transaction transaction, Transaction::begin(*writer_.database));
        TRY_VOID(insert_event_row(*writer_.database, event));
        return transaction.commit();
    }

    Result<Page<UsageEvent>> list_events(std::string_view team_id,
                                         const PageQuery& query) override {
        const std::lock_guard lock(reader_.mutex);
        return list_event_rows(*reader_.database, team_id, query);
    }

    Result<std::vector<NumberedEvent>> events_after(std::string_view team_id,
                                                    int64_t n,
                                                    size_t limit) override {
        const std::lock_guard lock(reader_.mutex);
        return event_rows_after(*reader_.database, team_id, n, limit);
    }

    // ---- webhooks -----------------------------------------------------------------------------

    Result<void> create_webhook(const Webhook& hook, const AuditEntry& audit) override {
        return change(
            writer_, audit, [&](Database& database) { return insert_webhook_row(database, hook); });
    }

    Result<void> update_webhook(const Webhook& hook, const AuditEntry& audit) override {
        return change(
            writer_, audit, [&](Database& database) { return update_webhook_row(database, hook); });
    }

    Result<void> delete_webhook(std::string_view team_id,
                                std::string_view id,
                                const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) {
            return delete_webhook_row(database, team_id, id);
        });
    }

    Result<Webhook> get_webhook(std::string_view team_id, std::string_view id) override {
        const std::lock_guard lock(reader_.mutex);
        return get_webhook_row(*reader_.database, team_id, id);
    }

    Result<std::vector<Webhook>> list_webhooks(std::string_view team_id) override {
        const std::lock_guard lock(reader_.mutex);
        return list_webhook_rows(*reader_.database, team_id);
    }

    Result<std::vector<Webhook>> all_webhooks() override {
        const std::lock_guard lock(reader_.mutex);
        return all_webhook_rows(*reader_.database);
    }

    Result<bool> put_delivery(const Webhook& read, const WebhookDelivery& delivery) override {
        const std::lock_guard lock(writer_.mutex);
        return put_delivery_row(*writer_.database, read, delivery);
    }

    // ---- upkeep -------------------------------------------------------------------------------

    Result<int64_t> prune_calls(TimePoint before, size_t rows_max) override {
        const std::lock_guard lock(writer_.mutex);
        return prune_call_rows(*writer_.database, before, rows_max);
    }

    /// On a connection of its own, which sees one moment however long it takes.
    Result<LedgerFindings> verify() override {
        TRY(const auto database, Database::open(path_, Database::Mode::QueryOnly));
        return check_usage(*database);
    }

private:
    Connection& writer_;
    Connection reader_;
    std::string path_;
    CallApplier applier_;
    UsageReports reports_;
};

}  // namespace

Result<std::unique_ptr<UsageStore>> make_sqlite_usage(Connection& writer, const std::string& path) {
    TRY(auto reader, Database::open(path, Database::Mode::QueryOnly));
    TRY_VOID(reader->run("PRAGMA cache_size = -16384"));
    return std::make_unique<SqliteUsage>(writer, std::move(reader), path);
}

}  // namespace keywarden
