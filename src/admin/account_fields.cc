#include "admin/account_fields.h"

#include <array>
#include <optional>
#include <string>

#include "admin/account_record.h"
#include "admin/policy_field.h"
#include "admin/spike_field.h"

namespace keywarden {
namespace {

constexpr std::array kTeamFields = {
    Field<Team>{"name",  // the first: a team itself has a say in it alone
                [](const Json& value, Team& team) -> Result<void> {
                    TRY(team.name, read_name_of("name", value));
                    return {};
                }},
    Field<Team>{"plan",
                [](const Json& value, Team& team) -> Result<void> {
                    TRY(team.plan_id, read_name_of("plan", value));
                    return {};
                }},
    Field<Team>{"state",
                [](const Json& value, Team& team) -> Result<void> {
                    const auto state = value.is_string()
                                           ? team_state_of(value.get_ref<const std::string&>())
                                           : std::nullopt;
                    if (!state || *state == TeamState::Closed) {
                        return fail_field("state",
                                          "must be \"active\", \"suspended\", or \"overdue\"; a "
                                          "team is closed by POST /v1/admin/teams/{id}/close");
                    }
                    team.state = *state;
                    return {};
                }},
    Field<Team>{"key_defaults",
                [](const Json& value, Team& team) {
                    return read_limits("key_defaults", value, team.key_defaults);
                }},
};

constexpr std::array kPlanFields = {
    Field<Plan>{"name",
                [](const Json& value, Plan& plan) -> Result<void> {
                    TRY(plan.name, read_name_of("name", value));
                    return {};
                }},
    Field<Plan>{"active_keys_max",
                [](const Json& value, Plan& plan) -> Result<void> {
                    TRY(plan.active_keys_max, read_cap("active_keys_max", value));
                    return {};
                }},
    Field<Plan>{"creations_per_hour_max",
                [](const Json& value, Plan& plan) -> Result<void> {
                    TRY(plan.creations_per_hour_max, read_cap("creations_per_hour_max", value));
                    return {};
                }},
    Field<Plan>{"key_defaults",
                [](const Json& value, Plan& plan) {
                    return read_limits("key_defaults", value, plan.key_defaults);
                }},
    Field<Plan>{
        "policy",
        [](const Json& value, Plan& plan) { return read_policy("policy", value, plan.policy); }},
    Field<Plan>{"spikes",
                [](const Json& value, Plan& plan) { return read_spikes(value, plan.spikes); }},
};

constexpr std::array kUserFields = {
    Field<User>{"email",
                [](const Json& value, User& user) -> Result<void> {
                    TRY(user.email, read_email(value));
                    return {};
                }},
    Field<User>{"name",
                [](const Json& value, User& user) -> Result<void> {
                    TRY(user.name, read_name_of("name", value));
                    return {};
                }},
    Field<User>{"is_disabled",  // the last: a document has no say in it
                [](const Json& value, User& user) -> Result<void> {
                    if (!value.is_boolean()) {
                        return fail_field("is_disabled", "must be true or false");
                    }
                    user.is_disabled = value.get<bool>();
                    return {};
                }},
};

Result<void> read_app_name(const Json& value, App& app) {
    TRY(app.name, read_name_of("name", value));
    return {};
}

constexpr std::array kAppFields = {
    Field<App>{"name", read_app_name},
    Field<App>{
        "policy",
        [](const Json& value, App& app) { return read_policy("policy", value, app.policy); }},
};

constexpr std::array kSettingsFields = {
    Field<InstanceSettings>{"policy",
                            [](const Json& value, InstanceSettings& settings) {
                                return read_policy("policy", value, settings.policy);
                            }},
    Field<InstanceSettings>{"key_defaults",
                            [](const Json& value, InstanceSettings& settings) {
                                return read_limits("key_defaults", value, settings.key_defaults);
                            }},
};

Result<void> read_model_limits_field(const Json& value, ModelLimits& model) {
    TRY_VOID(read_limits("limits", value, model.limits));
    if (!model.limits[LimitKind::BodyBytes]) return {};
    return fail_field("limits.body_bytes",
                      "cannot be a model's: a body is read before its model is known");
}

constexpr std::array kModelFields = {
    Field<ModelLimits>{"limits", read_model_limits_field},
};

}  // namespace

std::span<const Field<Team>> team_fields() { return kTeamFields; }
std::span<const Field<Team>> team_name_fields() { return std::span(kTeamFields).first<1>(); }
std::span<const Field<Plan>> plan_fields() { return kPlanFields; }
std::span<const Field<App>> app_fields() { return kAppFields; }
std::span<const Field<User>> user_fields() { return kUserFields; }
std::span<const Field<User>> user_document_fields() { return std::span(kUserFields).first<2>(); }
std::span<const Field<InstanceSettings>> settings_fields() { return kSettingsFields; }
std::span<const Field<ModelLimits>> model_fields() { return kModelFields; }

Result<Role> read_role(const Json& value) {
    if (value.is_string()) {
        if (const auto role = role_of(value.get_ref<const std::string&>())) return *role;
    }
    return fail_field("role", "must be \"owner\", \"admin\", \"member\", or \"viewer\"");
}

}  // namespace keywarden
