#include "proxy/pipeline.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "proxy/answer.h"
#include "proxy/api.h"
#include "proxy/attempts.h"
#include "proxy/call.h"
#include "proxy/credential.h"
#include "proxy/demanded_class.h"
#include "proxy/models.h"
#include "proxy/playground.h"
#include "proxy/policy.h"
#include "proxy/relay.h"
#include "proxy/repeat.h"
#include "proxy/request.h"
#include "proxy/routing.h"
#include "proxy/session.h"
#include "proxy/upstream_bedrock.h"

namespace keywarden {
namespace {

constexpr size_t kClientRequestIdMax = 128;

std::optional<Method> method_of(std::string_view text) {
    for (size_t i = 0; i < static_cast<size_t>(Method::kCount); ++i) {
        const auto method = static_cast<Method>(i);
        if (name(method) == text) return method;
    }
    return std::nullopt;
}

/// How the client names its request, if that is fit to be sent back.
void note_client_request_id(Call* call) {
    const RequestHead& head = call->exchange->head();
    std::string_view id = head.value("x-request-id");
    if (id.empty()) id = head.value("x-client-request-id");
    const bool is_visible = std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f; });
    if (is_visible && id.size() <= kClientRequestIdMax) call->client_request_id = id;
}

/// Whoever asks for a page where no route is, gets the console's; every other client an error.
bool wants_page(const RequestHead& head) {
    return (head.method() == "GET" || head.method() == "HEAD") &&
           head.value("accept").find("text/html") != std::string_view::npos;
}

Result<void> find_route(Call* call) {
    const RequestHead& head = call->exchange->head();
    RouteMatch match = call->proxy->router().match(method_of(head.method()), head.path());
    const auto pages = call->proxy->pages_route();
    if (match.kind == RouteMatch::Kind::NoSuchPath && pages && wants_page(head)) {
        match = {
            .kind = RouteMatch::Kind::Found, .route = *pages, .values = {std::string(head.path())}};
    }
    if (match.kind != RouteMatch::Kind::NoSuchPath) {
        call->dialect = call->proxy->facts(match.route).dialect;
    }
    switch (match.kind) {
        case RouteMatch::Kind::NoSuchPath:
            return fail(ErrorCode::NotFound, "There is nothing at this address.");
        case RouteMatch::Kind::NoSuchMethod:
            call->allow = match.allow;
            return fail(ErrorCode::MethodNotAllowed,
                        "This address takes " + std::string(match.allow) + " only.");
        case RouteMatch::Kind::Found:
            break;
    }
    call->route = match.route;
    call->facts = &call->proxy->facts(match.route);
    call->asked_for = call->facts->path;
    call->endpoint = call->proxy->endpoint(match.route);
    call->values = std::move(match.values);
    return {};
}

/// Only failures are counted, so that nobody is locked out by a neighbour with wrong keys.
std::unexpected<Error> failed_attempt(Call* call) {
    const Nanos wait =
        call->proxy->failed_attempts().count(client_address_of(*call), call->loop->mono());
    if (wait > Nanos(0)) {
        return fail(Error{.code = ErrorCode::TooManyFailedAttempts,
                          .message = "Too many wrong API keys came from this address.",
                          .retry_after = wait,
                          .facts = {{"denied_by", "instance"},
                                    {"limit", call->proxy->parts().limits.failed_attempts.burst},
                                    {"reset_after_ms", wait / std::chrono::milliseconds(1)}}});
    }
    return fail(ErrorCode::InvalidApiKey, "The API key is not valid.");
}

/// Never asked on the way of a relayed call.
bool is_route_token(const Call& call, std::string_view credential) {
    const RouteToken& token = call.proxy->parts().route_token;
    return call.facts->needs.permission == Permission::Operator && call.facts->path == token.path &&
           equal_in_constant_time(sha256(credential), token.digest);
}

Result<void> authenticate(Call* call) {
    const Permission needed = call->facts->needs.permission;
    call->client_ip = client_ip_of(*call);
    if (call->facts->is_for_own_pages) TRY_VOID(check_own_page(*call));
    if (needed == Permission::Public) return {};
    if (needed == Permission::Session || needed == Permission::Playground) {
        return authenticate_session(call);
    }
    const Result<std::string_view> credential = find_credential(call->exchange->head());
    const bool from_operator = credential ? is_route_token(*call, *credential)
                                          : credential.error().code == ErrorCode::MissingApiKey &&
                                                call->exchange->is_local();
    if (from_operator) {
        call->caller =
            Caller{.team_id = call->proxy->parts().operator_team_id, .is_operator = true};
        return {};
    }
    if (!credential && credential.error().code == ErrorCode::MissingApiKey &&
        takes_sessions(needed) && presents_session(*call)) {
        return authenticate_session(call);
    }
    if (!credential) return fail(credential.error());
    KeyDirectory& keys = *call->proxy->parts().keys;
    Result<Caller> caller =
        keys.authenticate(*credential,
                          call->loop->now(),
                          call->client_ip ? prefix_of(*call->client_ip) : NetworkPrefix());
    if (!caller && caller.error().code == ErrorCode::InvalidApiKey) return failed_attempt(call);
    if (!caller) return fail(std::move(caller).error());
    call->caller = *caller;
    return {};
}

