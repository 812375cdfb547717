#include "proxy/api.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "net/blocking_pool.h"
#include "proxy/answer.h"
#include "proxy/policy.h"
#include "proxy/request.h"
#include "proxy/session.h"

namespace keywarden {
namespace {

/// Fields that handlers may see. Credentials are not among them, nor is anything about the hop.
bool is_for_handlers(std::string_view name) {
    static constexpr std::array<std::string_view, 13> kNames = {"accept",
                                                                "accept-encoding",
                                                                "content-type",
                                                                "host",
                                                                "idempotency-key",
                                                                "if-match",
                                                                "if-none-match",
                                                                "origin",
                                                                "referer",
                                                                "sec-fetch-site",
                                                                "user-agent",
                                                                "x-client-request-id",
                                                                "x-request-id"};
    return std::ranges::any_of(
        kNames, [&](std::string_view known) { return equal_ignoring_case(known, name); });
}

/// What a proxy says of the request that it asks about.
bool is_told_by_proxies(std::string_view name) {
    return equal_ignoring_case(name, "x-original-uri") ||
           equal_ignoring_case(name, "x-forwarded-uri");
}

HttpRequest request_of(const Call& call, Method method, std::string_view body) {
    const RequestHead& head = call.exchange->head();
    HttpRequest request{.method = method,
                        .query = std::string(head.query()),
                        .body = std::string(body),
                        .peer_address = client_address_of(call),
                        .request_id = std::string(call.request_id())};
    percent_decode(head.path(), request.path);  // it went through the router: it decodes
    const bool proxy_speaks = call.facts->is_for_elsewhere && is_trusted_proxy(call);
    for (size_t i = 0; i < head.field_count(); ++i) {
        const FieldView field = head.field(i);
        const bool passes =
            is_for_handlers(field.name) || (proxy_speaks && is_told_by_proxies(field.name));
        if (!passes) continue;
        request.headers.push_back({std::string(field.name), std::string(field.value)});
    }
    return request;
}

}  // namespace

Task<Result<void>> answer_api(Call* call) {
    Exchange* const exchange = call->exchange;
    const ProxyParts& parts = call->proxy->parts();
    if (exchange->head().has_body()) {
        CO_TRY_VOID(check_coding(exchange->head()));
    }
    const size_t own_max = parts.limits.api_body_max;
    const auto body = co_await exchange->read_body(body_bytes_max(*call, own_max));
    if (!body && body.error().code == ErrorCode::RequestTooLarge) {
        co_return fail(body_too_large(*call, own_max));
    }
    if (!body) co_return fail(body.error());
    const HttpRequest request =
        request_of(*call, call->facts->method, std::string_view(body->data(), body->size()));
    const bool over_tls = is_secure(*call);  // while its head is there
    std::string sso_cookie = call->facts->is_for_own_pages ? sso_cookie_of(*call) : std::string();
    exchange->release_request();
    const ApiCall api_call{.request = request,
                           .caller = call->caller ? &*call->caller : nullptr,
                           .values = std::move(call->values),
                           .session = call->session.get(),
                           .is_secure = over_tls,
                           .sso_cookie = std::move(sso_cookie)};
    const ApiRoute& route = call->proxy->api_route(call->route);
    std::shared_ptr<void> place;
    if (route.door) {
        CO_TRY(place, route.door(api_call));
    }
    const auto work = [&route, &api_call] { return route.handler(api_call); };
    BlockingPool* pool = route.facts.is_slow ? parts.slow : parts.blocking;
    if (route.facts.asks_elsewhere && parts.elsewhere != nullptr) pool = parts.elsewhere;
    CO_TRY(const HttpResponse response, co_await pool->run(call->loop, work));
    co_return co_await send_answer(call, &response);
}

}  // namespace keywarden
