#include "proxy/policy.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/http.h"
#include "domain/call_bound.h"
#include "domain/compiled_policy.h"
#include "domain/ip_range.h"
#include "domain/model_rules.h"
#include "domain/role.h"
#include "domain/team.h"
#include "proxy/routing.h"
#include "proxy/session.h"
#include "proxy/tools.h"
#include "proxy/translation.h"

namespace keywarden {
namespace {

constexpr size_t kForwardedFieldsMax = 8;

BodyBound smallest_body(std::span<const LimitScope> scopes) {
    BodyBound bound;
    for (const LimitScope& scope : scopes) {
        const SourcedLimit& limit = (*scope.limits)[LimitKind::BodyBytes];
        if (limit.value < bound.bytes) bound = {limit.value, limit.source};
    }
    return bound;
}

}  // namespace

/// A token for each few bytes of a JSON body, and the most output that it asks for.
LimitRequest limit_amounts(const Call& call) {
    const RelayRequest& request = *call.request;
    if (request.form || call.endpoint->is_free) return {};
    return {.tokens_in = static_cast<int64_t>(request.sent().size()) / kBytesAToken,
            .tokens_out_max = request.sent().output_tokens_max()};
}

std::optional<IpAddress> client_ip_of(const Call& call) {
    const std::vector<IpRange>& trusted = call.proxy->parts().trusted_proxies;
    const std::optional<IpAddress> address = parse_ip(call.exchange->peer());
    if (!address || trusted.empty()) return address;
    std::array<std::string_view, kForwardedFieldsMax> fields;
    size_t count = 0;
    const RequestHead& head = call.exchange->head();
    for (size_t i = 0; i < head.field_count(); ++i) {
        const FieldView field = head.field(i);
        if (!equal_ignoring_case(field.name, "x-forwarded-for")) continue;
        // The last ones count: they were written by those who are nearest.
        if (count == fields.size()) std::ranges::rotate(fields, fields.begin() + 1);
        count = std::min(count + 1, fields.size());
        fields[count - 1] = field.value;
    }
    return client_address(*address, std::span(fields).first(count), trusted);
}

std::string client_address_of(const Call& call) {
    return call.client_ip ? to_text(*call.client_ip) : std::string(call.exchange->peer());
}

bool is_trusted_proxy(const Call& call) {
    const std::vector<IpRange>& trusted = call.proxy->parts().trusted_proxies;
    const std::optional<IpAddress> peer =
        trusted.empty() ? std::nullopt : parse_ip(call.exchange->peer());
    return peer && std::ranges::any_of(trusted,
                                       [&](const IpRange& range) { return range.contains(*peer); });
}

Result<void> may_come(Call* call) {
    const Permission needed = call->facts->needs.permission;
    if (needed == Permission::Public) return {};
    if (!call->caller) return fail(ErrorCode::MissingApiKey, "No API key was sent.");
    if (call->session) return may_person_come(call);
    if (call->caller->is_operator) return {};
    const PolicyReading reading = call->proxy->parts().keys->read_policy(*call->caller);
    TRY_VOID(check_team(reading.team_state()));
    TRY_VOID(check_reach(call->caller->kind, reading.maker(), needed));
    PolicyRequest request{.kind = call->caller->kind, .address = call->client_ip};
    if (!call->facts->is_for_elsewhere) request.endpoint = call->proxy->policy_path(call->route);
    TRY_VOID(check(reading.chain(), request));
    call->body_bound = smallest_body(reading.limits());
    return {};
}

size_t body_bytes_max(const Call& call, size_t own_max) {
    return std::min(own_max, static_cast<size_t>(call.body_bound.bytes));
}

Error body_too_large(const Call& call, size_t own_max) {
    const int64_t limit = call.body_bound.bytes;
    if (static_cast<size_t>(limit) >= own_max) {
        return {.code = ErrorCode::RequestTooLarge,
                .message = "The body is larger than " + std::to_string(own_max >> 20U) + " MiB."};
    }
    return limit_error({LimitKind::BodyBytes, call.body_bound.source, limit, limit + 1});
}

Result<void> take_limits_of(Call* call, const PolicyReading& reading) {
    LimitResult taken = take_limits(reading.limits(), limit_amounts(*call), call->loop->mono());
    call->limits = {taken.requests, taken.tokens};
    if (taken.denial) return fail(limit_error(*taken.denial));
    call->ticket = std::move(taken.ticket);
    return {};
}

PolicyReading read_policy_of(const Call& call) {
    return call.proxy->parts().keys->read_policy(
        *call.caller,  // NOLINT(bugprone-unchecked-optional-access): see Requires
        {.provider = call.provider->name, .model = call.model});
}

Result<void> check_target(const Call& call,
                          const PolicyReading& reading,
                          const ModelTarget& target) {
    return check_model(reading.chain(), call.proxy->catalogue(), call.request->model, target);
}

Result<void> admit(Call* call) {
    if (!call->caller) return fail(ErrorCode::MissingApiKey, "No API key was sent.");
    if (call->caller->is_operator) {
        TRY_VOID(choose_dialect(call));
        return take_charge(call, nullptr);
    }
    const PolicyReading reading = read_policy_of(*call);
    TRY_VOID(check_target(*call, reading, {.provider = call->provider_index, .id = call->model}));
    TRY_VOID(apply_tool_lists(call, reading));
    begin_selection(call, reading);
    TRY_VOID(choose_dialect(call));
    return take_charge(call, &reading);
}

void settle(Call* call) {
    const std::optional<Used> used = used_by(*call);
    const bool is_told = used && used->basis == UsageBasis::Exact;
    finish_selection(call, is_told ? used->usage : TokenUsage());
    if (call->charge != nullptr) settle_charge(call, used);
    if (!call->ticket.holds_places()) return;
    const TokenUsage usage = used ? used->usage : TokenUsage();
    const int64_t output = std::max(usage.output.value_or(0), int64_t{0});
    const int64_t all_input = usage.input.value_or(usage.total.value_or(0) - output);
    const int64_t input = std::max(all_input, int64_t{0});
    call->ticket.settle(input, output, call->loop->mono());
    if (call->routing != nullptr) {
        call->routing->ticket.settle(input, output, call->loop->mono());
    }
}

void look_at_limits(Call* call) {
    if (call->limits || !call->caller || call->caller->is_operator || call->session) return;
    const PolicyReading reading = call->proxy->parts().keys->read_policy(*call->caller);
    const LimitResult left = peek_limits(reading.limits(), {}, call->loop->mono());
    call->limits = {left.requests, left.tokens};
}

}  // namespace keywarden
