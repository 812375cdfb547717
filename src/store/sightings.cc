#include "store/sightings.h"

#include <algorithm>
#include <mutex>

namespace keywarden {
namespace {

/// Spreads both over all bits. Source: the finalizer of splitmix64.
size_t start_of(const Sightings::Seen& seen) {
    uint64_t bits = seen.network.value ^ (uint64_t{seen.secret} << 40U) ^ seen.secret;
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    return bits ^ (bits >> 31U);
}

}  // namespace

/// False when the place waits to be collected for another.
bool Sightings::take(Place& place, const Seen& seen) {
    const std::lock_guard lock(place.lock);
    const bool is_same = place.is_of(seen);
    if (place.waits && !is_same) return false;
    const uint32_t before = is_same ? place.second.load(std::memory_order_relaxed) : 0;
    place.network.store(seen.network.value, std::memory_order_relaxed);
    place.secret.store(seen.secret, std::memory_order_relaxed);
    place.second.store(std::max(before, seen.second), std::memory_order_relaxed);
    place.waits = true;
    return true;
}

void Sightings::note(const Seen& seen) {
    const size_t start = start_of(seen);
    for (size_t i = 0; i < kProbesMax; ++i) {
        Place& place = places_[(start + i) % kPlaces];
        if (place.is_of(seen) && place.second.load(std::memory_order_relaxed) >= seen.second) {
            return;
        }
        if (take(place, seen)) return;
    }
}

std::vector<Sightings::Seen> Sightings::collect() {
    std::vector<Seen> seen;
    for (Place& place : places_) {
        const std::lock_guard lock(place.lock);
        if (!place.waits) continue;
        place.waits = false;
        // From here on the same second is noted again: what could not be written comes back so.
        seen.push_back({.secret = place.secret,
                        .network = {place.network},
                        .second = place.second.exchange(0)});
    }
    return seen;
}

}  // namespace keywarden
