#include "proxy/translation.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "base/aws_error.h"
#include "base/clock.h"
#include "base/event_stream.h"
#include "domain/call_bound.h"
#include "domain/sse.h"
#include "proxy/answer.h"
#include "proxy/endpoints.h"
#include "proxy/frame_filter.h"
#include "proxy/tools.h"
#include "proxy/upstream_request.h"

namespace keywarden {
namespace {

constexpr std::string_view kChat = "/v1/chat/completions";
constexpr std::string_view kMessages = "/v1/messages";
constexpr std::string_view kConverse = "/model/{id}/converse";
constexpr std::string_view kConverseStream = "/model/{id}/converse-stream";
constexpr std::string_view kFrames = "application/vnd.amazon.eventstream";

bool wants_stream(const Call& call) {
    return call.facts->path == kConverseStream || call.request->sent().streams();
}

/// Where that is asked for in the provider's dialect. Empty: nowhere.
std::string_view counterpart(std::string_view path, Dialect provider, bool streams) {
    const bool is_chat =
        path == kChat || path == kMessages || path == kConverse || path == kConverseStream;
    if (!is_chat) return {};
    switch (provider) {
        case Dialect::OpenAi:
            return kChat;
        case Dialect::Anthropic:
            return kMessages;
        case Dialect::Bedrock:
            return streams ? kConverseStream : kConverse;
        default:
            return {};
    }
}

/// Clients of AWS know fewer of them.
int status_for(Dialect client, int status) {
    constexpr int kOverloaded = 529;  // Anthropic's
    return client == Dialect::Bedrock && status == kOverloaded ? 503 : status;
}

int64_t latency_ms(const Call& call) {
    return (precise_mono() - call.started) / std::chrono::milliseconds(1);
}

AnswerFacts answer_facts(const Call& call) {
    const auto now = std::chrono::floor<std::chrono::seconds>(call.loop->now());
    return {.now = now.time_since_epoch().count(),
            .id = call.request_id(),
            .model = call.model,
            .latency_ms = latency_ms(call)};
}

/// Fit to stand in a field: the names may be whatever the client wrote.
std::string list_of(const std::vector<std::string>& names) {
    constexpr size_t kFieldMax = 1'024;
    std::string out;
    for (const std::string& name : names) {
        if (out.size() + name.size() > kFieldMax) return out + ", ...";
        if (!out.empty()) out += ", ";
        for (const char c : name) out += c > ' ' && c < 0x7f && c != ',' ? c : '?';
    }
    return out;
}

void start_translated(Call* call, const TranslatedHead& head, std::string_view type) {
    const Dialect client = call->facts->dialect;
    const int status = status_for(client, head.status);
    start_answer(call, status);
    call->replay.start(status, type);
    call->exchange->add_field("Content-Type", type);
    if (status >= 400 && client == Dialect::Bedrock) {
        call->exchange->add_field("x-amzn-ErrorType", aws_error_type(status));
    }
    if (!head.retry_after.empty()) call->exchange->add_field("Retry-After", head.retry_after);
    const std::string_view dropped = call->translation->dropped;
    if (!dropped.empty()) {
        call->exchange->add_field("x-keywarden-dropped", dropped);
    }
}

std::optional<ChatEvent> chat_event(const SseEvent& event) {
    if (!event.has_data) return std::nullopt;
    return ChatEvent{.data = event.data};
}
std::optional<ChatEvent> chat_event(const Frame& frame) { return event_of(frame); }

void look_at(Call* call, const SseEvent& event) {
    call->text_count.feed(event.bytes);
    if (tells_usage(event.bytes)) call->meter.feed(event.bytes);
}
void look_at(Call* call, const Frame& frame) { look_at(frame, &call->meter, &call->text_count); }

/// At the clean end of a stream. Of events, some come without their empty line.
Result<void> check_end(const SseSplitter& /*splitter*/) { return {}; }
Result<void> check_end(const FrameSplitter& splitter) {
    if (splitter.pending().empty()) return {};
    return fail(ErrorCode::UpstreamError, "The provider broke off its answer.");
}

/// A stream on its way through lists of tools, if there are any, into the client's dialect.
template <class Splitter>
class TranslatedStream {
public:
    explicit TranslatedStream(Call* call)
        : call_(call),
          stream_({.from = call->translation->provider,
                   .to = call->facts->dialect,
                   .wants_usage = call->translation->request.wants_usage,
                   .facts = answer_facts(*call)}) {
        if (call->tools == nullptr) return;
        judged_ = std::make_unique<ToolStream>(answer_dialect_of(*call), call->tools->judge());
    }

    /// Appends to `out` what whole events become.
    Result<void> feed(std::string_view bytes, std::string& out) {
        stream_.note_latency(latency_ms(*call_));
        while (!bytes.empty()) {
            TRY(const auto event, splitter_.next(bytes));
            const std::optional<ChatEvent> told = event ? chat_event(*event) : std::nullopt;
            if (!told) continue;
            look_at(call_, *event);
            if (call_->selection != nullptr) watch_answer(call_, event->bytes, true);
            if (!judged_) {
                TRY_VOID(stream_.feed(*told, out));
                continue;
            }
            std::string passed;
            const Result<void> judged = judged_->feed(event->bytes, passed);
            TRY_VOID(translate(passed, out));
            TRY_VOID(judged);
        }
        return {};
    }

