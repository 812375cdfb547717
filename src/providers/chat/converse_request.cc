#include <algorithm>
#include <array>
#include <utility>

#include "providers/chat/converse.h"

// Source: ConverseRequest and ConverseStreamRequest in the Bedrock Runtime API.

namespace keywarden::chat {
namespace {

using Kind = ChatPart::Kind;

constexpr std::string_view kMore = "additionalModelRequestFields";
constexpr std::string_view kPaths = "additionalModelResponseFieldPaths";

/// Read here, or the gateway's: `api_key` and the like are for the call alone.
constexpr std::array<std::string_view, 14> kKnown = {"modelId",
                                                     "messages",
                                                     "system",
                                                     "inferenceConfig",
                                                     "toolConfig",
                                                     "outputConfig",
                                                     kMore,
                                                     kPaths,
                                                     "api_key",
                                                     "aws_access_key_id",
                                                     "aws_secret_access_key",
                                                     "aws_session_token",
                                                     "aws_region_name",
                                                     "aws_bearer_token_bedrock"};
/// What AWS logs, bills, or hurries by them; the answer is the same.
constexpr std::array<std::string_view, 3> kHints = {
    "requestMetadata", "performanceConfig", "serviceTier"};
constexpr std::array<std::string_view, 4> kInferenceKnown = {
    "maxTokens", "temperature", "topP", "stopSequences"};
constexpr std::array<std::string_view, 4> kSpecKnown = {
    "name", "description", "inputSchema", "strict"};
constexpr std::array<std::string_view, 5> kMoreKnown = {
    "top_k", "thinking", "reasoning_config", "output_config", "reasoning_effort"};
constexpr std::array<std::string_view, 1> kMoreHints = {"anthropic_beta"};

/// A marker of a cache is a block of its own here, and elsewhere is on what comes before it.
std::string cache_of_point(const Json& point) {
    Json marker = {{"type", "ephemeral"}};
    const std::string lifetime = text_in(point, "ttl");
    if (!lifetime.empty()) marker["ttl"] = lifetime;
    return to_text(marker);
}

Result<void> read_tool_use(const Json& use, ChatPart& out, Leftovers& left) {
    out.kind = Kind::ToolCall;
    if (find_field(use, "type") != nullptr) left.meanings.insert("messages.toolUse.type");
    TRY(out.id, read_string(use, "toolUseId"));
    TRY(out.name, read_string(use, "name"));
    const Json* input = find_field(use, "input");
    out.json = input == nullptr ? "{}" : to_text(*input);
    return {};
}

Result<bool> read_block(const Json& block, ChatPart& out, Leftovers& left);

Result<void> read_tool_result(const Json& result, ChatPart& out, Leftovers& left) {
    out.kind = Kind::ToolResult;
    if (find_field(result, "type") != nullptr) left.meanings.insert("messages.toolResult.type");
    TRY(out.id, read_string(result, "toolUseId"));
    TRY(const std::string status, read_string(result, "status"));
    out.is_error = status == "error";
    const Json* content = find_field(result, "content");
    if (content == nullptr) return {};
    if (!content->is_array() || content->size() > kChatPartsMax) {
        return bad_field("messages", "must have results whose content is a list of blocks");
    }
    for (const Json& each : *content) {
        if (find_field(each, "toolResult") != nullptr) {  // no results within results
            return bad_field("messages", "has a result in a result");
        }
        ChatPart inner;
        if (const Json* json = find_field(each, "json")) {
            inner.text = to_text(*json);
            out.content.push_back(std::move(inner));
            continue;
        }
        TRY(const bool is_read, read_block(each, inner, left));
        if (is_read) out.content.push_back(std::move(inner));
    }
    return {};
}

/// What a guardrail would look at is text like other text: whether one is asked for is said
/// elsewhere.
Result<void> read_guarded(const Json& guarded, ChatPart& out, Leftovers& left) {
    if (const Json* image = find_field(guarded, "image")) {
        out.kind = Kind::Image;
        return read_converse_media(*image, out, left);
    }
    const Json* text = find_field(guarded, "text");
    if (text == nullptr) return {};
    TRY(out.text, read_string(*text, "text"));
    if (find_field(*text, "qualifiers") != nullptr) {
        left.hints.insert("messages.guardContent.qualifiers");
    }
    return {};
}

/// A block has one member. False: it was left over, or says nothing.
Result<bool> read_block(const Json& block, ChatPart& out, Leftovers& left) {
    if (!block.is_object() || block.empty()) {
        return bad_field("messages", "has a block without a member");
    }
    const std::string name = block.begin().key();
    const Json& value = block.begin().value();
    const std::array<std::string_view, 1> known = {name};
    note_others(block, known, "messages.", left.hints);
    if (name == "text") {
        TRY(out.text, read_string(block, "text"));
    } else if (name == "image" || name == "document") {
        out.kind = name == "image" ? Kind::Image : Kind::Document;
        TRY_VOID(read_converse_media(value, out, left));
    } else if (name == "toolUse") {
        TRY_VOID(read_tool_use(value, out, left));
    } else if (name == "toolResult") {
        TRY_VOID(read_tool_result(value, out, left));
    } else if (name == "guardContent") {
        TRY_VOID(read_guarded(value, out, left));
    } else if (name == "citationsContent") {
        out.text = cited_text(value);
        left.hints.insert("messages.citationsContent.citations");
    } else if (name == "reasoningContent") {
        auto thinking = read_converse_thinking(value);
        if (!thinking) return false;
        out = *std::move(thinking);
    } else {
        left.meanings.insert("messages." + name);
        return false;
    }
    return says_something(out);
}

/// `before`: what the first block may mark.
Result<void> read_blocks(const Json& blocks,
                         ChatPart* before,
                         std::vector<ChatPart>& out,
                         Leftovers& left) {
    for (const Json& block : blocks) {
        if (const Json* point = find_field(block, "cachePoint")) {
            ChatPart* const marked = out.empty() ? before : &out.back();
            if (marked != nullptr) marked->cache = cache_of_point(*point);
            if (marked == nullptr) left.hints.insert("cachePoint");
            continue;
        }
        ChatPart part;
        TRY(const bool is_read, read_block(block, part, left));
        if (is_read) out.push_back(std::move(part));
    }
    return {};
}

Result<void> read_system(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* system = find_field(body, "system");
    if (system == nullptr) return {};
    if (!system->is_array() || system->size() > kChatPartsMax) {
        return bad_field("system", "must be a list of blocks");
    }
    return read_blocks(*system, nullptr, chat.system, left);
}

Result<void> read_messages(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* messages = find_field(body, "messages");
    if (messages == nullptr || !messages->is_array() || messages->empty() ||
        messages->size() > kChatPartsMax) {
        return bad_field("messages", "must be a list with at least one message");
    }
    for (const Json& message : *messages) {
        TRY(const std::string role, read_string(message, "role"));
        if (role != "user" && role != "assistant") {
            return bad_field("messages", "has a role that is none of user and assistant");
        }
        const Json* content = find_field(message, "content");
        if (content == nullptr || !content->is_array() || content->size() > kChatPartsMax) {
            return bad_field("messages", "must have a content that is a list of blocks");
        }
        ChatMessage out{.role = role == "user" ? ChatRole::User : ChatRole::Assistant};
        const bool is_first = chat.messages.empty() || chat.messages.back().parts.empty();
        ChatPart* const before = is_first ? nullptr : &chat.messages.back().parts.back();
        TRY_VOID(read_blocks(*content, before, out.parts, left));
        chat.messages.push_back(std::move(out));
    }
    return {};
}

Result<void> read_inference(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* config = find_field(body, "inferenceConfig");
    if (config == nullptr) return {};
    note_others(*config, kInferenceKnown, "inferenceConfig.", left.meanings);
    TRY(chat.output_tokens_max, read_count(*config, "maxTokens"));
    TRY(chat.temperature, read_number(*config, "temperature"));
    TRY(chat.top_p, read_number(*config, "topP"));
    const Json* stops = find_field(*config, "stopSequences");
    if (stops == nullptr) return {};
    for (const Json& stop : *stops) {
        if (!stop.is_string()) return bad_field("stopSequences", "must be a list of strings");
        chat.stop.push_back(stop.get<std::string>());
    }
    return {};
}

Result<void> read_tool(const Json& tool, ChatRequest& chat, Leftovers& left) {
    if (const Json* point = find_field(tool, "cachePoint")) {
        if (!chat.tools.empty()) chat.tools.back().cache = cache_of_point(*point);
        return {};
    }
    const Json* spec = find_field(tool, "toolSpec");
    if (spec == nullptr) {  // one that AWS runs itself
        if (!tool.is_object() || tool.empty()) {
            return bad_field("toolConfig", "has a tool without its toolSpec");
        }
        left.meanings.insert("toolConfig.tools." + tool.begin().key());
        return {};
    }
    note_others(*spec, kSpecKnown, "toolConfig.tools.", left.hints);
    ChatTool out;
    TRY(out.name, read_string(*spec, "name"));
    TRY(out.description, read_string(*spec, "description"));
    const Json* schema = find_field(*spec, "inputSchema");
    const Json* json = schema == nullptr ? nullptr : find_field(*schema, "json");
    if (json != nullptr) out.schema = to_text(*json);
    if (const Json* strict = find_field(*spec, "strict")) out.strict = *strict == true;
    chat.tools.push_back(std::move(out));
    return {};
}

Result<void> read_tools(const Json& body, ChatRequest& chat, Leftovers& left) {
    using Choice = ChatToolChoice::Kind;
    const Json* config = find_field(body, "toolConfig");
    if (config == nullptr) return {};
    const Json* tools = find_field(*config, "tools");
    if (tools == nullptr || !tools->is_array() || tools->size() > kChatToolsMax) {
        return bad_field("toolConfig", "must have tools that are a list");
    }
    for (const Json& tool : *tools) TRY_VOID(read_tool(tool, chat, left));
    const Json* choice = find_field(*config, "toolChoice");
    if (choice == nullptr) return {};
    if (find_field(*choice, "auto") != nullptr) {
        chat.choice.kind = Choice::Auto;
    } else if (find_field(*choice, "any") != nullptr) {
        chat.choice.kind = Choice::Required;
    } else if (const Json* tool = find_field(*choice, "tool")) {
        chat.choice.kind = Choice::Named;
        TRY(chat.choice.name, read_string(*tool, "name"));
    } else {
        return bad_field("toolConfig", "must have a toolChoice that is auto, any or tool");
    }
    return {};
}

Result<void> read_output(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* config = find_field(body, "outputConfig");
    if (config == nullptr) return {};
    const Json* format = find_field(*config, "textFormat");
    const Json* structure = format == nullptr ? nullptr : find_field(*format, "structure");
    const Json* schema = structure == nullptr ? nullptr : find_field(*structure, "jsonSchema");
    if (schema == nullptr) {
        left.meanings.insert("outputConfig");
        return {};
    }
    TRY(chat.format, read_string(*schema, "schema"));
    TRY(chat.format_name, read_string(*schema, "name"));
    if (!parse_object(chat.format).is_object()) {
        return bad_field("outputConfig", "must have a schema that is a JSON object as text");
    }
    return {};
}

/// What Claude and OpenAI's models take beyond Converse, and others know too.
Result<void> read_more(const Json& body, ChatRequest& chat, Leftovers& left) {
    const Json* more = find_field(body, kMore);
    if (more == nullptr) return {};
    if (!more->is_object()) return bad_field(kMore, "must be an object");
    const std::string prefix = std::string(kMore) + '.';
    TRY(chat.top_k, read_number(*more, "top_k"));
    TRY(chat.effort, read_string(*more, "reasoning_effort"));
    for (const char* name : {"reasoning_config", "thinking"}) {
        if (const Json* thinking = find_field(*more, name)) chat.thinking = to_text(*thinking);
    }
    if (const Json* config = find_field(*more, "output_config")) {
        TRY(chat.effort, read_string(*config, "effort"));
        static constexpr std::array<std::string_view, 1> kEffort = {"effort"};
        note_others(*config, kEffort, prefix + "output_config.", left.meanings);
    }
    std::set<std::string> rest;
    note_others(*more, kMoreKnown, "", rest);
    for (const std::string& name : rest) {
        const bool is_hint = std::ranges::find(kMoreHints, name) != kMoreHints.end();
        (is_hint ? left.hints : left.meanings).insert(prefix + name);
    }
    return {};
}

}  // namespace

Result<ChatRequest> read_converse_request(const Json& body, Leftovers& left) {
    ChatRequest chat;
    TRY_VOID(read_system(body, chat, left));
    TRY_VOID(read_messages(body, chat, left));
    TRY_VOID(read_inference(body, chat, left));
    TRY_VOID(read_tools(body, chat, left));
    TRY_VOID(read_output(body, chat, left));
    TRY_VOID(read_more(body, chat, left));
    if (const Json* paths = find_field(body, kPaths)) {
        for (const Json& path : *paths) {
            if (path != kStopSequencePath) left.meanings.insert(std::string(kPaths));
        }
    }
    note_rest(body, kKnown, kHints, left);
    return chat;
}

}  // namespace keywarden::chat
