#include "app/spike_watch.h"

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
    if (!is_due || parts_.rule.factor == 0) return {};
    looked_at_ = now;
    return look_at_hour(now);
}

Result<void> SpikeWatch::look_at_hour(TimePoint now) {
    const TimePoint hour = std::chrono::floor<hours>(now);
    if (hour != told_in_) told_.clear();
    told_in_ = hour;
    TRY(const auto lines,
        usage().usage({.team_id = {},
                       .from = hour,
                       .until = hour + hours(1),
                       .split = UsageSplit::Key,
                       .limit = kKeysAnHour}));
    for (const UsageLine& line : lines) TRY_VOID(look_at_key(line, hour, now));
    return {};
}

Result<void> SpikeWatch::look_at_key(const UsageLine& line, TimePoint hour, TimePoint now) {
    const KeyHour sums = hour_of(line.sums);
    if (!reaches_floor(parts_.rule, sums) || told_.contains(line.target)) return {};
    const std::string team_id = parts_.spending->team_of(line.target);
    if (team_id.empty()) return {};  // not since this start: it is looked at once it calls
    TRY(const KeyHour before, busiest_before(team_id, line.target, hour));
    TRY(const Key key, parts_.keys->store().get_key(team_id, line.target));
    std::vector<SecretNetwork> networks;
    for (const KeySecret& secret : key.secrets) {
        networks.insert(networks.end(), secret.networks.begin(), secret.networks.end());
    }
    const bool elsewhere = comes_from_elsewhere(networks, hour);
    const auto kind = find_spike(parts_.rule, sums, before, elsewhere);
    if (!kind) return {};
    KeySpike spike{.team_id = team_id,
                   .key_id = key.id,
                   .kind = *kind,
                   .start = hour,
                   .at = now,
                   .hour = sums,
                   .before = before,
                   .elsewhere = elsewhere};
    TRY_VOID(hold_back(spike));
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
Result<void> SpikeWatch::hold_back(KeySpike& spike) {
    if (!parts_.quarantines) return {};
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
