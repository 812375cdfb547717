// POST /v1/explain: what the gateway would decide about a request, rule by rule, without taking.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "admin/handlers.h"
#include "admin/json_body.h"
#include "admin/key_check.h"
#include "admin/money_field.h"
#include "admin/spend_view.h"
#include "domain/compiled_policy.h"
#include "domain/model_rules.h"
#include "domain/role.h"
#include "domain/team.h"

namespace keywarden {
namespace {

constexpr std::string_view kChat = "POST /v1/chat/completions";
constexpr int64_t kSizeMax = 4'000'000'000;
constexpr size_t kToolsMax = 128;
constexpr size_t kTextMax = 2048;

struct Question {
    std::string key{};  // empty: the calling one
    std::string endpoint{};
    std::string model{};
    std::optional<IpAddress> address{};
    std::vector<std::string> tools{};
    std::optional<int64_t> tokens_in{};
    LimitRequest size{};
};

Result<std::string> read_text(std::string_view field, const Json& value) {
    if (value.is_null()) return std::string();
    if (value.is_string() && value.get_ref<const std::string&>().size() <= kTextMax) {
        return value.get_ref<const std::string&>();
    }
    return fail_field(field, "must be a short string, or null");
}

Result<int64_t> read_size(std::string_view field, const Json& value) {
    // A number above int64's own range reads as unsigned, and fails the second comparison.
    if (value.is_number_integer() && value >= 0 && value <= kSizeMax) return value.get<int64_t>();
    return fail_field(field, "must be a whole number from 0 to 4000000000");
}

Result<void> read_address(const Json& value, Question& question) {
    TRY(const std::string text, read_text("ip", value));
    if (text.empty()) return {};
    question.address = parse_ip(text);
    if (question.address) return {};
    return fail_field("ip", "must be one IP address such as \"192.0.2.1\" or \"2001:db8::1\"");
}

Result<void> read_tools(const Json& value, Question& question) {
    if (value.is_null()) return {};
    if (!value.is_array() || value.size() > kToolsMax) {
        return fail_field("tools", "must be a list of at most 128 names, or null");
    }
    for (const Json& each : value) {
        TRY(std::string tool, read_text("tools", each));
        question.tools.push_back(std::move(tool));
    }
    return {};
}

constexpr std::array kFields = {
    Field<Question>{"key",
                    [](const Json& value, Question& question) -> Result<void> {
                        TRY(question.key, read_text("key", value));
                        return {};
                    }},
    Field<Question>{"endpoint",
                    [](const Json& value, Question& question) -> Result<void> {
                        TRY(question.endpoint, read_text("endpoint", value));
                        return {};
                    }},
    Field<Question>{"model",
                    [](const Json& value, Question& question) -> Result<void> {
                        TRY(question.model, read_text("model", value));
                        return {};
                    }},
    Field<Question>{"ip", read_address},
    Field<Question>{"tools", read_tools},
    Field<Question>{"tokens_in",
                    [](const Json& value, Question& question) -> Result<void> {
                        TRY(question.tokens_in, read_size("tokens_in", value));
                        return {};
                    }},
    Field<Question>{"tokens_out",
                    [](const Json& value, Question& question) -> Result<void> {
                        TRY(question.size.tokens_out_max, read_size("tokens_out", value));
                        return {};
                    }},
    Field<Question>{"body_bytes",
                    [](const Json& value, Question& question) -> Result<void> {
                        TRY(question.size.body_bytes, read_size("body_bytes", value));
                        return {};
                    }},
};

Result<Question> read_question(const HttpRequest& request) {
    TRY(const Json object, read_object(request, Body::Optional));
    Question question;
    TRY_VOID(read_fields<Question>(object, kFields, question));
    question.size.tokens_in = question.tokens_in.value_or(question.size.body_bytes / kBytesAToken);
    if (question.endpoint.empty() && !question.model.empty()) question.endpoint = kChat;
    return question;
}

/// The body that a call is held by: as long as so much input is at least.
int64_t bytes_of(const LimitRequest& size) {
    return size.body_bytes > 0 ? size.body_bytes : size.tokens_in * kBytesAToken;
}

}  // namespace

Result<Key> key_asked_about(AdminContext& context, const Caller& caller, const std::string& id) {
    const bool is_own = !caller.is_operator && (id.empty() || id == caller.key_id());
    if (id.empty() && caller.key_id().empty()) {
        return fail_field("key", "is required: who is not a key has none");
    }
    if (!is_own && !caller.is_operator) {
        const PolicyReading reading = context.keys.read_policy(caller);
        TRY_VOID(check_reach(caller.kind, reading.maker(), Permission::KeysRead));
    }
    return context.keys.store().get_key(caller.team_id, is_own ? caller.key_id() : id);
}

namespace {

std::optional<Method> method_called(std::string_view text) {
    for (size_t i = 0; i < static_cast<size_t>(Method::kCount); ++i) {
        const auto method = static_cast<Method>(i);
        if (name(method) == text) return method;
    }
    return std::nullopt;
}

/// The endpoint as lists know it, and the permission that it needs.
Result<KnownRoute> route_asked_about(AdminContext& context, std::string_view endpoint) {
    if (endpoint.empty()) return KnownRoute{.path = {}, .needs = Permission::AnyKey};
    std::string_view path = endpoint;
    std::optional<Method> method;
    if (const size_t space = endpoint.find(' '); space != std::string_view::npos) {
        method = method_called(endpoint.substr(0, space));
        if (!method) return fail_field("endpoint", "must begin with a method, or be a path alone");
        path = endpoint.substr(space + 1);
    }
    if (!is_plain_path(path)) {
        return fail_field("endpoint", "must be a path such as /v1/models, or 'GET /v1/models'");
    }
    return context.route_of(method, path);
}

/// The decision as it grows. The first refusal is the one that a caller would be told.
class Explanation {
public:
    void add(std::string_view rule,
             std::string_view scope,
             std::string_view value,
             const Result<void>& result) {
        Json step = {
            {"rule", rule}, {"scope", scope}, {"value", value}, {"allowed", result.has_value()}};
        if (!result) {
            step["code"] = info(result.error().code).slug;
            step["message"] = result.error().message;
            refuse(result.error());
        }
        steps_.push_back(std::move(step));
    }

