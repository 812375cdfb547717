// What somebody should look at in a key: that it is due for a rotation, unused, or about to expire.
// Nothing is done to the key by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"
#include "domain/key.h"

namespace keywarden {

/// When something is worth a notice.
struct KeyNotice {
    Nanos unused_after = std::chrono::hours(24 * 90);  // without a use, or since it was made
    Nanos ahead = std::chrono::hours(24 * 14);         // before an expiry, or a rotation
};

enum class RotationState : uint8_t { Ok, Due, Overdue, kCount };

std::string_view name(RotationState state);  // "ok", "due", "overdue"
std::optional<RotationState> rotation_state_of(std::string_view text);

inline constexpr Nanos kRotateEveryMin = std::chrono::hours(24);
inline constexpr Nanos kRotateEveryMax = std::chrono::hours(24 * 3650);

/// The last use of any of its secrets.
std::optional<TimePoint> last_use(const Key& key);

/// When its newest secret is as old as its owner wants one to be. Nothing where they did not say.
std::optional<TimePoint> rotation_due_at(const Key& key);

/// Overdue from rotation_due_at on; due for `ahead` before it, or a quarter of `rotate_every` where
/// that is less. Nothing for a key without `rotate_every`, or one that is revoked or has expired.
std::optional<RotationState> rotation_of(const Key& key, const KeyNotice& notice, TimePoint now);

/// Whether nobody has used it for `unused_after`, nor made it since. Not said of one that is
/// revoked or has expired.
bool is_unused(const Key& key, const KeyNotice& notice, TimePoint now);

/// Whether it expires within `ahead`.
bool expires_soon(const Key& key, const KeyNotice& notice, TimePoint now);

}  // namespace keywarden