/// Fit to stand in a header and in a log.
bool is_model_id(std::string_view id) {
    return id.size() <= kModelIdMax &&
           std::ranges::all_of(id, [](char c) { return c >= ' ' && c < 0x7f; });
}

Result<void> find_model(Call* call) {
    const std::string_view asked_for = call->request->model;
    if (!is_model_id(asked_for)) {
        return fail(Error{.code = ErrorCode::InvalidRequest,
                          .message = "The field 'model' must be the id of a model.",
                          .param = "model"});
    }
    TRY(const ModelTarget target, call->proxy->catalogue().resolve(asked_for));
    TRY_VOID(read_demanded_class(call));
    aim(call, target);
    if (target.route != nullptr) return begin_routing(call, *target.route);
    TRY_VOID(check_demanded_class(*call, target));
    return call->provider->dialect == Dialect::Bedrock ? take_aws_fields(call) : Result<void>();
}

/// Read this first: every phase of a call is one line, in the order it meets them. What answers is
/// begun by the caller: this frame is then gone, and a stream that lasts is the smaller for it.
Task<Result<Answering>> run(Call* call, const std::vector<OriginPool*>* pools) {
    note_client_request_id(call);
    CO_TRY_VOID(find_route(call));    // what is asked for
    CO_TRY_VOID(authenticate(call));  // who asks
    if (is_playground(*call)) CO_TRY_VOID(co_await act_as_key(call));
    CO_TRY_VOID(may_come(call));  // may they, from there, and here
    if (call->endpoint == nullptr) co_return answer_api(call);
    if (call->endpoint->body == BodyForm::None) co_return answer_models(call);
    CO_TRY_VOID(co_await read_request(call));    // the body, and its governed fields
    CO_TRY_VOID(find_model(call));               // which provider, which of its models
    CO_TRY(auto repeated, find_repeated(call));  // was it answered before
    if (repeated) co_return std::move(*repeated);
    // May it be used, and not too much at once.
    CO_TRY_VOID(call->routing == nullptr ? admit(call) : admit_route(call));
    if (call->selection != nullptr) select_tools(call);  // which tools go on
    if (!is_durable(*call)) CO_TRY_VOID(co_await await_durable(call));
    CO_TRY_VOID(co_await send_upstream(call, pools));  // again, where that cannot do harm
    if (!call->upstream) co_return answer_from_sandbox(call);
    co_return relay_answer(call);  // and meter what passes
}

void report(const Call& call) {
    const auto& on_call = call.proxy->parts().on_call;
    if (!on_call) return;
    const Nanos duration = precise_mono() - call.started;
    on_call(CallLine{
        .request_id = call.request_id(),
        .method = call.facts != nullptr ? name(call.facts->method) : "",
        .route = call.asked_for,
        .key_id = call.caller ? call.caller->key_id() : "",
        .team_id = call.caller ? call.caller->team_id : "",
        .provider = call.provider != nullptr ? std::string_view(call.provider->name) : "",
        .model = call.model,
        .error = call.error,
        .error_detail = call.error_detail,
        .status = call.status,
        .attempts = call.attempts,
        .streamed = call.streamed,
        .client_left = call.client.gone(),
        .usage = call.meter.usage(),
        .duration = duration,
        .overhead = duration - call.waited,
        .cost = call.cost,
        .route_row = call.route,
        .provider_row = call.provider_index,
    });
}

}  // namespace

Pipeline::Pipeline(Proxy* proxy, Loop* loop, HttpClient* client, JournalWriter* journal)
    : proxy_(proxy), loop_(loop), journal_(journal) {
    for (const Provider& provider : proxy->parts().providers) {
        const Url& base = provider.base;
        pools_.push_back(
            provider.kind == ProviderKind::Sandbox
                ? nullptr
                : client->pool({.tls = base.tls, .host = base.host, .port = base.port}));
    }
}

Dialect Pipeline::dialect_of(std::string_view path) const {
    const RouteMatch match = proxy_->router().match(std::nullopt, path);
    if (match.kind == RouteMatch::Kind::NoSuchPath) return dialect_of_unknown_path(path);
    return proxy_->facts(match.route).dialect;
}

Task<void> Pipeline::handle(Exchange* exchange) {
    Call call(proxy_, loop_, exchange);
    call.journal = journal_;
    Result<Answering> answering = co_await run(&call, &pools_);
    Result<void> done;
    if (answering) {
        done = co_await *answering;
    } else {
        done = fail(std::move(answering).error());
    }
    if (call.client.gone() && (!done || !exchange->head_sent())) {
        exchange->abort();  // whatever came of it has nobody to be told to
    } else if (!done) {
        co_await send_error(&call, &done.error());
    }
    settle(&call);
    report(call);
}

}  // namespace keywarden
