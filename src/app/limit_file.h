// What limits have counted, kept in a file, so that no restart gives a minute twice.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/limit_counters.h"

namespace keywarden {

inline constexpr std::string_view kLimitFileName = "limits.snapshot";

/// Threads: one at a time.
class LimitFile {
public:
    /// `counters` and `clock` must outlive it.
    LimitFile(std::string path, LimitCounters& counters, const Clock& clock);

    /// Takes in what the file says, before the first call; no file is nothing.
    /// Errors: StartupFailed when it cannot be read or is damaged; then less is counted than was.
    Result<void> load();

    /// Writes the file anew, whole or not at all, if anything was counted since. Where there is so
    /// much that it takes long, it is skipped for a while: it costs a twentieth of a core at most.
    /// `at_once`: not then.
    /// Errors: StartupFailed.
    Result<void> write(bool at_once = false);

private:
    std::string path_;
    LimitCounters& counters_;
    const Clock& clock_;
    MonoTime next_{};
};

}  // namespace keywarden
