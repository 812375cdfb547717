// Days of a time zone: when they begin. The one home of cctz.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace cctz {
class time_zone;  // NOLINT(readability-identifier-naming): its name there
}  // namespace cctz

namespace keywarden {

inline constexpr size_t kTimeZoneNameMax = 64;

/// One of the IANA's time zones, as the machine's tzdata has it. Small: copy it. What is loaded
/// stays for the life of the process. Threads: any.
class TimeZone {
public:
    TimeZone() = default;  // UTC, which needs no tzdata

    /// "Europe/Berlin", "UTC". Nothing where there is no such zone, or no tzdata. Names are
    /// case-sensitive; names of files, "localtime" and "posix/…" are none: they depend on the
    /// machine.
    static std::optional<TimeZone> find(std::string_view name);

    /// Which day it is there. Days follow one another: none comes again, whatever clocks do.
    std::chrono::local_days day_of(TimePoint at) const;

    /// The first moment of a day there: midnight, or when the clocks go on where they skip it. A
    /// day that was left out altogether begins when the next one does.
    TimePoint start_of(std::chrono::local_days day) const;

private:
    explicit TimeZone(const cctz::time_zone* zone) : zone_(zone) {}

    const cctz::time_zone* zone_ = nullptr;  // null: UTC
};

}  // namespace keywarden
