// The only place that asks what time it is, and how moments are written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace keywarden {

/// Threads: any.
class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;
    virtual MonoTime mono() const = 0;
};

/// The machine's clocks. `mono` is the coarse one: right to about 4 ms, and cheap.
const Clock& system_clock();

/// The steady clock to the nanosecond: for measuring how long something took, not for deciding.
MonoTime precise_mono();

/// A clock that moves only when a test says so.
class ManualClock final : public Clock {
public:
    explicit ManualClock(TimePoint start = TimePoint(std::chrono::hours(24 * 365 * 55)))
        : now_(start) {}
    TimePoint now() const override { return now_; }
    MonoTime mono() const override { return mono_; }
    void advance(Nanos by) {
        now_ += by;
        mono_ += by;
    }
    /// Sets the calendar alone, as somebody does who sets the machine's clock.
    void set_back(Nanos by) { now_ -= by; }

private:
    TimePoint now_;
    MonoTime mono_{};
};

/// "2026-11-20T11:15:42.123Z": ISO 8601 in UTC with milliseconds, rounded down.
std::string format_iso8601(TimePoint when);
/// The same at the end of `out`.
void append_iso8601(std::string& out, TimePoint when);

/// Reads what format_iso8601 writes, with or without a fraction, and with `Z` or a `+02:00`
/// offset. Nothing when it is not such a moment (RFC 3339) or lies outside years 1970 to 2200.
std::optional<TimePoint> parse_iso8601(std::string_view text);

/// Milliseconds since 1970, rounded down: how the store and `/api` write moments.
int64_t to_millis(TimePoint when);
TimePoint from_millis(int64_t millis);

}  // namespace keywarden
