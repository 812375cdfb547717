// The life of a key's secrets: who lives on after a rotation, how long, and when an end is for
// good.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "domain/key.h"

namespace keywarden {

struct Rotation {
    Nanos grace = std::chrono::hours(24);  // 0 to kGraceMax; starts at the new secret's first use
    bool emergency = false;                // the old secrets end at once, and for good
};

/// A new secret that nobody uses starts the grace of the older ones when it is this old: a rotation
/// that nobody rolls out cuts nobody off at once, and still no old secret lives for ever.
inline constexpr Nanos kUnusedSecretMax = std::chrono::hours(24 * 90);

/// When the secret that is about to be made counts as made: never before the newest one there, so
/// that a clock that was set back shortens no grace.
TimePoint made_at(const std::vector<KeySecret>& secrets, TimePoint now);

/// What a rotation at `now` does to the secrets that are there. Of two graces the shorter holds.
/// What is dead by then has ended for good: it takes no place.
/// Errors: InvalidRequest when that leaves no place for one more, or the grace is out of bounds.
Result<void> retire(std::vector<KeySecret>& secrets, const Rotation& rotation, TimePoint now);

/// Forgets the oldest dead secrets past kSecretsKeptMax.
void forget_old(std::vector<KeySecret>& secrets, TimePoint now);

/// Notes a use of secrets[index]. Its first one starts the graces of the older ones, but not before
/// it was made: a clock that was set back shortens none.
void note_use(std::vector<KeySecret>& secrets, size_t index, TimePoint at);

/// Since when secrets[index] is no longer the one to use: when the next newer one was made.
std::optional<TimePoint> deprecated_at(const std::vector<KeySecret>& secrets, size_t index);

}  // namespace keywarden
