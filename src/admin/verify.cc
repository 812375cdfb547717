// POST /v1/keys/verify: whether another service should let a key in.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "admin/handlers.h"
#include "admin/json_body.h"
#include "admin/key_check.h"
#include "base/clock.h"
#include "domain/role.h"

namespace keywarden {
namespace {

constexpr size_t kPermissionsMax = 32;
constexpr size_t kModelMax = 256;

struct Question {
    std::optional<std::string> key{};
    KeyDemand demand{};
};

Result<std::string> read_text(std::string_view field, const Json& value) {
    if (value.is_string()) return value.get_ref<const std::string&>();
    return fail_field(field, "must be a string");
}

/// Whatever it holds is for the directory to judge, so that all that is wrong with it takes as
/// long.
Result<void> read_key(const Json& value, Question& question) {
    TRY(question.key, read_text("key", value));
    return {};
}

Result<void> read_ip(const Json& value, Question& question) {
    if (value.is_null()) return {};
    TRY(const std::string text, read_text("ip", value));
    question.demand.address = parse_ip(text);
    if (question.demand.address) return {};
    return fail_field("ip", "must be one IP address such as \"192.0.2.1\" or \"2001:db8::1\"");
}

Result<void> read_endpoint(const Json& value, Question& question) {
    if (value.is_null()) return {};
    TRY(question.demand.endpoint, read_text("endpoint", value));
    if (is_plain_path(question.demand.endpoint)) return {};
    return fail_field("endpoint",
                      "must be a decoded path such as \"/orders/7\", without a query, and without "
                      "empty or dotted segments");
}

Result<void> read_model(const Json& value, Question& question) {
    if (value.is_null()) return {};
    TRY(question.demand.model, read_text("model", value));
    if (!question.demand.model.empty() && question.demand.model.size() <= kModelMax) return {};
    return fail_field("model", "must be the id of a model");
}

Result<void> read_permissions(const Json& value, Question& question) {
    if (value.is_null()) return {};
    if (!value.is_array() || value.size() > kPermissionsMax) {
        return fail_field("permissions", "must be a list of permissions, or null");
    }
    for (const Json& entry : value) {
        TRY(const std::string wanted, read_text("permissions", entry));
        TRY(const Permission permission, permission_called("permissions", wanted));
        question.demand.permissions.push_back(permission);
    }
    return {};
}

struct NamedCost {
    std::string name{};
    int64_t cost = 1;
};

Result<void> read_limit_name(const Json& value, NamedCost& named) {
    TRY(named.name, read_text("limit.name", value));
    return {};
}

Result<void> read_cost(const Json& value, NamedCost& named) {
    // A number above int64's own range reads as unsigned, and fails the second comparison.
    if (!value.is_number_integer() || !(value >= 0 && value <= kCostMax)) {
        return fail_field("limit.cost", "must be a whole number from 0 to 1000000000");
    }
    named.cost = value.get<int64_t>();
    return {};
}

constexpr std::array kLimitFields = {
    Field<NamedCost>{"name", read_limit_name},
    Field<NamedCost>{"cost", read_cost},
};

Result<void> read_one_limit(const Json& value, Limits& costs) {
    if (!value.is_object()) {
        return fail_field("limit", "must be {\"name\", \"cost\"}, a list of those, or null");
    }
    NamedCost named;
    TRY_VOID(read_fields<NamedCost>(value, kLimitFields, named));
    return add_cost("limit.name", named.name, named.cost, costs);
}

Result<void> read_limit(const Json& value, Question& question) {
    if (value.is_null()) return {};
    if (!value.is_array()) return read_one_limit(value, question.demand.costs);
    if (value.size() > kCostsMax) return fail_field("limit", "may name at most 5 limits");
    for (const Json& each : value) TRY_VOID(read_one_limit(each, question.demand.costs));
    return {};
}

constexpr std::array kFields = {
    Field<Question>{"key", read_key},
    Field<Question>{"ip", read_ip},
    Field<Question>{"endpoint", read_endpoint},
    Field<Question>{"model", read_model},
    Field<Question>{"permissions", read_permissions},
    Field<Question>{"limit", read_limit},
};

/// An unknown key counts against the client that presented it, where the service names them: never
/// against the service, which nobody could lock out then.
Error unknown_key(AdminContext& context,
                  const ApiCall& call,
                  const KeyDemand& demand,
                  Error error) {
    if (error.code != ErrorCode::InvalidApiKey || !demand.address) return error;
    const Nanos wait = context.wrong_keys->count(
        to_text(*demand.address), context.clock.mono(), call.caller->team_id);
    if (wait == Nanos(0)) return error;
    return {.code = ErrorCode::TooManyFailedAttempts,
            .message = "Too many wrong API keys came from this address.",
            .retry_after = wait};
}

Json moment(const std::optional<TimePoint>& when) {
    return when ? Json(format_iso8601(*when)) : Json(nullptr);
}

/// What only the store knows; left out while it cannot be asked.
void tell_record(AdminContext& context, const Caller& key, Json& answer) {
    const auto stored = context.keys.store().get_key(key.team_id, key.key_id());
    if (!stored) return;
    answer["name"] = stored->name;
    answer["expires_at"] = moment(stored->expires_at);
    answer["metadata"] = Json::object();
    for (const auto& [name, value] : stored->metadata) answer["metadata"][name] = value;
    answer["tags"] = stored->tags;
}

void tell_key(AdminContext& context, const Caller& key, Json& answer) {
    {
        const PolicyReading reading = context.keys.read_policy(key);
        const auto or_null = [](std::string_view text) {
            return text.empty() ? Json(nullptr) : Json(text);
        };
        answer["key_id"] = key.key_id();
        answer["team"] = key.team_id;
        answer["app"] = or_null(reading.app_id());
        answer["user"] = or_null(reading.user_id());
        answer["kind"] = name(key.kind);
        answer["sunset_at"] = moment(key.sunset_at);  // of a secret that was rotated away
    }
    tell_record(context, key, answer);
}

}  // namespace

Result<HttpResponse> verify_key(AdminContext& context, const ApiCall& call) {
    TRY(const Json object, read_object(call.request, Body::Required));
    Question question;
    TRY_VOID(read_fields<Question>(object, kFields, question));
    if (!question.key) return fail_field("key", "is required: the key to verify");

    Json answer = {{"valid", false}, {"code", "VALID"}};
    const auto found = find_key(context, *question.key, call.caller->team_id);
    if (!found) {
        tell_refusal(unknown_key(context, call, question.demand, found.error()), answer);
        return json_response(200, answer);
    }
    const Caller& key = found->caller;
    const Result<void> met = found->usable ? meet(context, key, question.demand) : found->usable;
    if (met) {
        context.keys.note_use(*found, context.clock.now());
        answer["valid"] = true;
    } else {
        tell_refusal(met.error(), answer);
    }
    tell_key(context, key, answer);
    if (met) {
        answer["permissions"] = permissions_of(context, key);
        answer["limits"] = rates_of(context, key);
        answer["not_checked"] = lists_not_met(context, key, question.demand);
    }
    return json_response(200, answer);
}

}  // namespace keywarden
