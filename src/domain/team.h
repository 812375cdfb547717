// The state of a team: whether its keys may be used at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace keywarden {

/// Suspended by an operator; overdue when an invoice is; closed by an owner, for good unless an
/// operator opens it again. What it was stays: ledger, audit log, usage.
enum class TeamState : uint8_t { Active, Suspended, Overdue, Closed, kCount };

std::string_view name(TeamState state);
std::optional<TeamState> team_state_of(std::string_view text);

/// Errors: AccountInactive for a suspended or closed team, InvoiceOverdue for an overdue one.
Result<void> check_team(TeamState state);

}  // namespace keywarden
