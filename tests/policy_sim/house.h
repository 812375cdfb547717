// The wiring: compiled policies, limits, and counters of every scope, kept up to date by events.
// Here over the domain's objects alone; the gateway's own directory takes its place.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/units.h"
#include "domain/compiled_policy.h"
#include "domain/effective_policy.h"
#include "domain/limiter.h"
#include "tests/policy_sim/facts.h"

namespace keywarden::sim {

struct Outcome {
    std::optional<ErrorCode> refused{};
    std::optional<LimitDenial> denial{};  // when a limit refused
    LimitTicket ticket{};
};

class House {
public:
    explicit House(const Facts& facts);

    void instance_changed();
    void plan_changed(size_t plan);
    void team_changed(size_t team);
    void app_changed(size_t app);
    void key_changed(size_t key);
    /// The place `key` has a new key, with nothing used.
    void key_replaced(size_t key);

    Outcome call(const Call& call, TimePoint wall, MonoTime now);

    /// Everything that is only in memory is gone, but for the snapshot. No ticket may live.
    void restart(TimePoint stopped,
                 MonoTime stopped_mono,
                 TimePoint started,
                 MonoTime started_mono);

private:
    struct Counted {
        std::unique_ptr<CompiledPolicy> policy{};
        SourcedLimits limits{};
        std::unique_ptr<LimitCounter> counter = std::make_unique<LimitCounter>();
    };
    struct Chain {
        std::array<PolicyLink, 5 + kMakersMax> links{};
        size_t size = 0;
        void add(Scope scope, const Counted& counted) {
            links[size++] = {scope, counted.policy.get()};
        }
        std::span<const PolicyLink> view() const { return std::span(links).first(size); }
    };

    Chain chain_of(size_t key) const;
    void limit_keys();
    void limit_key(size_t key);
    void limit_team(size_t team);
    template <class Each>
    void for_each_counter(Each each);

    const Facts& facts_;
    Counted instance_;
    std::vector<Counted> plans_;  // no counters of their own: a plan is counted with the team
    std::vector<Counted> teams_;
    std::vector<Counted> apps_;
    std::vector<Counted> keys_;
};

}  // namespace keywarden::sim
