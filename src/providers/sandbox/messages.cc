#include <utility>

#include "providers/sandbox/endpoints.h"
#include "providers/sandbox/text.h"

// Source: Anthropic's API reference, "Create a message", "Count tokens in a message", and
// "Streaming messages".

namespace keywarden {
namespace {

struct MessagesAsk {
    Ask ask{};
    bool stream = false;
};

/// The text of a message, or of a tool's result: a string, or blocks. Notes a tool's result.
Result<std::string> read_blocks(const Json& holder, Ask& ask) {
    TRY(std::string text, read_content(holder, ask));
    const Json* content = find_field(holder, "content");
    if (content == nullptr || !content->is_array()) return text;
    for (const Json& block : *content) {
        TRY(const std::string type, read_string(block, "type"));
        if (type.empty()) return bad_field("content", "must have blocks with a type");
        if (type != "tool_result") continue;
        ask.after_tool = true;
        TRY_VOID(read_content(block, ask));
    }
    return text;
}

Result<void> read_tools(const Json& body, Ask& ask) {
    const Json* tools = find_field(body, "tools");
    if (tools == nullptr) return {};
    if (!tools->is_array()) return bad_field("tools", "must be a list");
    for (const Json& tool : *tools) {
        // Those without a schema are Anthropic's own, and are offered in vain.
        const Json* schema = find_field(tool, "input_schema");
        if (schema == nullptr) continue;
        Json function = tool;
        function["parameters"] = *schema;
        TRY_VOID(read_tool(function, ask));
    }
    return {};
}

/// As OpenAI's tool_choice, which the sandbox knows.
Result<void> read_choice(const Json& body, Ask& ask) {
    const Json* choice = find_field(body, "tool_choice");
    if (choice == nullptr) return {};
    TRY(const std::string type, read_string(*choice, "type"));
    TRY(const bool one_at_most, read_bool(*choice, "disable_parallel_tool_use"));
    Json as_openai = {{"parallel_tool_calls", !one_at_most}};
    if (type == "any") {
        as_openai["tool_choice"] = "required";
    } else if (type == "tool") {
        as_openai["tool_choice"] = {{"name", choice->value("name", Json())}};
    } else if (type == "auto" || type == "none") {
        as_openai["tool_choice"] = type;
    } else {
        return bad_field("tool_choice", "must be of the type auto, any, tool or none");
    }
    return read_tool_choice(as_openai, ask);
}

Result<void> read_format(const Json& body, Ask& ask) {
    const Json* config = find_field(body, "output_config");
    const Json* format = config == nullptr ? nullptr : find_field(*config, "format");
    if (format == nullptr) return {};
    const Json* schema = find_field(*format, "schema");
    if (schema == nullptr) return bad_field("output_config.format", "has no schema");
    ask.format = Ask::Format::JsonSchema;
    ask.schema = *schema;
    return {};
}

Result<MessagesAsk> read_ask(const Json& body) {
    MessagesAsk out;
    TRY_VOID(read_turns(body, read_blocks, out.ask));
    TRY_VOID(read_tools(body, out.ask));
    TRY_VOID(read_choice(body, out.ask));
    TRY_VOID(read_format(body, out.ask));
    if (const Json* stops = find_field(body, "stop_sequences")) {
        TRY_VOID(read_stop({{"stop", *stops}}, out.ask));
    }
    TRY(out.ask.max_tokens, read_integer(body, "max_tokens", 1, kOutputTokensMax));
    TRY(out.stream, read_bool(body, "stream"));
    return out;
}

OrderedJson stop_of(const Reply& reply) {
    std::string_view reason = "end_turn";
    if (!reply.calls.empty()) reason = "tool_use";
    if (!reply.stop.empty()) reason = "stop_sequence";
    if (reply.cut_short) reason = "max_tokens";
    const bool is_stopped = reason == "stop_sequence";
    return {{"stop_reason", reason},
            {"stop_sequence", is_stopped ? OrderedJson(reply.stop) : OrderedJson(nullptr)}};
}

OrderedJson usage_of(const Ask& ask, size_t output_tokens) {
    return {{"input_tokens", ask.prompt_tokens},
            {"cache_creation_input_tokens", 0},
            {"cache_read_input_tokens", 0},
            {"output_tokens", output_tokens},
            {"service_tier", "standard"}};
}

OrderedJson tool_block(const ToolCall& call, OrderedJson input) {
    return {{"type", "tool_use"},
            {"id", "toolu_" + call.id.substr(call.id.find('_') + 1)},
            {"name", call.name},
            {"input", std::move(input)}};
}

/// Without what comes only at the end of a stream.
OrderedJson message_of(const SandboxCall& call, OrderedJson content) {
    return {{"id", make_id("msg_", call.seed)},
            {"type", "message"},
            {"role", "assistant"},
            {"model", call.model},
            {"content", std::move(content)}};
}

SandboxSteps::Part event(const OrderedJson& value) {
    const auto type = value["type"].get<std::string>();
    return raw_frame("event: " + type + "\ndata: " + to_text(value) + "\n\n");
}

/// One block of a stream: its opening, its pieces, its end.
void add_block(std::vector<SandboxSteps::Part>& parts,
               size_t index,
               const OrderedJson& opening,
               const OrderedJson& delta,
               std::pair<std::string, PieceKind> text,
               const SandboxControls& controls) {
    parts.push_back(
        event({{"type", "content_block_start"}, {"index", index}, {"content_block", opening}}));
    const SandboxSteps::Part piece =
        event({{"type", "content_block_delta"}, {"index", index}, {"delta", delta}});
    add_pieces(parts, split_at_hole(piece.before), std::move(text.first), controls, text.second);
    parts.push_back(event({{"type", "content_block_stop"}, {"index", index}}));
}

SandboxAnswer stream_message(const SandboxCall& call, const Ask& ask, const Reply& reply) {
    std::vector<SandboxSteps::Part> parts;
    OrderedJson message = message_of(call, OrderedJson::array());
    message["stop_reason"] = nullptr;
    message["stop_sequence"] = nullptr;
    message["usage"] = usage_of(ask, 1);
    parts.push_back(event({{"type", "message_start"}, {"message", std::move(message)}}));
    parts.push_back(event({{"type", "ping"}}));
    if (reply.calls.empty()) {
        add_block(parts,
                  0,
                  {{"type", "text"}, {"text", ""}},
                  {{"type", "text_delta"}, {"text", kHole}},
                  {reply.text, PieceKind::Words},
                  call.controls);
    }
    for (size_t i = 0; i < reply.calls.size(); ++i) {
        add_block(parts,
                  i,
                  tool_block(reply.calls[i], OrderedJson::object()),
                  {{"type", "input_json_delta"}, {"partial_json", kHole}},
                  {reply.calls[i].arguments, PieceKind::Arguments},
                  call.controls);
    }
    parts.push_back(event({{"type", "message_delta"},
                           {"delta", stop_of(reply)},
                           {"usage", {{"output_tokens", reply.tokens}}}}));
    parts.push_back(event({{"type", "message_stop"}}));
    return streamed_answer(std::move(parts));
}

}  // namespace

Result<SandboxAnswer> answer_messages(const SandboxCall& call) {
    TRY(const MessagesAsk asked, read_ask(call.body));
    if (!asked.ask.max_tokens) return bad_field("max_tokens", "is missing");
    const Reply reply = make_reply(asked.ask, call.controls, call.seed, 0);
    size_t bytes = 0;
    TRY_VOID(count_reply(reply, bytes));
    if (asked.stream) return stream_message(call, asked.ask, reply);
    OrderedJson content = OrderedJson::array();
    if (reply.calls.empty()) content.push_back({{"type", "text"}, {"text", reply.text}});
    for (const ToolCall& tool : reply.calls) {
        content.push_back(tool_block(tool, OrderedJson::parse(tool.arguments)));
    }
    OrderedJson message = message_of(call, std::move(content));
    message.update(stop_of(reply));
    message["usage"] = usage_of(asked.ask, reply.tokens);
    return whole_answer(to_text(message));
}

Result<SandboxAnswer> answer_count_tokens(const SandboxCall& call) {
    TRY(const MessagesAsk asked, read_ask(call.body));
    return whole_answer(to_text(OrderedJson{{"input_tokens", asked.ask.prompt_tokens}}));
}

}  // namespace keywarden
