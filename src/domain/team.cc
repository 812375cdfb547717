#include "domain/team.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace keywarden {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(TeamState::kCount)> kNames = {
    "active", "suspended", "overdue", "closed"};

std::string_view refusal(TeamState state) {
    switch (state) {
        case TeamState::Overdue:
            return "The team has an invoice that is overdue.";
        case TeamState::Closed:
            return "The team is closed.";
        default:
            return "The team is suspended.";
    }
}

}  // namespace

std::string_view name(TeamState state) { return kNames.at(static_cast<size_t>(state)); }

std::optional<TeamState> team_state_of(std::string_view text) {
    const auto found = std::ranges::find(kNames, text);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<TeamState>(found - kNames.begin());
}

Result<void> check_team(TeamState state) {
    if (state == TeamState::Active) return {};
    const bool overdue = state == TeamState::Overdue;
    return fail({.code = overdue ? ErrorCode::InvoiceOverdue : ErrorCode::AccountInactive,
                 .message = std::string(refusal(state)),
                 .facts = {{"denied_by", std::string("team")}}});
}

}  // namespace keywarden
