#include "store/memory/memory_usage.h"

#include <algorithm>
#include <mutex>
#include <ranges>
#include <utility>

#include "domain/call_accounts.h"
#include "domain/call_id.h"
#include "store/account_rules.h"
#include "store/key_rules.h"
#include "store/tool_trials.h"

namespace keywarden {
namespace {

/// What a call is split by.
std::string target_of(const CallRecord& record, UsageSplit split) {
    switch (split) {
        case UsageSplit::Key:
            return std::string(record.key_id);
        case UsageSplit::App:
            return std::string(record.app_id);
        case UsageSplit::Model:
            return model_name(record.provider, record.model);
        case UsageSplit::Provider:
            return std::string(record.provider);
        default:
            return {};
    }
}

bool is_one_of(const CallRecord& record, const UsageQuery& query) {
    return (query.team_id.empty() || record.team_id == query.team_id) &&
           (query.key_id.empty() || record.key_id == query.key_id) &&
           (query.app_id.empty() || record.app_id == query.app_id) &&
           (query.provider.empty() || record.provider == query.provider) &&
           (query.model.empty() || is_model(query.model, record.provider, record.model));
}

}  // namespace

std::function<void()> MemoryUsage::way_back() {
    return [this,
            terms = terms_,
            spend = spend_,
            ledger = ledger_,
            budgets = budgets_,
            webhooks = webhooks_,
            prices = prices_,
            version = prices_version_] {
        terms_ = terms;
        spend_ = spend;
        ledger_ = ledger;
        budgets_ = budgets;
        webhooks_ = webhooks;
        prices_ = prices;
        prices_version_ = version;
    };
}

Result<void> MemoryUsage::count_call(std::map<AccountName, PeriodSpend>& spend,
                                     const CallRecord& record,
                                     const PeriodStarts& starts) {
    PeriodSpend cost{.starts = starts};
    cost.spent.fill(record.cost);
    Result<void> counted;
    for_each_account(record, [&](SpendScope scope, std::string_view target) {
        if (!counted) return;
        counted =
            count_spend(spend[{std::string(record.team_id), scope, std::string(target)}], cost);
    });
    return counted;
}

// ---- from the journal --------------------------------------------------------------------------

Result<void> MemoryUsage::apply(std::span<const CallRecord> rows,
                                std::span<const JournalPosition> positions) {
    const std::lock_guard lock(log_.mutex);
    // Nothing is kept of a batch of which one row fails.
    auto spend = spend_;
    std::set<CallId> fresh;
    std::vector<std::pair<CallRecord, TimePoint>> calls;
    for (const CallRecord& row : rows) {
        if (ids_.contains(row.id) || !fresh.insert(row.id).second) continue;
        const CallRecord record = as_kept(row);
        TRY(const TimeZone zone, zone_of(record.team_id));
        const PeriodStarts begun = period_starts(zone, record.ended_at);
        TRY_VOID(count_call(spend, record, begun));
        calls.emplace_back(record, begun[static_cast<size_t>(Period::Day)]);
    }
    for (const auto& [record, day] : calls) {
        calls_.push_back({.row = own(record, session_of(record)), .day = in_millis(day)});
        if (const auto missed = trial_of(record)) {
            trials_[{std::string(record.team_id), std::string(record.key_id)}].note(*missed);
        }
    }
    ids_.merge(fresh);
    spend_ = std::move(spend);
    for (const JournalPosition& position : positions) {
        int64_t& offset = positions_[position.segment];
        offset = std::max(offset, position.offset);
    }
    return {};
}

Result<TimeZone> MemoryUsage::zone_of(std::string_view team_id) const {
    const auto terms = terms_.find(team_id);
    if (terms == terms_.end()) return TimeZone();
    return find_time_zone(terms->second.time_zone);
}

std::string MemoryUsage::session_of(const CallRecord& record) {
    if (!record.session_id.empty()) return std::string(record.session_id);
    KeySession begun = session_from(record);
    std::string id = begun.id;
    const auto [at, is_first] =
        sessions_.try_emplace({std::string(record.team_id), std::string(record.key_id)}, begun);
    if (is_first) return id;
    if (joins(at->second, record)) return at->second.id;
    if (record.ended_at > at->second.last) at->second = std::move(begun);
    return id;
}

Result<std::vector<JournalPosition>> MemoryUsage::journal_positions() {
    const std::lock_guard lock(log_.mutex);
    std::vector<JournalPosition> positions;
    for (const auto& [segment, offset] : positions_) positions.push_back({segment, offset});
    return positions;
}

Result<void> MemoryUsage::forget_segments(std::span<const std::string> segments) {
    const std::lock_guard lock(log_.mutex);
    for (const std::string& segment : segments) positions_.erase(segment);
    return {};
}

Result<void> MemoryUsage::for_each_tool_trial(const std::function<void(const KeyTrial&)>& each) {
    const std::lock_guard lock(log_.mutex);
    for (const auto& [name, trial] : trials_) {
        each({.team_id = name.first, .key_id = name.second, .trial = trial});
    }
    return {};
}

Result<void> MemoryUsage::for_each_spend(const std::function<void(const SpendTotals&)>& each) {
    const std::lock_guard lock(log_.mutex);
    for (const auto& [name, spend] : spend_) {
        const auto& [team, scope, target] = name;
        each({.scope = scope,
              .team_id = team,
              .target = target,
              .starts = spend.starts,
              .spent = spend.spent});
    }
    return {};
}

// ---- for people --------------------------------------------------------------------------------

Result<void> MemoryUsage::for_each_repeatable(
    const std::function<void(const RepeatableCall&)>& each) {
    const std::lock_guard lock(log_.mutex);
    std::set<RepeatKey> later;
    std::vector<RepeatableCall> found;  // newest first
    for (const Call& call : std::views::reverse(calls_)) {
        const CallRecord& record = call.row.record;
        if (!stands_for_repeats(record) || !later.insert(record.repeat_key).second) continue;
        found.push_back({record.repeat_key, record.id, record.ended_at});
        if (found.size() == kRepeatsMax) break;
    }
    for (const RepeatableCall& call : std::views::reverse(found)) each(call);
    return {};
}

Result<std::vector<UsageLine>> MemoryUsage::usage(const UsageQuery& query) {
    const std::lock_guard lock(log_.mutex);
    std::map<std::pair<TimePoint, std::string>, UsageSums> lines;
    const bool is_whole = query.grain == UsageGrain::Whole;
    if (is_whole && query.split == UsageSplit::None) lines[{query.from, ""}] = {};
    for (const Call& call : calls_) {
        const CallRecord& record = call.row.record;
        TimePoint start = query.team_id.empty() ? nearest_utc_day(call.day) : call.day;
        if (query.grain == UsageGrain::Hour) {
            start = std::chrono::floor<std::chrono::hours>(record.ended_at);
        }
        if (start < query.from || start >= query.until || !is_one_of(record, query)) continue;
        UsageSums& sums = lines[{is_whole ? query.from : start, target_of(record, query.split)}];
        TRY_VOID(add_to(sums, sums_of(record)));
    }
    std::vector<UsageLine> result;
    for (const auto& [name, sums] : lines) result.push_back({name.first, name.second, sums});
    std::ranges::sort(result, {}, [](const UsageLine& line) {
        return std::tuple(line.start, -line.sums.cost.value, std::string_view(line.target));
    });
    if (result.size() > query.limit) result.resize(query.limit);
    return result;
}

std::vector<const MemoryUsage::Call*> MemoryUsage::newest_calls(const CallQuery& query) const {
    std::vector<const Call*> calls;
    for (const Call& call : calls_) {
        const bool is_shown = !call.pruned && call.row.record.team_id == query.team_id;
        if (is_shown) calls.push_back(&call);
    }
    // Of one moment, what came later stands later in `calls_`.
    std::ranges::sort(calls, std::ranges::greater(), [](const Call* call) {
        return std::pair(call->row.record.ended_at, call);
    });
    return calls;
}

Result<Page<CallRow>> MemoryUsage::list_calls(const CallQuery& query) {
    const std::lock_guard lock(log_.mutex);
    Page<CallRow> page;
    bool begun = query.after.empty();
    for (const Call* call : newest_calls(query)) {
        const CallRecord& record = call->row.record;
        if (!std::exchange(begun, begun || text_of(record.id).view() == query.after)) continue;
        const bool is_wanted =
            record.ended_at >= in_millis(query.from) &&
            (!query.until || record.ended_at < *query.until) &&
            (query.key_id.empty() || record.key_id == query.key_id) &&
            (query.app_id.empty() || record.app_id == query.app_id) &&
            (query.model.empty() || is_model(query.model, record.provider, record.model)) &&
            (query.session_id.empty() || call->row.session_id == query.session_id) &&
            (!query.failed || has_failed(record) == *query.failed);
        if (!is_wanted) continue;
        if (page.items.size() == query.limit) {
            page.next = text_of(page.items.back().record.id).view();
            return page;
        }
        page.items.push_back(call->row);
    }
    if (!begun) return no_such_cursor();
    return page;
}

Result<CallRow> MemoryUsage::get_call(std::string_view team_id, const CallId& id) {
    const std::lock_guard lock(log_.mutex);
    for (const Call& call : calls_) {
        const CallRecord& record = call.row.record;
        if (record.id == id && record.team_id == team_id && !call.pruned) return call.row;
    }
    return no_such("request");
}

// ---- upkeep ------------------------------------------------------------------------------------

Result<int64_t> MemoryUsage::prune_calls(TimePoint before, size_t rows_max) {
    const std::lock_guard lock(log_.mutex);
    std::vector<Call*> old;
    for (Call& call : calls_) {
        if (!call.pruned && call.row.record.ended_at < before) old.push_back(&call);
    }
    std::ranges::sort(old, {}, [](const Call* call) { return call->row.record.ended_at; });
    if (old.size() > rows_max) old.resize(rows_max);
    for (Call* call : old) call->pruned = true;
    return std::ssize(old);
}

Result<LedgerFindings> MemoryUsage::verify() {
    const std::lock_guard lock(log_.mutex);
    LedgerFindings findings;
    std::set<std::string_view> teams;
    for (const Call& call : calls_) {
        if (!call.pruned) ++findings.rows;
        teams.insert(call.row.record.team_id);
    }
    findings.teams = std::ssize(teams);
    return findings;
}

}  // namespace keywarden
