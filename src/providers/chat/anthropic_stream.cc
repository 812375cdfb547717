#include <array>
#include <utility>

#include "providers/chat/dialects.h"

// Source: Anthropic's API reference, "Streaming messages".

namespace keywarden::chat {
namespace {

using Step = ChatDelta::Kind;

constexpr std::array kUsageMembers = {"input_tokens",
                                      "output_tokens",
                                      "cache_read_input_tokens",
                                      "cache_creation_input_tokens",
                                      "cache_creation",
                                      "output_tokens_details"};

class Reader final : public DeltaReader {
public:
    Result<void> read(const ChatEvent& sent, std::vector<ChatDelta>& out) override {
        const Json event = parse_object(sent.data);
        if (!event.is_object()) return no_answer("an event that is no JSON object");
        const std::string type = text_in(event, "type");
        if (type == "error") {
            read_error(event, out);
        } else if (type == "message_start") {
            read_start(event, out);
        } else if (!has_begun_ && type != "ping") {
            return no_answer("it does not begin with its start");
        } else if (type == "content_block_start") {
            return read_block_start(event, out);
        } else if (type == "content_block_delta") {
            read_delta(event, out);
        } else if (type == "content_block_stop") {
            // Of a call without arguments nothing came, and elsewhere it is an empty object.
            if (is_tool_ && !has_arguments_) add(Step::Arguments, "{}", out);
            is_tool_ = false;
        } else if (type == "message_delta") {
            read_end(event, out);
        } else if (type == "message_stop") {
            out.push_back({.kind = Step::End});
        }
        return {};
    }

private:
    static void read_error(const Json& event, std::vector<ChatDelta>& out) {
        const Json* error = find_field(event, "error");
        const Json& words = error == nullptr ? event : *error;
        out.push_back({.kind = Step::Error,
                       .text = text_in(words, "message"),
                       .name = text_in(words, "type")});
    }

    void read_start(const Json& event, std::vector<ChatDelta>& out) {
        const Json* message = find_field(event, "message");
        if (message == nullptr || has_begun_) return;
        has_begun_ = true;
        out.push_back({.kind = Step::Start,
                       .id = text_in(*message, "id"),
                       .name = text_in(*message, "model")});
        if (const Json* usage = find_field(*message, "usage")) merge(*usage, out);
    }

    Result<void> read_block_start(const Json& event, std::vector<ChatDelta>& out) {
        is_tool_ = false;
        const Json* block = find_field(event, "content_block");
        if (block == nullptr) return {};
        const std::string type = text_in(*block, "type");
        if (type == "text") add(Step::Text, text_in(*block, "text"), out);
        if (type == "thinking") add(Step::Thinking, text_in(*block, "thinking"), out);
        if (type == "redacted_thinking") add(Step::Redacted, text_in(*block, "data"), out);
        if (type != "tool_use") return {};
        if (tools_ == kChatToolsMax) return no_answer("too many tools");
        is_tool_ = true;
        has_arguments_ = false;
        out.push_back({.kind = Step::Tool,
                       .tool = tools_++,
                       .id = text_in(*block, "id"),
                       .name = text_in(*block, "name")});
        const Json* input = find_field(*block, "input");
        if (input != nullptr && !input->empty()) add(Step::Arguments, to_text(*input), out);
        return {};
    }

    /// Blocks come one after the other.
    void read_delta(const Json& event, std::vector<ChatDelta>& out) {
        const Json* delta = find_field(event, "delta");
        if (delta == nullptr) return;
        const std::string type = text_in(*delta, "type");
        if (type == "text_delta") {
            add(Step::Text, text_in(*delta, "text"), out);
        } else if (type == "thinking_delta") {
            add(Step::Thinking, text_in(*delta, "thinking"), out);
        } else if (type == "signature_delta") {
            add(Step::Signature, text_in(*delta, "signature"), out);
        } else if (type == "input_json_delta" && is_tool_) {
            add(Step::Arguments, text_in(*delta, "partial_json"), out);
        }
    }

    void read_end(const Json& event, std::vector<ChatDelta>& out) {
        if (const Json* usage = find_field(event, "usage")) merge(*usage, out);
        const Json* delta = find_field(event, "delta");
        if (delta == nullptr) return;
        const std::string reason = text_in(*delta, "stop_reason");
        if (reason.empty()) return;
        out.push_back({.kind = Step::Stop,
                       .text = text_in(*delta, "stop_sequence"),
                       .stop = read_anthropic_stop(reason, tools_ > 0)});
    }

    /// The end of a stream tells the output, and of the input sometimes nothing.
    void merge(const Json& usage, std::vector<ChatDelta>& out) {
        for (const char* name : kUsageMembers) {
            if (const Json* value = find_field(usage, name)) usage_[name] = *value;
        }
        out.push_back({.kind = Step::Usage, .usage = read_anthropic_usage(usage_)});
    }

    void add(Step kind, std::string text, std::vector<ChatDelta>& out) {
        if (text.empty()) return;
        if (kind == Step::Arguments) has_arguments_ = true;
        out.push_back({.kind = kind,
                       .tool = kind == Step::Arguments ? tools_ - 1 : 0,
                       .text = std::move(text)});
    }

