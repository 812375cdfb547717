// Teams, plans, apps, users, and members as rows of SQLite, and back.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/account.h"
#include "store/sqlite/database.h"

namespace keywarden {

// What a SELECT must name for each, in this order, and from which tables.
#define KEYWARDEN_TEAM_COLUMNS_                                                              \
    "SELECT t.id, t.name, t.created_at, p.id, t.state, t.policy, t.version, t.key_defaults " \
    "FROM teams t LEFT JOIN plans p ON p.n = t.plan "
#define KEYWARDEN_PLAN_COLUMNS_                                                        \
    "SELECT id, name, policy, key_defaults, active_keys_max, creations_per_hour_max, " \
    "version, spikes FROM plans "
#define KEYWARDEN_APP_COLUMNS_                                                  \
    "SELECT a.id, t.id, a.name, a.policy, a.created_at, a.version FROM apps a " \
    "JOIN teams t ON t.n = a.team "
#define KEYWARDEN_USER_COLUMNS_ \
    "SELECT id, email, name, is_operator, created_at, is_disabled FROM users "
#define KEYWARDEN_MEMBER_COLUMNS_                                              \
    "SELECT t.id, u.id, m.role, m.created_at, u.email, u.name FROM members m " \
    "JOIN teams t ON t.n = m.team JOIN users u ON u.n = m.user "

// Errors: StoreUnavailable when the row is none that we wrote.
Result<Team> read_team(const Query& row);
Result<Plan> read_plan(const Query& row);
Result<App> read_app(const Query& row);
Result<InstanceSettings> read_instance(const Query& row);  // its value
Result<ModelLimits> read_model(const Query& row);          // its id, and its value
Result<User> read_user(const Query& row);
Result<Member> read_member(const Query& row);

// The instance's settings, and what models bear, stand among the settings.
inline constexpr std::string_view kInstanceRow = "instance";
inline constexpr std::string_view kModelRows = "model ";  // and its id
std::string write_spikes(const SpikeTerms& terms);
std::string write_instance(const InstanceSettings& settings);
std::string write_model(const ModelLimits& model);

}  // namespace keywarden
