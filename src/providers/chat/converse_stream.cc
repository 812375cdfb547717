#include <algorithm>
#include <array>
#include <utility>

#include "base/event_stream.h"
#include "base/json/write.h"
#include "providers/chat/converse.h"

// Source: ConverseStreamOutput in the Bedrock Runtime API.

namespace keywarden::chat {
namespace {

using Step = ChatDelta::Kind;

struct ErrorRow {
    std::string_view exception;
    std::string_view name;  // as Anthropic calls it
};
// The first row of a name is how it is written; what has none is the last one.
constexpr std::array kErrors = {
    ErrorRow{"throttlingException", "rate_limit_error"},
    ErrorRow{"throttlingException", "rate_limit_exceeded"},
    ErrorRow{"serviceUnavailableException", "overloaded_error"},
    ErrorRow{"validationException", "invalid_request_error"},
    ErrorRow{"internalServerException", "server_error"},
    ErrorRow{"internalServerException", "api_error"},
    ErrorRow{"modelStreamErrorException", "server_error"},
};

class Reader final : public DeltaReader {
public:
    Result<void> read(const ChatEvent& sent, std::vector<ChatDelta>& out) override {
        const Json event = parse_object(sent.data);
        if (sent.is_failure) {
            read_failure(sent, event, out);
            return {};
        }
        if (!event.is_object()) return no_answer("an event that is no JSON object");
        if (sent.type == "messageStart") {
            if (!std::exchange(has_begun_, true)) out.push_back({.kind = Step::Start});
        } else if (!has_begun_) {
            return no_answer("it does not begin with its start");
        } else if (sent.type == "contentBlockStart") {
            return read_block_start(event, out);
        } else if (sent.type == "contentBlockDelta") {
            read_delta(event, out);
        } else if (sent.type == "contentBlockStop") {
            read_block_end(event, out);
        } else if (sent.type == "messageStop") {
            const Json* more = find_field(event, "additionalModelResponseFields");
            out.push_back(
                {.kind = Step::Stop,
                 .text = more == nullptr ? "" : text_in(*more, kStopSequencePath.substr(1)),
                 .stop = read_converse_stop(text_in(event, "stopReason"), !tools_.empty())});
        } else if (sent.type == "metadata") {  // the last one
            if (const Json* usage = find_field(event, "usage")) {
                out.push_back({.kind = Step::Usage, .usage = read_converse_usage(*usage)});
            }
            out.push_back({.kind = Step::End});
        }
        return {};
    }

private:
    /// A call of a tool, by the number of its block.
    struct Tool {
        int64_t block = 0;
        bool has_arguments = false;
    };

    static void read_failure(const ChatEvent& sent,
                             const Json& event,
                             std::vector<ChatDelta>& out) {
        const auto* const row = std::ranges::find(kErrors, sent.type, &ErrorRow::exception);
        std::string message = text_in(event, "message");
        if (message.empty() && event.is_null()) message = sent.data;
        out.push_back(
            {.kind = Step::Error,
             .text = std::move(message),
             .name = std::string(row == kErrors.end() ? kErrors.back().name : row->name)});
    }

    static int64_t block_of(const Json& event) {
        const Json* index = find_field(event, "contentBlockIndex");
        return index != nullptr && index->is_number_integer() ? index->get<int64_t>() : -1;
    }
    /// Null: the block is none of a tool's.
    Tool* tool_of(const Json& event) {
        const int64_t block = block_of(event);
        const auto tool = std::ranges::find(tools_.rbegin(), tools_.rend(), block, &Tool::block);
        return tool == tools_.rend() ? nullptr : &*tool;
    }

    Result<void> read_block_start(const Json& event, std::vector<ChatDelta>& out) {
        const Json* start = find_field(event, "start");
        const Json* use = start == nullptr ? nullptr : find_field(*start, "toolUse");
        if (use == nullptr || !text_in(*use, "type").empty()) return {};
        if (tools_.size() == kChatToolsMax) return no_answer("too many tools");
        out.push_back({.kind = Step::Tool,
                       .tool = tools_.size(),
                       .id = text_in(*use, "toolUseId"),
                       .name = text_in(*use, "name")});
        tools_.push_back({.block = block_of(event)});
        return {};
    }

