#include "app/money_events.h"

#include <fmt/format.h>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/json/write.h"
#include "base/money.h"

namespace keywarden {
namespace {

/// The same id for the same thing.
std::string id_of(std::string_view what) {
    constexpr size_t kBytes = 10;
    const Digest digest = sha256(what);
    return "event_" + to_hex(std::span(digest).first(kBytes));
}

int64_t day_of(TimePoint at) {
    return std::chrono::floor<std::chrono::days>(at).time_since_epoch().count();
}

/// Of a day, week, or month, in whatever time zone it began.
int64_t nearest_day(TimePoint start) { return day_of(start + std::chrono::hours(12)); }

bool used_tokens(const CallRecord& row) {
    return row.usage.input.value_or(0) > 0 || row.usage.output.value_or(0) > 0;
}

}  // namespace

void MoneyEvents::add(UsageEvent event) {
    if (waiting_.size() >= kWaitingMax) waiting_.erase(waiting_.begin());
    if (event.id.empty()) event.id = new_id("event");
    waiting_.push_back(std::move(event));
}

void MoneyEvents::note(const ThresholdCrossed& crossed) {
    const std::lock_guard lock(mutex_);
    add({.id = id_of(fmt::format("threshold\n{}\n{}\n{}\n{}",
                                 crossed.team_id,
                                 crossed.budget_id,
                                 nearest_day(crossed.period_start),
                                 crossed.percent)),
         .team_id = crossed.team_id,
         .kind = "budget.threshold",
         .target = crossed.budget_id,
         .at = crossed.at,
         .body = fmt::format(R"({{"percent":{},"amount_usd":"{}","spent_usd":"{}"}})",
                             crossed.percent,
                             format_usd(crossed.amount),
                             format_usd(crossed.spent))});
}

void MoneyEvents::note(const KeySpike& spike) {
    const std::lock_guard lock(mutex_);
    add({.id = id_of(fmt::format(
             "spike\n{}\n{}\n{}", spike.key_id, name(spike.kind), to_millis(spike.start))),
         .team_id = spike.team_id,
         .kind = "key.spike",
         .target = spike.key_id,
         .at = spike.at,
         .body = fmt::format(R"({{"of":"{}","since":"{}","spent_usd":"{}","tokens":{},)"
                             R"("busiest_hour_spent_usd":"{}","busiest_hour_tokens":{},)"
                             R"("refusals":{},"from_elsewhere":{},"quarantined":{}}})",
                             name(spike.kind),
                             format_iso8601(spike.start),
                             format_usd(spike.hour.spent),
                             spike.hour.tokens,
                             format_usd(spike.before.spent),
                             spike.before.tokens,
                             spike.hour.refusals,
                             spike.elsewhere,
                             spike.quarantined)});
}

void MoneyEvents::note(std::span<const CallRecord> rows) {
    const std::lock_guard lock(mutex_);
    for (const CallRecord& row : rows) {
        if (row.priced || row.cost.value > 0 || !used_tokens(row)) continue;
        const std::tuple told(row.team_id, row.provider, row.model, day_of(row.ended_at));
        if (unpriced_.contains(told)) continue;
        if (unpriced_.size() >= kUnpricedMax) unpriced_.clear();
        unpriced_.emplace(told);
        const std::string model = fmt::format("{}/{}", row.provider, row.model);
        add({.team_id = std::string(row.team_id),
             .kind = "usage.unpriced",
             .target = model,
             .at = row.ended_at,
             .body = fmt::format(R"({{"model":{}}})", json_string(model))});
    }
}

bool MoneyEvents::is_full() {
    const std::lock_guard lock(mutex_);
    return waiting_.size() >= kWaitingMax;
}

Result<void> MoneyEvents::write(UsageStore& store) {
    const std::lock_guard lock(mutex_);
    size_t written = 0;
    Result<void> done;
    for (; written < waiting_.size() && done; ++written) {
        done = store.add_event(waiting_[written]);
        if (!done) break;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(written));
    return done;
}

}  // namespace keywarden
