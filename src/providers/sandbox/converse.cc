#include <array>
#include <utility>

#include "base/event_stream.h"
#include "providers/sandbox/endpoints.h"
#include "providers/sandbox/text.h"

// Source: the Converse and ConverseStream operations of the Amazon Bedrock Runtime API.

namespace keywarden {
namespace {

/// The text of a message, whose blocks have one member each. Notes a tool's result.
Result<std::string> read_blocks(const Json& message, Ask& ask) {
    const Json* content = find_field(message, "content");
    if (content == nullptr || !content->is_array()) {
        return bad_field("messages", "must have a list of blocks as their content");
    }
    for (const Json& block : *content) {
        if (!block.is_object() || block.size() != 1) {
            return bad_field("content", "must have blocks with one member");
        }
        const Json* result = find_field(block, "toolResult");
        if (result == nullptr) continue;
        ask.after_tool = true;
        TRY_VOID(read_content(*result, ask));
    }
    return read_content(message, ask);
}

/// As OpenAI's tool_choice, which the sandbox knows.
Result<void> read_choice(const Json& config, Ask& ask) {
    const Json* choice = find_field(config, "toolChoice");
    if (choice == nullptr || find_field(*choice, "auto") != nullptr) return {};
    if (find_field(*choice, "any") != nullptr) {
        return read_tool_choice({{"tool_choice", "required"}}, ask);
    }
    const Json* tool = find_field(*choice, "tool");
    if (tool == nullptr) return bad_field("toolConfig.toolChoice", "must be auto, any, or tool");
    return read_tool_choice({{"tool_choice", *tool}}, ask);
}

Result<void> read_tools(const Json& body, Ask& ask) {
    const Json* config = find_field(body, "toolConfig");
    if (config == nullptr) return {};
    const Json* tools = find_field(*config, "tools");
    if (tools == nullptr || !tools->is_array()) {
        return bad_field("toolConfig.tools", "must be a list");
    }
    for (const Json& tool : *tools) {
        const Json* spec = find_field(tool, "toolSpec");
        if (spec == nullptr) continue;  // a cache point
        const Json* schema = find_field(*spec, "inputSchema");
        const Json* json = schema == nullptr ? nullptr : find_field(*schema, "json");
        if (json == nullptr) return bad_field("toolConfig.tools", "must each have an inputSchema");
        Json function = *spec;
        function["parameters"] = *json;
        TRY_VOID(read_tool(function, ask));
    }
    return read_choice(*config, ask);
}

Result<Ask> read_ask(const Json& body) {
    Ask ask;
    TRY_VOID(read_turns(body, read_blocks, ask));
    TRY_VOID(read_tools(body, ask));
    if (const Json* config = find_field(body, "inferenceConfig")) {
        TRY(ask.max_tokens, read_integer(*config, "maxTokens", 1, kOutputTokensMax));
        if (const Json* stops = find_field(*config, "stopSequences")) {
            TRY_VOID(read_stop({{"stop", *stops}}, ask));
        }
    }
    return ask;
}

std::string_view stop_reason(const Reply& reply) {
    if (reply.cut_short) return "max_tokens";
    if (!reply.stop.empty()) return "stop_sequence";
    return reply.calls.empty() ? "end_turn" : "tool_use";
}

OrderedJson usage_of(const Ask& ask, const Reply& reply) {
    return {{"inputTokens", ask.prompt_tokens},
            {"outputTokens", reply.tokens},
            {"totalTokens", ask.prompt_tokens + reply.tokens}};
}

OrderedJson tool_use(const ToolCall& call) {
    return {{"toolUseId", "tooluse_" + call.id.substr(call.id.find('_') + 1)}, {"name", call.name}};
}

SandboxSteps::Part event(std::string_view type, const OrderedJson& payload) {
    return {.before = to_text(payload), .event_type = type};
}

/// The pieces of a block, and its end.
void add_block(std::vector<SandboxSteps::Part>& parts,
               size_t index,
               const OrderedJson& delta,
               std::pair<std::string, PieceKind> text,
               const SandboxControls& controls) {
    constexpr std::string_view kDelta = "contentBlockDelta";
    const std::string frame = to_text(OrderedJson{{"contentBlockIndex", index}, {"delta", delta}});
    const size_t before = parts.size();
    add_pieces(parts, split_at_hole(frame), std::move(text.first), controls, text.second);
    if (parts.size() > before) parts.back().event_type = kDelta;
    parts.push_back(event("contentBlockStop", {{"contentBlockIndex", index}}));
}

}  // namespace

Result<SandboxAnswer> answer_converse(const SandboxCall& call) {
    TRY(const Ask ask, read_ask(call.body));
    const Reply reply = make_reply(ask, call.controls, call.seed, 0);
    size_t bytes = 0;
    TRY_VOID(count_reply(reply, bytes));
    OrderedJson content = OrderedJson::array();
    if (reply.calls.empty()) content.push_back({{"text", reply.text}});
    for (const ToolCall& tool : reply.calls) {
        OrderedJson use = tool_use(tool);
        use["input"] = OrderedJson::parse(tool.arguments);
        content.push_back({{"toolUse", std::move(use)}});
    }
    return whole_answer(to_text(OrderedJson{
        {"output", {{"message", {{"role", "assistant"}, {"content", std::move(content)}}}}},
        {"stopReason", stop_reason(reply)},
        {"usage", usage_of(ask, reply)},
        {"metrics", {{"latencyMs", 1}}}}));
}

Result<SandboxAnswer> answer_converse_stream(const SandboxCall& call) {
    TRY(const Ask ask, read_ask(call.body));
    const Reply reply = make_reply(ask, call.controls, call.seed, 0);
    size_t bytes = 0;
    TRY_VOID(count_reply(reply, bytes));
    std::vector<SandboxSteps::Part> parts;
    parts.push_back(event("messageStart", {{"role", "assistant"}}));
    if (reply.calls.empty()) {
        add_block(parts, 0, {{"text", kHole}}, {reply.text, PieceKind::Words}, call.controls);
    }
    for (size_t i = 0; i < reply.calls.size(); ++i) {
        parts.push_back(
            event("contentBlockStart",
                  {{"contentBlockIndex", i}, {"start", {{"toolUse", tool_use(reply.calls[i])}}}}));
        add_block(parts,
                  i,
                  {{"toolUse", {{"input", kHole}}}},
                  {reply.calls[i].arguments, PieceKind::Arguments},
                  call.controls);
    }
    parts.push_back(event("messageStop", {{"stopReason", stop_reason(reply)}}));
    parts.push_back(
        event("metadata", {{"usage", usage_of(ask, reply)}, {"metrics", {{"latencyMs", 1}}}}));
    SandboxAnswer answer = streamed_answer(std::move(parts));
    answer.headers = {{"Content-Type", "application/vnd.amazon.eventstream"}};
    return answer;
}

}  // namespace keywarden
