#include "proxy/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <system_error>

#include "base/clock.h"
#include "base/error_body.h"
#include "base/money.h"
#include "proxy/policy.h"
#include "proxy/routing.h"

namespace keywarden {
namespace {

/// A field's value, put together without the heap. What is too long for it is left out.
class FieldText {
public:
    FieldText& operator<<(std::string_view text) {
        if (text.size() <= text_.size() - size_) {
            size_ += text.copy(text_.data() + size_, text.size());
        }
        return *this;
    }
    FieldText& operator<<(int64_t number) {
        const auto [end, error] =
            std::to_chars(text_.data() + size_, text_.data() + text_.size(), number);
        if (error == std::errc()) size_ = static_cast<size_t>(end - text_.data());
        return *this;
    }
    std::string_view view() const { return {text_.data(), size_}; }

private:
    std::array<char, 128> text_;
    size_t size_ = 0;
};

int64_t whole_seconds(Nanos wait) { return std::chrono::ceil<std::chrono::seconds>(wait).count(); }

/// Of one kind of limit: the three fields that a vendor's SDKs read.
struct LimitFields {
    std::string_view limit;
    std::string_view remaining;
    std::string_view reset;
};
constexpr LimitFields kRequestFields = {
    "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"};
constexpr LimitFields kTokenFields = {
    "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"};

void add_openai_limit(Exchange* exchange, const LimitFields& fields, const LimitView& left) {
    if (left.limit == 0) return;
    exchange->add_field(fields.limit, static_cast<uint64_t>(left.limit));
    exchange->add_field(fields.remaining, static_cast<uint64_t>(left.remaining));
    exchange->add_field(fields.reset,
                        (FieldText() << whole_seconds(left.reset_after) << "s").view());
}

/// A moment as a field has it, without the heap.
class DateText {
public:
    DateText(TimePoint when, const char* format) {
        const time_t second =
            std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
        std::tm parts{};
        gmtime_r(&second, &parts);
        size_ = std::strftime(text_.data(), text_.size(), format, &parts);
    }
    std::string_view view() const { return {text_.data(), size_}; }

private:
    std::array<char, 32> text_;
    size_t size_;
};
/// "Wed, 11 Nov 2026 23:59:59 GMT". Source: RFC 9110, section 5.6.7.
constexpr const char* kHttpDate = "%a, %d %b %Y %H:%M:%S GMT";
/// "2026-11-11T23:59:59Z". Source: RFC 3339.
constexpr const char* kInternetDate = "%Y-%m-%dT%H:%M:%SZ";

/// Source: Anthropic's API documentation, "Rate limits", response headers.
LimitFields anthropic_fields(LimitKind kind) {
    switch (kind) {
        case LimitKind::TokensInPerMinute:
            return {"anthropic-ratelimit-input-tokens-limit",
                    "anthropic-ratelimit-input-tokens-remaining",
                    "anthropic-ratelimit-input-tokens-reset"};
        case LimitKind::TokensOutPerMinute:
            return {"anthropic-ratelimit-output-tokens-limit",
                    "anthropic-ratelimit-output-tokens-remaining",
                    "anthropic-ratelimit-output-tokens-reset"};
        case LimitKind::TokensPerMinute:
            return {"anthropic-ratelimit-tokens-limit",
                    "anthropic-ratelimit-tokens-remaining",
                    "anthropic-ratelimit-tokens-reset"};
        default:
            return {"anthropic-ratelimit-requests-limit",
                    "anthropic-ratelimit-requests-remaining",
                    "anthropic-ratelimit-requests-reset"};
    }
}

void add_anthropic_limit(Call* call, const LimitView& left) {
    if (left.limit == 0) return;
    const auto [limit, remaining, reset] = anthropic_fields(left.kind);
    call->exchange->add_field(limit, static_cast<uint64_t>(left.limit));
    call->exchange->add_field(remaining, static_cast<uint64_t>(left.remaining));
    const TimePoint full =
        call->loop->now() + std::chrono::ceil<std::chrono::seconds>(left.reset_after);
    call->exchange->add_field(reset, DateText(full, kInternetDate).view());
}

/// Source: draft-ietf-httpapi-ratelimit-headers-10. A field may stand there twice: it is a list.
void add_limit(Exchange* exchange, const LimitView& left) {
    if (left.limit == 0) return;
    const std::string_view name = info(left.kind).short_name;
    const std::string_view window = left.kind == LimitKind::RequestsPerDay ? ";w=86400" : ";w=60";
    exchange->add_field("RateLimit-Policy",
                        (FieldText() << "\"" << name << "\";q=" << left.limit << window).view());
    exchange->add_field("RateLimit",
                        (FieldText() << "\"" << name << "\";r=" << left.remaining
                                     << ";t=" << whole_seconds(left.reset_after))
                            .view());
}

void add_limits(Call* call, const LimitsLeft& left, Dialect dialect) {
    add_limit(call->exchange, left.requests);
    add_limit(call->exchange, left.tokens);
    if (dialect == Dialect::OpenAi) {
        add_openai_limit(call->exchange, kRequestFields, left.requests);
        add_openai_limit(call->exchange, kTokenFields, left.tokens);
    } else if (dialect == Dialect::Anthropic) {
        add_anthropic_limit(call, left.requests);
        add_anthropic_limit(call, left.tokens);
    }
}

/// Source: RFC 9745 (Deprecation), RFC 8594 (Sunset).
void add_rotation(Exchange* exchange, const Caller& caller) {
    if (caller.deprecated_at) {
        const auto since =
            std::chrono::floor<std::chrono::seconds>(caller.deprecated_at->time_since_epoch());
        exchange->add_field("Deprecation", (FieldText() << "@" << int64_t{since.count()}).view());
    }
    if (caller.sunset_at) {
        exchange->add_field("Sunset", DateText(*caller.sunset_at, kHttpDate).view());
    }
}

void add_tools(Exchange* exchange, const Call& call) {
    const CallSelection* const selection = call.selection.get();
    const bool is_selected = selection != nullptr && selection->is_chosen;
    if (!is_selected && call.tools == nullptr) return;
    const uint64_t offered = is_selected ? selection->counts.offered : call.tools->offered;
    const uint64_t kept = is_selected ? selection->counts.forwarded : call.tools->kept;
    exchange->add_field("x-keywarden-tools-input", offered);
    exchange->add_field("x-keywarden-tools-output", kept);
    if (is_selected) {
        exchange->add_field(
            "x-keywarden-tools-selection",
            (FieldText() << name(selection->terms.mode) << "; " << name(selection->outcome))
                .view());
    }
    if (offered == 0) return;
    exchange->add_field(
        "x-keywarden-prune-ratio",
        (FieldText() << static_cast<int64_t>(kept) << "/" << static_cast<int64_t>(offered)).view());
}

void add_route(Exchange* exchange, const Call& call) {
    if (!call.model.empty()) exchange->add_field("x-keywarden-model", call.model);
    exchange->add_field("x-keywarden-provider", call.provider->name);
    if (call.routing != nullptr) {
        exchange->add_field("x-keywarden-routing", call.routing->route->declared.id);
    }
    exchange->add_field("x-keywarden-attempts", static_cast<uint64_t>(call.attempts));
    if (call.tools != nullptr || call.selection != nullptr) add_tools(exchange, call);
    const Nanos overhead = precise_mono() - call.started - call.waited;
    if (const std::optional<NanoUsd> cost = cost_so_far(call)) {
        exchange->add_field("x-keywarden-cost", format_usd(*cost));
    }
    exchange->add_field("x-keywarden-overhead-us",
                        static_cast<uint64_t>(std::max<int64_t>(0, overhead.count() / 1000)));
}

}  // namespace

void start_answer(Call* call, int status) {
    Exchange* const exchange = call->exchange;
    call->status = status;
    exchange->start(status);
    exchange->add_field("X-Request-Id", call->request_id());
    if (!call->client_request_id.empty()) {
        exchange->add_field("X-Client-Request-Id", call->client_request_id);
    }
    look_at_limits(call);
    const Dialect dialect = call->dialect.value_or(Dialect::Problem);
    if (dialect == Dialect::Anthropic) exchange->add_field("request-id", call->request_id());
    if (dialect == Dialect::Bedrock) exchange->add_field("x-amzn-RequestId", call->request_id());
    if (call->limits) add_limits(call, *call->limits, dialect);
    if (call->caller) add_rotation(exchange, *call->caller);
    if (call->provider != nullptr) add_route(exchange, *call);
}

Task<Result<void>> send_answer(Call* call, const HttpResponse* response) {
    start_answer(call, response->status);
    for (const Header& header : response->headers) {
        call->exchange->add_field(header.name, header.value);
    }
    co_await call->exchange->send(response->body);
    co_return Result<void>();
}

Task<void> send_error(Call* call, const Error* error) {
    Exchange* const exchange = call->exchange;
    call->error = info(error->code).slug;
    call->error_detail = error->detail;
    const Dialect dialect =
        call->dialect ? *call->dialect : dialect_of_unknown_path(exchange->head().path());
    if (!exchange->head_sent()) {
        HttpResponse response = render_error(dialect, *error, call->request_id());
        if (!call->allow.empty()) response.headers.push_back({"Allow", std::string(call->allow)});
        // The result is dropped: a client that is gone is no news here.
        const auto ignored = co_await send_answer(call, &response);
        co_return;
    }
    if (!call->streamed) {
        exchange->abort();
        co_return;
    }
    const std::string last = render_stream_error(dialect, *error, call->request_id());
    co_await exchange->end(last);
}

}  // namespace keywarden
