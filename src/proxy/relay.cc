#include "proxy/relay.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "base/error_body.h"
#include "base/http.h"
#include "providers/sandbox.h"
#include "proxy/answer.h"
#include "proxy/frame_filter.h"
#include "proxy/request.h"
#include "proxy/sse_filter.h"
#include "proxy/tools.h"
#include "proxy/translation.h"
#include "proxy/upstream_bedrock.h"
#include "proxy/upstream_request.h"

namespace keywarden {
namespace {

/// The fields of an answer that pass. The first two are looked at here too.
constexpr std::array<std::string_view, 9> kPassed = {"Content-Type",
                                                     "Content-Encoding",
                                                     "Content-Disposition",
                                                     "Retry-After",
                                                     "Cache-Control",
                                                     "openai-processing-ms",
                                                     "openai-version",
                                                     "x-should-retry",
                                                     "x-amzn-ErrorType"};
/// Which sizes their names have: most others are told apart by that.
constexpr auto kPassedSizes = [] {
    std::array<bool, 24> sizes{};
    for (const std::string_view name : kPassed) sizes[name.size()] = true;
    return sizes;
}();
constexpr size_t kContentType = 0;
constexpr size_t kContentEncoding = 1;
constexpr size_t kRetryAfter = 3;
constexpr size_t kErrorType = 8;
constexpr std::string_view kFrames = "application/vnd.amazon.eventstream";

/// What is looked at of the head of an answer. Views into it.
struct AnswerHead {
    int status = 0;
    std::optional<uint64_t> length{};
    std::array<std::string_view, kPassed.size()> passed{};

    void take(std::string_view name, std::string_view value) {
        if (name.size() >= kPassedSizes.size() || !kPassedSizes[name.size()]) return;
        for (size_t i = 0; i < kPassed.size(); ++i) {
            if (kPassed[i].size() == name.size() && equal_ignoring_case(kPassed[i], name)) {
                passed[i] = value;
            }
        }
    }
    bool has_type(std::string_view type) const {
        const std::string_view sent = passed[kContentType];
        return sent.size() >= type.size() && equal_ignoring_case(sent.substr(0, type.size()), type);
    }
};

AnswerHead head_of(const UpstreamCall& upstream) {
    const ResponseHead& from = upstream.head();
    AnswerHead head{.status = from.status(), .length = upstream.body_length()};
    for (size_t i = 0; i < from.field_count(); ++i) {
        const FieldView field = from.field(i);
        head.take(field.name, field.value);
    }
    for (size_t i = 0; i < kPassed.size(); ++i) {
        if (!head.passed[i].empty() && from.named_in_connection(kPassed[i])) head.passed[i] = {};
    }
    return head;
}

AnswerHead head_of(const SandboxAnswer& answer) {
    AnswerHead head{.status = answer.status};
    if (!answer.streams) head.length = answer.length;
    for (const Header& header : answer.headers) head.take(header.name, header.value);
    return head;
}

/// Errors that the caller can do nothing about are ours to word; the rest pass.
Result<void> check_status(const AnswerHead& head, const std::string& provider) {
    const auto status = [&] { return " with status " + std::to_string(head.status) + "."; };
    if (head.status == 401 || head.status == 403) {
        return fail(ErrorCode::ProviderCredentialsRejected,
                    "The provider '" + provider + "' does not accept this gateway's credential.",
                    "it answered" + status());
    }
    constexpr int kOverloaded = 529;  // Anthropic's
    const bool passes = (head.status >= 200 && head.status < 300) ||
                        (head.status >= 400 && head.status < 500) || head.status == 503 ||
                        head.status == kOverloaded;
    if (passes) return {};
    return fail(ErrorCode::UpstreamError, "The provider '" + provider + "' failed" + status());
}

/// A provider's error that is not JSON (a page of some proxy before it): same status, our words.
HttpResponse worded_error(const Call& call, const AnswerHead& head) {
    const Error error{
        .code = head.status < 500 ? ErrorCode::InvalidRequest : ErrorCode::UpstreamError,
        .message = "The provider '" + call.provider->name + "' refused the request with status " +
                   std::to_string(head.status) + "."};
    HttpResponse response = render_error(call.facts->dialect, error, call.request_id());
    response.status = head.status;
    if (!head.passed[kRetryAfter].empty()) {
        response.headers.push_back({"Retry-After", std::string(head.passed[kRetryAfter])});
    }
    return response;
}

/// Where pieces of an answer come from: an UpstreamCall, or this.
class SandboxSource {
public:
    SandboxSource(Call* call, SandboxSteps* steps) : call_(call), steps_(steps) {}

