// How often each key was refused (403) in the current hour of the clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace keywarden {

inline constexpr int kRefusedStatus = 403;

/// In memory alone: a start begins anew. Only a refusal comes here, so a call that is let through
/// pays nothing for it. Threads: any.
class RefusedCalls {
public:
    static constexpr size_t kKeysMax = 10'000;  // of an hour; further ones are not counted

    void note(std::string_view team_id, std::string_view key_id, TimePoint at);

    struct Line {
        std::string team_id{};
        std::string key_id{};
        int64_t count = 0;
    };
    /// Of the hour that begins then.
    std::vector<Line> of_hour(TimePoint hour) const;

private:
    mutable std::mutex mutex_;
    TimePoint hour_{};                               // of `keys_`
    std::map<std::string, Line, std::less<>> keys_;  // by id
};

}  // namespace keywarden
