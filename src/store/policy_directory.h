// The house of policies in memory: what the instance, plans, teams, apps and makers let through.
//
// A change is stored first, then put in here, and only then answered: from that moment every call
// meets it. A call reads without waiting for anybody (PolicyReading).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "domain/compiled_policy.h"
#include "domain/effective_policy.h"
#include "domain/limiter.h"
#include "domain/policy.h"
#include "domain/role.h"
#include "domain/team.h"
#include "store/limit_counters.h"
#include "store/store.h"

namespace keywarden {

// What a scope says, as it stands in the store. Each policy has passed check_policy. `version`
// counts changes: one that is older than what is here is ignored, so that writers who race may put
// theirs in any order.

struct InstanceRules {
    Policy policy{};
    Limits key_defaults{};  // of keys whose own policy, team, and plan say nothing
    int64_t version = 1;
};

struct PlanRules {
    std::string id;
    Policy policy{};  // its limits are counted with each team on the plan
    Limits key_defaults{};
    int64_t version = 1;
};

struct TeamRules {
    std::string id;
    std::string plan_id{};  // empty: on none
    TeamState state = TeamState::Active;
    Policy policy{};
    Limits key_defaults{};
    int64_t version = 1;
};

struct AppRules {
    std::string id;
    std::string team_id;
    Policy policy{};
    int64_t version = 1;
};

struct ModelRules {
    std::string id;  // "provider/model": what it is called at its provider's
    Limits limits{};
    int64_t version = 1;
};

/// A model as a call knows it. Both empty: it is not known yet.
struct ModelName {
    std::string_view provider{};
    std::string_view model{};
};

/// `role` empty: they have left the team, and their keys hold nothing but AnyKey.
struct MemberRole {
    std::string team_id;
    std::string user_id;
    std::optional<Role> role{};
};

/// A key's place: its team, its app, and who made it. Keys that share all of it share one.
struct KeyPlace;
/// What a key that has a policy of its own, or has made others, says.
struct KeyNode;
/// Where a thread says that it reads.
class ReadingPlace;
class PolicyReading;

/// Where a key stands. Views are not kept.
struct KeyOrigin {
    std::string_view team_id;
    std::string_view app_id{};        // empty: the team as a whole
    std::string_view maker_key_id{};  // the key that made it, whose policy narrows it; empty: none
    std::string_view user_id{};       // with whose role it acts; empty: with an owner's
};

inline KeyOrigin origin_of(const HotKey& key) {
    return {.team_id = key.team_id,
            .app_id = key.app_id,
            .maker_key_id = key.maker_key_id,
            .user_id = key.user_id};
}

/// Threads: any, for every function.
class PolicyDirectory {
public:
    PolicyDirectory();
    ~PolicyDirectory();
    PolicyDirectory(const PolicyDirectory&) = delete;
    PolicyDirectory& operator=(const PolicyDirectory&) = delete;

    // ---- changes: in force when they return ---------------------------------------------------
    // In any order: a team may come before its plan. What was never put in says nothing.
    // Requires: the calling thread has no PolicyReading.

    void put(const InstanceRules& rules);
    void put(const PlanRules& rules);
    void put(const TeamRules& rules);
    void put(const AppRules& rules);
    void put(const ModelRules& rules);
    void put(const MemberRole& member);

    /// From now on `each` hears which plan a team is on: now of every team, and then of each that
    /// is put in, in order. Empty: nobody does any more.
    void watch_plans(std::function<void(std::string_view team_id, std::string_view plan_id)> each);

    /// What a key of the team gets that names no limit: of its plan, or of the instance.
    SourcedLimits key_defaults(std::string_view team_id);

    // ---- keys: for the key directory ----------------------------------------------------------

    /// Never null; lives as long as the directory.
    const KeyPlace* place(const KeyOrigin& origin);
    /// Puts in what a key says for itself. `policy` may be null, and `requests_per_minute` 0.
    /// Returns: null when it says nothing, and has made no other key.
    const KeyNode* put_key(std::string_view id,
                           const KeyPlace& place,
                           const Policy* policy,
                           int64_t requests_per_minute);
    /// Whether keys that are here were made by this one, or by any, that was not put in yet.
    bool waits_for(std::string_view id) const;
    bool waits_for_any() const;

    /// Lives as long as the directory.
    static std::string_view team_id(const KeyPlace& place);

    // ---- people who have signed in --------------------------------------------------------------

    /// The id of a team that was put in, as long as the directory lives.
    std::optional<std::string_view> find_team(std::string_view id);
    /// Where a member of a team stands, as a key of theirs would. Null where they are none.
    const KeyPlace* find_member(std::string_view team_id, std::string_view user_id);
    /// What holds for them: the team's state, their role, and the policies of the team and wider.
    PolicyReading read_member(const KeyPlace& place);

    // ---- what is counted ----------------------------------------------------------------------

    LimitCounters& counters();

private:
    friend class PolicyReading;
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The key of a call, as its record has it.
struct ReadingKey {
    const KeyPlace* place = nullptr;  // not null
    const KeyNode* node = nullptr;
    std::string_view id;              // lives as long as the directory
    int64_t requests_per_minute = 0;  // 0: the default. Not looked at when `node` says something.
    CounterSlot* counter = nullptr;   // not null
};

inline constexpr size_t kMakersMax = 3;
inline constexpr size_t kPolicyChainMax = 5 + kMakersMax;

/// What holds for a key at one moment. While it lives, nothing of it is freed: keep it for the few
/// sums of one phase, on the frame, never over an `await`, and one at a time on a thread.
/// Allocates nothing, but at the very first call of a key.
class PolicyReading {
public:
    PolicyReading(PolicyDirectory& directory, const ReadingKey& key, ModelName model = {});
    ~PolicyReading();
    PolicyReading(const PolicyReading&) = delete;
    PolicyReading& operator=(const PolicyReading&) = delete;

    TeamState team_state() const { return team_state_; }
    /// The role of who made the key, now; empty: they have left the team.
    std::optional<Role> maker() const { return maker_; }
    /// Of the key; empty where it has none. They live as long as the directory.
    std::string_view app_id() const { return app_id_; }
    std::string_view user_id() const { return user_id_; }

    /// The keys that made the key, the nearest first; empty ones come last. They live as long as
    /// the directory.
    const std::array<std::string_view, kMakersMax>& maker_ids() const { return maker_ids_; }

    /// The scopes that say anything, from the widest to the narrowest.
    std::span<const PolicyLink> chain() const { return std::span(chain_).first(chain_size_); }
    /// The scopes that count, for take_limits and peek_limits. The key's is the last one.
    std::span<const LimitScope> limits() const { return std::span(limits_).first(limits_size_); }

private:
    void link(Scope scope, const CompiledPolicy* policy);
    void count(Scope scope, const SourcedLimits& limits, LimitCounter& counter);
    void add_makers(const KeyNode* nearest);
    void add_key(LimitCounters& counters, const ReadingKey& key, const SourcedLimits& defaults);

    ReadingPlace* place_;
    TeamState team_state_ = TeamState::Active;
    std::optional<Role> maker_{};
    std::string_view app_id_;
    std::string_view user_id_;
    std::array<std::string_view, kMakersMax> maker_ids_{};
    size_t chain_size_ = 0;
    size_t limits_size_ = 0;
    std::array<PolicyLink, kPolicyChainMax> chain_;
    std::array<LimitScope, kLimitScopesMax> limits_;
    SourcedLimits own_;
};

/// The tightest of all scopes for each kind, and who sets it.
SourcedLimits tightest(std::span<const LimitScope> scopes);

}  // namespace keywarden