    /// As UpstreamCall::read_piece.
    Task<Result<std::string_view>> read_piece() {
        SandboxStep step;
        do {
            if (call_->nobody_waits() || !steps_->next(step)) co_return std::string_view();
            co_await call_->pause(step.delay);
            if (step.cut) {
                co_return fail(ErrorCode::UpstreamError, "The provider broke off its answer.");
            }
        } while (step.bytes.empty());
        co_return step.bytes;
    }

private:
    Call* call_;
    SandboxSteps* steps_;
};

template <class Filter>
Filter open_filter(Call* call) {
    if constexpr (std::is_same_v<Filter, FrameFilter>) {
        return FrameFilter(&call->meter, &call->text_count);
    } else {
        return SseFilter(&call->meter, &call->text_count, call->drops_usage);
    }
}

template <class Filter, class Source>
Task<Result<void>> relay_events(Call* call, Source* source) {
    call->streamed = true;
    call->exchange->start_body();
    if (!co_await pass_on(call, {})) co_return Result<void>();  // the head, at once
    auto filter = open_filter<Filter>(call);
    for (;;) {
        CO_TRY(const auto piece, co_await source->read_piece());
        std::string_view bytes(piece.data(), piece.size());
        if (bytes.empty()) break;
        while (!bytes.empty()) {
            CO_TRY(const std::string_view goes_on, filter.next(bytes));
            note_progress(call);
            if (goes_on.empty()) continue;
            if (call->selection != nullptr) watch_answer(call, goes_on, true);
            if (!co_await pass_on(call, goes_on)) co_return Result<void>();
        }
    }
    CO_TRY(const std::string_view rest, Result<std::string_view>(filter.rest()));
    call->replay.append(rest);
    call->replay.finish();
    if (!call->client.gone()) co_await call->exchange->end(rest);
    co_return Result<void>();
}

/// What goes on of a piece of a stream whose calls are judged.
template <class Filter>
Result<void> judge_piece(
    Call* call, std::string_view bytes, Filter* filter, ToolStream* judged, std::string* out) {
    while (!bytes.empty()) {
        TRY(const std::string_view goes_on, filter->next(bytes));
        note_progress(call);
        TRY_VOID(judged->feed(goes_on, *out));
    }
    return {};
}

/// The same under lists of tools.
template <class Filter, class Source>
Task<Result<void>> relay_judged_events(Call* call, Source* source) {
    call->streamed = true;
    call->exchange->start_body();
    if (!co_await pass_on(call, {})) co_return Result<void>();
    auto filter = open_filter<Filter>(call);
    ToolStream judged(answer_dialect_of(*call), call->tools->judge());
    std::string out;
    for (;;) {
        CO_TRY(const auto piece, co_await source->read_piece());
        const std::string_view bytes(piece.data(), piece.size());
        if (bytes.empty()) break;
        out.clear();
        const Result<void> done = judge_piece(call, bytes, &filter, &judged, &out);
        if (!out.empty() && !co_await pass_on(call, out)) co_return Result<void>();
        if (!done) co_return done;
    }
    out.clear();
    CO_TRY(const std::string_view rest, Result<std::string_view>(filter.rest()));
    CO_TRY_VOID(judged.feed(rest, out));
    CO_TRY_VOID(judged.finish(out));
    call->replay.append(out);
    call->replay.finish();
    if (!call->client.gone()) co_await call->exchange->end(out);
    co_return Result<void>();
}

void start(Call* call, const AnswerHead& head) {
    start_answer(call, head.status);
    call->replay.start(head.status, head.passed[kContentType]);
    for (size_t i = 0; i < kPassed.size(); ++i) {
        if (!head.passed[i].empty()) call->exchange->add_field(kPassed[i], head.passed[i]);
    }
}

/// The answer begins with its first piece: mostly that is all of it, and tells what it cost. The
/// views of `head` live until the second one is read.
template <class Source>
Task<Result<void>> relay_body(Call* call, Source* source, AnswerHead head) {
    const bool is_metered = head.passed[kContentEncoding].empty() && !head.has_type("audio/");
    for (bool is_first = true;; is_first = false) {
        CO_TRY(const auto piece, co_await source->read_piece());
        const std::string_view bytes(piece.data(), piece.size());
        if (is_metered) call->meter.feed(bytes);
        call->body_bytes += bytes.size();
        if (is_first) {
            start(call, head);
            call->exchange->start_body(head.length);
        }
        if (bytes.empty()) break;
        if (call->selection != nullptr) watch_answer(call, bytes, false);
        if (!co_await pass_on(call, bytes)) co_return Result<void>();
    }
    call->replay.finish();
    if (!call->client.gone()) co_await call->exchange->end();
    co_return Result<void>();
}

/// The head of an answer that is read whole before it is told.
struct KeptHead {
    explicit KeptHead(const AnswerHead& head) : status(head.status) {
        for (size_t i = 0; i < kPassed.size(); ++i) passed[i] = head.passed[i];
    }
    AnswerHead view() const {
        AnswerHead head{.status = status};
        for (size_t i = 0; i < kPassed.size(); ++i) head.passed[i] = passed[i];
        return head;
    }

