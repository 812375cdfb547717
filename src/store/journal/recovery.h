// What a start makes of the segments that a process before has left.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "store/journal/core.h"

namespace keywarden {

struct Recovered {
    JournalRecovery report{};
    std::vector<std::string> gone{};  // segments that the store knows and that are no more
};

/// Reads all segments into `core`'s list, with the epoch that comes after theirs; says what the
/// store does not have; closes what is open, in a segment of its own that is on the disk when this
/// returns. Errors: StartupFailed.
Result<Recovered> recover(JournalCore& core,
                          std::span<const JournalPosition> applied,
                          const std::function<void(const CallRecord&)>& each,
                          TimePoint now);

/// How a call ended whose process died under it. `is_same_start`: the machine has not been started
/// since, so what the process wrote last is here; else nothing is sure of what it sent.
CallRecord expire(const CallRecord& opened,
                  const CostSoFar& so_far,
                  const Progress& progress,
                  bool is_same_start,
                  TimePoint now);

}  // namespace keywarden
