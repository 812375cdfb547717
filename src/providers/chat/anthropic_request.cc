#include <algorithm>
#include <array>
#include <utility>

#include "providers/chat/dialects.h"

// Source: Anthropic's API reference, "Create a message".

namespace keywarden::chat {
namespace {

using Kind = ChatPart::Kind;

/// Read here, or the gateway's: `api_key` and the like are for the call alone.
constexpr std::array<std::string_view, 20> kKnown = {"model",
                                                     "messages",
                                                     "system",
                                                     "max_tokens",
                                                     "temperature",
                                                     "top_p",
                                                     "top_k",
                                                     "stop_sequences",
                                                     "stream",
                                                     "tools",
                                                     "tool_choice",
                                                     "output_config",
                                                     "thinking",
                                                     "metadata",
                                                     "api_key",
                                                     "aws_access_key_id",
                                                     "aws_secret_access_key",
                                                     "aws_session_token",
                                                     "aws_region_name",
                                                     "aws_bearer_token_bedrock"};
/// What Anthropic bills, remembers, forgets, or hurries by them; the answer is the same.
constexpr std::array<std::string_view, 8> kHints = {"cache_control",
                                                    "context_management",
                                                    "diagnostics",
                                                    "inference_geo",
                                                    "service_tier",
                                                    "speed",
                                                    "user_profile_id",
                                                    "workspace_id"};
constexpr std::array<std::string_view, 2> kMessageKnown = {"role", "content"};
constexpr std::array<std::string_view, 17> kBlockKnown = {"type",
                                                          "text",
                                                          "source",
                                                          "title",
                                                          "context",
                                                          "citations",
                                                          "cache_control",
                                                          "id",
                                                          "name",
                                                          "input",
                                                          "caller",
                                                          "tool_use_id",
                                                          "content",
                                                          "is_error",
                                                          "thinking",
                                                          "signature",
                                                          "data"};
constexpr std::array<std::string_view, 6> kToolKnown = {
    "type", "name", "description", "input_schema", "strict", "cache_control"};

Result<void> read_source(const Json& block, ChatPart& out, Leftovers& left) {
    const Json* source = find_field(block, "source");
    if (source == nullptr) return bad_field("messages", "has a block without its source");
    TRY(const std::string type, read_string(*source, "type"));
    if (type == "base64") {
        TRY(out.media.type, read_string(*source, "media_type"));
        TRY(out.media.base64, read_string(*source, "data"));
    } else if (type == "url") {
        TRY(out.media.url, read_string(*source, "url"));
    } else if (type == "text") {
        TRY(out.text, read_string(*source, "data"));
    } else {
        left.meanings.insert("messages.source." + type);
    }
    return {};
}

Result<void> read_document(const Json& block, ChatPart& out, Leftovers& left) {
    out.kind = Kind::Document;
    TRY(out.media.name, read_string(block, "title"));
    if (find_field(block, "context") != nullptr) left.meanings.insert("messages.document.context");
    if (const Json* citations = find_field(block, "citations")) {
        if (const Json* on = find_field(*citations, "enabled"); on != nullptr && *on == true) {
            left.meanings.insert("messages.document.citations");
        }
    }
    return read_source(block, out, left);
}

Result<void> read_result(const Json& block, ChatPart& out, Leftovers& left);

/// False: it was left over, or says nothing.
Result<bool> read_block(const Json& block, ChatPart& out, Leftovers& left) {
    TRY(const std::string type, read_string(block, "type"));
    note_others(block, kBlockKnown, "messages.", left.hints);
    out.cache = cache_of(block);
    if (type == "text") {
        TRY(out.text, read_string(block, "text"));
    } else if (type == "image") {
        out.kind = Kind::Image;
        TRY_VOID(read_source(block, out, left));
    } else if (type == "document") {
        TRY_VOID(read_document(block, out, left));
    } else if (type == "tool_use") {
        out.kind = Kind::ToolCall;
        TRY(out.id, read_string(block, "id"));
        TRY(out.name, read_string(block, "name"));
        const Json* input = find_field(block, "input");
        out.json = input == nullptr ? "{}" : to_text(*input);
    } else if (type == "tool_result") {
        TRY_VOID(read_result(block, out, left));
    } else if (type == "thinking") {
        out.kind = Kind::Thinking;
        TRY(out.text, read_string(block, "thinking"));
        TRY(out.signature, read_string(block, "signature"));
    } else if (type == "redacted_thinking") {
        out.kind = Kind::RedactedThinking;
        TRY(out.text, read_string(block, "data"));
    } else if (type.empty()) {
        return bad_field("messages", "has a block without a type");
    } else {
        left.meanings.insert("messages." + type);
        return false;
    }
    return says_something(out);
}

Result<void> read_content(const Json& holder,
                          std::string_view member,
                          std::vector<ChatPart>& out,
                          Leftovers& left) {
    const Json* content = find_field(holder, member);
    if (content == nullptr) return {};
    if (content->is_string()) {
        if (!content->get_ref<const std::string&>().empty()) {
            out.push_back({.text = content->get<std::string>()});
        }
        return {};
    }
    if (!content->is_array() || content->size() > kChatPartsMax) {
        return bad_field(member, "must be a string or a list of blocks");
    }
    for (const Json& each : *content) {
        ChatPart part;
        TRY(const bool is_read, read_block(each, part, left));
        if (is_read) out.push_back(std::move(part));
    }
    return {};
}

Result<void> read_result(const Json& block, ChatPart& out, Leftovers& left) {
    out.kind = Kind::ToolResult;
    TRY(out.id, read_string(block, "tool_use_id"));
    TRY(out.is_error, read_bool(block, "is_error"));
    const Json* content = find_field(block, "content");
    if (content != nullptr && content->is_array()) {
        for (const Json& inner : *content) {  // no results within results
            TRY(const std::string type, read_string(inner, "type"));
            if (type == "tool_result") return bad_field("messages", "has a result in a result");
        }
    }
    return read_content(block, "content", out.content, left);
}

Result<ChatRole> read_role(const Json& message) {
    TRY(const std::string role, read_string(message, "role"));
    if (role == "user") return ChatRole::User;
    if (role == "assistant") return ChatRole::Assistant;
    if (role == "system") return ChatRole::System;
    return bad_field("messages", "has a role that is none of user, assistant, and system");
}

Result<void> read_messages(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* messages = find_field(body, "messages");
    if (messages == nullptr || !messages->is_array() || messages->empty() ||
        messages->size() > kChatPartsMax) {
        return bad_field("messages", "must be a list with at least one message");
    }
    for (const Json& message : *messages) {
        ChatMessage out;
        TRY(out.role, read_role(message));
        note_others(message, kMessageKnown, "messages.", left.hints);
        TRY_VOID(read_content(message, "content", out.parts, left));
        chat.messages.push_back(std::move(out));
    }
    return {};
}

Result<void> read_tools(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* tools = find_field(body, "tools");
    if (tools == nullptr) return {};
    if (!tools->is_array() || tools->size() > kChatToolsMax) {
        return bad_field("tools", "must be a list");
    }
    for (const Json& tool : *tools) {
        const Json* schema = find_field(tool, "input_schema");
        if (schema == nullptr) {  // one of Anthropic's own
            TRY(const std::string type, read_string(tool, "type"));
            left.meanings.insert("tools." + type);
            continue;
        }
        note_others(tool, kToolKnown, "tools.", left.hints);
        ChatTool out{.schema = to_text(*schema), .cache = cache_of(tool)};
        TRY(out.name, read_string(tool, "name"));
        TRY(out.description, read_string(tool, "description"));
        if (const Json* strict = find_field(tool, "strict")) out.strict = *strict == true;
        chat.tools.push_back(std::move(out));
    }
    return {};
}

Result<void> read_choice(const Json& body, ChatRequest& chat) {
    using Choice = ChatToolChoice::Kind;
    const Json* choice = find_field(body, "tool_choice");
    if (choice == nullptr) return {};
    TRY(const std::string type, read_string(*choice, "type"));
    if (find_field(*choice, "disable_parallel_tool_use") != nullptr) {
        TRY(const bool is_off, read_bool(*choice, "disable_parallel_tool_use"));
        chat.choice.parallel = !is_off;
    }
    TRY(chat.choice.name, read_string(*choice, "name"));
    if (type == "auto") {
        chat.choice.kind = Choice::Auto;
    } else if (type == "any") {
        chat.choice.kind = Choice::Required;
    } else if (type == "tool") {
        chat.choice.kind = Choice::Named;
    } else if (type == "none") {
        chat.choice.kind = Choice::None;
    } else {
        return bad_field("tool_choice", "must be of the type auto, any, tool or none");
    }
    return {};
}

Result<void> read_output(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* config = find_field(body, "output_config");
    if (config == nullptr) return {};
    TRY(chat.effort, read_string(*config, "effort"));
    const Json* format = find_field(*config, "format");
    if (format == nullptr) return {};
    const Json* schema = find_field(*format, "schema");
    if (schema == nullptr) {
        left.meanings.insert("output_config.format");
        return {};
    }
    chat.format = to_text(*schema);
    return {};
}

Result<void> read_rest(const Json& body, ChatRequest& chat, Leftovers& left) {
    TRY(chat.output_tokens_max, read_count(body, "max_tokens"));
    TRY(chat.temperature, read_number(body, "temperature"));
    TRY(chat.top_p, read_number(body, "top_p"));
    TRY(chat.top_k, read_number(body, "top_k"));
    TRY(chat.streams, read_bool(body, "stream"));
    if (const Json* metadata = find_field(body, "metadata")) {
        TRY(chat.user, read_string(*metadata, "user_id"));
    }
    if (const Json* stops = find_field(body, "stop_sequences")) {
        for (const Json& stop : *stops) {
            if (!stop.is_string()) return bad_field("stop_sequences", "must be a list of strings");
            chat.stop.push_back(stop.get<std::string>());
        }
    }
    if (const Json* thinking = find_field(body, "thinking")) chat.thinking = to_text(*thinking);
    note_rest(body, kKnown, kHints, left);
    return {};
}

void mark(Json& block, const std::string& cache) {
    if (!cache.empty()) block["cache_control"] = object_of(cache);
}

Json source_of(const ChatPart& part) {
    if (!part.media.url.empty()) return {{"type", "url"}, {"url", part.media.url}};
    if (!part.media.base64.empty()) {
        return {{"type", "base64"}, {"media_type", part.media.type}, {"data", part.media.base64}};
    }
    return {{"type", "text"}, {"media_type", "text/plain"}, {"data", part.text}};
}

Json write_content(const std::vector<ChatPart>& parts, Leftovers& left);

bool can_say(const ChatPart& part, Leftovers& left) {
    const bool is_file = part.kind == Kind::Document && !part.media.base64.empty();
    if (is_file && part.media.type != kPdf) {
        left.meanings.insert("messages.file");
        return false;
    }
    if (part.kind == Kind::Thinking && part.signature.empty()) {  // none of Claude's
        left.hints.insert("messages.thinking_blocks");
        return false;
    }
    return true;
}

Json write_block(const ChatPart& part, Leftovers& left) {
    switch (part.kind) {
        case Kind::Text:
            return {{"type", "text"}, {"text", part.text}};
        case Kind::Image:
            if (!part.media.detail.empty() && part.media.detail != "auto") {
                left.hints.insert("messages.image_url.detail");
            }
            return {{"type", "image"}, {"source", source_of(part)}};
        case Kind::Document: {
            Json out = {{"type", "document"}, {"source", source_of(part)}};
            if (!part.media.name.empty()) out["title"] = part.media.name;
            return out;
        }
        case Kind::ToolCall:
            return {{"type", "tool_use"},
                    {"id", part.id},
                    {"name", part.name},
                    {"input", tool_input(part.json)}};
        case Kind::ToolResult: {
            Json out = {{"type", "tool_result"}, {"tool_use_id", part.id}};
            if (!part.content.empty()) out["content"] = write_content(part.content, left);
            if (part.is_error) out["is_error"] = true;
            return out;
        }
        case Kind::Thinking:
        case Kind::RedactedThinking:
            return thinking_block(part);
    }
    return nullptr;
}

Json write_blocks(const std::vector<ChatPart>& parts, Leftovers& left) {
    Json out = Json::array();
    for (const ChatPart& part : parts) {
        if (!can_say(part, left)) continue;
        Json block = write_block(part, left);
        mark(block, part.cache);
        out.push_back(std::move(block));
    }
    return out;
}

/// One plain text is a string.
Json write_content(const std::vector<ChatPart>& parts, Leftovers& left) {
    Json blocks = write_blocks(parts, left);
    const bool is_plain =
        blocks.size() == 1 && blocks[0]["type"] == "text" && !blocks[0].contains("cache_control");
    return is_plain ? Json(blocks[0]["text"]) : blocks;
}

void write_tools(const ChatRequest& chat, Json& out) {
    for (const ChatTool& tool : chat.tools) {
        Json written = {{"name", tool.name}};
        if (!tool.description.empty()) written["description"] = tool.description;
        written["input_schema"] = object_of(tool.schema);
        if (tool.schema.empty()) written["input_schema"]["type"] = "object";
        if (tool.strict) written["strict"] = *tool.strict;
        mark(written, tool.cache);
        out["tools"].push_back(std::move(written));
    }
    if (chat.tools.empty()) return;
    using Choice = ChatToolChoice::Kind;
    Json choice = Json::object();
    switch (chat.choice.kind) {
        case Choice::Unsaid:
        case Choice::Auto:
            choice["type"] = "auto";
            break;
        case Choice::None:
            choice["type"] = "none";
            break;
        case Choice::Required:
            choice["type"] = "any";
            break;
        case Choice::Named:
            choice["type"] = "tool";
            choice["name"] = chat.choice.name;
    }
    const bool is_alone = chat.choice.parallel == false && chat.choice.kind != Choice::None;
    if (is_alone) choice["disable_parallel_tool_use"] = true;
    if (is_alone || chat.choice.kind != Choice::Unsaid) out["tool_choice"] = std::move(choice);
}

std::string_view role_of(ChatRole role) {
    switch (role) {
        case ChatRole::User:
            return "user";
        case ChatRole::Assistant:
            return "assistant";
        case ChatRole::System:
            return "system";
    }
    return {};
}

}  // namespace

/// Where Claude thinks as it sees fit, its effort says how much; it has no less than `low`. Some
/// models think by themselves, some only when they are told to.
void write_claude_thinking(const ChatRequest& chat, Json& out, Leftovers& left) {
    if (!chat.thinking.empty()) out["thinking"] = object_of(chat.thinking);
    if (chat.effort.empty()) return;
    const bool is_less = chat.effort == "none" || chat.effort == "minimal";
    if (is_less) left.hints.insert("reasoning_effort");
    out["output_config"]["effort"] = is_less ? "low" : chat.effort;
    if (chat.thinking.empty()) out["thinking"] = {{"type", "adaptive"}};
}

Result<ChatRequest> read_anthropic_request(const Json& body, Leftovers& left) {
    ChatRequest chat;
    TRY(chat.model, read_string(body, "model"));
    TRY_VOID(read_content(body, "system", chat.system, left));
    TRY_VOID(read_messages(body, chat, left));
    TRY_VOID(read_tools(body, chat, left));
    TRY_VOID(read_choice(body, chat));
    TRY_VOID(read_output(body, chat, left));
    TRY_VOID(read_rest(body, chat, left));
    return chat;
}

Json write_anthropic_request(const ChatRequest& chat, Leftovers& left) {
    Json out = {{"model", chat.model}};
    if (!chat.system.empty()) out["system"] = write_content(chat.system, left);
    out["messages"] = Json::array();
    for (const ChatMessage& message : chat.messages) {
        Json content = write_content(message.parts, left);
        if (content.empty()) continue;  // all of it was left out
        out["messages"].push_back(
            {{"role", role_of(message.role)}, {"content", std::move(content)}});
    }
    if (!chat.temperature.empty()) {
        const Json temperature = Json::parse(chat.temperature);
        if (temperature > 1) left.meanings.insert("temperature");  // OpenAI's ends at 2
        if (temperature <= 1) out["temperature"] = temperature;
    }
    if (!chat.top_p.empty()) out["top_p"] = Json::parse(chat.top_p);
    if (!chat.top_k.empty()) out["top_k"] = Json::parse(chat.top_k);
    if (!chat.stop.empty()) out["stop_sequences"] = chat.stop;
    write_tools(chat, out);
    if (!chat.format.empty()) {
        out["output_config"]["format"] = {{"type", "json_schema"},
                                          {"schema", object_of(chat.format)}};
    }
    write_claude_thinking(chat, out, left);
    if (!chat.user.empty()) out["metadata"] = {{"user_id", chat.user}};
    if (chat.streams) out["stream"] = true;
    return out;
}

}  // namespace keywarden::chat