    size_t tools_ = 0;
    bool is_tool_ = false;        // the block that is open
    bool has_arguments_ = false;  // that one, so far
    bool has_begun_ = false;
    Json usage_ = Json::object();
};

/// By hand: there is an event for each token.
class Writer final : public DeltaWriter {
public:
    Result<void> write(const ChatDelta& delta, std::string& out) override {
        switch (delta.kind) {
            case Step::Start:
                add_start(delta, out);
                break;
            case Step::Text:
                open(Block::Text, R"("type":"text","text":"")", out);
                add_delta("text_delta", text_member("text", delta.text), blocks_ - 1, out);
                break;
            case Step::Thinking:
                open_thinking(out);
                add_delta("thinking_delta", text_member("thinking", delta.text), blocks_ - 1, out);
                break;
            case Step::Signature:
                open_thinking(out);
                add_delta(
                    "signature_delta", text_member("signature", delta.text), blocks_ - 1, out);
                break;
            case Step::Redacted:
                open(Block::Redacted,
                     R"("type":"redacted_thinking",)" + text_member("data", delta.text),
                     out);
                break;
            case Step::Tool:
                open(Block::Tool,
                     R"("type":"tool_use",)" + text_member("id", delta.id) + ',' +
                         text_member("name", delta.name) + R"(,"input":{})",
                     out);
                block_of_tool_.push_back(blocks_ - 1);
                break;
            case Step::Arguments:
                add_delta("input_json_delta",
                          text_member("partial_json", delta.text),
                          block_of_tool_.at(delta.tool),
                          out);
                break;
            case Step::Stop:
                stop_ = {{"stop_reason", anthropic_stop(delta.stop)},
                         {"stop_sequence", delta.text.empty() ? Json(nullptr) : Json(delta.text)}};
                break;
            case Step::Usage:
                usage_ = delta.usage;
                break;
            case Step::Error:
                add("error",
                    R"("error":{)" + text_member("type", error_type(delta.name)) + ',' +
                        text_member("message", delta.text) + '}',
                    out);
                break;
            case Step::End:
                add_end(out);
        }
        return {};
    }

private:
    enum class Block : uint8_t { None, Text, Thinking, Redacted, Tool };

    /// One that Anthropic's SDKs know.
    static std::string_view error_type(std::string_view type) {
        for (const std::string_view known :
             {"invalid_request_error", "rate_limit_error", "overloaded_error", "timeout_error"}) {
            if (type == known) return known;
        }
        return "api_error";
    }

    static void add(std::string_view type, std::string_view members, std::string& out) {
        out += "event: ";
        out += type;
        out += "\ndata: {";
        out += text_member("type", type);
        if (!members.empty()) out += ',';
        out += members;
        out += "}\n\n";
    }

    static void add_start(const ChatDelta& delta, std::string& out) {
        const Json message = {{"id", delta.id},
                              {"type", "message"},
                              {"role", "assistant"},
                              {"model", delta.name},
                              {"content", Json::array()},
                              {"stop_reason", nullptr},
                              {"stop_sequence", nullptr},
                              {"usage", write_anthropic_usage({})}};
        add("message_start", R"("message":)" + to_text(message), out);
    }

    /// Of a tool, and of hidden thinking, each is a block of its own; other text goes on in the one
    /// that is open.
    void open(Block kind, const std::string& members, std::string& out) {
        if (open_ == kind && (kind == Block::Text || kind == Block::Thinking)) return;
        close(out);
        open_ = kind;
        add("content_block_start", index(blocks_++) + R"(,"content_block":{)" + members + '}', out);
    }
    void open_thinking(std::string& out) {
        open(Block::Thinking, R"("type":"thinking","thinking":"","signature":"")", out);
    }
    void close(std::string& out) {
        if (open_ == Block::None) return;
        add("content_block_stop", index(blocks_ - 1), out);
        open_ = Block::None;
    }
    static std::string index(size_t block) { return R"("index":)" + std::to_string(block); }
    static void add_delta(std::string_view type,
                          const std::string& members,
                          size_t block,
                          std::string& out) {
        add("content_block_delta",
            index(block) + R"(,"delta":{)" + text_member("type", type) + ',' + members + '}',
            out);
    }

    void add_end(std::string& out) {
        close(out);
        add("message_delta",
            R"("delta":)" + to_text(stop_) + R"(,"usage":)" +
                to_text(write_anthropic_usage(usage_)),
            out);
        add("message_stop", {}, out);
    }

    size_t blocks_ = 0;
    Block open_ = Block::None;
    std::vector<size_t> block_of_tool_;  // bounded by the reader's kChatToolsMax
    Json stop_;
    TokenUsage usage_;
};

}  // namespace

std::unique_ptr<DeltaReader> anthropic_reader() { return std::make_unique<Reader>(); }
std::unique_ptr<DeltaWriter> anthropic_writer(const ChatStream::Options& /*options*/) {
    return std::make_unique<Writer>();
}

}  // namespace keywarden::chat
