// Numbers that must not be mixed up each get a type. Money is never a double.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace keywarden {

using Nanos = std::chrono::nanoseconds;

/// A moment on the calendar (UTC). For what people see and what must outlive a restart.
using TimePoint = std::chrono::sys_time<Nanos>;

/// A moment on a clock that never steps back. For limits, deadlines, and durations.
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, Nanos>;

/// Billionths of a US dollar.
struct NanoUsd {
    int64_t value = 0;

    friend constexpr auto operator<=>(NanoUsd, NanoUsd) = default;
    friend constexpr NanoUsd operator+(NanoUsd a, NanoUsd b) { return {a.value + b.value}; }
    friend constexpr NanoUsd operator-(NanoUsd a, NanoUsd b) { return {a.value - b.value}; }
};

}  // namespace keywarden
