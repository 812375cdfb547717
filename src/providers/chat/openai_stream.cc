#include <array>
#include <functional>
#include <utility>

#include "base/json/scan.h"
#include "base/json/write.h"
#include "providers/chat/dialects.h"

// Source: OpenAI's API reference, "The chat completion chunk object".

namespace keywarden::chat {
namespace {

using Step = ChatDelta::Kind;

/// Some members of an object, found without parsing the rest of it.
template <size_t kCount>
class Members {
public:
    explicit Members(const std::array<std::string_view, kCount>& names) : names_(names) {}
    /// False: it is no object.
    bool find(std::string_view object) {
        object_ = object;
        return find_json_members(object, names_, found_).has_value();
    }
    std::string_view text(size_t i) const { return found_.at(i).text_of(object_); }
    Json parse(size_t i) const { return parse_value(text(i)); }

private:
    std::array<std::string_view, kCount> names_;
    std::array<JsonMember, kCount> found_{};
    std::string_view object_;
};

/// Of an array; mostly it is the only one. Where there are more, in `scratch`.
std::string_view first_element(std::string_view array, std::string& scratch) {
    if (array.size() < 2) return {};
    const std::string_view inner = array.substr(1, array.size() - 2);
    if (find_json_members(inner, {}, {})) return inner;
    const Json all = parse_value(array);
    if (!all.is_array() || all.empty()) return {};
    scratch = to_text(all.front());
    return scratch;
}

class Reader final : public DeltaReader {
public:
    Result<void> read(const ChatEvent& sent, std::vector<ChatDelta>& out) override {
        const std::string_view data = sent.data;
        if (data == "[DONE]") {
            out.push_back({.kind = Step::End});
            return {};
        }
        // Of all that stands in an event, little is looked at: only that is parsed.
        Members<5> chunk({"error", "choices", "usage", "id", "model"});
        if (!chunk.find(data)) return no_answer("an event that is no JSON object");
        if (const Json error = chunk.parse(0); !error.is_null()) {
            out.push_back({.kind = Step::Error,
                           .text = text_in(error, "message"),
                           .name = text_in(error, "type")});
            return {};
        }
        std::string scratch;
        const std::string_view first = first_element(chunk.text(1), scratch);
        Members<3> choice({"index", "delta", "finish_reason"});
        if (choice.find(first) && (choice.text(0).empty() || choice.text(0) == "0")) {
            if (!has_begun_) {
                has_begun_ = true;
                out.push_back({.kind = Step::Start,
                               .id = text_of(chunk.parse(3)),
                               .name = text_of(chunk.parse(4))});
            }
            TRY_VOID(read_delta(choice.parse(1), out));
            read_reason(text_of(choice.parse(2)), out);
        }
        if (const Json usage = chunk.parse(2); usage.is_object()) {
            out.push_back({.kind = Step::Usage, .usage = read_openai_usage(usage)});
        }
        return {};
    }

private:
    /// A call of a tool, by the provider's number.
    struct Tool {
        size_t number;
        size_t id_hash;
    };

    static std::string text_of(const Json& value) {
        return value.is_string() ? value.get<std::string>() : std::string();
    }

    Result<void> read_delta(const Json& delta, std::vector<ChatDelta>& out) {
        add(Step::Thinking, openai_reasoning(delta), out);
        add(Step::Text, openai_content(delta), out);
        std::string refusal = text_in(delta, "refusal");
        has_refused_ = has_refused_ || !refusal.empty();
        add(Step::Text, std::move(refusal), out);
        const Json* calls = find_field(delta, "tool_calls");
        if (calls == nullptr) return {};
        for (const Json& call : *calls) TRY_VOID(read_call(call, out));
        return {};
    }

    void read_reason(const std::string& reason, std::vector<ChatDelta>& out) const {
        if (reason.empty()) return;
        out.push_back(
            {.kind = Step::Stop, .stop = read_openai_stop(reason, !tools_.empty(), has_refused_)});
    }

    /// A call begins with its id. Some give all of several calls the same number, or none.
    Result<void> read_call(const Json& call, std::vector<ChatDelta>& out) {
        const Json* function = find_field(call, "function");
        if (function == nullptr) return {};
        std::string id = text_in(call, "id");
        const size_t id_hash = std::hash<std::string>()(id);
        const Json* given = find_field(call, "index");
        size_t index = id.empty() && !tools_.empty() ? tools_.size() - 1 : tools_.size();
        if (given != nullptr && given->is_number_unsigned()) index = given->get<size_t>();
        if (index >= kChatToolsMax || index > tools_.size()) return no_answer("a tool's number");
        if (index == tools_.size()) tools_.push_back({.number = SIZE_MAX, .id_hash = 0});
        Tool& tool = tools_[index];
        if (tool.number == SIZE_MAX || (!id.empty() && id_hash != tool.id_hash)) {
            if (begun_ == kChatToolsMax) return no_answer("too many tools");
            tool = {.number = begun_++, .id_hash = id_hash};
            out.push_back({.kind = Step::Tool,
                           .tool = tool.number,
                           .id = std::move(id),
                           .name = text_in(*function, "name")});
        }
        std::string more = text_in(*function, "arguments");
        if (more.empty()) return {};
        out.push_back({.kind = Step::Arguments, .tool = tool.number, .text = std::move(more)});
        return {};
    }