    void add_lists(std::span<const PolicyLink> chain, const PolicyRequest& request) {
        for (const Decision& decision : explain(chain, request)) {
            const Result<void> result =
                decision.allowed ? Result<void>() : fail(denial(decision, request));
            add(info(decision.rule).field,
                name(decision.denied_by),
                value_of(decision, request),
                result);
            if (!decision.verdict.entry.empty()) steps_.back()["entry"] = decision.verdict.entry;
        }
    }

    /// What a list says of a tool. It refuses no call: the tool is taken out of it.
    void add_tool(std::string_view tool, const Decision& decision) {
        Json step = {{"rule", info(decision.rule).field},
                     {"scope", name(decision.denied_by)},
                     {"value", tool},
                     {"allowed", decision.allowed}};
        if (!decision.verdict.entry.empty()) step["entry"] = decision.verdict.entry;
        if (!decision.allowed) step["removes"] = true;
        steps_.push_back(std::move(step));
    }

    void refuse(const Error& error) {
        if (!refusal_) refusal_ = error;
    }

    Json steps() { return std::move(steps_); }
    const std::optional<Error>& refusal() const { return refusal_; }

private:
    Json steps_ = Json::array();
    std::optional<Error> refusal_{};
};

Json limits_of(const PolicyReading& reading,
               const Question& question,
               MonoTime now,
               Explanation& told) {
    const bool takes = !question.model.empty();  // only a call of a model takes from limits
    Json limits = Json::array();
    for (const LimitUse& use : list_limits(reading.limits(), question.size, now)) {
        Json row = limit_record(use);
        row["wanted"] = takes ? use.wanted : 0;
        row["allowed"] = !takes || use.allowed;
        limits.push_back(std::move(row));
    }
    const auto left = peek_limits(reading.limits(), question.size, now);
    if (takes && left.denial) told.refuse(limit_error(*left.denial));
    return limits;
}

Json key_told(const PolicyReading& reading, const Key& key, KeyState state) {
    const auto or_null = [](std::string_view text) {
        return text.empty() ? Json(nullptr) : Json(text);
    };
    const std::optional<Role> role = reading.maker();
    return {{"id", key.id},
            {"name", key.name},
            {"kind", name(key.kind)},
            {"status", name(state)},
            {"team", key.team_id},
            {"app", or_null(reading.app_id())},
            {"user", or_null(reading.user_id())},
            {"role", role ? Json(name(*role)) : Json(nullptr)}};
}

/// What a call meets before its body is read.
void explain_door(const PolicyReading& reading,
                  const Key& key,
                  const KnownRoute& route,
                  const Question& question,
                  Explanation& told) {
    told.add("team_state", "team", name(reading.team_state()), check_team(reading.team_state()));
    told.add("permission",
             holds(key.kind, route.needs) ? "creator" : "key",
             info(route.needs).name,
             check_reach(key.kind, reading.maker(), route.needs));
    told.add_lists(reading.chain(),
                   {.kind = key.kind, .address = question.address, .endpoint = route.path});
}

/// What it meets once its model is known.
void explain_model(const AdminContext& context,
                   const PolicyReading& reading,
                   const Question& question,
                   const Result<ModelTarget>& target,
                   Json& asked,
                   Explanation& told) {
    if (!target) {
        told.add("model", "instance", question.model, fail(target.error()));
        return;
    }
    const ModelRequest model(*context.models, question.model, *target);
    asked["provider"] = model.request().provider;
    if (const auto privacy = model.request().privacy) asked["privacy_class"] = name(*privacy);
    told.add_lists(reading.chain(), model.request());
}

/// The tools that would be taken out of the call, and by which scope.
Json explain_tools(const PolicyReading& reading, const Question& question, Explanation& told) {
    Json removed = Json::array();
    for (const std::string& tool : question.tools) {
        const std::array<std::string_view, 1> tools = {tool};
        const PolicyRequest request{.tools = tools};
        for (const Decision& decision : explain(reading.chain(), request)) {
            told.add_tool(tool, decision);
        }
        const Decision all = decide(reading.chain(), request);
        if (!all.allowed) removed.push_back({{"tool", tool}, {"denied_by", name(all.denied_by)}});
    }
    return removed;
}

void conclude(const std::optional<Error>& refusal, Json& answer) {
    answer["allowed"] = !refusal;
    answer["code"] = refusal ? info(refusal->code).slug : "VALID";
    if (refusal) tell_refusal(*refusal, answer);
}

/// What the id means to the caller. Errors: ModelNotFound.
Result<ModelTarget> target_for(AdminContext& context,
                               const Caller& caller,
                               const std::string& model) {
    TRY(const ModelTarget named, context.models->resolve(model));
    return usable_target(context.keys.read_policy(caller).chain(), *context.models, model, named);
}

}  // namespace

Result<HttpResponse> explain_request(AdminContext& context, const ApiCall& call) {
    TRY(const Question question, read_question(call.request));
    TRY(const Key key, key_asked_about(context, *call.caller, question.key));
    TRY(const KnownRoute route, route_asked_about(context, question.endpoint));
    TRY(const PresentedKey found, context.keys.look_at(key, context.clock.now()));
    const KeyState state = state_at(key, context.clock.now());
    Result<ModelTarget> target;
    ModelName model;
    if (!question.model.empty()) {
        target = target_for(context, found.caller, question.model);
        if (target) model = model_name(context, *target);
    }

    Json asked = {{"endpoint", route.path}, {"permission", info(route.needs).name}};
    if (!question.model.empty()) asked["model"] = question.model;
    if (question.address) asked["ip"] = to_text(*question.address);
    asked["tokens_in"] = question.size.tokens_in;
    asked["tokens_out"] = question.size.tokens_out_max;
    asked["body_bytes"] = question.size.body_bytes;
    Explanation told;
    told.add("status", "key", name(state), found.usable);
    Json limits;
    Json whose;
    Json removed;
    {
        const PolicyReading reading = context.keys.read_policy(found.caller, model);
        explain_door(reading, key, route, question, told);
        if (!question.model.empty()) {
            explain_model(context, reading, question, target, asked, told);
        }
        removed = explain_tools(reading, question, told);
        whose = key_told(reading, key, state);
    }
    if (!question.model.empty() && target) {  // money comes first: waiting does not bring any
        TRY(const NanoUsd held,
            explain_money(
                context,
                {.key = key,
                 .caller = found.caller,
                 .provider = context.models->providers()[target->provider].name,
                 .model = target->id,
                 .upstream_model = target->upstream_id,
                 .asked = {.path = route.path,
                           .body_bytes = bytes_of(question.size),
                           .output_tokens_max = question.size.tokens_out_max}},
                [&told](std::string_view rule,
                        std::string_view scope,
                        std::string_view value,
                        const Result<void>& result) { told.add(rule, scope, value, result); }));
        asked["held_usd"] = money(held);
    }
    {
        const PolicyReading reading = context.keys.read_policy(found.caller, model);
        limits = limits_of(reading, question, context.clock.mono(), told);
    }
    Json answer = {{"object", "explanation"}};
    conclude(told.refusal(), answer);
    answer["key"] = std::move(whose);
    answer["request"] = std::move(asked);
    answer["steps"] = told.steps();
    answer["removed"] = std::move(removed);
    answer["limits"] = std::move(limits);
    answer["not_checked"] = lists_not_met(context,
                                          found.caller,
                                          {.address = question.address,
                                           .endpoint = std::string(route.path),
                                           .model = question.model,
                                           .tools = !question.tools.empty()});
    return json_response(200, answer);
}

}  // namespace keywarden
