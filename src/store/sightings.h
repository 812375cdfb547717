// Which secret was seen from which network, until the upkeep writes it down.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "domain/network_prefix.h"
#include "domain/spin_lock.h"

namespace keywarden {

/// Noting takes no memory and waits for nobody: one that is known for this second costs two reads,
/// another a copy under a lock of its place. With more pairs of secret and network in a second than
/// there are places, some are left out: the next second has room again.
class Sightings {
public:
    struct Seen {
        uint32_t secret = 0;
        NetworkPrefix network{};
        uint32_t second = 0;  // since 1970
    };

    /// Threads: any.
    void note(const Seen& seen);

    /// What was noted since the last time.
    std::vector<Seen> collect();

    static constexpr size_t kPlaces = 4096;

private:
    static constexpr size_t kProbesMax = 8;

    struct Place {
        SpinLock lock{};
        bool waits = false;  // to be collected; under the lock
        std::atomic<uint32_t> secret{0};
        std::atomic<uint32_t> second{0};
        std::atomic<uint64_t> network{0};

        bool is_of(const Seen& seen) const {
            return network.load(std::memory_order_relaxed) == seen.network.value &&
                   secret.load(std::memory_order_relaxed) == seen.secret;
        }
    };

    static bool take(Place& place, const Seen& seen);

    std::array<Place, kPlaces> places_;
};

}  // namespace keywarden
