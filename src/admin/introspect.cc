// POST /v1/introspect: the same question as verify, in the words of OAuth (RFC 7662).
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/handlers.h"
#include "admin/json_body.h"
#include "admin/key_check.h"
#include "base/http.h"

namespace keywarden {
namespace {

constexpr size_t kParametersMax = 32;

bool is_form(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
    return equal_ignoring_case(type, "application/x-www-form-urlencoded");
}

/// The token; other parameters are left to those who know them (RFC 6749, section 3.2).
Result<std::string> read_token(const HttpRequest& request) {
    if (!is_form(request.header("Content-Type"))) {
        return fail(ErrorCode::UnsupportedMediaType,
                    "The body must be a form: send 'Content-Type: "
                    "application/x-www-form-urlencoded'.");
    }
    std::optional<std::string> token;
    std::string_view rest = request.body;
    for (size_t count = 0; !rest.empty(); ++count) {
        if (count == kParametersMax) {
            return fail(ErrorCode::InvalidRequest, "The body has too many parameters.");
        }
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (pair.substr(0, pair.find('=')) != "token") continue;
        if (token) return fail_field("token", "is there twice");
        token = query_parameter(pair, "token");
    }
    if (!token || token->empty()) return fail_field("token", "is required: the key to look at");
    return *std::move(token);
}

int64_t seconds_of(TimePoint when) {
    return std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count();
}

std::string joined(const std::vector<std::string_view>& names) {
    std::string text;
    for (const std::string_view name : names) (text += text.empty() ? "" : " ") += name;
    return text;
}

/// When the secret that was presented ends: with its key, or before.
std::optional<TimePoint> end_of(const Key& key, const Caller& caller) {
    if (!caller.sunset_at || !key.expires_at) {
        return caller.sunset_at ? caller.sunset_at : key.expires_at;
    }
    return std::min(*caller.sunset_at, *key.expires_at);
}

/// What only the store knows; left out while it cannot be asked.
void tell_times(AdminContext& context, const Caller& caller, Json& answer) {
    const auto key = context.keys.store().get_key(caller.team_id, caller.key_id());
    if (!key) return;
    answer["iat"] = seconds_of(key->created_at);
    if (const auto start = key->not_before) answer["nbf"] = seconds_of(*start);
    if (const auto end = end_of(*key, caller)) answer["exp"] = seconds_of(*end);
}

Json active(AdminContext& context, const Caller& caller) {
    Json answer = {{"active", true},
                   {"token_type", "Bearer"},
                   {"client_id", caller.key_id()},
                   {"scope", joined(permissions_of(context, caller))}};
    {
        const PolicyReading reading = context.keys.read_policy(caller);
        const std::string_view user = reading.user_id();
        answer["sub"] = user.empty() ? caller.key_id() : user;
        answer["team"] = caller.team_id;
        if (!reading.app_id().empty()) answer["app"] = reading.app_id();
    }
    tell_times(context, caller, answer);
    return answer;
}

}  // namespace

Result<HttpResponse> introspect_key(AdminContext& context, const ApiCall& call) {
    TRY(const std::string token, read_token(call.request));
    const auto found = find_key(context, token, call.caller->team_id);
    if (!found && found.error().code != ErrorCode::InvalidApiKey) return fail(found.error());
    const bool is_active = found && found->usable && meet(context, found->caller, {});
    if (!is_active) return json_response(200, {{"active", false}});
    context.keys.note_use(*found, context.clock.now());
    return json_response(200, active(context, found->caller));
}

}  // namespace keywarden