    void read_delta(const Json& event, std::vector<ChatDelta>& out) {
        const Json* delta = find_field(event, "delta");
        if (delta == nullptr) return;
        add(Step::Text, text_in(*delta, "text"), out);
        if (const Json* reasoning = find_field(*delta, "reasoningContent")) {
            add(Step::Thinking, text_in(*reasoning, "text"), out);
            add(Step::Signature, text_in(*reasoning, "signature"), out);
            add(Step::Redacted, text_in(*reasoning, "redactedContent"), out);
        }
        const Json* use = find_field(*delta, "toolUse");
        Tool* const tool = use == nullptr ? nullptr : tool_of(event);
        if (tool != nullptr) add_arguments(*tool, text_in(*use, "input"), out);
    }

    /// Of a call without arguments nothing came, and elsewhere it is an empty object.
    void read_block_end(const Json& event, std::vector<ChatDelta>& out) {
        Tool* const tool = tool_of(event);
        if (tool != nullptr && !tool->has_arguments) add_arguments(*tool, "{}", out);
    }

    void add_arguments(Tool& tool, std::string text, std::vector<ChatDelta>& out) {
        if (text.empty()) return;
        tool.has_arguments = true;
        out.push_back({.kind = Step::Arguments,
                       .tool = static_cast<size_t>(&tool - tools_.data()),
                       .text = std::move(text)});
    }
    static void add(Step kind, std::string text, std::vector<ChatDelta>& out) {
        if (!text.empty()) out.push_back({.kind = kind, .text = std::move(text)});
    }

    std::vector<Tool> tools_;
    bool has_begun_ = false;
};

/// Of a text that goes into one frame: each byte may become six.
constexpr size_t kPieceBytesMax = size_t{64} << 10U;
static_assert(kPieceBytesMax * 8 < kFrameBytesMax);

/// The front of a text, which does not end within a letter.
std::string_view front_piece(std::string_view text) {
    if (text.size() <= kPieceBytesMax) return text;
    size_t size = kPieceBytesMax;
    while (size > 1 && (static_cast<uint8_t>(text[size]) & 0xc0U) == 0x80U) --size;
    return text.substr(0, size);
}

/// By hand: there is a frame for each token.
class Writer final : public DeltaWriter {
public:
    Result<void> write(const ChatDelta& delta, std::string& out) override {
        switch (delta.kind) {
            case Step::Start:
                return add("messageStart", R"({"role":"assistant"})", out);
            case Step::Text:
                TRY_VOID(open(Block::Text, out));
                return add_deltas(R"({"text":)", delta.text, "}", out);
            case Step::Thinking:
                TRY_VOID(open(Block::Thinking, out));
                return add_deltas(R"({"reasoningContent":{"text":)", delta.text, "}}", out);
            case Step::Signature:
                TRY_VOID(open(Block::Thinking, out));
                return add_deltas(R"({"reasoningContent":{"signature":)", delta.text, "}}", out);
            case Step::Redacted:
                TRY_VOID(open(Block::Redacted, out));
                return add_delta(
                    R"({"reasoningContent":{"redactedContent":)" + json_string(delta.text) + "}}",
                    blocks_ - 1,
                    out);
            case Step::Tool:
                TRY_VOID(open(Block::Tool, out));
                block_of_tool_.push_back(blocks_ - 1);
                return add("contentBlockStart",
                           R"({"start":{"toolUse":{)" + text_member("toolUseId", delta.id) + ',' +
                               text_member("name", delta.name) + "}}," + index(blocks_ - 1) + '}',
                           out);
            case Step::Arguments:
                return add_arguments(delta, out);
            case Step::Stop:
                stop_ = delta.stop;
                stop_sequence_ = delta.text;
                return {};
            case Step::Usage:
                usage_ = delta.usage;
                return {};
            case Step::Error:
                return add_failure(delta, out);
            case Step::End:
                return add_end(delta, out);
        }
        return {};
    }

private:
    enum class Block : uint8_t { None, Text, Thinking, Redacted, Tool };

