// What the store keeps of calls and money: rows, rollups, balances, budgets, and prices.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "domain/audit.h"
#include "domain/billing.h"
#include "domain/budget.h"
#include "domain/calendar.h"
#include "domain/call_record.h"
#include "domain/price.h"
#include "domain/tool_trial.h"
#include "domain/webhook.h"
#include "store/account_store.h"

namespace keywarden {

/// How far a segment of the journal has come into the store.
struct JournalPosition {
    std::string segment;  // its file's name
    int64_t offset = 0;   // all frames before it are here
};

/// What one account has spent. `starts`: of the day, week, and month that `spent` counts (the total
/// has none), in the team's time zone.
struct SpendTotals {
    SpendScope scope = SpendScope::Team;  // never Plan
    std::string_view team_id{};
    std::string_view target{};  // as of Budget
    PeriodStarts starts{};
    std::array<NanoUsd, kPeriods> spent{};
};

struct CreditAccount {
    BillingTerms terms{};
    NanoUsd credited{};  // the sum of the team's ledger
    NanoUsd spent{};     // the sum of the cost of its calls
    NanoUsd balance() const { return credited - spent; }
};

/// Counts and money over some calls.
struct UsageSums {
    int64_t calls = 0;
    int64_t failed = 0;  // their status is 400 or more, or there was none
    int64_t input_tokens = 0;
    int64_t cached_input_tokens = 0;
    int64_t output_tokens = 0;
    int64_t reasoning_tokens = 0;
    int64_t unpriced_calls = 0;
    NanoUsd cost{};
    int64_t tool_tokens_saved = 0;  // by the selection of tools, where it is on
};

/// By what usage is split. `None`: one line a span of time, or one at all.
enum class UsageSplit : uint8_t { None, Key, App, Model, Provider, kCount };
enum class UsageGrain : uint8_t { Whole, Hour, Day, kCount };

/// What usage is asked for. All of it is answered from sums, never from rows: `Hour` from those of
/// hours in UTC, the others from those of days in the team's time zone. What begins at `from` or
/// later, and before `until`, counts: ask from the beginning of one until that of another.
/// Of all teams, a day counts as the UTC day whose midnight is nearest to its own.
struct UsageQuery {
    std::string team_id{};  // empty: all teams, for operators
    TimePoint from{};
    TimePoint until{};
    UsageGrain grain = UsageGrain::Whole;
    UsageSplit split = UsageSplit::None;
    // Only these; empty: all.
    std::string key_id{};
    std::string app_id{};
    std::string model{};  // "provider/model"; or as a provider calls it, at whatever provider
    std::string provider{};
    size_t limit = 10'000;  // lines; the oldest spans of time come first, then what cost most
};

/// Not split and without a grain there is always one line, and else none where there were no calls.
struct UsageLine {
    TimePoint start{};     // of the hour or day; without a grain the query's `from`
    std::string target{};  // of the split: an id, or a name; a model as "provider/model"
    UsageSums sums{};
};

/// A call as it is listed: a record that owns its texts. Moments are kept in whole milliseconds,
/// durations in whole microseconds, rounded down.
struct CallRow {
    CallRecord record{};  // views into `text`
    /// Given by the client; or that of the key's calls before, the last of which was over less than
    /// kSessionGap ago; or made of the id of the call that began it.
    std::string session_id{};
    std::shared_ptr<const std::string> text{};
};
inline constexpr Nanos kSessionGap = std::chrono::minutes(30);

/// Those that ended last come first; of one moment, those that were written last.
struct CallQuery {
    std::string team_id{};
    std::string after{};               // the `next` of the page before; empty: from the newest
    size_t limit = 20;                 // 1 to 100
    TimePoint from{};                  // ended then or later
    std::optional<TimePoint> until{};  // ended before
    std::string key_id{};
    std::string app_id{};
    std::string model{};  // as in UsageQuery
    std::string session_id{};
    std::optional<bool> failed{};
};

/// A call that whoever sends its Idempotency-Key again is told of.
struct RepeatableCall {
    RepeatKey key{};
    CallId call{};
    TimePoint ended_at{};
};

/// Something that a person may want to know: a budget that is half used, a key that was held back.
struct UsageEvent {
    std::string id{};
    std::string team_id{};
    std::string kind{};    // "budget.threshold", "key.quarantined", …
    std::string target{};  // the budget's, key's, … id
    TimePoint at{};
    std::string body{};  // a JSON object of its facts
};

/// An event with its number, by which events of all teams are in one order.
struct NumberedEvent {
    int64_t n = 0;
    UsageEvent event{};
};

/// What `verify` found to differ. Each is one sentence.
struct LedgerFindings {
    int64_t rows = 0;
    int64_t teams = 0;
    std::vector<std::string> differences{};  // at most kFindingsMax
};
inline constexpr size_t kFindingsMax = 100;

inline constexpr Nanos kRezonedMax = std::chrono::days(62);  // two months: the current one is in it
inline constexpr int64_t kEventsMax = 10'000;                // of a team
inline constexpr int64_t kPricesMax = 10'000;

/// Where rows of calls go: all that whoever moves them there asks for. Money and counts that would
/// not fit their type any more fail; they never wrap.
/// Threads: any. Errors of all: StoreUnavailable.
class CallSink {
public:
    virtual ~CallSink() = default;

