#include "base/time_zone.h"

#include <algorithm>
#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <map>
#include <mutex>
#include <string>

namespace keywarden {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::sys_days;

/// cctz opens whatever file it is named: only names that the IANA would give get there.
bool is_zone_name(std::string_view name) {
    if (name.empty() || name.size() > kTimeZoneNameMax) return false;
    if (name.front() < 'A' || name.front() > 'Z') return false;  // nor "posix/…", "localtime"
    if (name.starts_with("Fixed/") || name == "Factory") return false;
    return std::ranges::all_of(name, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '/' || c == '_' || c == '-' || c == '+';
    });
}

const cctz::time_zone* load(const std::string& name) {
    // Loaded zones stay: whoever holds one holds a pointer.
    static std::mutex loading;
    static std::map<std::string, cctz::time_zone> loaded;
    const std::lock_guard lock(loading);
    if (const auto known = loaded.find(name); known != loaded.end()) return &known->second;
    cctz::time_zone zone;
    if (!cctz::load_time_zone(name, &zone)) return nullptr;
    return &loaded.emplace(name, zone).first->second;
}

TimePoint midnight_of(const cctz::time_zone& zone, local_days day) {
    const cctz::civil_day there = cctz::civil_day(1970, 1, 1) + day.time_since_epoch().count();
    const auto found = zone.lookup(cctz::civil_second(there));
    // A midnight that comes twice begins the day when it first comes.
    const bool is_skipped = found.kind == cctz::time_zone::civil_lookup::SKIPPED;
    return (is_skipped ? found.trans : found.pre).time_since_epoch() + sys_days();
}

}  // namespace

std::optional<TimeZone> TimeZone::find(std::string_view name) {
    if (name == "UTC") return TimeZone();
    if (!is_zone_name(name)) return std::nullopt;
    const cctz::time_zone* const zone = load(std::string(name));
    if (zone == nullptr) return std::nullopt;
    return TimeZone(zone);
}

local_days TimeZone::day_of(TimePoint at) const {
    const auto second = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch();
    if (zone_ == nullptr) return local_days(std::chrono::floor<days>(second));
    const auto found = zone_->lookup(cctz::time_point<cctz::seconds>(second));
    const cctz::civil_day there(found.cs);
    const local_days day(days(there - cctz::civil_day(1970, 1, 1)));
    // Clocks that are set back over midnight show the day before again.
    return midnight_of(*zone_, day + days(1)) <= at ? day + days(1) : day;
}

TimePoint TimeZone::start_of(local_days day) const {
    if (zone_ == nullptr) return sys_days(day.time_since_epoch());
    return midnight_of(*zone_, day);
}

}  // namespace keywarden
