// Who keys belong to: teams, their plans and apps, people, and who is a member of which team.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "domain/policy.h"
#include "domain/role.h"
#include "domain/spike.h"
#include "domain/team.h"

namespace keywarden {

/// The plan that every team is on until an operator says otherwise.
inline constexpr std::string_view kDefaultPlanId = "plan_default";

/// What the operator sets for the whole instance. What is empty is as its configuration says.
struct InstanceSettings {
    Policy policy{};        // its limits are counted over all calls
    Limits key_defaults{};  // of a key that names no limit, and whose team and plan do not either
    int64_t version = 0;    // counts changes; 0: nothing was ever set
};

/// What one model of the catalogue bears, counted over all who use it.
struct ModelLimits {
    std::string id{};  // "provider/model": what it is called at its provider's
    Limits limits{};   // without body_bytes: a body is read before its model is known
    int64_t version = 0;
};

struct Team {
    std::string id{};
    std::string name{};
    TimePoint created_at{};
    std::string plan_id{kDefaultPlanId};
    TeamState state = TeamState::Active;
    Policy policy{};
    Limits key_defaults{};  // of a key that names no limit of its own
    int64_t version = 1;    // counts changes; its ETag
};

/// What is empty here is as the instance's configuration says.
struct Plan {
    std::string id{};
    std::string name{};     // no two have the same
    Policy policy{};        // ceilings: no key, app, or team goes beyond
    Limits key_defaults{};  // of a key that names no limit, and whose team does not either
    std::optional<int64_t> active_keys_max{};
    std::optional<int64_t> creations_per_hour_max{};
    SpikeTerms spikes{};
    int64_t version = 1;
};

/// A named part of a team, to which keys and usage belong.
struct App {
    std::string id{};
    std::string team_id{};
    std::string name{};  // no two of a team have the same
    Policy policy{};
    TimePoint created_at{};
    int64_t version = 1;
};

struct User {
    std::string id{};
    std::string email{};  // no two have the same; empty for the operator of the first start
    std::string name{};
    bool is_operator = false;
    TimePoint created_at{};
    bool is_disabled = false;  // may not sign in; what keys of theirs may do is their roles' matter
};

struct Member {
    std::string team_id{};
    std::string user_id{};
    Role role = Role::Member;
    TimePoint created_at{};
    // Of the user, for whoever reads a list of members:
    std::string email{};
    std::string name{};
};

}  // namespace keywarden
