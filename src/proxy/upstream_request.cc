#include "proxy/upstream_request.h"

#include <array>
#include <charconv>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/http.h"
#include "providers/provider.h"
#include "proxy/policy.h"
#include "proxy/translation.h"
#include "proxy/upstream_bedrock.h"
#include "proxy/upstream_credential.h"

namespace keywarden {
namespace {

static_assert(Splice::kPiecesMax + 1 <= UpstreamCall::kPiecesMax);  // a body, and its head

using Pieces = std::array<std::string_view, UpstreamCall::kPiecesMax>;

/// The fields of a request that go on to the provider: no two names are of one length. All as they
/// came, but for the last. The first ones are lists, which may be spread over several lines.
constexpr std::array<std::string_view, 6> kPassedOn = {"Accept",
                                                       "OpenAI-Beta",
                                                       "anthropic-beta",
                                                       "anthropic-version",
                                                       "Content-Type",
                                                       "Idempotency-Key"};
constexpr size_t kAccept = 0;
constexpr size_t kLists = 3;
/// Those of one dialect's SDKs mean nothing to a provider of another.
constexpr std::array<std::optional<Dialect>, kPassedOn.size()> kOnlyFor = {
    std::nullopt, Dialect::OpenAi, Dialect::Anthropic, Dialect::Anthropic};
constexpr size_t kAnthropicVersionField = 3;
constexpr size_t kIdempotencyKey = 5;
/// Anthropic's SDKs say with it that they use what is being tried out; the only query that passes.
constexpr std::string_view kBetaQuery = "beta=true";

/// Which of them that is, or kPassedOn.size().
size_t passed_on(std::string_view name) {
    for (size_t i = 0; i < kPassedOn.size(); ++i) {
        if (kPassedOn[i].size() != name.size()) continue;
        return equal_ignoring_case(kPassedOn[i], name) ? i : kPassedOn.size();
    }
    return kPassedOn.size();
}

/// All teams share the gateway's account at the provider, so what a client calls its request is
/// bound to its team: two that choose the same word never get each other's answers. The same word
/// of the same team gives the same, so that the client's own repetition is known as one.
std::string bound_to_team(const Call& call, std::string_view idempotency_key) {
    Buffer text;
    if (call.caller) text.append(call.caller->team_id);
    text.append(std::string_view("\0", 1));
    text.append(idempotency_key);
    return to_hex(sha256(text.view()));
}

/// Of a list all lines, of others the first.
void pass_fields_on(const Call& call, Buffer& out) {
    const RequestHead& head = call.exchange->head();
    std::array<bool, kPassedOn.size()> is_there{};
    for (size_t i = 0; i < head.field_count(); ++i) {
        const FieldView field = head.field(i);
        const size_t index = passed_on(field.name);
        if (index == kPassedOn.size() || field.value.empty()) continue;
        if (is_there[index] && index >= kLists) continue;
        if (head.named_in_connection(field.name)) continue;
        if (kOnlyFor[index].value_or(call.provider->dialect) != call.provider->dialect) continue;
        if (index == kAccept && call.translation) continue;  // it is about the client's dialect
        is_there[index] = true;
        if (index == kIdempotencyKey) {
            out.append_field(kPassedOn[index], bound_to_team(call, field.value));
        } else {
            out.append_field(kPassedOn[index], field.value);
        }
    }
    if (call.provider->dialect == Dialect::Anthropic && !is_there[kAnthropicVersionField]) {
        out.append_field(kPassedOn[kAnthropicVersionField], kAnthropicVersion);
    }
}

/// Request line, Host and User-Agent.
void append_start(const Call& call, Buffer& out) {
    const size_t route = call.translation ? call.translation->route : call.route;
    std::string_view start = call.proxy->upstream_head(call.provider_index, route);
    if (!call.provider->api_version.empty()) {
        out.append("POST ");
        out.append(
            deployment_path(*call.provider, provider_route(call), call.request->upstream_model));
        start.remove_prefix(start.find(' ', start.find(' ') + 1));
        out.append(start);
        return;
    }
    if (call.provider->dialect == Dialect::Anthropic &&
        call.exchange->head().query() == kBetaQuery) {
        const size_t path_end = start.find(' ', start.find(' ') + 1);
        out.append(start.substr(0, path_end));
        out.append("?");
        out.append(kBetaQuery);
        start.remove_prefix(path_end);
    }
    out.append(start);
}

/// The head, with the body's length; none: it comes in chunks. Errors: those of append_credential.
Result<void> write_head(Call* call, std::optional<uint64_t> length) {
    Buffer& out = call->request->head;
    append_start(*call, out);
    TRY_VOID(append_credential(*call, out));
    pass_fields_on(*call, out);
    if (length) {
        out.append("Content-Length: ");
        out.append_number(*length);
        out.append("\r\n\r\n");
    } else {
        out.append("Transfer-Encoding: chunked\r\n\r\n");
    }
    return {};
}

bool asks_for_usage(const Call& call) {
    return call.provider->quirks.takes_stream_options && call.endpoint->streams_usage &&
           call.request->sent().streams();
}

/// OpenAI's own models take `max_completion_tokens` only, or that too; others know `max_tokens`.
Governed output_member(const Call& call) {
    if (call.facts->path == "/v1/responses") return Governed::MaxOutputTokens;
    const bool is_chat = call.facts->path == "/v1/chat/completions";
    return is_chat && call.provider->quirks.wants_max_completion_tokens
               ? Governed::MaxCompletionTokens
               : Governed::MaxTokens;
}

BodyEdits edits_of(const Call& call) {
    const Quirks& quirks = call.provider->quirks;
    return {.model = call.request->upstream_model,
            .with_usage = asks_for_usage(call),
            .output_tokens_max = call.request->output_tokens_max,
            .output_member = output_member(call),
            .renames_output_max = !quirks.knows_max_completion_tokens,
            .without_stream_options = !quirks.takes_stream_options,
            .with_developer_as_system = !quirks.knows_developer};
}

Task<Result<void>> send_translated(Call* call) {
    std::array<std::string_view, 2> pieces = {std::string_view(), translated_body(call)};
    const auto body = std::span<const std::string_view>(pieces).subspan(1);
    const bool is_bedrock = call->translation->provider == Dialect::Bedrock;
    CO_TRY_VOID(is_bedrock ? write_bedrock_head(call, body) : write_head(call, body[0].size()));
    pieces[0] = call->request->head.view();
    co_return co_await call->upstream_call().exchange("POST", pieces);
}

Task<Result<void>> send_json(Call* call) {
    if (call->translation) co_return co_await send_translated(call);
    RelayRequest* const request = call->request.get();
    const Splice splice = request->sent().edited(edits_of(*call));
    call->drops_usage = asks_for_usage(*call) && !request->sent().asks_for_usage();
    std::array<std::string_view, Splice::kPiecesMax + 1> pieces;
    const auto body = splice.pieces(std::span(pieces).subspan<1, Splice::kPiecesMax>());
    const bool is_bedrock = call->provider->dialect == Dialect::Bedrock;
    CO_TRY_VOID(is_bedrock ? write_bedrock_head(call, body) : write_head(call, splice.size()));
    pieces[0] = request->head.view();
    co_return co_await call->upstream_call().exchange("POST",
                                                      std::span(pieces).first(body.size() + 1));
}

/// One piece of a form's body, framed as a chunk if it is sent so.
Task<Result<bool>> write_piece(Call* call, std::span<const std::string_view> body, bool chunked) {
    Pieces pieces;
    size_t count = 0;
    size_t size = 0;
    for (const std::string_view piece : body) size += piece.size();
    std::array<char, 20> line{};
    if (chunked) {
        char* end = std::to_chars(line.data(), line.data() + 16, size, 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        pieces[count++] = {line.data(), static_cast<size_t>(end - line.data())};
    }
    for (const std::string_view piece : body) {
        if (!piece.empty()) pieces[count++] = piece;
    }
    if (chunked) pieces[count++] = "\r\n";
    co_return co_await call->upstream_call().write(std::span(pieces).first(count));
}

/// Passes on what follows the part of the form that was held. False: the provider has answered.
Task<Result<bool>> pass_on_rest(Call* call, bool chunked) {
    RelayRequest* const request = call->request.get();
    const size_t own_max = call->proxy->parts().limits.stream_body_max;
    const size_t size_max = body_bytes_max(*call, own_max);
    uint64_t total = request->held.size();
    request->held.release();
    while (!request->body_ended) {
        CO_TRY(const std::string_view piece, co_await call->exchange->read_piece());
        request->body_ended = piece.empty();
        if (piece.empty()) break;
        total += piece.size();
        if (total > size_max) co_return fail(body_too_large(*call, own_max));
        CO_TRY_VOID(request->scanner().feed(piece));
        CO_TRY(const bool goes_on, co_await write_piece(call, {&piece, 1}, chunked));
        if (!goes_on) co_return false;
    }
    if (!chunked) co_return true;
    static constexpr std::string_view kLastChunk = "0\r\n\r\n";
    co_return co_await call->upstream_call().write({&kLastChunk, 1});
}

/// What was held of the form, with the provider's id of the model and without credentials.
Splice edited_form(const RelayRequest& request) {
    const auto range = [](const MultipartScanner::Range& in) {
        return ByteRange{static_cast<uint32_t>(in.begin), static_cast<uint32_t>(in.end)};
    };
    // NOLINTBEGIN(bugprone-unchecked-optional-access): read_request refuses a form without one
    const MultipartScanner& form = *request.form;
    Splice splice(request.held.view());
    splice.replace(range(*form.model()), request.upstream_model);
    // NOLINTEND(bugprone-unchecked-optional-access)
    for (const auto& credential : form.credentials()) {
        splice.replace(range(credential.part), {});
    }
    return splice;
}

Task<Result<void>> send_form(Call* call) {
    RelayRequest* const request = call->request.get();
    const Splice held = edited_form(*request);
    std::optional<uint64_t> length = call->exchange->head().content_length();
    if (length) length = *length + held.size() - request->held.size();
    CO_TRY_VOID(write_head(call, length));
    CO_TRY_VOID(co_await call->upstream_call().open("POST", request->head.view()));
    std::array<std::string_view, Splice::kPiecesMax> storage;
    CO_TRY(const bool goes_on, co_await write_piece(call, held.pieces(storage), !length));
    if (goes_on) {
        const Result<bool> all_sent = co_await pass_on_rest(call, !length);
        if (!all_sent) co_return fail(all_sent.error());
    }
    co_return co_await call->upstream_call().read_head();
}

}  // namespace

Task<Result<void>> send_once(Call* call) {
    call->request->head.release();
    const bool is_json = call->endpoint->body == BodyForm::Json;
    if (is_json) call->client.begin();
    note_sent(call);
    const MonoTime sent = precise_mono();
    Result<void> answered = is_json ? co_await send_json(call) : co_await send_form(call);
    call->waited += precise_mono() - sent;
    call->attempts += call->upstream_call().attempts();
    co_return answered;
}

void let_request_go(Call* call) {
    const bool is_json = call->endpoint->body == BodyForm::Json;
    const bool body_ended = is_json || call->request->body_ended;
    call->request.reset();
    if (call->translation) release_body(call->translation.get());
    if (!body_ended) return;  // it was answered before all was sent
    call->exchange->release_request();
    if (!is_json) call->client.begin();
}

std::string whole_upstream_body(Call* call) {
    RelayRequest* const request = call->request.get();
    std::string body;
    if (call->endpoint->body == BodyForm::Multipart) {
        std::array<std::string_view, Splice::kPiecesMax> form;
        for (const std::string_view piece : edited_form(*request).pieces(form)) body += piece;
        return body;
    }
    call->drops_usage = asks_for_usage(*call) && !request->sent().asks_for_usage();
    const Splice splice = request->sent().edited(edits_of(*call));
    std::array<std::string_view, Splice::kPiecesMax> storage;
    for (const std::string_view piece : splice.pieces(storage)) body += piece;
    return body;
}

}  // namespace keywarden
