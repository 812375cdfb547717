#include <algorithm>
#include <array>
#include <utility>

#include "providers/chat/dialects.h"

// Source: OpenAI's API reference, "Create chat completion".

namespace keywarden::chat {
namespace {

using Kind = ChatPart::Kind;

/// Read here, or the gateway's: `api_key` and the like are for the call alone.
constexpr std::array<std::string_view, 28> kKnown = {"model",
                                                     "messages",
                                                     "max_tokens",
                                                     "max_completion_tokens",
                                                     "temperature",
                                                     "top_p",
                                                     "stop",
                                                     "stream",
                                                     "stream_options",
                                                     "tools",
                                                     "tool_choice",
                                                     "parallel_tool_calls",
                                                     "response_format",
                                                     "reasoning_effort",
                                                     "thinking",
                                                     "user",
                                                     "n",
                                                     "logprobs",
                                                     "top_logprobs",
                                                     "modalities",
                                                     "frequency_penalty",
                                                     "presence_penalty",
                                                     "api_key",
                                                     "aws_access_key_id",
                                                     "aws_secret_access_key",
                                                     "aws_session_token",
                                                     "aws_region_name",
                                                     "aws_bearer_token_bedrock"};
/// What OpenAI keeps, bills, remembers, or hurries by them; the answer is the same.
constexpr std::array<std::string_view, 9> kHints = {"metadata",
                                                    "store",
                                                    "service_tier",
                                                    "prediction",
                                                    "prompt_cache_key",
                                                    "prompt_cache_options",
                                                    "prompt_cache_retention",
                                                    "safety_identifier",
                                                    "verbosity"};
constexpr std::array<std::string_view, 10> kMessageKnown = {"role",
                                                            "content",
                                                            "refusal",
                                                            "audio",
                                                            "tool_calls",
                                                            "tool_call_id",
                                                            "function_call",
                                                            "thinking_blocks",
                                                            "reasoning_content",
                                                            "cache_control"};
constexpr std::array<std::string_view, 6> kPartKnown = {
    "type", "text", "refusal", "image_url", "file", "cache_control"};
constexpr std::array<std::string_view, 4> kFunctionKnown = {
    "name", "description", "parameters", "strict"};
/// A user's name is not longer with OpenAI.
constexpr size_t kUserMax = 64;

Result<void> read_picture(const Json& part, ChatPart& out) {
    out.kind = Kind::Image;
    const Json* image = find_field(part, "image_url");
    if (image == nullptr) return bad_field("messages", "has an image without image_url");
    TRY(const std::string url, read_string(*image, "url"));
    TRY(out.media.detail, read_string(*image, "detail"));
    if (url.empty()) return bad_field("messages", "has an image without an address");
    if (!read_data_url(url, out.media)) out.media.url = url;
    return {};
}

Result<void> read_file(const Json& part, ChatPart& out, Leftovers& left) {
    out.kind = Kind::Document;
    const Json* file = find_field(part, "file");
    if (file == nullptr) return bad_field("messages", "has a file without its member file");
    TRY(std::string data, read_string(*file, "file_data"));
    TRY(out.media.name, read_string(*file, "filename"));
    if (data.empty()) {
        left.meanings.insert("messages.file.file_id");
    } else if (!read_data_url(data, out.media)) {
        out.media.type = kPdf;
        out.media.base64 = std::move(data);
    }
    return {};
}

/// One element of `content`. False: it was left over, or says nothing.
Result<bool> read_part(const Json& part, ChatPart& out, Leftovers& left) {
    TRY(const std::string type, read_string(part, "type"));
    note_others(part, kPartKnown, "messages.", left.hints);
    out.cache = cache_of(part);
    if (type == "text") {
        TRY(out.text, read_string(part, "text"));
    } else if (type == "refusal") {
        TRY(out.text, read_string(part, "refusal"));
    } else if (type == "image_url") {
        TRY_VOID(read_picture(part, out));
    } else if (type == "file") {
        TRY_VOID(read_file(part, out, left));
    } else if (type.empty()) {
        return bad_field("messages", "has a part without a type");
    } else {
        left.meanings.insert("messages." + type);
        return false;
    }
    return says_something(out);
}

Result<void> read_content(const Json& message, std::vector<ChatPart>& out, Leftovers& left) {
    const Json* content = find_field(message, "content");
    if (content == nullptr) return {};
    if (content->is_string()) {
        ChatPart text{.text = content->get<std::string>(), .cache = cache_of(message)};
        if (!text.text.empty()) out.push_back(std::move(text));
        return {};
    }
    if (!content->is_array() || content->size() > kChatPartsMax) {
        return bad_field("messages", "must have a content that is a string or a list of parts");
    }
    for (const Json& each : *content) {
        ChatPart part;
        TRY(const bool is_read, read_part(each, part, left));
        if (is_read) out.push_back(std::move(part));
    }
    return {};
}

Result<void> read_calls(const Json& message, std::vector<ChatPart>& out, Leftovers& left) {
    const Json* calls = find_field(message, "tool_calls");
    if (calls == nullptr) return {};
    if (!calls->is_array() || calls->size() > kChatToolsMax) {
        return bad_field("messages", "must have tool_calls that are a list");
    }
    for (const Json& call : *calls) {
        const Json* function = find_field(call, "function");
        if (function == nullptr) {
            left.meanings.insert("messages.tool_calls.custom");
            continue;
        }
        ChatPart part{.kind = Kind::ToolCall};
        TRY(part.id, read_string(call, "id"));
        TRY(part.name, read_string(*function, "name"));
        TRY(part.json, read_string(*function, "arguments"));
        out.push_back(std::move(part));
    }
    return {};
}

void read_thinking(const Json& message, std::vector<ChatPart>& out, Leftovers& left) {
    if (read_thinking_blocks(message, out)) return;
    if (find_field(message, "reasoning_content") == nullptr) return;
    left.hints.insert("messages.reasoning_content");
}

/// Messages of one role, one after the other, are one: results of tools, and who asked for them.
std::vector<ChatPart>& parts_of(ChatRole role, ChatRequest& chat) {
    if (chat.messages.empty() || chat.messages.back().role != role) {
        chat.messages.push_back({.role = role});
    }
    return chat.messages.back().parts;
}

Result<void> read_message(const Json& message, ChatRequest& chat, Leftovers& left) {
    TRY(const std::string role, read_string(message, "role"));
    note_others(message, kMessageKnown, "messages.", left.hints);
    for (const char* name : {"audio", "function_call"}) {
        if (find_field(message, name) != nullptr) {
            left.meanings.insert(std::string("messages.") + name);
        }
    }
    if (role == "system" || role == "developer") return read_content(message, chat.system, left);
    if (role == "user") return read_content(message, parts_of(ChatRole::User, chat), left);
    if (role == "assistant") {
        std::vector<ChatPart>& parts = parts_of(ChatRole::Assistant, chat);
        read_thinking(message, parts, left);
        TRY_VOID(read_content(message, parts, left));
        TRY(std::string refusal, read_string(message, "refusal"));
        if (!refusal.empty()) parts.push_back({.text = std::move(refusal)});
        return read_calls(message, parts, left);
    }
    if (role == "tool") {
        ChatPart result{.kind = Kind::ToolResult};
        TRY(result.id, read_string(message, "tool_call_id"));
        TRY_VOID(read_content(message, result.content, left));
        parts_of(ChatRole::User, chat).push_back(std::move(result));
        return {};
    }
    return bad_field("messages",
                     "has a role that is none of system, developer, user, assistant, "
                     "and tool");
}

Result<void> read_messages(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* messages = find_field(body, "messages");
    if (messages == nullptr || !messages->is_array() || messages->empty() ||
        messages->size() > kChatPartsMax) {
        return bad_field("messages", "must be a list with at least one message");
    }
    for (const Json& message : *messages) TRY_VOID(read_message(message, chat, left));
    return {};
}

Result<void> read_tools(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* tools = find_field(body, "tools");
    if (tools == nullptr) return {};
    if (!tools->is_array() || tools->size() > kChatToolsMax) {
        return bad_field("tools", "must be a list");
    }
    for (const Json& tool : *tools) {
        const Json* function = find_field(tool, "function");
        if (function == nullptr) {
            TRY(const std::string type, read_string(tool, "type"));
            left.meanings.insert("tools." + type);
            continue;
        }
        note_others(*function, kFunctionKnown, "tools.", left.hints);
        ChatTool out{.cache = cache_of(tool)};
        TRY(out.name, read_string(*function, "name"));
        TRY(out.description, read_string(*function, "description"));
        if (const Json* schema = find_field(*function, "parameters")) out.schema = to_text(*schema);
        if (const Json* strict = find_field(*function, "strict")) out.strict = *strict == true;
        chat.tools.push_back(std::move(out));
    }
    return {};
}

Result<void> read_choice(const Json& body, ChatRequest& chat, Leftovers& left) {
    using Choice = ChatToolChoice::Kind;
    if (const Json* parallel = find_field(body, "parallel_tool_calls")) {
        chat.choice.parallel = *parallel == true;
    }
    const Json* choice = find_field(body, "tool_choice");
    if (choice == nullptr) return {};
    if (*choice == "auto") {
        chat.choice.kind = Choice::Auto;
    } else if (*choice == "none") {
        chat.choice.kind = Choice::None;
    } else if (*choice == "required") {
        chat.choice.kind = Choice::Required;
    } else if (const Json* function = find_field(*choice, "function")) {
        chat.choice.kind = Choice::Named;
        TRY(chat.choice.name, read_string(*function, "name"));
    } else {
        left.meanings.insert("tool_choice");
    }
    return {};
}

Result<void> read_format(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* format = find_field(body, "response_format");
    if (format == nullptr) return {};
    TRY(const std::string type, read_string(*format, "type"));
    if (type == "text") return {};
    const Json* holder = find_field(*format, "json_schema");
    const Json* schema = holder == nullptr ? nullptr : find_field(*holder, "schema");
    if (schema == nullptr) {
        left.meanings.insert("response_format");
        return {};
    }
    TRY(chat.format_name, read_string(*holder, "name"));
    chat.format = to_text(*schema);
    return {};
}

Result<void> read_stop(const Json& body, ChatRequest& chat) {
    const Json* stop = find_field(body, "stop");
    if (stop == nullptr) return {};
    const Json list = stop->is_array() ? *stop : Json::array({*stop});
    for (const Json& each : list) {
        if (!each.is_string()) return bad_field("stop", "must be a string or a list of strings");
        chat.stop.push_back(each.get<std::string>());
    }
    return {};
}

Result<void> read_numbers(const Json& body, ChatRequest& chat, Leftovers& left) {
    TRY(const auto old_max, read_count(body, "max_tokens"));
    TRY(const auto new_max, read_count(body, "max_completion_tokens"));
    chat.output_tokens_max = new_max ? new_max : old_max;
    TRY(chat.temperature, read_number(body, "temperature"));
    TRY(chat.top_p, read_number(body, "top_p"));
    TRY(const auto choices, read_count(body, "n"));
    if (choices.value_or(1) > 1) left.meanings.insert("n");
    for (const char* name : {"frequency_penalty", "presence_penalty"}) {
        const Json* penalty = find_field(body, name);
        if (penalty != nullptr && *penalty != 0) left.meanings.insert(name);
    }
    if (const Json* logprobs = find_field(body, "logprobs")) {
        if (*logprobs != false) left.meanings.insert("logprobs");
    }
    if (const Json* modalities = find_field(body, "modalities")) {
        for (const Json& each : *modalities) {
            if (each != "text") left.meanings.insert("modalities");
        }
    }
    return {};
}

Json media_part(const ChatPart& part) {
    if (part.kind == Kind::Image) {
        Json image = {{"url", part.media.url.empty() ? data_url(part.media) : part.media.url}};
        if (!part.media.detail.empty()) image["detail"] = part.media.detail;
        return {{"type", "image_url"}, {"image_url", std::move(image)}};
    }
    const std::string name = part.media.name.empty() ? "document.pdf" : part.media.name;
    return {{"type", "file"}, {"file", {{"filename", name}, {"file_data", data_url(part.media)}}}};
}

/// Texts and what is shown. One text alone is a string.
Json write_content(const std::vector<ChatPart>& parts, Leftovers& left) {
    Json list = Json::array();
    for (const ChatPart& part : parts) {
        if (!part.cache.empty()) left.hints.insert("cache_control");
        const bool is_shown = part.kind == Kind::Image || part.kind == Kind::Document;
        const bool is_words = !part.text.empty();
        if (is_shown && is_words && !part.media.name.empty()) {
            left.hints.insert("messages.document.title");
        }
        if (part.kind == Kind::Text || (is_shown && is_words)) {
            list.push_back({{"type", "text"}, {"text", part.text}});
        } else if (part.kind == Kind::Document && part.media.base64.empty()) {
            left.meanings.insert("messages.document.source");
        } else if (is_shown) {
            list.push_back(media_part(part));
        } else {
            left.meanings.insert("messages.content");
        }
    }
    if (list.size() == 1 && list.front()["type"] == "text") return list.front()["text"];
    return list;
}

Json write_call(const ChatPart& part) {
    return {
        {"id", part.id},
        {"type", "function"},
        {"function", {{"name", part.name}, {"arguments", part.json.empty() ? "{}" : part.json}}}};
}

Json write_assistant(const ChatMessage& message, Leftovers& left) {
    const std::string text = text_of(message.parts);
    Json calls = Json::array();
    for (const ChatPart& part : message.parts) {
        if (!part.cache.empty()) left.hints.insert("cache_control");
        if (part.kind == Kind::ToolCall) {
            calls.push_back(write_call(part));
        } else if (part.kind == Kind::Thinking || part.kind == Kind::RedactedThinking) {
            left.hints.insert("messages.thinking");
        } else if (part.kind != Kind::Text) {
            left.meanings.insert("messages.content");
        }
    }
    Json out = {{"role", "assistant"}, {"content", text}};
    if (calls.empty()) return out;
    if (text.empty()) out["content"] = nullptr;
    out["tool_calls"] = std::move(calls);
    return out;
}

/// Results of tools are messages of their own, and come first: they follow what asked for them.
/// They hold but text: what else is shown in them comes right after.
void write_user(const ChatMessage& message, Json& messages, Leftovers& left) {
    std::vector<ChatPart> rest;
    for (const ChatPart& part : message.parts) {
        if (part.kind != Kind::ToolResult) {
            rest.push_back(part);
            continue;
        }
        if (part.is_error) left.hints.insert("messages.tool_result.is_error");
        if (!part.cache.empty()) left.hints.insert("cache_control");
        for (const ChatPart& inner : part.content) {
            if (inner.kind != Kind::Text) rest.push_back(inner);
        }
        messages.push_back(
            {{"role", "tool"}, {"tool_call_id", part.id}, {"content", text_of(part.content)}});
    }
    Json content = write_content(rest, left);
    if (content.empty()) return;
    messages.push_back({{"role", "user"}, {"content", std::move(content)}});
}

void write_message(const ChatMessage& message, Json& messages, Leftovers& left) {
    switch (message.role) {
        case ChatRole::User:
            write_user(message, messages, left);
            break;
        case ChatRole::Assistant:
            messages.push_back(write_assistant(message, left));
            break;
        case ChatRole::System:
            messages.push_back(
                {{"role", "system"}, {"content", write_content(message.parts, left)}});
    }
}

void write_tools(const ChatRequest& chat, Json& out, Leftovers& left) {
    for (const ChatTool& tool : chat.tools) {
        if (!tool.cache.empty()) left.hints.insert("cache_control");
        Json function = {{"name", tool.name}};
        if (!tool.description.empty()) function["description"] = tool.description;
        if (!tool.schema.empty()) function["parameters"] = object_of(tool.schema);
        if (tool.strict) function["strict"] = *tool.strict;
        out["tools"].push_back({{"type", "function"}, {"function", std::move(function)}});
    }
    switch (chat.choice.kind) {
        case ChatToolChoice::Kind::Unsaid:
            break;
        case ChatToolChoice::Kind::Auto:
            out["tool_choice"] = "auto";
            break;
        case ChatToolChoice::Kind::None:
            out["tool_choice"] = "none";
            break;
        case ChatToolChoice::Kind::Required:
            out["tool_choice"] = "required";
            break;
        case ChatToolChoice::Kind::Named:
            out["tool_choice"] = {{"type", "function"}, {"function", {{"name", chat.choice.name}}}};
    }
    if (chat.choice.parallel) out["parallel_tool_calls"] = *chat.choice.parallel;
}

}  // namespace

Result<ChatRequest> read_openai_request(const Json& body, Leftovers& left) {
    ChatRequest chat;
    TRY(chat.model, read_string(body, "model"));
    TRY_VOID(read_messages(body, chat, left));
    TRY_VOID(read_tools(body, chat, left));
    TRY_VOID(read_choice(body, chat, left));
    TRY_VOID(read_format(body, chat, left));
    TRY_VOID(read_stop(body, chat));
    TRY_VOID(read_numbers(body, chat, left));
    TRY(chat.effort, read_string(body, "reasoning_effort"));
    if (const Json* thinking = find_field(body, "thinking")) chat.thinking = to_text(*thinking);
    TRY(chat.user, read_string(body, "user"));
    TRY(chat.streams, read_bool(body, "stream"));
    const Json* options = find_field(body, "stream_options");
    TRY(chat.wants_usage, read_bool(options == nullptr ? Json() : *options, "include_usage"));
    note_rest(body, kKnown, kHints, left);
    return chat;
}

Json write_openai_request(const ChatRequest& chat, Leftovers& left) {
    Json out = {{"model", chat.model}, {"messages", Json::array()}};
    Json& messages = out["messages"];
    if (!chat.system.empty()) {
        messages.push_back({{"role", "system"}, {"content", write_content(chat.system, left)}});
    }
    for (const ChatMessage& message : chat.messages) write_message(message, messages, left);
    if (!chat.temperature.empty()) out["temperature"] = Json::parse(chat.temperature);
    if (!chat.top_p.empty()) out["top_p"] = Json::parse(chat.top_p);
    if (!chat.top_k.empty()) left.meanings.insert("top_k");
    if (!chat.stop.empty()) out["stop"] = chat.stop;
    write_tools(chat, out, left);
    if (!chat.format.empty()) {
        const std::string name = chat.format_name.empty() ? "answer" : chat.format_name;
        out["response_format"] = {
            {"type", "json_schema"},
            {"json_schema",
             {{"name", name}, {"schema", object_of(chat.format)}, {"strict", true}}}};
    }
    if (!chat.effort.empty()) out["reasoning_effort"] = chat.effort;
    if (!chat.thinking.empty()) left.hints.insert("thinking");
    if (chat.user.size() > kUserMax) {
        left.hints.insert("metadata.user_id");
    } else if (!chat.user.empty()) {
        out["user"] = chat.user;
    }
    if (chat.streams) {
        out["stream"] = true;
        out["stream_options"] = {{"include_usage", true}};
    }
    return out;
}

}  // namespace keywarden::chat
