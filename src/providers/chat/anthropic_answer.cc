#include <optional>
#include <utility>

#include "providers/chat/dialects.h"

// Source: Anthropic's API reference, "Create a message".

namespace keywarden::chat {
namespace {

using Kind = ChatPart::Kind;

/// Nothing for a block that only Anthropic's own tools make.
std::optional<ChatPart> read_block(const Json& block) {
    const std::string type = text_in(block, "type");
    if (type == "text") return ChatPart{.text = text_in(block, "text")};
    if (type == "tool_use") {
        const Json* input = find_field(block, "input");
        return ChatPart{.kind = Kind::ToolCall,
                        .id = text_in(block, "id"),
                        .name = text_in(block, "name"),
                        .json = input == nullptr ? "{}" : to_text(*input)};
    }
    if (type == "thinking") {
        return ChatPart{.kind = Kind::Thinking,
                        .text = text_in(block, "thinking"),
                        .signature = text_in(block, "signature")};
    }
    if (type == "redacted_thinking") {
        return ChatPart{.kind = Kind::RedactedThinking, .text = text_in(block, "data")};
    }
    return std::nullopt;
}

Json write_block(const ChatPart& part) {
    switch (part.kind) {
        case Kind::ToolCall:
            return {{"type", "tool_use"},
                    {"id", part.id},
                    {"name", part.name},
                    {"input", tool_input(part.json)}};
        case Kind::Thinking:
        case Kind::RedactedThinking:
            return thinking_block(part);
        default:
            return {{"type", "text"}, {"text", part.text}};
    }
}

Json stop_of(ChatStop stop, const std::string& sequence) {
    return {{"stop_reason", anthropic_stop(stop)},
            {"stop_sequence", sequence.empty() ? Json(nullptr) : Json(sequence)}};
}

}  // namespace

Result<ChatAnswer> read_anthropic_answer(const Json& body) {
    const Json* content = find_field(body, "content");
    if (content == nullptr || !content->is_array()) return no_answer("there is no content");
    ChatAnswer answer{.id = text_in(body, "id"),
                      .model = text_in(body, "model"),
                      .stop_sequence = text_in(body, "stop_sequence")};
    bool calls_tools = false;
    for (const Json& block : *content) {
        auto part = read_block(block);
        if (!part) continue;
        calls_tools = calls_tools || part->kind == Kind::ToolCall;
        answer.parts.push_back(*std::move(part));
    }
    answer.stop = read_anthropic_stop(text_in(body, "stop_reason"), calls_tools);
    if (const Json* usage = find_field(body, "usage")) answer.usage = read_anthropic_usage(*usage);
    return answer;
}

Json write_anthropic_answer(const ChatAnswer& answer, const AnswerFacts& /*facts*/) {
    Json out = {{"id", answer.id},
                {"type", "message"},
                {"role", "assistant"},
                {"model", answer.model},
                {"content", Json::array()}};
    for (const ChatPart& part : answer.parts) out["content"].push_back(write_block(part));
    out.update(stop_of(answer.stop, answer.stop_sequence));
    out["usage"] = write_anthropic_usage(answer.usage);
    return out;
}

}  // namespace keywarden::chat
