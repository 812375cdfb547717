#include <algorithm>
#include <array>
#include <utility>

#include "providers/chat/converse.h"

// Source: ConverseRequest in the Bedrock Runtime API; AWS, "Inference request parameters and
// response fields for foundation models", "Prompt caching".

namespace keywarden::chat {
namespace {

using Kind = ChatPart::Kind;

bool is_tool_part(const ChatPart& part) {
    return part.kind == Kind::ToolCall || part.kind == Kind::ToolResult;
}

bool has_tool_parts(const ChatRequest& chat) {
    return std::ranges::any_of(chat.messages, [](const ChatMessage& message) {
        return std::ranges::any_of(message.parts, is_tool_part);
    });
}

/// One request in Converse. What a model takes beyond it depends on who made it.
class Writer {
public:
    Writer(const ChatRequest& chat, Leftovers& left)
        : chat_(chat), left_(left), maker_(maker_of(chat.model)) {}

    Json write() {
        Json out = {{"messages", Json::array()}};
        for (const ChatMessage& message : chat_.messages) add_message(message, out["messages"]);
        add_system(out);
        add_inference(out);
        add_tools(out);
        add_format(out);
        add_more(out);
        if (!chat_.user.empty()) left_.hints.insert("user");
        return out;
    }

private:
    /// A marker of a cache, after what it marks. Models that have none refuse it.
    void add_cache_point(const std::string& cache, bool may, Json& out) {
        if (cache.empty()) return;
        if (!may) {
            left_.hints.insert("cache_control");
            return;
        }
        Json point = {{"type", "default"}};
        const std::string lifetime = text_in(object_of(cache), "ttl");
        const bool is_claude = maker_ == ModelMaker::Anthropic;
        if (is_claude && !lifetime.empty()) point["ttl"] = lifetime;
        out.push_back({{"cachePoint", std::move(point)}});
    }
    bool may_cache() const {
        return maker_ == ModelMaker::Anthropic || maker_ == ModelMaker::Amazon;
    }

    Json write_result(const ChatPart& part) {
        Json content = Json::array();
        for (const ChatPart& inner : part.content) {
            Json block = write_part(inner);
            if (!block.is_null()) content.push_back(std::move(block));
            if (!inner.cache.empty()) left_.hints.insert("cache_control");
        }
        Json result = {{"toolUseId", part.id}, {"content", std::move(content)}};
        if (part.is_error) result["status"] = "error";
        return {{"toolResult", std::move(result)}};
    }

    /// Null: it was left over.
    Json write_part(const ChatPart& part) {
        switch (part.kind) {
            case Kind::Text:
                return {{"text", part.text}};
            case Kind::Image:
                return converse_image(part, left_);
            case Kind::Document:
                return converse_document(part, names_, left_);
            case Kind::ToolCall:
                return converse_tool_use(part);
            case Kind::ToolResult:
                return write_result(part);
            case Kind::Thinking:
                if (part.signature.empty()) {  // nobody takes it back
                    left_.hints.insert("messages.thinking_blocks");
                    return nullptr;
                }
                return converse_thinking(part);
            case Kind::RedactedThinking:
                return converse_thinking(part);
        }
        return nullptr;
    }

    /// Users and assistants take turns: messages of one of them that follow each other are one.
    void add_message(const ChatMessage& message, Json& messages) {
        if (message.role == ChatRole::System) {
            left_.meanings.insert("messages.system");
            return;
        }
        const char* const role = message.role == ChatRole::User ? "user" : "assistant";
        Json content = Json::array();
        for (const ChatPart& part : message.parts) {
            Json block = write_part(part);
            if (block.is_null()) continue;
            content.push_back(std::move(block));
            add_cache_point(part.cache, may_cache(), content);
        }
        if (content.empty()) return;  // all of it was left out
        if (!messages.empty() && messages.back()["role"] == role) {
            Json& before = messages.back()["content"];
            for (Json& block : content) before.push_back(std::move(block));
            return;
        }
        messages.push_back({{"role", role}, {"content", std::move(content)}});
    }

    void add_system(Json& out) {
        for (const ChatPart& part : chat_.system) {
            if (part.kind != Kind::Text) {
                left_.meanings.insert("system");
                continue;
            }
            out["system"].push_back({{"text", part.text}});
            add_cache_point(part.cache, may_cache(), out["system"]);
        }
    }

