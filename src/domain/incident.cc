#include "domain/incident.h"

#include <algorithm>
#include <array>

#include "base/names.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(ServiceState::kCount)> kStates = {
    "operational", "maintenance", "degraded", "down"};
constexpr std::array<std::string_view, static_cast<size_t>(IncidentState::kCount)> kSteps = {
    "investigating", "identified", "monitoring", "resolved"};

}  // namespace

std::string_view name(ServiceState state) { return kStates.at(static_cast<size_t>(state)); }
std::string_view name(IncidentState state) { return kSteps.at(static_cast<size_t>(state)); }

std::optional<ServiceState> service_state_of(std::string_view name) {
    return find_name<ServiceState>(kStates, name);
}
std::optional<IncidentState> incident_state_of(std::string_view name) {
    return find_name<IncidentState>(kSteps, name);
}

bool is_shown(const Incident& incident, TimePoint now) {
    return !incident.resolved_at || now - *incident.resolved_at < kResolvedShown;
}

ServiceState worst_of(std::span<const Incident> incidents) {
    ServiceState worst = ServiceState::Operational;
    for (const Incident& incident : incidents) {
        if (!incident.resolved_at) worst = std::max(worst, incident.impact);
    }
    return worst;
}

bool make_room(std::vector<Incident>& incidents) {
    if (incidents.size() < kIncidentsMax) return true;
    const auto oldest = std::ranges::min_element(incidents, {}, [](const Incident& incident) {
        return incident.resolved_at.value_or(TimePoint::max());
    });
    if (!oldest->resolved_at) return false;
    incidents.erase(oldest);
    return true;
}

}  // namespace keywarden