    static std::string index(size_t block) {
        return R"("contentBlockIndex":)" + std::to_string(block);
    }

    static Result<void> add_frame(std::string_view name,
                                  std::string_view type,
                                  std::string_view payload,
                                  std::string& out) {
        constexpr size_t kHeadersMax = 256;
        if (payload.size() + kHeadersMax > kFrameBytesMax) return no_answer("too long for a frame");
        const bool is_event = name == ":event-type";
        const std::array headers = {FrameText{name, type},
                                    FrameText{":content-type", "application/json"},
                                    FrameText{":message-type", is_event ? "event" : "exception"}};
        append_frame(out, headers, payload);
        return {};
    }
    static Result<void> add(std::string_view type, std::string_view payload, std::string& out) {
        return add_frame(":event-type", type, payload, out);
    }
    static Result<void> add_delta(const std::string& delta, size_t block, std::string& out) {
        return add("contentBlockDelta", R"({"delta":)" + delta + ',' + index(block) + '}', out);
    }

    Result<void> add_deltas(std::string_view before,
                            std::string_view text,
                            std::string_view after,
                            std::string& out) {
        return add_deltas_of(blocks_ - 1, before, text, after, out);
    }
    static Result<void> add_deltas_of(size_t block,
                                      std::string_view before,
                                      std::string_view text,
                                      std::string_view after,
                                      std::string& out) {
        while (!text.empty()) {
            const std::string_view piece = front_piece(text);
            text.remove_prefix(piece.size());
            std::string delta(before);
            append_json_string(delta, piece);
            delta += after;
            TRY_VOID(add_delta(delta, block, out));
        }
        return {};
    }
    Result<void> add_arguments(const ChatDelta& delta, std::string& out) {
        return add_deltas_of(
            block_of_tool_.at(delta.tool), R"({"toolUse":{"input":)", delta.text, "}}", out);
    }

    /// Each tool, and hidden thinking, is a block of its own; other text goes on in the one that is
    /// open. Only that of a tool has a start: AWS sends none for the others.
    Result<void> open(Block kind, std::string& out) {
        if (open_ == kind && (kind == Block::Text || kind == Block::Thinking)) return {};
        TRY_VOID(close(out));
        open_ = kind;
        ++blocks_;
        return {};
    }
    Result<void> close(std::string& out) {
        if (std::exchange(open_, Block::None) == Block::None) return {};
        return add("contentBlockStop", '{' + index(blocks_ - 1) + '}', out);
    }

    static Result<void> add_failure(const ChatDelta& delta, std::string& out) {
        const auto* const row = std::ranges::find(kErrors, delta.name, &ErrorRow::name);
        const std::string_view type = (row == kErrors.end() ? &kErrors.back() : row)->exception;
        return add_frame(":exception-type",
                         type,
                         '{' + text_member("message", front_piece(delta.text)) + '}',
                         out);
    }

    Result<void> add_end(const ChatDelta& end, std::string& out) {
        TRY_VOID(close(out));
        Json stop = {{"stopReason", converse_stop(stop_)}};
        if (!stop_sequence_.empty()) {
            stop["additionalModelResponseFields"][kStopSequencePath.substr(1)] = stop_sequence_;
        }
        TRY_VOID(add("messageStop", to_text(stop), out));
        const Json metadata = {{"usage", write_converse_usage(usage_)},
                               {"metrics", {{"latencyMs", end.latency_ms}}}};
        return add("metadata", to_text(metadata), out);
    }

    size_t blocks_ = 0;
    Block open_ = Block::None;
    std::vector<size_t> block_of_tool_;  // bounded by the reader's kChatToolsMax
    ChatStop stop_ = ChatStop::End;
    std::string stop_sequence_;
    TokenUsage usage_;
};

}  // namespace

std::unique_ptr<DeltaReader> converse_reader() { return std::make_unique<Reader>(); }
std::unique_ptr<DeltaWriter> converse_writer(const ChatStream::Options& /*options*/) {
    return std::make_unique<Writer>();
}

}  // namespace keywarden::chat
