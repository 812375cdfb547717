#include <utility>

#include "providers/sandbox/endpoints.h"
#include "providers/sandbox/text.h"

// Source: OpenAI's API reference, "Create a response" and "Streaming events" of responses.

namespace keywarden {
namespace {

Result<void> read_item(const Json& item, Ask& ask) {
    TRY(const std::string type, read_string(item, "type"));
    if (type == "function_call_output") {
        TRY(const std::string output, read_string(item, "output"));
        ask.prompt_tokens += count_words(output);
        ask.after_tool = true;
        return {};
    }
    if (!type.empty() && type != "message") return {};  // what is not read is not counted
    TRY(const std::string role, read_string(item, "role"));
    if (role.empty()) return bad_field("input", "must be items with a type or a role");
    TRY(std::string text, read_content(item, ask));
    if (role == "user") ask.last_user_text = std::move(text);
    ask.after_tool = false;
    return {};
}

Result<void> read_input(const Json& body, Ask& ask) {
    TRY(const std::string instructions, read_string(body, "instructions"));
    ask.prompt_tokens += count_words(instructions);
    const Json* input = find_field(body, "input");
    if (input == nullptr) return bad_field("input", "is missing");
    if (input->is_string()) {
        ask.last_user_text = input->get<std::string>();
        ask.prompt_tokens += count_words(ask.last_user_text);
        return {};
    }
    if (!input->is_array() || input->empty()) {
        return bad_field("input", "must be a string, or a list with at least one item");
    }
    for (const Json& item : *input) TRY_VOID(read_item(item, ask));
    return {};
}

Result<void> read_format(const Json& body, Ask& ask) {
    const Json* text = find_field(body, "text");
    const Json* format = text == nullptr ? nullptr : find_field(*text, "format");
    if (format == nullptr) return {};
    TRY(const std::string type, read_string(*format, "type"));
    if (type == "json_object") {
        ask.format = Ask::Format::JsonObject;
    } else if (type == "json_schema") {
        const Json* schema = find_field(*format, "schema");
        if (schema == nullptr) return bad_field("text.format", "has no schema");
        ask.format = Ask::Format::JsonSchema;
        ask.schema = *schema;
    } else if (type != "text") {
        return bad_field("text.format", "must be text, json_object or json_schema");
    }
    return {};
}

Result<Ask> read_ask(const Json& body) {
    Ask ask;
    TRY_VOID(read_input(body, ask));
    TRY_VOID(read_format(body, ask));
    if (const Json* tools = find_field(body, "tools")) {
        if (!tools->is_array()) return bad_field("tools", "must be a list");
        for (const Json& tool : *tools) {
            TRY(const std::string type, read_string(tool, "type"));
            if (type == "function") TRY_VOID(read_tool(tool, ask));
        }
    }
    TRY_VOID(read_tool_choice(body, ask));
    TRY(ask.max_tokens, read_integer(body, "max_output_tokens", 1, kOutputTokensMax));
    if (find_field(body, "previous_response_id") != nullptr) {
        return bad_field("previous_response_id",
                         "is not supported by the sandbox, which remembers nothing");
    }
    return ask;
}

/// One item of the output: begun (empty), or done.
class Output {
public:
    Output(const SandboxCall& call, const Ask& ask)
        : call_(call), ask_(ask), reply_(make_reply(ask, call.controls, call.seed, 0)) {}

    const Reply& reply() const { return reply_; }
    std::string status() const { return reply_.cut_short ? "incomplete" : "completed"; }
    size_t items() const { return reply_.calls.empty() ? 1 : reply_.calls.size(); }

    std::string item_id(size_t index) const {
        return make_id(reply_.calls.empty() ? "msg_" : "fc_", call_.seed + index);
    }

    OrderedJson text_part(std::string_view text) const {
        return {{"type", "output_text"},
                {"annotations", OrderedJson::array()},
                {"logprobs", OrderedJson::array()},
                {"text", text}};
    }

    OrderedJson item(size_t index, bool done) const {
        const std::string state = done ? status() : "in_progress";
        if (reply_.calls.empty()) {
            OrderedJson content = OrderedJson::array();
            if (done) content.push_back(text_part(reply_.text));
            return {{"id", item_id(index)},
                    {"type", "message"},
                    {"status", state},
                    {"content", content},
                    {"role", "assistant"}};
        }
        const ToolCall& tool = reply_.calls[index];
        return {{"id", item_id(index)},
                {"type", "function_call"},
                {"status", state},
                {"arguments", done ? tool.arguments : ""},
                {"call_id", tool.id},
                {"name", tool.name}};
    }

    OrderedJson response(bool done) const;

private:
    OrderedJson sent(const std::string& field, const OrderedJson& otherwise) const {
        const Json* value = find_field(call_.body, field);
        return value == nullptr ? otherwise : OrderedJson(*value);
    }

