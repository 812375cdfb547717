// What limits remember over a restart: one file, read whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "domain/limiter.h"

namespace keywarden {

inline constexpr size_t kSnapshotIdBytesMax = 255;

/// Writes "kwlimit1", the moment it was made, then each counter with its scope and id, then a
/// CRC-32 of all of it.
class LimitSnapshotWriter {
public:
    /// Two clocks at one moment: ages come from `now`, the file says `made_at`.
    LimitSnapshotWriter(TimePoint made_at, MonoTime now);

    /// Skips a counter that has nothing to remember.
    /// Requires: id.size() <= kSnapshotIdBytesMax.
    void add(Scope scope, std::string_view id, const LimitCounter& counter);

    std::string finish() &&;

private:
    MonoTime now_;
    std::string bytes_;
};

/// Finds, or makes, the counter that an entry belongs to; null: it is gone, skip it.
using FindCounter = std::function<LimitCounter*(Scope scope, std::string_view id)>;

/// Fills fresh counters. `wall` and `now` are one moment on two clocks. When the calendar stepped
/// back meanwhile, the downtime counts as none: nothing is freed early.
/// Errors: InvalidRequest when the bytes are cut, altered, or of another version: `find` is not
/// even asked then.
Result<void> read_limit_snapshot(std::string_view bytes,
                                 TimePoint wall,
                                 MonoTime now,
                                 const FindCounter& find);

}  // namespace keywarden