    void add_inference(Json& out) {
        Json config = Json::object();
        if (!chat_.temperature.empty()) {
            Json temperature = Json::parse(chat_.temperature);
            if (temperature > 1) {  // OpenAI's ends at 2
                left_.meanings.insert("temperature");
            } else {
                config["temperature"] = std::move(temperature);
            }
        }
        if (!chat_.top_p.empty()) config["topP"] = Json::parse(chat_.top_p);
        if (!chat_.stop.empty()) config["stopSequences"] = chat_.stop;
        if (!config.empty()) out["inferenceConfig"] = std::move(config);
    }

    Json write_tool(const ChatTool& tool) {
        Json schema = object_of(tool.schema);
        if (tool.schema.empty()) schema["type"] = "object";
        Json spec = {{"name", tool.name}};
        if (!tool.description.empty()) spec["description"] = tool.description;
        spec["inputSchema"] = {{"json", std::move(schema)}};
        if (tool.strict) spec["strict"] = *tool.strict;
        return {{"toolSpec", std::move(spec)}};
    }

    /// There is no word for none of them: then they are not told, unless some were called before.
    void add_tools(Json& out) {
        using Choice = ChatToolChoice::Kind;
        if (chat_.tools.empty()) return;
        if (chat_.choice.kind == Choice::None) {
            if (has_tool_parts(chat_)) left_.meanings.insert("tool_choice");
            return;
        }
        if (chat_.choice.parallel == false) left_.meanings.insert("parallel_tool_calls");
        Json& config = out["toolConfig"];
        for (const ChatTool& tool : chat_.tools) {
            config["tools"].push_back(write_tool(tool));
            add_cache_point(tool.cache, maker_ == ModelMaker::Anthropic, config["tools"]);
        }
        if (chat_.choice.kind == Choice::Auto) {
            config["toolChoice"]["auto"] = Json::object();
        } else if (chat_.choice.kind == Choice::Required) {
            config["toolChoice"]["any"] = Json::object();
        } else if (chat_.choice.kind == Choice::Named) {
            config["toolChoice"]["tool"]["name"] = chat_.choice.name;
        }
    }

    void add_format(Json& out) {
        if (chat_.format.empty()) return;
        Json schema = {{"schema", chat_.format}};
        if (!chat_.format_name.empty()) schema["name"] = chat_.format_name;
        out["outputConfig"]["textFormat"] = {{"type", "json_schema"},
                                             {"structure", {{"jsonSchema", std::move(schema)}}}};
    }

    /// Nova's second kind has three steps.
    void add_effort(Json& more) {
        constexpr std::array<std::string_view, 3> kSteps = {"low", "medium", "high"};
        const bool is_step = std::ranges::find(kSteps, chat_.effort) != kSteps.end();
        if (maker_ == ModelMaker::OpenAi) {
            more["reasoning_effort"] = chat_.effort;
        } else if (is_step && maker_ == ModelMaker::Amazon && chat_.model.contains("nova-2")) {
            more["reasoningConfig"] = {{"type", "enabled"}, {"maxReasoningEffort", chat_.effort}};
        } else {
            left_.hints.insert("reasoning_effort");
        }
    }

    void add_top_k(Json& more) {
        if (maker_ == ModelMaker::Anthropic) {
            more["top_k"] = Json::parse(chat_.top_k);
        } else if (maker_ == ModelMaker::Amazon) {
            more["inferenceConfig"]["topK"] = Json::parse(chat_.top_k);
        } else {
            left_.meanings.insert("top_k");
        }
    }

    void add_more(Json& out) {
        Json more = Json::object();
        if (maker_ == ModelMaker::Anthropic) {
            write_claude_thinking(chat_, more, left_);
        } else {
            if (!chat_.thinking.empty()) left_.hints.insert("thinking");
            if (!chat_.effort.empty()) add_effort(more);
        }
        if (!chat_.top_k.empty()) add_top_k(more);
        if (!more.empty()) out["additionalModelRequestFields"] = std::move(more);
        // Which sequence it was, is told only when it is asked for.
        if (maker_ == ModelMaker::Anthropic && !chat_.stop.empty()) {
            out["additionalModelResponseFieldPaths"].push_back(kStopSequencePath);
        }
    }

    const ChatRequest& chat_;
    Leftovers& left_;
    ModelMaker maker_;
    DocumentNames names_{};
};

}  // namespace

Json write_converse_request(const ChatRequest& chat, Leftovers& left) {
    return Writer(chat, left).write();
}

}  // namespace keywarden::chat