    /// Writes rows, their rollups, and the positions, in one transaction that is on the disk when
    /// this returns. A row whose id is there already changes nothing; positions only move forward.
    /// In which day, week, and month a row counts, its team's time zone says, as it is in the store
    /// at that moment. Of each account the sums of the newest day, week, and month that it has rows
    /// in are kept, and the total.
    virtual Result<void> apply(std::span<const CallRecord> rows,
                               std::span<const JournalPosition> positions) = 0;
    virtual Result<void> forget_segments(std::span<const std::string> segments) = 0;

    /// Deletes rows of calls that ended before `before`, of each team the oldest first, until
    /// `rows_max` or somewhat more are gone; those of one batch and one hour go together, once all
    /// of them are old. Rollups and what accounts have spent stay. Returns how many went.
    virtual Result<int64_t> prune_calls(TimePoint before, size_t rows_max) = 0;
};

/// Money and counts, threads, and errors as of CallSink. Every query has the team in its condition.
class UsageStore : public CallSink {
public:
    // ---- for a start ----------------------------------------------------------------------------

    virtual Result<std::vector<JournalPosition>> journal_positions() = 0;

    /// Of the rows that stand_for_repeats the latest kRepeatsMax, oldest first; of one key the last
    /// one that was written.
    virtual Result<void> for_each_repeatable(
        const std::function<void(const RepeatableCall&)>& each) = 0;

    /// What every account has spent, in no order. The views live for that call.
    virtual Result<void> for_each_spend(const std::function<void(const SpendTotals&)>& each) = 0;

    /// How the selection of tools does for each key, as trial_of counts its rows, in no order.
    virtual Result<void> for_each_tool_trial(const std::function<void(const KeyTrial&)>& each) = 0;

    // ---- money --------------------------------------------------------------------------------

    /// Errors: NotFound when there is no such team.
    virtual Result<CreditAccount> get_credit(std::string_view team_id) = 0;
    virtual Result<void> for_each_credit(
        const std::function<void(std::string_view team_id, const CreditAccount&)>& each) = 0;
    /// Another time zone holds from here on: days that were counted stay what they were. What the
    /// accounts spent in the day, week, and month that they are in is summed anew, as those begin
    /// in the new zone, from the rows of the last kRezonedMax.
    /// Errors: NotFound, VersionMismatch; InvalidRequest when there is no such time zone.
    virtual Result<void> put_billing(std::string_view team_id,
                                     const BillingTerms& terms,
                                     const AuditEntry& audit) = 0;
    /// Adds a row. Errors: NotFound (the team), InvalidRequest when the id is there already.
    virtual Result<void> add_ledger_entry(const LedgerEntry& entry, const AuditEntry& audit) = 0;
    /// Newest first.
    virtual Result<Page<LedgerEntry>> list_ledger(std::string_view team_id,
                                                  const PageQuery& query) = 0;