    static void add(Step kind, std::string text, std::vector<ChatDelta>& out) {
        if (!text.empty()) out.push_back({.kind = kind, .text = std::move(text)});
    }

    std::vector<Tool> tools_;
    size_t begun_ = 0;  // tools
    bool has_begun_ = false;
    bool has_refused_ = false;
};

/// By hand: there is an event for each token.
class Writer final : public DeltaWriter {
public:
    explicit Writer(const ChatStream::Options& options)
        : wants_usage_(options.wants_usage), now_(options.facts.now) {}

    Result<void> write(const ChatDelta& delta, std::string& out) override {
        switch (delta.kind) {
            case Step::Start:
                begin(delta);
                add(R"("role":"assistant","content":"")", {}, out);
                break;
            case Step::Text:
                add(text_member("content", delta.text), {}, out);
                break;
            case Step::Thinking:
                add(text_member("reasoning_content", delta.text) + ',' +
                        block("thinking", text_member("thinking", delta.text)),
                    {},
                    out);
                break;
            case Step::Signature:
                add(block("thinking", text_member("signature", delta.text)), {}, out);
                ++blocks_;
                break;
            case Step::Redacted:
                add(block("redacted_thinking", text_member("data", delta.text)), {}, out);
                ++blocks_;
                break;
            case Step::Tool:
                add(call(delta.tool,
                         text_member("id", delta.id) + R"(,"type":"function","function":{)" +
                             text_member("name", delta.name) + R"(,"arguments":""})"),
                    {},
                    out);
                break;
            case Step::Arguments:
                add(call(delta.tool,
                         R"("function":{)" + text_member("arguments", delta.text) + '}'),
                    {},
                    out);
                break;
            case Step::Stop:
                add({}, openai_stop(delta.stop), out);
                break;
            case Step::Usage:
                usage_ = delta.usage;
                break;
            case Step::Error:
                add_error(delta, out);
                break;
            case Step::End:
                if (wants_usage_) add_usage(out);
                out += "data: [DONE]\n\n";
        }
        return {};
    }

private:
    void begin(const ChatDelta& start) {
        opening_ = "data: {" + text_member("id", start.id) +
                   R"(,"object":"chat.completion.chunk","created":)" + std::to_string(now_) + ',' +
                   text_member("model", start.name) + R"(,"choices":[)";
    }

    void add(std::string_view members, std::string_view reason, std::string& out) const {
        out += opening_;
        out += R"({"index":0,"delta":{)";
        out += members;
        out += R"(},"logprobs":null,"finish_reason":)";
        if (reason.empty()) {
            out += "null";
        } else {
            append_json_string(out, reason);
        }
        out += "}]}\n\n";
    }

    void add_usage(std::string& out) const {
        out += opening_ + R"(],"usage":)" + to_text(write_openai_usage(usage_)) + "}\n\n";
    }

    static void add_error(const ChatDelta& delta, std::string& out) {
        out += R"(data: {"error":{)" + text_member("message", delta.text) + ',' +
               text_member("type", delta.name) + R"(,"param":null,"code":null}})" + "\n\n";
    }

    static std::string call(size_t number, const std::string& members) {
        return R"("tool_calls":[{"index":)" + std::to_string(number) + ',' + members + "}]";
    }
    /// Of thinking: with its number, so that what comes of one block can be put together.
    std::string block(std::string_view type, const std::string& members) const {
        return R"("thinking_blocks":[{"index":)" + std::to_string(blocks_) + ',' +
               text_member("type", type) + ',' + members + "}]";
    }

    bool wants_usage_;
    int64_t now_;
    size_t blocks_ = 0;    // of thinking, that have ended
    std::string opening_;  // of each event
    TokenUsage usage_;
};

}  // namespace

std::unique_ptr<DeltaReader> openai_reader() { return std::make_unique<Reader>(); }
std::unique_ptr<DeltaWriter> openai_writer(const ChatStream::Options& options) {
    return std::make_unique<Writer>(options);
}

}  // namespace keywarden::chat
