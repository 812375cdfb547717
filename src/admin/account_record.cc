#include "admin/account_record.h"

#include <algorithm>
#include <utility>

#include "admin/key_fields.h"
#include "admin/policy_field.h"
#include "admin/spike_field.h"
#include "base/clock.h"
#include "store/key_rules.h"

namespace keywarden {
namespace {

constexpr int64_t kCapMax = 1'000'000;

Json number_or_null(const std::optional<int64_t>& value) {
    return value ? Json(*value) : Json(nullptr);
}

}  // namespace

Json team_record(const Team& team, const Plan& plan, KeyCaps caps) {
    const KeyCaps effective = caps_of(&plan, caps);
    return {{"id", team.id},
            {"object", "team"},
            {"name", team.name},
            {"created_at", format_iso8601(team.created_at)},
            {"plan", {{"id", plan.id}, {"name", plan.name}}},
            {"state", name(team.state)},
            {"policy", policy_record(team.policy)},
            {"key_defaults", limits_record(team.key_defaults)},
            {"active_keys_max", effective.active_keys_max},
            {"creations_per_hour_max", effective.creations_per_hour_max},
            {"version", team.version}};
}

Json plan_record(const Plan& plan) {
    return {{"id", plan.id},
            {"object", "plan"},
            {"name", plan.name},
            {"active_keys_max", number_or_null(plan.active_keys_max)},
            {"creations_per_hour_max", number_or_null(plan.creations_per_hour_max)},
            {"key_defaults", limits_record(plan.key_defaults)},
            {"policy", policy_record(plan.policy)},
            {"spikes", spikes_record(plan.spikes)},
            {"version", plan.version}};
}

Json app_record(const App& app) {
    return {{"id", app.id},
            {"object", "app"},
            {"name", app.name},
            {"policy", policy_record(app.policy)},
            {"created_at", format_iso8601(app.created_at)},
            {"version", app.version}};
}

Json user_record(const User& user) {
    return {{"id", user.id},
            {"object", "user"},
            {"email", user.email.empty() ? Json(nullptr) : Json(user.email)},
            {"name", user.name},
            {"is_operator", user.is_operator},
            {"is_disabled", user.is_disabled},
            {"created_at", format_iso8601(user.created_at)}};
}

Json member_record(const Member& member) {
    return {{"user", member.user_id},
            {"object", "member"},
            {"email", member.email.empty() ? Json(nullptr) : Json(member.email)},
            {"name", member.name},
            {"role", name(member.role)},
            {"created_at", format_iso8601(member.created_at)}};
}

HttpResponse list_response(Json data, const std::string& next) {
    return json_response(200,
                         {{"object", "list"},
                          {"data", std::move(data)},
                          {"has_more", !next.empty()},
                          {"next", next.empty() ? Json(nullptr) : Json(next)}});
}

HttpResponse versioned_response(int status, const Json& record, int64_t version) {
    HttpResponse response = json_response(status, record);
    response.headers.push_back({"ETag", "\"" + std::to_string(version) + "\""});
    return response;
}

Result<std::string> read_name_of(std::string_view field, const Json& value) {
    return read_line(field, value, kKeyNameMax);
}

Result<std::string> read_email(const Json& value) {
    TRY(std::string email, read_line("email", value, kEmailMax));
    const size_t at = email.find('@');
    const bool fits = at != std::string::npos && at > 0 && at + 1 < email.size() &&
                      email.find('@', at + 1) == std::string::npos &&
                      std::ranges::all_of(email, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!fits) return fail_field("email", "must be an address such as \"ann@example.com\"");
    return email;
}

Result<std::optional<int64_t>> read_cap(std::string_view field, const Json& value) {
    return read_count(field, value, kCapMax);
}

}  // namespace keywarden
