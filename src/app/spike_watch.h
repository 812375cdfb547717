// Finds keys that spike, tells of them, and holds them back where the operator wants that.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "app/money_events.h"
#include "app/refused_calls.h"
#include "base/clock.h"
#include "base/result.h"
#include "domain/spike.h"
#include "store/key_directory.h"
#include "store/spend_directory.h"
#include "store/usage_store.h"

namespace keywarden {

struct SpikeWatchParts {
    const SpendDirectory* spending = nullptr;
    KeyDirectory* keys = nullptr;  // and its store
    const RefusedCalls* refused = nullptr;
    MoneyEvents* events = nullptr;
    const Clock* clock = &system_clock();
    SpikeRule rule{};  // where a team's plan says nothing
};

/// Threads: one, which may block. All of the parts must outlive it.
///
/// An hour of a key is what the store has summed of it, so a start forgets nothing, and it costs a
/// call nothing. A spike is told of once an hour of the clock; a key that is held back stays so.
class SpikeWatch {
public:
    explicit SpikeWatch(SpikeWatchParts parts) : parts_(parts) {}

    /// To be called about once a second: looks once a minute. Errors: the store's; it looks again
    /// the next minute.
    Result<void> look();

    static constexpr Nanos kLookEvery = std::chrono::minutes(1);
    static constexpr size_t kKeysAnHour = 1'000;  // looked at: those that spent most

private:
    /// A key, and what it did in the hour.
    struct Doing {
        std::string team_id{};
        KeyHour hour{};
    };
    using Doings = std::map<std::string, Doing>;
    using Rules = std::map<std::string, SpikeRule>;  // by team: as they are in one look

    Result<void> look_at_hour(TimePoint now);
    Result<Doings> doings_of(TimePoint hour) const;
    Result<SpikeRule> rule_for(const std::string& team_id, Rules& rules) const;
    Result<void> look_at_key(const std::string& key_id, const Doing& doing, const SpikeRule& rule);
    Result<KeyHour> busiest_before(const std::string& team_id,
                                   const std::string& key_id,
                                   TimePoint hour);
    Result<void> hold_back(KeySpike& spike, SpikeAction action);
    UsageStore& usage() const { return parts_.keys->store().usage(); }

    SpikeWatchParts parts_;
    TimePoint looked_at_{};
    TimePoint told_in_{};         // the hour of `told_`
    std::set<std::string> told_;  // keys; at most kKeysAnHour an hour
};

}  // namespace keywarden
