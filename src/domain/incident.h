// What goes wrong with a service, as its operator tells those who use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace keywarden {

inline constexpr size_t kIncidentsMax = 100;        // those resolved longest ago are forgotten
inline constexpr size_t kIncidentUpdatesMax = 100;  // of one
inline constexpr size_t kIncidentTextMax = 2'000;   // bytes of one update
inline constexpr Nanos kResolvedShown = std::chrono::hours(24 * 14);

/// From the best to the worst.
enum class ServiceState : uint8_t { Operational, Maintenance, Degraded, Down, kCount };

enum class IncidentState : uint8_t { Investigating, Identified, Monitoring, Resolved, kCount };

std::string_view name(ServiceState state);
std::string_view name(IncidentState state);
std::optional<ServiceState> service_state_of(std::string_view name);
std::optional<IncidentState> incident_state_of(std::string_view name);

struct IncidentUpdate {
    TimePoint at{};
    IncidentState state{};
    std::string text{};
};

struct Incident {
    std::string id{};
    std::string name{};  // what is wrong, in a line
    ServiceState impact = ServiceState::Degraded;
    IncidentState state = IncidentState::Investigating;
    TimePoint created_at{};
    std::optional<TimePoint> resolved_at{};
    std::vector<IncidentUpdate> updates{};  // oldest first; never empty
    int64_t version = 1;
};

/// Whether those who use the service are told of it still: it is open, or was until lately.
bool is_shown(const Incident& incident, TimePoint now);

/// The worst of what is open.
ServiceState worst_of(std::span<const Incident> incidents);

/// Makes room for one more, if there is any: forgets who was resolved longest ago. False: there is
/// none, as all of them are open.
bool make_room(std::vector<Incident>& incidents);

}  // namespace keywarden