    Result<void> finish(std::string& out) {
        TRY_VOID(check_end(splitter_));
        if (judged_) {
            std::string passed;
            TRY_VOID(judged_->finish(passed));
            TRY_VOID(translate(passed, out));
        }
        return stream_.finish(out);
    }

private:
    /// What went through the lists: whole events.
    Result<void> translate(std::string_view bytes, std::string& out) {
        while (!bytes.empty()) {
            TRY(const auto event, passed_.next(bytes));
            const std::optional<ChatEvent> told = event ? chat_event(*event) : std::nullopt;
            if (told) TRY_VOID(stream_.feed(*told, out));
        }
        return {};
    }

    Call* call_;
    ChatStream stream_;
    Splitter splitter_{};
    std::unique_ptr<ToolStream> judged_{};
    Splitter passed_{};
};

template <class Splitter>
Answering relay_events(Call* call) {
    call->streamed = true;
    call->exchange->start_body();
    if (!co_await pass_on(call, {})) co_return Result<void>();  // the head, at once
    TranslatedStream<Splitter> stream(call);
    std::string out;
    for (;;) {
        CO_TRY(const auto piece, co_await call->upstream_call().read_piece());
        const std::string_view bytes(piece.data(), piece.size());
        if (bytes.empty()) break;
        out.clear();
        const Result<void> done = stream.feed(bytes, out);
        note_progress(call);
        if (!out.empty() && !co_await pass_on(call, out)) co_return Result<void>();
        if (!done) co_return done;
    }
    out.clear();
    CO_TRY_VOID(stream.finish(out));
    call->replay.append(out);
    call->replay.finish();
    if (!call->client.gone()) co_await call->exchange->end(out);
    co_return Result<void>();
}

Task<Result<std::string>> read_whole(Call* call) {
    std::string body;
    for (;;) {
        CO_TRY(const auto piece, co_await call->upstream_call().read_piece());
        const std::string_view bytes(piece.data(), piece.size());
        if (bytes.empty()) co_return body;
        if (body.size() + bytes.size() > kTranslatedBytesMax) {
            co_return fail(ErrorCode::UpstreamError, "The provider's answer is too long.");
        }
        call->meter.feed(bytes);
        body += bytes;
        if (call->client.gone() && !call->client.may_drain(bytes.size())) {
            co_return fail(ErrorCode::UpstreamError, "Nobody waits for the answer.");
        }
    }
}

Answering relay_whole(Call* call, TranslatedHead head) {
    CO_TRY(std::string body, co_await read_whole(call));
    call->body_bytes = body.size();
    const Dialect from = call->translation->provider;
    const Dialect to = call->facts->dialect;
    if (head.status >= 400) {
        body = translate_error(
            to,
            {.status = status_for(to, head.status), .body = body, .type = head.error_type},
            call->request_id());
    } else {
        if (call->selection != nullptr) watch_answer(call, body, false);
        if (call->tools != nullptr) {
            CO_TRY(auto changed,
                   filter_answer(answer_dialect_of(*call), body, call->tools->judge()));
            if (changed) body = *std::move(changed);
        }
        CO_TRY(body, translate_answer(from, to, body, answer_facts(*call)));
    }
    start_translated(call, head, "application/json");
    call->exchange->start_body(body.size());
    if (!co_await pass_on(call, body)) co_return Result<void>();
    call->replay.finish();
    if (!call->client.gone()) co_await call->exchange->end();
    co_return Result<void>();
}

}  // namespace

Result<void> choose_dialect(Call* call) {
    const Provider& provider = *call->provider;
    const Dialect wanted = call->facts->dialect;
    if (provider.kind == ProviderKind::Sandbox || provider.dialect == wanted) return {};
    const bool streams = wants_stream(*call);
    const std::string_view path = counterpart(call->facts->path, provider.dialect, streams);
    if (path.empty() || !can_translate(wanted, provider.dialect)) {
        return fail(Error{.code = ErrorCode::UnsupportedByProvider,
                          .message = "The provider '" + provider.name + "' has no " +
                                     std::string(call->facts->path) +
                                     ": it speaks another dialect.",
                          .param = "model"});
    }
    call->meter.expect(provider.dialect);
    auto translation = std::make_unique<Translation>();
    translation->provider = provider.dialect;
    translation->route = endpoint_row(path);
    TRY(translation->request,
        translate_request(wanted,
                          provider.dialect,
                          call->request->sent().text(),
                          {.model = call->request->upstream_model,
                           .uncarried = call->proxy->parts().uncarried,
                           .streams = streams}));
    translation->dropped = list_of(translation->request.left_out);
    call->translation = std::move(translation);
    return {};
}

std::string_view translated_body(Call* call) {
    Translation& translation = *call->translation;
    std::optional<int64_t> most = translation.request.output_tokens_max;
    if (call->request->output_tokens_max > 0) most = call->request->output_tokens_max;
    // Anthropic wants to be told.
    if (translation.provider == Dialect::Anthropic) most = most.value_or(kOutputTokensDefault);
    translation.body =
        bounded(translation.request, translation.provider, most, call->provider->quirks);
    return translation.body;
}

void release_body(Translation* translation) {
    translation->request.body.reset();
    translation->body = {};
}

Answering relay_translated(Call* call, TranslatedHead head) {
    if (!head.is_stream) return relay_whole(call, std::move(head));
    start_translated(
        call, head, call->facts->dialect == Dialect::Bedrock ? kFrames : "text/event-stream");
    if (call->translation->provider == Dialect::Bedrock) return relay_events<FrameSplitter>(call);
    return relay_events<SseSplitter>(call);
}

std::string_view provider_route(const Call& call) {
    return call.translation ? endpoints()[call.translation->route].facts.path : call.facts->path;
}

}  // namespace keywarden
