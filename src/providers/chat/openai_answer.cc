#include <utility>

#include "providers/chat/dialects.h"

// Source: OpenAI's API reference, "The chat completion object".

namespace keywarden::chat {
namespace {

using Kind = ChatPart::Kind;

Result<void> read_calls(const Json& message, std::vector<ChatPart>& out) {
    const Json* calls = find_field(message, "tool_calls");
    if (calls == nullptr) return {};
    if (!calls->is_array() || calls->size() > kChatToolsMax) return no_answer("tool_calls");
    for (const Json& call : *calls) {
        const Json* function = find_field(call, "function");
        if (function == nullptr) return no_answer("a tool call that is no function");
        out.push_back({.kind = Kind::ToolCall,
                       .id = text_in(call, "id"),
                       .name = text_in(*function, "name"),
                       .json = text_in(*function, "arguments")});
    }
    return {};
}

Json call_of(const ChatPart& part) {
    return {{"id", part.id},
            {"type", "function"},
            {"function", {{"name", part.name}, {"arguments", part.json}}}};
}

Json message_of(const ChatAnswer& answer) {
    const std::string text = text_of(answer.parts);
    Json message = {{"role", "assistant"}, {"content", text}, {"refusal", nullptr}};
    std::string thoughts;
    for (const ChatPart& part : answer.parts) {
        if (part.kind == Kind::ToolCall) message["tool_calls"].push_back(call_of(part));
        if (part.kind == Kind::Thinking) thoughts += part.text;
        if (part.kind == Kind::Thinking || part.kind == Kind::RedactedThinking) {
            message["thinking_blocks"].push_back(thinking_block(part));
        }
    }
    if (!thoughts.empty()) message["reasoning_content"] = thoughts;
    if (text.empty() && message.contains("tool_calls")) message["content"] = nullptr;
    return message;
}

}  // namespace

Result<ChatAnswer> read_openai_answer(const Json& body) {
    const Json* choices = find_field(body, "choices");
    if (choices == nullptr || !choices->is_array() || choices->empty()) {
        return no_answer("there are no choices");
    }
    const Json* message = find_field(choices->front(), "message");
    if (message == nullptr) return no_answer("there is no message");
    ChatAnswer answer{.id = text_in(body, "id"), .model = text_in(body, "model")};
    std::string thoughts = openai_reasoning(*message);
    if (!read_thinking_blocks(*message, answer.parts) && !thoughts.empty()) {
        answer.parts.push_back({.kind = Kind::Thinking, .text = std::move(thoughts)});
    }
    std::string refusal = text_in(*message, "refusal");
    const bool has_refused = !refusal.empty();
    for (std::string text : {openai_content(*message), std::move(refusal)}) {
        if (!text.empty()) answer.parts.push_back({.text = std::move(text)});
    }
    TRY_VOID(read_calls(*message, answer.parts));
    const bool calls = !answer.parts.empty() && answer.parts.back().kind == Kind::ToolCall;
    answer.stop = read_openai_stop(text_in(choices->front(), "finish_reason"), calls, has_refused);
    if (const Json* usage = find_field(body, "usage")) answer.usage = read_openai_usage(*usage);
    return answer;
}

Json write_openai_answer(const ChatAnswer& answer, const AnswerFacts& facts) {
    Json out = {{"id", answer.id},
                {"object", "chat.completion"},
                {"created", facts.now},
                {"model", answer.model}};
    out["choices"] = Json::array({{{"index", 0},
                                   {"message", message_of(answer)},
                                   {"logprobs", nullptr},
                                   {"finish_reason", openai_stop(answer.stop)}}});
    out["usage"] = write_openai_usage(answer.usage);
    return out;
}

}  // namespace keywarden::chat
