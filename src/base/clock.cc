#include "base/clock.h"

#include <charconv>
#include <ctime>
#include <fmt/format.h>
#include <iterator>

namespace keywarden {
namespace {

class SystemClock final : public Clock {
public:
    TimePoint now() const override {
        return std::chrono::time_point_cast<Nanos>(std::chrono::system_clock::now());
    }

    MonoTime mono() const override {
        timespec at{};
        clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
        return MonoTime(std::chrono::seconds(at.tv_sec) + Nanos(at.tv_nsec));
    }
};

/// Takes exactly `digits` digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    const char* const end = text.data() + digits;
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || text[0] == '-') return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

bool take_char(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<Nanos> take_offset(std::string_view& text) {
    if (take_char(text, "Zz")) return Nanos(0);
    const bool west = text.starts_with('-');
    if (!take_char(text, "+-")) return std::nullopt;
    const auto hours = take_number(text, 2);
    if (!hours || !take_char(text, ":")) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const Nanos offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    return west ? -offset : offset;
}

/// A fraction of a second, if one follows. Digits past the ninth are dropped.
std::optional<Nanos> take_fraction(std::string_view& text) {
    if (!take_char(text, ".")) return Nanos(0);
    int64_t nanos = 0;
    int64_t unit = 100'000'000;
    size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
        nanos += (text[digits] - '0') * unit;
        unit /= 10;
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    return Nanos(nanos);
}

}  // namespace

const Clock& system_clock() {
    static const SystemClock kClock;
    return kClock;
}

MonoTime precise_mono() { return std::chrono::steady_clock::now(); }

std::string format_iso8601(TimePoint when) {
    std::string text;
    append_iso8601(text, when);
    return text;
}

void append_iso8601(std::string& out, TimePoint when) {
    const auto millis = std::chrono::floor<std::chrono::milliseconds>(when);
    const auto day = std::chrono::floor<std::chrono::days>(millis);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(millis - day);
    fmt::format_to(std::back_inserter(out),
                   "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                   static_cast<int>(date.year()),
                   static_cast<unsigned>(date.month()),
                   static_cast<unsigned>(date.day()),
                   time.hours().count(),
                   time.minutes().count(),
                   time.seconds().count(),
                   time.subseconds().count());
}

std::optional<TimePoint> parse_iso8601(std::string_view text) {
    const auto year = take_number(text, 4);
    if (!year || *year < 1970 || *year > 2200 || !take_char(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take_char(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || !take_char(text, "Tt ")) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || *hour > 23 || !take_char(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || *minute > 59 || !take_char(text, ":")) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second || *second > 60) return std::nullopt;
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    const auto offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;

    const std::chrono::year_month_day date(std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) return std::nullopt;
    return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
           std::chrono::minutes(*minute) + std::chrono::seconds(*second) + *fraction - *offset;
}

int64_t to_millis(TimePoint when) {
    return std::chrono::floor<std::chrono::milliseconds>(when).time_since_epoch().count();
}

TimePoint from_millis(int64_t millis) { return TimePoint(std::chrono::milliseconds(millis)); }

}  // namespace keywarden
