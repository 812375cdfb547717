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

/// How many failures a source has, and how many come back a second.
struct FailedAttemptsRule {
    int64_t burst = 20;      // > 0
    int64_t per_second = 1;  // > 0
};

/// Whom an address is counted with: the first four groups of an IPv6 address, "::" written out;
/// others as they are.
std::string network_of(std::string_view address);

/// A source has `burst` failures, which come back `per_second`. Only failures are counted and only
/// they are refused: a right key works from every address, so that nobody can lock out those who
/// share an address with them. Memory is bounded: where too many sources fail at once, the one
/// that has waited longest is forgotten.
/// Threads: any.
class FailedAttempts {
public:
    explicit FailedAttempts(FailedAttemptsRule rule = {});
    /// `burst` failures, of which one comes back each `interval`. Both > 0.
    FailedAttempts(int64_t burst, Nanos interval);

    /// Counts one failure. Returns zero, or how long to wait when there were too many: then it is
    /// not counted. `address` is written as inet_ntop does; IPv6 counts by /64.
    /// Source: GCRA, ITU-T I.371 annex A (the "virtual scheduling" form).
    /// `tenant`: whose clients these are, where several count apart.
    Nanos count(std::string_view address, MonoTime now, std::string_view tenant = {});
    /// As count, and counts nothing: for what may not even be tried while there were too many.
    Nanos wait(std::string_view address, MonoTime now, std::string_view tenant = {});

private:
    Nanos look(std::string_view address, MonoTime now, std::string_view tenant, bool counts);

    struct Source {
        uint64_t tag = 0;    // 0: free
        MonoTime full_at{};  // when all of the burst is free again
    };
    static constexpr size_t kSets = 2'048;
    static constexpr size_t kWays = 4;

    const Nanos interval_;  // in which one failure comes back
    const Nanos burst_;     // in which all do
    std::mutex mutex_;
    std::array<char, 16> seed_{};  // so that nobody can choose whom to push out
    std::vector<std::array<Source, kWays>> sets_;
};

}  // namespace keywarden
