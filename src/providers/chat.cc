#include "providers/chat.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "base/aws_error.h"
#include "providers/chat/dialects.h"

namespace keywarden {
namespace {

using chat::Json;
using chat::Leftovers;

/// To add a dialect: its functions, and its row.
struct Row {
    Dialect dialect;
    std::string_view name;
    std::string_view id_prefix;  // of an answer
    Result<ChatRequest> (*read_request)(const Json&, Leftovers&);
    Json (*write_request)(const ChatRequest&, Leftovers&);
    Result<ChatAnswer> (*read_answer)(const Json&);
    Json (*write_answer)(const ChatAnswer&, const AnswerFacts&);
    std::unique_ptr<chat::DeltaReader> (*reader)();
    std::unique_ptr<chat::DeltaWriter> (*writer)(const ChatStream::Options&);
};
constexpr std::array kRows = {
    Row{.dialect = Dialect::OpenAi,
        .name = "OpenAI's",
        .id_prefix = "chatcmpl-",
        .read_request = chat::read_openai_request,
        .write_request = chat::write_openai_request,
        .read_answer = chat::read_openai_answer,
        .write_answer = chat::write_openai_answer,
        .reader = chat::openai_reader,
        .writer = chat::openai_writer},
    Row{.dialect = Dialect::Anthropic,
        .name = "Anthropic's",
        .id_prefix = "msg_",
        .read_request = chat::read_anthropic_request,
        .write_request = chat::write_anthropic_request,
        .read_answer = chat::read_anthropic_answer,
        .write_answer = chat::write_anthropic_answer,
        .reader = chat::anthropic_reader,
        .writer = chat::anthropic_writer},
    Row{.dialect = Dialect::Bedrock,
        .name = "Bedrock's",
        .id_prefix = "",
        .read_request = chat::read_converse_request,
        .write_request = chat::write_converse_request,
        .read_answer = chat::read_converse_answer,
        .write_answer = chat::write_converse_answer,
        .reader = chat::converse_reader,
        .writer = chat::converse_writer},
};

const Row* find_row(Dialect dialect) {
    const auto* const row = std::ranges::find(kRows, dialect, &Row::dialect);
    return row == kRows.end() ? nullptr : row;
}

const Row& row_of(Dialect dialect) {
    const Row* const row = find_row(dialect);
    assert(row != nullptr);
    return *row;
}

struct ErrorWords {
    std::string type{};
    std::string message{};
};

/// OpenAI's and Anthropic's are `{"error": {"type", "message"}}`, others but what stands in it.
/// AWS writes a message with either case of its first letter.
ErrorWords read_error(const ProviderError& told) {
    ErrorWords words{.type = std::string(told.type),
                     .message = "The provider refused the request with status " +
                                std::to_string(told.status) + "."};
    const Json error = chat::parse_object(told.body);
    const Json* inner = chat::find_field(error, "error");
    if (inner == nullptr) inner = &error;
    if (inner->is_string()) words.message = inner->get<std::string>();
    for (const auto& [name, to] : {std::pair{"type", &words.type},
                                   std::pair{"Message", &words.message},
                                   std::pair{"message", &words.message}}) {
        const Json* value = chat::find_field(*inner, name);
        if (value != nullptr && value->is_string()) *to = value->get<std::string>();
    }
    return words;
}

struct TypeRow {
    int status;
    std::string_view openai;
    std::string_view anthropic;
};
constexpr std::array kTypes = {
    TypeRow{401, "invalid_request_error", "authentication_error"},
    TypeRow{402, "insufficient_quota", "billing_error"},
    TypeRow{403, "permission_error", "permission_error"},
    TypeRow{404, "invalid_request_error", "not_found_error"},
    TypeRow{413, "invalid_request_error", "request_too_large"},
    TypeRow{429, "rate_limit_error", "rate_limit_error"},
    TypeRow{504, "server_error", "timeout_error"},
    TypeRow{529, "server_error", "overloaded_error"},
    // Of a status that is not named:
    TypeRow{500, "server_error", "api_error"},
    TypeRow{400, "invalid_request_error", "invalid_request_error"},
};

const TypeRow& types_of(int status) {
    const auto* const row = std::ranges::find(kTypes, status, &TypeRow::status);
    if (row != kTypes.end()) return *row;
    return *std::ranges::find(kTypes, status >= 500 ? 500 : 400, &TypeRow::status);
}

}  // namespace

bool can_translate(Dialect from, Dialect to) {
    return from != to && find_row(from) != nullptr && find_row(to) != nullptr;
}

Result<TranslatedRequest> translate_request(Dialect from,
                                            Dialect to,
                                            std::string_view body,
                                            const RequestFacts& facts) {
    const Json parsed = chat::parse_object(body);
    if (!parsed.is_object()) return chat::bad_field("body", "must be a JSON object");
    Leftovers left;
    TRY(ChatRequest request, row_of(from).read_request(parsed, left));
    request.model = facts.model;
    request.streams = request.streams || facts.streams;
    auto written = std::make_shared<Json>(row_of(to).write_request(request, left));
    if (facts.uncarried == Uncarried::Refused && !left.meanings.empty()) {
        const std::string& name = *left.meanings.begin();
        return fail(Error{.code = ErrorCode::UnsupportedByProvider,
                          .message = "The model's provider speaks " + std::string(row_of(to).name) +
                                     " dialect, which cannot say '" + name + "'.",
                          .param = name});
    }
    left.hints.merge(left.meanings);
    return TranslatedRequest{.body = std::move(written),
                             .left_out = {left.hints.begin(), left.hints.end()},
                             .output_tokens_max = request.output_tokens_max,
                             .wants_usage = request.wants_usage};
}

std::string bounded(TranslatedRequest& request,
                    Dialect to,
                    std::optional<int64_t> output_tokens_max,
                    const Quirks& quirks) {
    if (!quirks.takes_stream_options) request.body->erase("stream_options");
    if (output_tokens_max && to == Dialect::Bedrock) {
        (*request.body)["inferenceConfig"]["maxTokens"] = *output_tokens_max;
    } else if (output_tokens_max) {
        const bool is_new = to == Dialect::OpenAi && quirks.wants_max_completion_tokens;
        (*request.body)[is_new ? "max_completion_tokens" : "max_tokens"] = *output_tokens_max;
    }
    return chat::to_text(*request.body);
}

Result<std::string> translate_answer(Dialect from,
                                     Dialect to,
                                     std::string_view body,
                                     const AnswerFacts& facts) {
    TRY(ChatAnswer answer, row_of(from).read_answer(chat::parse_object(body)));
    const Row& row = row_of(to);
    if (answer.id.empty()) answer.id = std::string(row.id_prefix).append(facts.id);
    if (answer.model.empty()) answer.model = facts.model;
    answer.latency_ms = facts.latency_ms;
    return chat::to_text(row.write_answer(answer, facts));
}

std::string translate_error(Dialect to, const ProviderError& error, std::string_view request_id) {
    const ErrorWords words = read_error(error);
    const TypeRow& types = types_of(error.status);
    if (to == Dialect::Bedrock) {
        Json out = {{"message", words.message}, {"__type", aws_error_type(error.status)}};
        if (!words.type.empty()) out["error_code"] = words.type;
        out["request_id"] = request_id;
        return chat::to_text(out);
    }
    if (to == Dialect::OpenAi) {
        return chat::to_text({{"error",
                               {{"message", words.message},
                                {"type", types.openai},
                                {"param", nullptr},
                                {"code", words.type.empty() ? Json(nullptr) : Json(words.type)},
                                {"request_id", request_id}}}});
    }
    return chat::to_text({{"type", "error"},
                          {"error", {{"type", types.anthropic}, {"message", words.message}}},
                          {"request_id", request_id}});
}

ChatEvent event_of(const Frame& frame) {
    const std::string_view kind = frame.header(":message-type");
    if (kind == "exception") {
        return {.data = frame.payload, .type = frame.header(":exception-type"), .is_failure = true};
    }
    if (kind == "error") {
        return {.data = frame.header(":error-message"),
                .type = frame.header(":error-code"),
                .is_failure = true};
    }
    return {.data = frame.payload, .type = frame.header(":event-type")};
}

ChatStream::ChatStream(const Options& options)
    : reader_(row_of(options.from).reader()),
      writer_(row_of(options.to).writer(options)),
      id_(std::string(row_of(options.to).id_prefix).append(options.facts.id)),
      model_(options.facts.model),
      latency_ms_(options.facts.latency_ms) {}
ChatStream::~ChatStream() = default;

Result<void> ChatStream::write(ChatDelta& delta, std::string& out) {
    using Kind = ChatDelta::Kind;
    if (delta.kind == Kind::Start && delta.id.empty()) delta.id = id_;
    if (delta.kind == Kind::Start && delta.name.empty()) delta.name = model_;
    if (delta.kind == Kind::End) delta.latency_ms = latency_ms_;
    return writer_->write(delta, out);
}

Result<void> ChatStream::feed(const ChatEvent& event, std::string& out) {
    if (has_ended_) return {};
    deltas_.clear();
    TRY_VOID(reader_->read(event, deltas_));
    for (ChatDelta& delta : deltas_) {
        using Kind = ChatDelta::Kind;
        if (delta.kind == Kind::End && !has_stopped_) return chat::no_answer("it ends too soon");
        TRY_VOID(write(delta, out));
        has_stopped_ = has_stopped_ || delta.kind == Kind::Stop;
        has_ended_ = has_ended_ || delta.kind == Kind::End || delta.kind == Kind::Error;
    }
    return {};
}

Result<void> ChatStream::finish(std::string& out) {
    if (has_ended_) return {};
    if (!has_stopped_) return chat::no_answer("it ends too soon");
    has_ended_ = true;
    ChatDelta end{.kind = ChatDelta::Kind::End};
    return write(end, out);
}

}  // namespace keywarden
