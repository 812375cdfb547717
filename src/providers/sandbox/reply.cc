#include "providers/sandbox/reply.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "providers/sandbox/schema.h"
#include "providers/sandbox/text.h"

namespace keywarden {
namespace {

constexpr size_t kWordsByDefault = 23;
constexpr size_t kNamePartMin = 4;    // letters of a tool's name that a message must repeat
constexpr size_t kCallsOfOwnMax = 4;  // tools that are called without being asked for
constexpr size_t kArgumentPiece = 8;  // characters of arguments in a chunk
constexpr size_t kStopsMax = 16;
constexpr size_t kToolsMax = 1024;

/// True when the message names the tool, or a word of its name: "weather" calls get_weather.
bool is_called_by(const OfferedTool& tool, const std::vector<std::string>& sorted_message) {
    return std::ranges::any_of(plain_words(tool.name), [&](const std::string& word) {
        return word.size() >= kNamePartMin && std::ranges::binary_search(sorted_message, word);
    });
}

std::vector<const OfferedTool*> choose_tools(const Ask& ask, const SandboxControls& controls) {
    std::vector<const OfferedTool*> chosen;
    if (ask.tools.empty() || ask.choice == Ask::Choice::None) return chosen;
    const bool must = ask.choice == Ask::Choice::Required;
    if (ask.after_tool && !must) return chosen;
    if (!ask.tool_name.empty()) {
        const auto named = std::ranges::find(ask.tools, ask.tool_name, &OfferedTool::name);
        chosen.push_back(&*named);
    } else {
        std::vector<std::string> message = plain_words(ask.last_user_text);
        std::ranges::sort(message);
        for (const OfferedTool& tool : ask.tools) {
            if (chosen.size() == kCallsOfOwnMax) break;
            if (is_called_by(tool, message)) chosen.push_back(&tool);
        }
    }
    if (chosen.empty() && (must || controls.tools > 0)) chosen.push_back(&ask.tools.front());
    if (controls.tools > 0) {
        // First those that were chosen, then the others in their order, then again.
        for (const OfferedTool& tool : ask.tools) {
            if (ask.tool_name.empty() && std::ranges::find(chosen, &tool) == chosen.end()) {
                chosen.push_back(&tool);
            }
        }
        const std::vector<const OfferedTool*> once = chosen;
        chosen.clear();
        for (size_t i = 0; std::cmp_less(i, controls.tools); ++i) {
            chosen.push_back(once.at(i % once.size()));
        }
    }
    if (!ask.parallel && chosen.size() > 1) chosen.resize(1);
    return chosen;
}

std::string make_text(const Ask& ask, const SandboxControls& controls, uint64_t seed) {
    const auto count =
        controls.words.value_or(controls.chunks.value_or(static_cast<int64_t>(kWordsByDefault)));
    if (ask.format == Ask::Format::JsonSchema) {
        return to_text(value_for_schema(ask.schema, seed));
    }
    std::string text =
        controls.echo ? ask.last_user_text : make_words(seed, static_cast<size_t>(count));
    if (ask.format == Ask::Format::Text) return text;
    return to_text(OrderedJson{{"answer", std::move(text)}, {"sandbox", true}});
}

}  // namespace

Reply make_reply(const Ask& ask, const SandboxControls& controls, uint64_t seed, size_t index) {
    Reply reply;
    seed = index == 0 ? seed : seed_of("choice", seed + index);
    const auto budget = static_cast<size_t>(ask.max_tokens.value_or(kOutputTokensMax));
    size_t bytes = 0;
    const std::vector<const OfferedTool*> tools = choose_tools(ask, controls);
    for (const OfferedTool* tool : tools) {
        const uint64_t own = seed_of(tool->name, seed + reply.calls.size() + 1);
        OrderedJson arguments = value_for_schema(tool->parameters, own);
        if (!arguments.is_object()) arguments = OrderedJson::object();
        ToolCall call{make_id("call_", own), tool->name, to_text(arguments)};
        const size_t tokens = count_words(call.arguments);
        bytes += call.arguments.size();
        reply.cut_short = reply.tokens + tokens > budget || bytes > kAnswerBytesMax;
        if (reply.cut_short) return reply;
        reply.tokens += tokens;
        reply.calls.push_back(std::move(call));
    }
    if (!tools.empty()) return reply;
    std::string text = make_text(ask, controls, seed);
    for (const std::string& stop : ask.stop) {
        const size_t at = text.find(stop);
        if (at == std::string::npos) continue;
        text.resize(at);
        reply.stop = stop;
    }
    reply.text = first_words(text, budget);
    reply.cut_short = reply.text.size() < text.size();
    reply.tokens = count_words(reply.text);
    return reply;
}

Result<void> count_reply(const Reply& reply, size_t& bytes) {
    bytes += reply.text.size();
    for (const ToolCall& call : reply.calls) bytes += call.arguments.size();
    if (bytes <= kAnswerBytesMax) return {};
    return fail(ErrorCode::InvalidRequest, "The answer would be longer than the sandbox makes.");
}

Result<void> read_tool_choice(const Json& body, Ask& ask) {
    const Json* parallel = find_field(body, "parallel_tool_calls");
    TRY(const bool together, read_bool(body, "parallel_tool_calls"));
    ask.parallel = parallel == nullptr || together;
    const Json* choice = find_field(body, "tool_choice");
    if (choice == nullptr || *choice == "auto") return {};
    if (*choice == "none") {
        ask.choice = Ask::Choice::None;
        return {};
    }
    ask.choice = Ask::Choice::Required;
    if (ask.tools.empty()) return bad_field("tool_choice", "asks for a tool, but there is none");
    if (*choice == "required") return {};
    const Json* function = find_field(*choice, "function");
    TRY(ask.tool_name, read_string(function != nullptr ? *function : *choice, "name"));
    if (std::ranges::find(ask.tools, ask.tool_name, &OfferedTool::name) == ask.tools.end()) {
        return bad_field("tool_choice",
                         "must be \"none\", \"auto\", \"required\", or name one of the tools");
    }
    return {};
}

Result<void> read_tool(const Json& function, Ask& ask) {
    TRY(std::string name, read_string(function, "name"));
    if (name.empty()) return bad_field("tools", "must each have a name");
    if (ask.tools.size() == kToolsMax) return bad_field("tools", "are too many");
    const Json* parameters = find_field(function, "parameters");
    ask.tools.push_back({std::move(name), parameters == nullptr ? Json() : *parameters});
    return {};
}

Result<std::string> read_content(const Json& message, Ask& ask) {
    const Json* content = find_field(message, "content");
    std::string text;
    if (content == nullptr) return text;
    if (content->is_string()) {
        text = content->get<std::string>();
    } else if (content->is_array()) {
        for (const Json& part : *content) {
            TRY(const std::string piece, read_string(part, "text"));
            if (!text.empty() && !piece.empty()) text += '\n';
            text += piece;
        }
    } else {
        return bad_field("content", "must be a string or a list of parts");
    }
    ask.prompt_tokens += count_words(text);
    return text;
}

Result<void> read_turns(const Json& body, ReadBlocks read_blocks, Ask& ask) {
    const Json* messages = find_field(body, "messages");
    if (messages == nullptr || !messages->is_array() || messages->empty()) {
        return bad_field("messages", "must be a list with at least one message");
    }
    for (const Json& message : *messages) {
        TRY(const std::string role, read_string(message, "role"));
        if (role != "user" && role != "assistant") {
            return bad_field("messages", "must have the role 'user' or 'assistant'");
        }
        ask.after_tool = false;
        TRY(std::string text, read_blocks(message, ask));
        if (role == "user") ask.last_user_text = std::move(text);
    }
    if (const Json* system = find_field(body, "system")) {
        TRY_VOID(read_content({{"content", *system}}, ask));
    }
    return {};
}

Result<void> read_stop(const Json& body, Ask& ask) {
    const Json* stop = find_field(body, "stop");
    if (stop == nullptr) return {};
    const Json list = stop->is_array() ? *stop : Json::array({*stop});
    for (const Json& one : list) {
        if (!one.is_string() || list.size() > kStopsMax) {
            return bad_field("stop", "must be a string or a short list of strings");
        }
        if (!one.get_ref<const std::string&>().empty()) ask.stop.push_back(one);
    }
    return {};
}

FrameHalves split_at_hole(std::string_view frame) {
    constexpr std::string_view kWritten = R"("\u0001")";
    const size_t at = frame.rfind(kWritten);
    assert(at != std::string_view::npos);
    return {std::string(frame.substr(0, at)), std::string(frame.substr(at + kWritten.size()))};
}

void add_pieces(std::vector<SandboxSteps::Part>& parts,
                FrameHalves frame,
                std::string text,
                const SandboxControls& controls,
                PieceKind kind) {
    if (text.empty()) return;
    const size_t words = count_words(text);
    const size_t characters = std::max<size_t>(1, count_characters(text));
    const bool by_words = kind == PieceKind::Words && words > 0;
    const size_t usual = by_words ? words : characters / kArgumentPiece + 1;
    const size_t wanted = controls.chunks ? static_cast<size_t>(*controls.chunks) : usual;
    SandboxSteps::Part part{.before = std::move(frame.before),
                            .text = std::move(text),
                            .after = std::move(frame.after),
                            .numbered = frame.numbered};
    part.characters = !by_words || wanted > words;
    part.units = part.characters ? characters : words;
    part.pieces = std::min(wanted, part.units);
    parts.push_back(std::move(part));
}

SandboxAnswer whole_answer(std::string body, std::string content_type) {
    SandboxAnswer answer;
    answer.headers = {{"Content-Type", std::move(content_type)}};
    answer.length = body.size();
    answer.steps.parts.push_back(raw_frame(std::move(body)));
    return answer;
}

SandboxAnswer streamed_answer(std::vector<SandboxSteps::Part> parts) {
    SandboxAnswer answer;
    answer.streams = true;
    answer.headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache"}};
    answer.steps.parts = std::move(parts);
    return answer;
}

SandboxSteps::Part data_frame(const OrderedJson& value) {
    return raw_frame("data: " + to_text(value) + "\n\n");
}

SandboxSteps::Part raw_frame(std::string text) { return {.before = std::move(text)}; }

}  // namespace keywarden
