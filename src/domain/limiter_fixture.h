// What tests of limits count in: a team and a key of it. Only tests include this.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "domain/limiter.h"

namespace keywarden {

inline MonoTime at(int64_t moment_seconds) {
    return MonoTime(std::chrono::seconds(moment_seconds));
}

struct CountedHouse {
    LimitCounter team_counter{};
    LimitCounter key_counter{};
    SourcedLimits team{};
    SourcedLimits key{};

    std::array<LimitScope, 2> scopes() {
        return {LimitScope{Scope::Team, &team, &team_counter},
                LimitScope{Scope::Key, &key, &key_counter}};
    }
};

}  // namespace keywarden
