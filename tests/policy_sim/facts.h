// What was decided about plans, teams, apps, people, and keys: plain records, as a store has them.
// The house makes of it what calls meet; the model reads it as it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/key.h"
#include "domain/limiter.h"
#include "domain/policy.h"
#include "domain/role.h"
#include "domain/team.h"

namespace keywarden::sim {

struct Plan {
    Policy policy{};
    Limits key_defaults{};
};

struct Team {
    size_t plan = 0;
    TeamState state = TeamState::Active;
    Policy policy{};
    Limits key_defaults{};
};

struct App {
    size_t team = 0;
    Policy policy{};
};

struct User {
    size_t team = 0;
    std::optional<Role> role = Role::Owner;  // empty: has left
};

struct KeyFacts {
    Key key{};
    size_t team = 0;
    size_t app = 0;
    size_t user = 0;                // who made it, or made the first of its makers
    std::optional<size_t> maker{};  // the key that made it
    Policy policy{};
};

struct Facts {
    Policy instance{};
    Limits instance_defaults{};
    std::vector<Plan> plans{};
    std::vector<Team> teams{};
    std::vector<App> apps{};
    std::vector<User> users{};
    std::vector<KeyFacts> keys{};
};

inline constexpr size_t kMakersMax = 3;

/// The key's makers that are keys, the nearest first.
inline std::vector<size_t> makers_of(const Facts& facts, size_t key) {
    std::vector<size_t> makers;
    while (facts.keys[key].maker) {
        key = *facts.keys[key].maker;
        makers.push_back(key);
    }
    return makers;
}

struct Call {
    size_t key = 0;
    std::string secret_id{};
    std::string model{};
    std::string address{};
    LimitRequest size{};
    bool manages = false;  // asks to make a key, and no model
};

}  // namespace keywarden::sim
