#include "proxy/attempts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/crypto.h"
#include "providers/sandbox.h"
#include "proxy/routing.h"
#include "proxy/upstream_credential.h"
#include "proxy/upstream_request.h"
#include "store/credential_directory.h"

namespace keywarden {
namespace {

uint32_t chance() {
    std::array<uint8_t, 2> bytes{};
    random_bytes(bytes);
    return bytes[0] | uint32_t{bytes[1]} << 8U;
}

const RetryRule& rule_of(const Call& call) { return call.proxy->parts().limits.retries; }

/// Fails at once while the breaker of the call's provider is open.
Result<void> pass_breaker(const Call& call) {
    const Nanos wait = call.proxy->breaker(call.provider_index)
                           .wait(call.proxy->parts().limits.breaker, call.loop->mono());
    if (wait == Nanos(0)) return {};
    return fail(Error{.code = ErrorCode::UpstreamError,
                      .message = "The provider '" + call.provider->name +
                                 "' has failed several times in a row and is left alone for a "
                                 "while.",
                      .retry_after = wait});
}

/// Whether the answer says of the provider as a whole that it fails. With a credential that is not
/// everybody's it may be that one's trouble alone.
bool is_outage_of_all(const Call& call) {
    return is_outage(call.upstream_call().head().status()) && call.request->own_key.empty() &&
           call.request->credential == nullptr;
}

/// Whether the provider failed, and not the caller, or we.
bool is_its(const Error& error) {
    return error.code == ErrorCode::UpstreamError || error.code == ErrorCode::UpstreamTimeout;
}

void note_attempt(Call& call, const Result<void>& answered) {
    Breaker& breaker = call.proxy->breaker(call.provider_index);
    if (answered) note_credential_answer(call);
    if (answered && !is_outage_of_all(call)) {
        breaker.succeeded();
    } else if (answered || (is_its(answered.error()) && !call.upstream_call().aborted())) {
        breaker.failed(call.proxy->parts().limits.breaker, call.loop->mono());
    }
}

/// Whether the answer says of a credential that it is used up or refused, and there is another.
bool is_for_other_credential(const Call& call) {
    const int status = call.upstream_call().head().status();
    const bool blames_credential = status == 429 || status == 401 || status == 403;
    return blames_credential && has_other_credential(call);
}

/// How long to wait before the answer in hand is asked for again; nothing: it is the one.
std::optional<Nanos> wait_after_answer(const Call& call, int64_t retry) {
    const ResponseHead& head = call.upstream_call().head();
    const int status = head.status();
    if (status < 400 || call.endpoint->body != BodyForm::Json) return std::nullopt;
    if (is_for_other_credential(call)) return Nanos(0);
    if (!may_pass(status) || head.value("x-should-retry") == "false") return std::nullopt;
    const auto retry_after = parse_retry_after(head.value("retry-after"));
    if (!retry_after) return std::nullopt;
    return retry_wait(rule_of(call), retry, *retry_after, chance());
}

/// The same where there is none. What went out may have been worked on.
std::optional<Nanos> wait_after_failure(const Call& call, const Error& error, int64_t retry) {
    if (!is_its(error) || call.upstream_call().sent()) return std::nullopt;
    return retry_wait(rule_of(call), retry, {}, chance());
}

/// Before which moment another attempt must begin, and how many there may be.
struct Retries {
    const Call* call;
    MonoTime begun;
    int64_t made = 0;