    int status;
    std::array<std::string, kPassed.size()> passed{};
};

/// Under lists of tools no byte of an answer goes on before all of it was looked into.
template <class Source>
Task<Result<void>> relay_judged_body(Call* call, Source* source, KeptHead head) {
    std::string body;
    for (;;) {
        CO_TRY(const auto piece, co_await source->read_piece());
        const std::string_view bytes(piece.data(), piece.size());
        if (bytes.empty()) break;
        if (body.size() + bytes.size() > kToolAnswerBytesMax) {
            co_return fail(ErrorCode::UpstreamError, "The provider's answer is too long.");
        }
        call->meter.feed(bytes);
        body += bytes;
        if (call->client.gone() && !call->client.may_drain(bytes.size())) {
            co_return fail(ErrorCode::UpstreamError, "Nobody waits for the answer.");
        }
    }
    call->body_bytes = body.size();
    CO_TRY(auto changed, filter_answer(answer_dialect_of(*call), body, call->tools->judge()));
    if (changed) body = *std::move(changed);
    start(call, head.view());
    call->exchange->start_body(body.size());
    if (!co_await pass_on(call, body)) co_return Result<void>();
    call->replay.finish();
    if (!call->client.gone()) co_await call->exchange->end();
    co_return Result<void>();
}

/// What goes on under lists of tools. Requires: call->tools, and no error of the provider's.
template <class Source>
Result<Answering> relay_judged(Call* call, Source* source, const AnswerHead& head) {
    if (!head.passed[kContentEncoding].empty()) {
        return fail(ErrorCode::UpstreamError, "The provider's answer is packed.");
    }
    const bool is_frames = head.has_type(kFrames);
    if (!is_frames && !head.has_type("text/event-stream")) {
        return relay_judged_body(call, source, KeptHead(head));
    }
    if (is_frames != (answer_dialect_of(*call) == ToolDialect::Converse)) {
        return fail(ErrorCode::UpstreamError, "The provider's answer is none of its dialect.");
    }
    start(call, head);
    if (is_frames) return relay_judged_events<FrameFilter>(call, source);
    return relay_judged_events<SseFilter>(call, source);
}

Task<Result<void>> send_worded(Call* call, HttpResponse response) {
    co_return co_await send_answer(call, &response);
}

/// No coroutine, so that nothing of the head is kept while the body passes.
template <class Source>
Result<Answering> relay_from(Call* call, Source* source, const AnswerHead& head) {
    TRY_VOID(check_status(head, call->provider->name));
    if (head.status >= 400 && !head.has_type("application/json")) {
        return send_worded(call, worded_error(*call, head));
    }
    if (call->tools != nullptr && head.status < 400) return relay_judged(call, source, head);
    const bool is_frames = head.has_type(kFrames);
    if (!is_frames && !head.has_type("text/event-stream")) return relay_body(call, source, head);
    start(call, head);
    if (is_frames) return relay_events<FrameFilter>(call, source);
    return relay_events<SseFilter>(call, source);
}

Result<Answering> relay_to_other_dialect(Call* call, const AnswerHead& head) {
    TRY_VOID(check_status(head, call->provider->name));
    if (!head.passed[kContentEncoding].empty()) {
        return fail(ErrorCode::UpstreamError, "The provider's answer is packed.");
    }
    if (head.status >= 400 && !head.has_type("application/json")) {
        return send_worded(call, worded_error(*call, head));
    }
    const bool is_bedrock = call->translation->provider == Dialect::Bedrock;
    const std::string_view error_type = head.passed[kErrorType];
    return relay_translated(
        call,
        {.status = head.status,
         .is_stream = head.has_type(is_bedrock ? kFrames : "text/event-stream"),
         .retry_after = std::string(head.passed[kRetryAfter]),
         .error_type = std::string(error_type.substr(0, error_type.find(':')))});
}

}  // namespace

Task<bool> pass_on(Call* call, std::string_view piece) {
    call->replay.append(piece);
    if (!call->client.gone()) {
        if (co_await call->exchange->write(piece) == IoStatus::Ok) co_return true;
        call->client.peer_gone();
    }
    co_return call->client.may_drain(piece.size());
}

Result<Answering> relay_answer(Call* call) {
    const AnswerHead head = head_of(call->upstream_call());
    if (call->provider->dialect == Dialect::Bedrock) TRY_VOID(check_aws_refusal(*call));
    if (call->translation) return relay_to_other_dialect(call, head);
    return relay_from(call, &call->upstream_call(), head);
}

Answering answer_from_sandbox(Call* call) {
    if (call->endpoint->body == BodyForm::Multipart) CO_TRY_VOID(co_await read_rest_of_form(call));
    const std::string body = whole_upstream_body(call);
    CO_TRY(SandboxAnswer answer,
           answer_in_sandbox({.path = call->facts->path,
                              .content_type = call->exchange->head().value("Content-Type"),
                              .body = body,
                              .model = call->request->upstream_model}));
    note_sent(call);
    ++call->attempts;
    call->request.reset();
    call->exchange->release_request();
    call->client.begin();
    co_await call->pause(answer.steps.first_delay);
    if (call->nobody_waits()) co_return Result<void>();
    SandboxSource source(call, &answer.steps);
    Result<Answering> answering = relay_from(call, &source, head_of(answer));
    if (!answering) co_return fail(std::move(answering).error());
    co_return co_await *answering;
}

}  // namespace keywarden
