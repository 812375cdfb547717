// The fields of settings, models, plans, teams, apps and people that a caller may set, as rows.
#pragma once

#include <span>

#include "admin/json_body.h"
#include "domain/account.h"

namespace keywarden {

std::span<const Field<Team>> team_fields();
/// What the team may change itself: `name`.
std::span<const Field<Team>> team_name_fields();
std::span<const Field<Plan>> plan_fields();
std::span<const Field<App>> app_fields();
std::span<const Field<User>> user_fields();
/// Those that a document may have: `email` and `name`.
std::span<const Field<User>> user_document_fields();
std::span<const Field<InstanceSettings>> settings_fields();
std::span<const Field<ModelLimits>> model_fields();

/// Errors: InvalidRequest. One role for all rows that read one.
Result<Role> read_role(const Json& value);

}  // namespace keywarden
