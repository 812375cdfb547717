#include "admin/key_record.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "admin/key_fields.h"
#include "admin/policy_field.h"
#include "base/clock.h"
#include "domain/rotation.h"

namespace keywarden {
namespace {

constexpr int64_t kNoVersion = -1;

Json moment(const std::optional<TimePoint>& when) {
    return when ? Json(format_iso8601(*when)) : Json(nullptr);
}

template <class T>
Json value_or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json networks_of(const KeySecret& secret) {
    Json list = Json::array();
    for (const SecretNetwork& each : secret.networks) {
        list.push_back({{"network", to_text(each.network)},
                        {"last_used_at", format_iso8601(each.last_used_at)}});
    }
    return list;
}

Json rotation_name(const Key& key, const KeyNotice& notice, TimePoint now) {
    const auto state = rotation_of(key, notice, now);
    return state ? Json(name(*state)) : Json(nullptr);
}

Json secrets_of(const Key& key, TimePoint now) {
    Json list = Json::array();
    for (size_t i = 0; i < key.secrets.size(); ++i) {
        const KeySecret& secret = key.secrets[i];
        list.push_back({{"id", secret.id},
                        {"display", secret.display},
                        {"format", secret.format},
                        {"live", is_live(secret, now)},
                        {"created_at", format_iso8601(secret.created_at)},
                        {"first_used_at", moment(secret.first_used_at)},
                        {"last_used_at", moment(secret.last_used_at)},
                        {"deprecated_at", moment(deprecated_at(key.secrets, i))},
                        {"ends_at", moment(secret.ends_at)},
                        {"networks", networks_of(secret)}});
    }
    return list;
}

Json toollist_of(const AllowDeny<Glob>& tools) {
    const auto texts = [](const std::vector<Glob>& globs) {
        Json list = Json::array();
        for (const Glob& glob : globs) list.push_back(glob.text());
        return list;
    };
    return {{"allowed", tools.allow ? texts(*tools.allow) : Json(nullptr)},
            {"denied", tools.deny.empty() ? Json(nullptr) : texts(tools.deny)}};
}

Json metadata_of(const Key& key) {
    Json object = Json::object();
    for (const auto& [name, value] : key.metadata) object[name] = value;
    return object;
}

}  // namespace

Json key_record(const Key& key, int64_t default_rpm, TimePoint now, const KeyNotice& notice) {
    const bool has_secret = !key.secrets.empty();
    return {{"id", key.id},
            {"object", "api_key"},
            {"name", key.name},
            {"description", key.description},
            {"kind", name(key.kind)},
            {"status", name(state_at(key, now))},
            {"display", has_secret ? Json(key.secrets.front().display) : Json(nullptr)},
            {"created_at", format_iso8601(key.created_at)},
            {"updated_at", format_iso8601(key.updated_at)},
            {"not_before", moment(key.not_before)},
            {"expires_at", moment(key.expires_at)},
            {"revoked_at", moment(key.revoked_at)},
            {"last_used_at", moment(last_use(key))},
            {"unused", is_unused(key, notice, now)},
            {"expires_soon", expires_soon(key, notice, now)},
            {"rotate_every", key.rotate_every ? Json(duration_text(*key.rotate_every)) : nullptr},
            {"rotation_due_at", moment(rotation_due_at(key))},
            {"rotation", rotation_name(key, notice, now)},
            {"created_by", key.created_by},
            {"user", key.user_id.empty() ? Json(nullptr) : Json(key.user_id)},
            {"app", key.app_id.empty() ? Json(nullptr) : Json(key.app_id)},
            {"rate_limit_rpm", key.rate_limit_rpm.value_or(default_rpm)},
            {"policy", policy_record(whole_policy(key))},
            {"k_target_override", value_or_null(key.policy.tool_selection.keep_max)},
            {"toollist", toollist_of(key.policy.tools)},
            {"metadata", metadata_of(key)},
            {"tags", key.tags},
            {"secrets", secrets_of(key, now)},
            {"version", key.version}};
}

HttpResponse key_response(int status, const Key& key, const Json& record) {
    HttpResponse response = json_response(status, record);
    response.headers.push_back({"ETag", "\"" + std::to_string(key.version) + "\""});
    return response;
}

Json minted_record(const Key& key, int64_t default_rpm, TimePoint now, const KeyNotice& notice) {
    Json record = {{"key", nullptr}};
    record.update(key_record(key, default_rpm, now, notice));
    return record;
}

int64_t default_rpm(AdminContext& context, std::string_view team_id) {
    return context.keys.policies().key_defaults(team_id)[LimitKind::RequestsPerMinute].value;
}

Result<std::optional<int64_t>> if_match(const HttpRequest& request) {
    std::string_view tag = request.header("If-Match");
    if (tag.empty() || tag == "*") return std::nullopt;
    const bool weak = tag.starts_with("W/");  // never equal to anything: RFC 9110, 13.1.1
    if (weak) tag.remove_prefix(2);
    const bool quoted = tag.size() >= 2 && tag.front() == '"' && tag.back() == '"';
    if (!quoted || tag.substr(1, tag.size() - 2).find('"') != std::string_view::npos) {
        return fail_field("If-Match", "must be one ETag such as \"3\" with its quotes, or *");
    }
    tag = tag.substr(1, tag.size() - 2);
    int64_t version = kNoVersion;
    const auto [end, problem] = std::from_chars(tag.data(), tag.data() + tag.size(), version);
    const bool ours = problem == std::errc() && end == tag.data() + tag.size() && version >= 0;
    return ours && !weak ? version : kNoVersion;
}

}  // namespace keywarden