    // ---- budgets ------------------------------------------------------------------------------
    // Of a plan: with an empty team id. Errors as in AccountStore; at most kBudgetsMax of a team.

    virtual Result<void> create_budget(const Budget& budget, const AuditEntry& audit) = 0;
    virtual Result<void> update_budget(const Budget& budget, const AuditEntry& audit) = 0;
    virtual Result<void> delete_budget(std::string_view team_id,
                                       std::string_view id,
                                       const AuditEntry& audit) = 0;
    virtual Result<Budget> get_budget(std::string_view team_id, std::string_view id) = 0;
    /// All of a team's, oldest first; of all plans for an empty id.
    virtual Result<std::vector<Budget>> list_budgets(std::string_view team_id) = 0;
    virtual Result<void> for_each_budget(const std::function<void(const Budget&)>& each) = 0;

    // ---- prices -------------------------------------------------------------------------------

    /// What the operator set over the price book, by model; `version` counts all changes.
    struct PriceOverrides {
        std::vector<ModelPrice> prices{};
        int64_t version = 0;
    };
    virtual Result<PriceOverrides> get_prices() = 0;
    /// Sets one, or takes it away where it has no price. Returns the new version.
    /// Errors: NotFound when there is none to take away; InvalidRequest beyond kPricesMax.
    virtual Result<int64_t> put_price(const std::string& model,
                                      const std::optional<Price>& price,
                                      const AuditEntry& audit) = 0;

    // ---- for people ---------------------------------------------------------------------------

    virtual Result<std::vector<UsageLine>> usage(const UsageQuery& query) = 0;
    virtual Result<Page<CallRow>> list_calls(const CallQuery& query) = 0;
    virtual Result<CallRow> get_call(std::string_view team_id, const CallId& id) = 0;

    /// Does nothing when the id is there already. A team's latest kEventsMax are kept.
    virtual Result<void> add_event(const UsageEvent& event) = 0;
    /// Newest first.
    virtual Result<Page<UsageEvent>> list_events(std::string_view team_id,
                                                 const PageQuery& query) = 0;

    /// Of the team, or of all for an empty id: those after the number, in order.
    virtual Result<std::vector<NumberedEvent>> events_after(std::string_view team_id,
                                                            int64_t n,
                                                            size_t limit) = 0;

    // ---- webhooks ------------------------------------------------------------------------------
    // The operator's: with an empty team id. At most kWebhooksMax each.

    /// It hears of what comes from now on. Errors: NotFound (the team), InvalidRequest when there
    /// are too many, or the id is there already.
    virtual Result<void> create_webhook(const Webhook& hook, const AuditEntry& audit) = 0;
    /// Replaces what is not its delivery, which begins to try again. Errors: NotFound,
    /// VersionMismatch.
    virtual Result<void> update_webhook(const Webhook& hook, const AuditEntry& audit) = 0;
    virtual Result<void> delete_webhook(std::string_view team_id,
                                        std::string_view id,
                                        const AuditEntry& audit) = 0;
    virtual Result<Webhook> get_webhook(std::string_view team_id, std::string_view id) = 0;
    /// Oldest first.
    virtual Result<std::vector<Webhook>> list_webhooks(std::string_view team_id) = 0;
    virtual Result<std::vector<Webhook>> all_webhooks() = 0;
    /// Notes how far it has come, if it is as it was read. Returns whether it is: what was begun
    /// for one that was changed or deleted meanwhile says nothing about how it is now.
    virtual Result<bool> put_delivery(const Webhook& read, const WebhookDelivery& delivery) = 0;

    // ---- upkeep -------------------------------------------------------------------------------

    /// Recomputes every rollup, every account, and every balance from the rows (and, where rows
    /// were pruned, from the rollups of those days), and says what differs.
    virtual Result<LedgerFindings> verify() = 0;
};

}  // namespace keywarden
