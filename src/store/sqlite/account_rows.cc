#include "store/sqlite/account_rows.h"

#include <fmt/core.h>
#include <optional>

#include <nlohmann/json.hpp>

#include "store/policy_json.h"

namespace keywarden {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kActionField = "action";

std::unexpected<Error> damaged(std::string_view what, std::string_view id) {
    return fail(ErrorCode::StoreUnavailable,
                "The database is damaged: restore a backup.",
                std::string(what) + " " + std::string(id) + " cannot be read");
}

bool read_policy(std::string_view text, Policy& policy) {
    return patch_policy(policy, text).has_value();
}

template <class T>
bool read_enum(int64_t number, T& value) {
    if (number < 0 || number >= static_cast<int64_t>(T::kCount)) return false;
    value = static_cast<T>(number);
    return true;
}

/// `{"version":1,"policy":{…},…}`: each member but the version is JSON of its own.
std::optional<Json> read_value(std::string_view text) {
    Json value = Json::parse(text, nullptr, false);
    if (!value.is_object() || !value["version"].is_number_integer()) return std::nullopt;
    return value;
}

/// `{"factor":20,"action":"event"}`; money in nano-dollars.
bool read_spikes(std::string_view text, SpikeTerms& terms) {
    const Json value = Json::parse(text, nullptr, false);
    if (!value.is_object()) return false;
    for (const SpikeNumber& row : spike_numbers()) {
        const auto found = value.find(row.field);
        if (found == value.end()) continue;
        if (!found->is_number_integer()) return false;
        terms.*row.member = found->get<int64_t>();
    }
    const auto action = value.find(kActionField);
    if (action == value.end()) return true;
    if (action->is_string()) terms.action = spike_action_of(action->get_ref<const std::string&>());
    return terms.action.has_value();
}

}  // namespace

std::string write_spikes(const SpikeTerms& terms) {
    Json value = Json::object();
    for (const SpikeNumber& row : spike_numbers()) {
        const std::optional<int64_t>& number = terms.*row.member;
        if (number) value[row.field] = *number;
    }
    if (terms.action) value[kActionField] = name(*terms.action);
    return value.dump();
}

Result<InstanceSettings> read_instance(const Query& row) {
    InstanceSettings settings;
    const auto value = read_value(row.text(0));
    if (!value || !read_policy(value->value("policy", Json::object()).dump(), settings.policy) ||
        !patch_limits(settings.key_defaults, value->value("key_defaults", Json::object()).dump())) {
        return damaged("the row", kInstanceRow);
    }
    settings.version = value->at("version").get<int64_t>();
    return settings;
}

Result<ModelLimits> read_model(const Query& row) {
    ModelLimits model{.id = std::string(row.text(0))};
    const auto value = read_value(row.text(1));
    if (!value || !patch_limits(model.limits, value->value("limits", Json::object()).dump())) {
        return damaged("model", model.id);
    }
    model.version = value->at("version").get<int64_t>();
    return model;
}

std::string write_instance(const InstanceSettings& settings) {
    return fmt::format(R"({{"version":{},"policy":{},"key_defaults":{}}})",
                       settings.version,
                       policy_json(settings.policy),
                       limits_json(settings.key_defaults));
}

std::string write_model(const ModelLimits& model) {
    return fmt::format(R"({{"version":{},"limits":{}}})", model.version, limits_json(model.limits));
}

Result<Team> read_team(const Query& row) {
    Team team{.id = std::string(row.text(0)),
              .name = std::string(row.text(1)),
              .created_at = row.moment(2)};
    if (!row.is_null(3)) team.plan_id = row.text(3);
    team.version = row.integer(6);
    if (!read_enum(row.integer(4), team.state) || !read_policy(row.text(5), team.policy) ||
        !patch_limits(team.key_defaults, row.text(7))) {
        return damaged("team", team.id);
    }
    return team;
}

Result<Plan> read_plan(const Query& row) {
    Plan plan{.id = std::string(row.text(0)), .name = std::string(row.text(1))};
    if (!read_policy(row.text(2), plan.policy) || !patch_limits(plan.key_defaults, row.text(3)) ||
        !read_spikes(row.text(7), plan.spikes)) {
        return damaged("plan", plan.id);
    }
    plan.active_keys_max = row.maybe_integer(4);
    plan.creations_per_hour_max = row.maybe_integer(5);
    plan.version = row.integer(6);
    return plan;
}

Result<App> read_app(const Query& row) {
    App app{.id = std::string(row.text(0)),
            .team_id = std::string(row.text(1)),
            .name = std::string(row.text(2)),
            .created_at = row.moment(4),
            .version = row.integer(5)};
    if (!read_policy(row.text(3), app.policy)) return damaged("app", app.id);
    return app;
}

Result<User> read_user(const Query& row) {
    return User{.id = std::string(row.text(0)),
                .email = std::string(row.text(1)),
                .name = std::string(row.text(2)),
                .is_operator = row.integer(3) != 0,
                .created_at = row.moment(4),
                .is_disabled = row.integer(5) != 0};
}

Result<Member> read_member(const Query& row) {
    Member member{.team_id = std::string(row.text(0)),
                  .user_id = std::string(row.text(1)),
                  .created_at = row.moment(3),
                  .email = std::string(row.text(4)),
                  .name = std::string(row.text(5))};
    if (!read_enum(row.integer(2), member.role)) return damaged("member", member.user_id);
    return member;
}

}  // namespace keywarden