    std::optional<Nanos> next(const Result<void>& answered) {
        const RetryRule& rule = rule_of(*call);
        if (made >= rule.retries_max || call->nobody_waits()) return std::nullopt;
        ++made;
        const std::optional<Nanos> wait = answered
                                              ? wait_after_answer(*call, made)
                                              : wait_after_failure(*call, answered.error(), made);
        if (!wait || call->loop->mono() - begun + *wait > rule.within) return std::nullopt;
        return wait;
    }
};

/// Whether the call may go out to where it is aimed. Where it could go elsewhere, not with a
/// credential that rests.
Result<void> may_send(Call* call) {
    TRY_VOID(choose_credential(call));
    const HeldCredential* const credential = call->request->credential.get();
    const bool has_more = call->routing != nullptr && call->routing->has_more();
    if (has_more && credential != nullptr && credential->rests(call->loop->mono())) {
        return fail(ErrorCode::UpstreamError, "The provider's credential is used up for now.");
    }
    return pass_breaker(*call);
}

/// Whether another model may do what one did not that has answered so.
bool is_for_another(int status) {
    constexpr std::array kSuch = {401, 403, 404, 408, 429};
    const bool is_redirect = status >= 300 && status < 400;
    return is_redirect || status >= 500 || std::ranges::find(kSuch, status) != kSuch.end();
}

/// Whether another model may do what this one did not.
bool is_for_another(const Call& call, const Result<void>& answered) {
    const bool is_sent = call.upstream_call().sent();
    if (is_sent && call.endpoint->body != BodyForm::Json) return false;
    if (answered) return is_for_another(call.upstream_call().head().status());
    const ErrorCode code = answered.error().code;
    if (is_sent) {
        return call.routing->route->declared.resends && is_its(answered.error()) &&
               !call.upstream_call().aborted();
    }
    return is_its(answered.error()) || code == ErrorCode::Overloaded ||
           code == ErrorCode::CredentialUnreadable;
}

/// Aims the call to a route at its next target, if that may help.
bool goes_on(Call* call, const Result<void>& answered) {
    return call->routing != nullptr && call->routing->has_more() && !call->nobody_waits() &&
           is_for_another(*call, answered) && move_on(call);
}

/// Whether the sandbox does here what another is asked for. It answers the same each time, so that
/// it is asked beforehand.
bool sandbox_fails(Call* call) {
    if (call->endpoint->body != BodyForm::Json) return false;
    const std::string body = whole_upstream_body(call);
    const auto answer =
        answer_in_sandbox({.path = call->facts->path,
                           .content_type = call->exchange->head().value("Content-Type"),
                           .body = body,
                           .model = call->request->upstream_model});
    if (!answer) return answer.error().code == ErrorCode::ModelNotFound;
    return is_for_another(answer->status);
}

/// Aims the call to a route at its next target, where the sandbox would fail and that may help.
bool leaves_sandbox(Call* call) {
    const bool may = call->routing != nullptr && call->routing->has_more() && !call->nobody_waits();
    if (!may || !sandbox_fails(call) || !move_on(call)) return false;
    ++call->attempts;
    return true;
}

/// How long to wait before the next attempt, to what the call is then aimed at; nothing: this was
/// the last. With another credential before another target, and with a wait only after the last.
std::optional<Nanos> next_attempt(Call* call,
                                  const Result<void>& answered,
                                  bool was_tried,
                                  Retries* retries) {
    if (answered && is_for_other_credential(*call)) {
        if (const auto wait = retries->next(answered)) return wait;
    }
    if (goes_on(call, answered)) return Nanos(0);
    return was_tried ? retries->next(answered) : std::nullopt;
}

}  // namespace

Task<Result<void>> send_upstream(Call* call, const std::vector<OriginPool*>* pools) {
    Retries retries{.call = call, .begun = call->loop->mono()};
    for (;;) {
        OriginPool* const pool = (*pools)[call->provider_index];
        if (pool == nullptr) {
            if (leaves_sandbox(call)) continue;
            co_return Result<void>();  // it is not sent to
        }
        call->upstream.emplace(pool, call->proxy->timeouts(call->provider_index));
        Result<void> answered = may_send(call);
        const bool may = answered.has_value();
        if (may) {
            answered = co_await send_once(call);
            note_attempt(*call, answered);
        }
        const std::optional<Nanos> wait = next_attempt(call, answered, may, &retries);
        if (!wait) {
            if (answered) let_request_go(call);
            co_return answered;
        }
        call->upstream_call().keep_connection();
        call->upstream.reset();
        if (*wait == Nanos(0)) continue;
        co_await call->pause(*wait);
        call->waited += *wait;
    }
}

}  // namespace keywarden
