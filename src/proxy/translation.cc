#include "proxy/translation.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "domain/call_bound.h"
#include "domain/sse.h"
#include "proxy/answer.h"
#include "proxy/endpoints.h"
#include "proxy/tools.h"
#include "proxy/upstream_request.h"

namespace keywarden {
namespace {

constexpr std::string_view kChat = "/v1/chat/completions";
constexpr std::string_view kMessages = "/v1/messages";

/// Where that is asked for in the provider's dialect. Empty: nowhere.
std::string_view counterpart(std::string_view path) {
    if (path == kChat) return kMessages;
    return path == kMessages ? kChat : std::string_view();
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
    start_answer(call, head.status);
    call->replay.start(head.status, type);
    call->exchange->add_field("Content-Type", type);
    if (!head.retry_after.empty()) call->exchange->add_field("Retry-After", head.retry_after);
    const std::string_view dropped = call->translation->dropped;
    if (!dropped.empty()) {
        call->exchange->add_field("x-keywarden-dropped", dropped);
    }
}

/// A stream on its way through lists of tools, if there are any, into the client's dialect.
class TranslatedStream {
public:
    explicit TranslatedStream(Call* call)
        : call_(call),
          stream_({.from = call->translation->provider,
                   .to = call->facts->dialect,
                   .wants_usage = call->translation->request.wants_usage,
                   .now = std::chrono::floor<std::chrono::seconds>(call->loop->now())
                              .time_since_epoch()
                              .count()}) {
        if (call->tools == nullptr) return;
        judged_ = std::make_unique<ToolStream>(answer_dialect_of(*call), call->tools->judge());
    }

    /// Appends to `out` what whole events become.
    Result<void> feed(std::string_view bytes, std::string& out) {
        while (!bytes.empty()) {
            TRY(const std::optional<SseEvent> event, splitter_.next(bytes));
            if (!event || !event->has_data) continue;
            call_->text_count.feed(event->bytes);
            if (tells_usage(event->bytes)) call_->meter.feed(event->bytes);
            if (!judged_) {
                TRY_VOID(stream_.feed(event->data, out));
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
            TRY(const std::optional<SseEvent> event, passed_.next(bytes));
            if (event && event->has_data) TRY_VOID(stream_.feed(event->data, out));
        }
        return {};
    }

    Call* call_;
    ChatStream stream_;
    SseSplitter splitter_{};
    std::unique_ptr<ToolStream> judged_{};
    SseSplitter passed_{};
};

Answering relay_events(Call* call) {
    call->streamed = true;
    call->exchange->start_body();
    if (!co_await pass_on(call, {})) co_return Result<void>();  // the head, at once
    TranslatedStream stream(call);
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
        body = translate_error(to, head.status, body, call->request_id());
    } else {
        if (call->tools != nullptr) {
            CO_TRY(auto changed,
                   filter_answer(answer_dialect_of(*call), body, call->tools->judge()));
            if (changed) body = *std::move(changed);
        }
        const auto now = std::chrono::floor<std::chrono::seconds>(call->loop->now());
        CO_TRY(body, translate_answer(from, to, body, now.time_since_epoch().count()));
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
    const std::string_view path = counterpart(call->facts->path);
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
                          call->request->upstream_model,
                          call->proxy->parts().uncarried));
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
        bounded(translation.request, translation.provider, most, !is_openai(*call->provider));
    return translation.body;
}

void release_body(Translation* translation) {
    translation->request.body.reset();
    translation->body = {};
}

Answering relay_translated(Call* call, TranslatedHead head) {
    if (!head.is_stream) return relay_whole(call, std::move(head));
    start_translated(call, head, "text/event-stream");
    return relay_events(call);
}

}  // namespace keywarden
