#include <utility>

#include "providers/chat/converse.h"

// Source: ConverseResponse in the Bedrock Runtime API.

namespace keywarden::chat {
namespace {

using Kind = ChatPart::Kind;

/// Nothing for a block that is known here to nobody, or is of a tool that AWS runs itself.
std::optional<ChatPart> read_block(const Json& block) {
    std::string text = text_in(block, "text");
    if (!text.empty()) return ChatPart{.text = std::move(text)};
    if (const Json* cited = find_field(block, "citationsContent")) {
        return ChatPart{.text = cited_text(*cited)};
    }
    if (const Json* reasoning = find_field(block, "reasoningContent")) {
        return read_converse_thinking(*reasoning);
    }
    const Json* use = find_field(block, "toolUse");
    if (use == nullptr || !text_in(*use, "type").empty()) return std::nullopt;
    const Json* input = find_field(*use, "input");
    return ChatPart{.kind = Kind::ToolCall,
                    .id = text_in(*use, "toolUseId"),
                    .name = text_in(*use, "name"),
                    .json = input == nullptr ? "{}" : to_text(*input)};
}

Json write_block(const ChatPart& part) {
    switch (part.kind) {
        case Kind::ToolCall:
            return converse_tool_use(part);
        case Kind::Thinking:
        case Kind::RedactedThinking:
            return converse_thinking(part);
        default:
            return {{"text", part.text}};
    }
}

}  // namespace

Result<ChatAnswer> read_converse_answer(const Json& body) {
    const Json* output = find_field(body, "output");
    const Json* message = output == nullptr ? nullptr : find_field(*output, "message");
    const Json* content = message == nullptr ? nullptr : find_field(*message, "content");
    if (content == nullptr || !content->is_array()) return no_answer("there is no content");
    ChatAnswer answer;
    bool calls_tools = false;
    for (const Json& block : *content) {
        auto part = read_block(block);
        if (!part || !says_something(*part)) continue;
        calls_tools = calls_tools || part->kind == Kind::ToolCall;
        answer.parts.push_back(*std::move(part));
    }
    answer.stop = read_converse_stop(text_in(body, "stopReason"), calls_tools);
    if (const Json* more = find_field(body, "additionalModelResponseFields")) {
        answer.stop_sequence = text_in(*more, kStopSequencePath.substr(1));
    }
    if (const Json* usage = find_field(body, "usage")) answer.usage = read_converse_usage(*usage);
    return answer;
}

Json write_converse_answer(const ChatAnswer& answer, const AnswerFacts& /*facts*/) {
    Json content = Json::array();
    for (const ChatPart& part : answer.parts) {
        if (says_something(part)) content.push_back(write_block(part));  // AWS takes no empty text
    }
    Json out = {{"output", {{"message", {{"role", "assistant"}, {"content", std::move(content)}}}}},
                {"stopReason", converse_stop(answer.stop)},
                {"usage", write_converse_usage(answer.usage)},
                {"metrics", {{"latencyMs", answer.latency_ms}}}};
    if (!answer.stop_sequence.empty()) {
        out["additionalModelResponseFields"] = {
            {kStopSequencePath.substr(1), answer.stop_sequence}};
    }
    return out;
}

}  // namespace keywarden::chat