    const SandboxCall& call_;
    const Ask& ask_;
    Reply reply_;
};

OrderedJson Output::response(bool done) const {
    OrderedJson out = {{"id", make_id("resp_", call_.seed)},
                       {"object", "response"},
                       {"created_at", kSandboxCreated},
                       {"status", done ? status() : "in_progress"},
                       {"background", false},
                       {"error", nullptr},
                       {"incomplete_details", nullptr},
                       {"instructions", sent("instructions", nullptr)},
                       {"max_output_tokens", sent("max_output_tokens", nullptr)},
                       {"model", call_.model},
                       {"output", OrderedJson::array()},
                       {"parallel_tool_calls", ask_.parallel},
                       {"previous_response_id", nullptr},
                       {"reasoning", {{"effort", nullptr}, {"summary", nullptr}}},
                       {"store", false},
                       {"temperature", sent("temperature", 1)},
                       {"text", sent("text", {{"format", {{"type", "text"}}}})},
                       {"tool_choice", sent("tool_choice", "auto")},
                       {"tools", sent("tools", OrderedJson::array())},
                       {"top_p", sent("top_p", 1)},
                       {"truncation", "disabled"},
                       {"usage", nullptr},
                       {"user", sent("user", nullptr)},
                       {"metadata", sent("metadata", OrderedJson::object())}};
    if (!done) return out;
    if (reply_.cut_short) out["incomplete_details"] = {{"reason", "max_output_tokens"}};
    for (size_t i = 0; i < items(); ++i) out["output"].push_back(item(i, true));
    out["usage"] = {{"input_tokens", ask_.prompt_tokens},
                    {"input_tokens_details", {{"cached_tokens", 0}, {"cache_write_tokens", 0}}},
                    {"output_tokens", reply_.tokens},
                    {"output_tokens_details", {{"reasoning_tokens", 0}}},
                    {"total_tokens", ask_.prompt_tokens + reply_.tokens}};
    return out;
}

/// "event: T\ndata: {"type":T,…,"sequence_number":" — the number and the end are added when it is
/// sent.
std::string event(std::string_view type, const OrderedJson& fields) {
    OrderedJson data = {{"type", type}};
    data.update(fields);
    std::string out = "event: " + std::string(type) + "\ndata: " + to_text(data);
    out.pop_back();
    return out + ",\"sequence_number\":";
}

class Events {
public:
    Events(const SandboxCall& call, const Output& output) : call_(call), output_(output) {}

    void add(std::string_view type, const OrderedJson& fields) {
        parts.push_back({.before = event(type, fields), .numbered = true});
    }

    void add_deltas(std::string_view type, OrderedJson fields, std::string text, PieceKind kind) {
        fields["delta"] = kHole;
        FrameHalves halves = split_at_hole(event(type, fields));
        halves.numbered = true;
        add_pieces(parts, std::move(halves), std::move(text), call_.controls, kind);
    }

    void add_text() {
        const std::string& text = output_.reply().text;
        const OrderedJson at = {
            {"item_id", output_.item_id(0)}, {"output_index", 0}, {"content_index", 0}};
        const auto with = [&](const std::string& field, const OrderedJson& value) {
            OrderedJson fields = at;
            fields[field] = value;
            return fields;
        };
        add("response.content_part.added", with("part", output_.text_part("")));
        add_deltas("response.output_text.delta",
                   with("logprobs", OrderedJson::array()),
                   text,
                   PieceKind::Words);
        OrderedJson done = with("text", text);
        done["logprobs"] = OrderedJson::array();
        add("response.output_text.done", done);
        add("response.content_part.done", with("part", output_.text_part(text)));
    }

    void add_call(size_t index) {
        const std::string& arguments = output_.reply().calls[index].arguments;
        OrderedJson at = {{"item_id", output_.item_id(index)}, {"output_index", index}};
        add_deltas("response.function_call_arguments.delta", at, arguments, PieceKind::Arguments);
        at["arguments"] = arguments;
        add("response.function_call_arguments.done", at);
    }

    void add_all() {
        add("response.created", {{"response", output_.response(false)}});
        add("response.in_progress", {{"response", output_.response(false)}});
        for (size_t i = 0; i < output_.items(); ++i) {
            const auto item = [&](bool done) {
                return OrderedJson{{"output_index", i}, {"item", output_.item(i, done)}};
            };
            add("response.output_item.added", item(false));
            if (output_.reply().calls.empty()) {
                add_text();
            } else {
                add_call(i);
            }
            add("response.output_item.done", item(true));
        }
        add("response." + output_.status(), {{"response", output_.response(true)}});
    }

    std::vector<SandboxSteps::Part> parts{};

private:
    const SandboxCall& call_;
    const Output& output_;
};

}  // namespace

Result<SandboxAnswer> answer_responses(const SandboxCall& call) {
    TRY(const Ask ask, read_ask(call.body));
    TRY(const bool stream, read_bool(call.body, "stream"));
    const Output output(call, ask);
    if (!stream) return whole_answer(to_text(output.response(true)));
    Events events(call, output);
    events.add_all();
    return streamed_answer(std::move(events.parts));
}

}  // namespace keywarden
