#include "app/spike_watch.h"

#include <utility>
#include <vector>

#include "base/log.h"
#include "domain/key_lifecycle.h"

namespace keywarden {
namespace {

using std::chrono::hours;

KeyHour hour_of(const UsageSums& sums) {
    return {.spent = sums.cost, .tokens = sums.input_tokens + sums.output_tokens};
}

}  // namespace

Result<void> SpikeWatch::look() {
    const TimePoint now = parts_.clock->now();
    const bool is_due = now < looked_at_ || now - looked_at_ >= kLookEvery;
    if (!is_due) return {};
    looked_at_ = now;
    return look_at_hour(now);
}

Result<void> SpikeWatch::look_at_hour(TimePoint now) {
    const TimePoint hour = std::chrono::floor<hours>(now);
    if (hour != told_in_) told_.clear();
    told_in_ = hour;
    TRY(const Doings doings, doings_of(hour));
    Rules rules;
    for (const auto& [key_id, doing] : doings) {
        if (told_.contains(key_id)) continue;
        TRY(const SpikeRule rule, rule_for(doing.team_id, rules));
        TRY_VOID(look_at_key(key_id, doing, rule));
    }
    return {};
}

/// What keys spent is in the store; how often they were refused, in memory.
Result<SpikeWatch::Doings> SpikeWatch::doings_of(TimePoint hour) const {
    Doings doings;
    TRY(const auto lines,
        usage().usage({.team_id = {},
                       .from = hour,
                       .until = hour + hours(1),
                       .split = UsageSplit::Key,
                       .limit = kKeysAnHour}));
    for (const UsageLine& line : lines) {
        std::string team_id = parts_.spending->team_of(line.target);
        if (team_id.empty()) continue;  // not since this start: it is looked at once it calls
        doings[line.target] = {.team_id = std::move(team_id), .hour = hour_of(line.sums)};
    }
    for (RefusedCalls::Line& line : parts_.refused->of_hour(hour)) {
        Doing& doing = doings[line.key_id];
        doing.team_id = std::move(line.team_id);
        doing.hour.refusals = line.count;
    }
    return doings;
}

Result<SpikeRule> SpikeWatch::rule_for(const std::string& team_id, Rules& rules) const {
    const auto known = rules.find(team_id);
    if (known != rules.end()) return known->second;
    AccountStore& accounts = parts_.keys->store().accounts();
    TRY(const Team team, accounts.get_team(team_id));
    TRY(const Plan plan, accounts.get_plan(team.plan_id));
    return rules.emplace(team_id, rule_of(plan.spikes, parts_.rule)).first->second;
}

Result<void> SpikeWatch::look_at_key(const std::string& key_id,
                                     const Doing& doing,
                                     const SpikeRule& rule) {
    if (!reaches_floor(rule, doing.hour)) return {};
    TRY(const KeyHour before, busiest_before(doing.team_id, key_id, told_in_));
    TRY(const Key key, parts_.keys->store().get_key(doing.team_id, key_id));
    std::vector<SecretNetwork> networks;
    for (const KeySecret& secret : key.secrets) {
        networks.insert(networks.end(), secret.networks.begin(), secret.networks.end());
    }
    const bool elsewhere = comes_from_elsewhere(networks, told_in_);
    const auto kind = find_spike(rule, doing.hour, before, elsewhere);
    if (!kind) return {};
    KeySpike spike{.team_id = doing.team_id,
                   .key_id = key.id,
                   .kind = *kind,
                   .start = told_in_,
                   .at = looked_at_,
                   .hour = doing.hour,
                   .before = before,
                   .elsewhere = elsewhere};
    TRY_VOID(hold_back(spike, rule.action));
    told_.insert(key.id);
    log(LogLevel::Warning,
        "key.spike",
        {{"key_id", std::string_view(spike.key_id)},
         {"team_id", std::string_view(spike.team_id)},
         {"of", name(spike.kind)},
         {"quarantined", spike.quarantined}});
    parts_.events->note(spike);
    return {};
}

Result<KeyHour> SpikeWatch::busiest_before(const std::string& team_id,
                                           const std::string& key_id,
                                           TimePoint hour) {
    TRY(const auto lines,
        usage().usage({.team_id = team_id,
                       .from = hour - hours(24 * kSpikeDays),
                       .until = hour,
                       .grain = UsageGrain::Hour,
                       .key_id = key_id}));
    KeyHour most;
    for (const UsageLine& line : lines) most = busiest(most, hour_of(line.sums));
    return most;
}

/// Quarantines an active key, where that is wanted. One that a person has disabled stays disabled.
Result<void> SpikeWatch::hold_back(KeySpike& spike, SpikeAction action) {
    if (action != SpikeAction::Quarantine) return {};
    const auto held =
        parts_.keys->change(spike.team_id, spike.key_id, {}, [](Key& key) -> Result<void> {
            if (key.status != KeyStatus::Active) return fail(ErrorCode::InvalidRequest, "");
            TRY(key.status, status_after(KeyAction::Quarantine, key.status));
            return {};
        });
    spike.quarantined = held.has_value();
    if (!held && held.error().code != ErrorCode::InvalidRequest) {
        return std::unexpected(held.error());
    }
    return {};
}

}  // namespace keywarden
