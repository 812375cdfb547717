// Calls and money in memory: the rows, and whatever is asked is summed from them.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "domain/tool_trial.h"
#include "store/memory/memory_accounts.h"
#include "store/usage_rules.h"

namespace keywarden {

class MemoryUsage final : public UsageStore {
public:
    MemoryUsage(MemoryLog& log, const MemoryAccounts& accounts) : log_(log), accounts_(accounts) {}

    /// What makes everything that comes with a row of the audit log as it is now again.
    std::function<void()> way_back();

    Result<void> apply(std::span<const CallRecord> rows,
                       std::span<const JournalPosition> positions) override;
    Result<std::vector<JournalPosition>> journal_positions() override;
    Result<void> forget_segments(std::span<const std::string> segments) override;
    Result<void> for_each_tool_trial(const std::function<void(const KeyTrial&)>& each) override;
    Result<void> for_each_spend(const std::function<void(const SpendTotals&)>& each) override;

    Result<CreditAccount> get_credit(std::string_view team_id) override;
    Result<void> for_each_credit(
        const std::function<void(std::string_view, const CreditAccount&)>& each) override;
    Result<void> put_billing(std::string_view team_id,
                             const BillingTerms& terms,
                             const AuditEntry& audit) override;
    Result<void> add_ledger_entry(const LedgerEntry& entry, const AuditEntry& audit) override;
    Result<Page<LedgerEntry>> list_ledger(std::string_view team_id,
                                          const PageQuery& query) override;

    Result<void> create_budget(const Budget& budget, const AuditEntry& audit) override;
    Result<void> update_budget(const Budget& budget, const AuditEntry& audit) override;
    Result<void> delete_budget(std::string_view team_id,
                               std::string_view id,
                               const AuditEntry& audit) override;
    Result<Budget> get_budget(std::string_view team_id, std::string_view id) override;
    Result<std::vector<Budget>> list_budgets(std::string_view team_id) override;
    Result<void> for_each_budget(const std::function<void(const Budget&)>& each) override;

    Result<PriceOverrides> get_prices() override;
    Result<int64_t> put_price(const std::string& model,
                              const std::optional<Price>& price,
                              const AuditEntry& audit) override;

    Result<void> for_each_repeatable(
        const std::function<void(const RepeatableCall&)>& each) override;

    Result<std::vector<UsageLine>> usage(const UsageQuery& query) override;
    Result<Page<CallRow>> list_calls(const CallQuery& query) override;
    Result<CallRow> get_call(std::string_view team_id, const CallId& id) override;

    Result<void> add_event(const UsageEvent& event) override;
    Result<Page<UsageEvent>> list_events(std::string_view team_id, const PageQuery& query) override;

    Result<std::vector<NumberedEvent>> events_after(std::string_view team_id,
                                                    int64_t n,
                                                    size_t limit) override;

    Result<void> create_webhook(const Webhook& hook, const AuditEntry& audit) override;
    Result<void> update_webhook(const Webhook& hook, const AuditEntry& audit) override;
    Result<void> delete_webhook(std::string_view team_id,
                                std::string_view id,
                                const AuditEntry& audit) override;
    Result<Webhook> get_webhook(std::string_view team_id, std::string_view id) override;
    Result<std::vector<Webhook>> list_webhooks(std::string_view team_id) override;
    Result<std::vector<Webhook>> all_webhooks() override;
    Result<bool> put_delivery(const Webhook& read, const WebhookDelivery& delivery) override;

    Result<int64_t> prune_calls(TimePoint before, size_t rows_max) override;
    Result<LedgerFindings> verify() override;

private:
    /// A call, and when the day began that it counts in. Pruned ones are no longer shown.
    struct Call {
        CallRow row;
        TimePoint day;
        bool pruned = false;
    };
    using AccountName = std::tuple<std::string, SpendScope, std::string>;  // team, scope, target

    static Result<void> count_call(std::map<AccountName, PeriodSpend>& spend,
                                   const CallRecord& record,
                                   const PeriodStarts& starts);
    Result<void> count_anew(std::string_view team_id, const TimeZone& zone, TimePoint since);
    Result<TimeZone> zone_of(std::string_view team_id) const;
    std::string session_of(const CallRecord& record);
    std::vector<const Call*> newest_calls(const CallQuery& query) const;
    Budget* find_budget(std::string_view team_id, std::string_view id);
    Webhook* find_webhook(std::string_view team_id, std::string_view id);

    MemoryLog& log_;
    const MemoryAccounts& accounts_;
    std::vector<Call> calls_;  // in the order in which they came
    std::set<CallId> ids_;
    std::map<std::pair<std::string, std::string>, ToolTrial> trials_;  // by team, and key
    std::map<AccountName, PeriodSpend> spend_;
    std::map<std::pair<std::string, std::string>, KeySession> sessions_;  // by team, and key
    std::map<std::string, int64_t> positions_;
    std::map<std::string, BillingTerms, std::less<>> terms_;  // by team
    std::vector<LedgerEntry> ledger_;                         // each oldest first
    std::vector<Budget> budgets_;
    std::vector<UsageEvent> events_;
    std::vector<int64_t> event_numbers_;  // of the event at the same place
    std::vector<Webhook> webhooks_;
    std::map<std::string, Price> prices_;
    int64_t prices_version_ = 0;
};

}  // namespace keywarden
