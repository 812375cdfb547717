#include <utility>

#include "providers/sandbox/endpoints.h"
#include "providers/sandbox/text.h"

// Source: OpenAI's API reference, "Create chat completion" and "The chat completion chunk object".

namespace keywarden {
namespace {

struct ChatAsk {
    Ask ask{};
    int64_t choices = 1;
    bool stream = false;
    bool include_usage = false;
};

Result<void> read_messages(const Json& body, Ask& ask) {
    const Json* messages = find_field(body, "messages");
    if (messages == nullptr || !messages->is_array() || messages->empty()) {
        return bad_field("messages", "must be a list with at least one message");
    }
    for (const Json& message : *messages) {
        TRY(const std::string role, read_string(message, "role"));
        if (role.empty()) return bad_field("messages", "must be objects with a role");
        TRY(std::string text, read_content(message, ask));
        if (role == "user") ask.last_user_text = std::move(text);
        ask.after_tool = role == "tool" || role == "function";
    }
    return {};
}

Result<void> read_tools(const Json& body, Ask& ask) {
    const Json* tools = find_field(body, "tools");
    if (tools == nullptr) return {};
    if (!tools->is_array()) return bad_field("tools", "must be a list");
    for (const Json& tool : *tools) {
        // Only functions are called; other kinds of tools are offered in vain.
        if (const Json* function = find_field(tool, "function")) {
            TRY_VOID(read_tool(*function, ask));
        }
    }
    return {};
}

Result<void> read_format(const Json& body, Ask& ask) {
    const Json* format = find_field(body, "response_format");
    if (format == nullptr) return {};
    TRY(const std::string type, read_string(*format, "type"));
    if (type == "json_object") {
        ask.format = Ask::Format::JsonObject;
    } else if (type == "json_schema") {
        const Json* schema = find_field(*format, "json_schema");
        schema = schema == nullptr ? nullptr : find_field(*schema, "schema");
        if (schema == nullptr) return bad_field("response_format", "has no json_schema.schema");
        ask.format = Ask::Format::JsonSchema;
        ask.schema = *schema;
    } else if (type != "text") {
        return bad_field("response_format", "must be text, json_object or json_schema");
    }
    return {};
}

Result<ChatAsk> read_chat(const Json& body) {
    ChatAsk chat;
    TRY_VOID(read_messages(body, chat.ask));
    TRY_VOID(read_tools(body, chat.ask));
    TRY_VOID(read_tool_choice(body, chat.ask));
    TRY_VOID(read_format(body, chat.ask));
    TRY_VOID(read_stop(body, chat.ask));
    TRY(const auto old_max, read_integer(body, "max_tokens", 1, kOutputTokensMax));
    TRY(const auto new_max, read_integer(body, "max_completion_tokens", 1, kOutputTokensMax));
    chat.ask.max_tokens = new_max ? new_max : old_max;
    TRY(const auto choices, read_integer(body, "n", 1, kChoicesMax));
    chat.choices = choices.value_or(1);
    TRY(chat.stream, read_bool(body, "stream"));
    if (const Json* options = find_field(body, "stream_options")) {
        if (!chat.stream) return bad_field("stream_options", "is only for streams");
        TRY(chat.include_usage, read_bool(*options, "include_usage"));
    }
    TRY(const bool logprobs, read_bool(body, "logprobs"));
    if (logprobs) return bad_field("logprobs", "is not supported by the sandbox");
    return chat;
}

std::string finish_reason(const Reply& reply) {
    if (reply.cut_short) return "length";
    return reply.calls.empty() ? "stop" : "tool_calls";
}

OrderedJson usage_of(const Ask& ask, const std::vector<Reply>& replies) {
    size_t tokens = 0;
    for (const Reply& reply : replies) tokens += reply.tokens;
    return {{"prompt_tokens", ask.prompt_tokens},
            {"completion_tokens", tokens},
            {"total_tokens", ask.prompt_tokens + tokens},
            {"prompt_tokens_details", {{"cached_tokens", 0}, {"audio_tokens", 0}}},
            {"completion_tokens_details",
             {{"reasoning_tokens", 0},
              {"audio_tokens", 0},
              {"accepted_prediction_tokens", 0},
              {"rejected_prediction_tokens", 0}}}};
}

OrderedJson message_of(const Reply& reply) {
    OrderedJson message = {{"role", "assistant"}, {"content", reply.text}, {"refusal", nullptr}};
    if (!reply.calls.empty()) {
        message["content"] = nullptr;
        for (const ToolCall& call : reply.calls) {
            message["tool_calls"].push_back(
                {{"id", call.id},
                 {"type", "function"},
                 {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
        }
    }
    message["annotations"] = OrderedJson::array();
    return message;
}

OrderedJson head_of(const SandboxCall& call, std::string_view object) {
    return {{"id", make_id("chatcmpl-", call.seed)},
            {"object", object},
            {"created", kSandboxCreated},
            {"model", call.model}};
}

/// Writes the frames of one choice.
class ChoiceStream {
public:
    ChoiceStream(const SandboxCall& call, const ChatAsk& chat, size_t index)
        : call_(call), chat_(chat), index_(index) {}

    void write(const Reply& reply, std::vector<SandboxSteps::Part>& parts) const {
        const OrderedJson role = {{"role", "assistant"},
                                  {"content", reply.calls.empty() ? OrderedJson("") : nullptr},
                                  {"refusal", nullptr}};
        parts.push_back(frame(role, nullptr));
        add_pieces(
            parts, halves({{"content", kHole}}), reply.text, call_.controls, PieceKind::Words);
        for (size_t i = 0; i < reply.calls.size(); ++i) {
            const ToolCall& tool = reply.calls[i];
            const OrderedJson opening = {{"index", i},
                                         {"id", tool.id},
                                         {"type", "function"},
                                         {"function", {{"name", tool.name}, {"arguments", ""}}}};
            const OrderedJson piece = {{"index", i}, {"function", {{"arguments", kHole}}}};
            parts.push_back(frame({{"tool_calls", OrderedJson::array({opening})}}, nullptr));
            add_pieces(parts,
                       halves({{"tool_calls", OrderedJson::array({piece})}}),
                       tool.arguments,
                       call_.controls,
                       PieceKind::Arguments);
        }
        parts.push_back(frame(OrderedJson::object(), finish_reason(reply)));
    }

private:
    SandboxSteps::Part frame(const OrderedJson& delta, const OrderedJson& finish) const {
        OrderedJson chunk = head_of(call_, "chat.completion.chunk");
        chunk["service_tier"] = "default";
        chunk["system_fingerprint"] = "fp_sandbox";
        const OrderedJson choice = {
            {"index", index_}, {"delta", delta}, {"logprobs", nullptr}, {"finish_reason", finish}};
        chunk["choices"] = OrderedJson::array({choice});
        if (chat_.include_usage) chunk["usage"] = nullptr;
        return data_frame(chunk);
    }

    FrameHalves halves(const OrderedJson& delta) const {
        return split_at_hole(frame(delta, nullptr).before);
    }

    const SandboxCall& call_;
    const ChatAsk& chat_;
    size_t index_;
};

SandboxAnswer stream_chat(const SandboxCall& call,
                          const ChatAsk& chat,
                          const std::vector<Reply>& replies) {
    std::vector<SandboxSteps::Part> parts;
    for (size_t i = 0; i < replies.size(); ++i) {
        ChoiceStream(call, chat, i).write(replies[i], parts);
    }
    if (chat.include_usage) {
        OrderedJson chunk = head_of(call, "chat.completion.chunk");
        chunk["service_tier"] = "default";
        chunk["system_fingerprint"] = "fp_sandbox";
        chunk["choices"] = OrderedJson::array();
        chunk["usage"] = usage_of(chat.ask, replies);
        parts.push_back(data_frame(chunk));
    }
    parts.push_back(raw_frame("data: [DONE]\n\n"));
    return streamed_answer(std::move(parts));
}

}  // namespace

Result<SandboxAnswer> answer_chat(const SandboxCall& call) {
    TRY(const ChatAsk chat, read_chat(call.body));
    std::vector<Reply> replies;
    size_t bytes = 0;
    for (size_t i = 0; std::cmp_less(i, chat.choices); ++i) {
        replies.push_back(make_reply(chat.ask, call.controls, call.seed, i));
        TRY_VOID(count_reply(replies.back(), bytes));
    }
    if (chat.stream) return stream_chat(call, chat, replies);
    OrderedJson body = head_of(call, "chat.completion");
    for (size_t i = 0; i < replies.size(); ++i) {
        body["choices"].push_back({{"index", i},
                                   {"message", message_of(replies[i])},
                                   {"logprobs", nullptr},
                                   {"finish_reason", finish_reason(replies[i])}});
    }
    body["usage"] = usage_of(chat.ask, replies);
    body["service_tier"] = "default";
    body["system_fingerprint"] = "fp_sandbox";
    return whole_answer(to_text(body));
}

}  // namespace keywarden
