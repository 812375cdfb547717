// Failed attempts to present a key, throttled by where they come from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace keywarden {

/// A source has kBurst failures, which come back one a second. Only failures are counted and only
/// they are refused: a right key works from every address, so that nobody can lock out those who
/// share an address with them. Memory is bounded: where too many sources fail at once, the one
/// that has waited longest is forgotten.
/// Threads: any.
class FailedAttempts {
public:
    static constexpr int64_t kBurst = 20;
    static constexpr Nanos kInterval = std::chrono::seconds(1);

    FailedAttempts();

    /// Counts one failure. Returns zero, or how long to wait when there were too many: then it is
    /// not counted. `address` is written as inet_ntop does; IPv6 counts by /64.
    /// Source: GCRA, ITU-T I.371 annex A (the "virtual scheduling" form).
    Nanos count(std::string_view address, MonoTime now);

private:
    struct Source {
        uint64_t tag = 0;    // 0: free
        MonoTime full_at{};  // when all of kBurst is free again
    };
    static constexpr size_t kSets = 2'048;
    static constexpr size_t kWays = 4;

    std::mutex mutex_;
    std::array<char, 16> seed_{};  // so that nobody can choose whom to push out
    std::vector<std::array<Source, kWays>> sets_;
};

}  // namespace keywarden
