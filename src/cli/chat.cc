#include <fmt/format.h>
#include <istream>
#include <iterator>
#include <ostream>

#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "domain/sse.h"

namespace keywarden {
namespace {

constexpr size_t kPromptBytesMax = 8'000'000;

Result<std::string> read_input(std::istream& in) {
    std::string out;
    for (char c = 0; in.get(c);) {
        if (out.size() == kPromptBytesMax) {
            return fail(ErrorCode::RequestTooLarge,
                        fmt::format("the prompt is over {} bytes", kPromptBytesMax));
        }
        out += c;
    }
    while (out.ends_with('\n')) out.pop_back();
    return out;
}

/// The words, with standard input where a "-" stands; only standard input when there are none.
/// Standard input is not read unasked: in CI it may be a pipe that never ends.
Result<std::string> prompt_of(const Session& session, const Arguments& arguments) {
    std::vector<std::string> words = arguments.values;
    if (words.empty() && !session.terminal.in_is_terminal) words = {"-"};
    if (words.empty()) {
        return fail(ErrorCode::InvalidRequest, "no prompt: keywarden chat \"Say hello\"");
    }
    std::string out;
    for (const std::string& word : words) {
        if (!out.empty()) out += words.size() > 1 && word == "-" ? "\n\n" : " ";
        if (word == "-") {
            TRY(const std::string input, read_input(session.terminal.in));
            out += input;
        } else {
            out += word;
        }
    }
    if (out.empty()) return fail(ErrorCode::InvalidRequest, "the prompt is empty");
    return out;
}

/// Prints what a stream of completion chunks says, as it comes.
class StreamPrinter {
public:
    explicit StreamPrinter(std::ostream& out) : out_(out) {}

    void feed(std::string_view bytes) {
        while (!failure_) {
            auto next = splitter_.next(bytes);
            if (!next) {
                failure_ = std::move(next.error());
                return;
            }
            const std::optional<SseEvent>& event = *next;
            if (!event) return;
            take(event->data);
        }
    }

    /// Errors: what the stream said is wrong, or UpstreamError when it broke off.
    Result<void> finish() {
        out_ << '\n' << std::flush;
        if (failure_) return fail(std::move(*failure_));
        if (!is_done_) return fail(ErrorCode::UpstreamError, "the answer broke off");
        return {};
    }

private:
    void take(std::string_view data) {
        if (data.empty()) return;
        if (data == "[DONE]") {
            is_done_ = true;
            return;
        }
        const Json chunk = Json::parse(data, nullptr, false);
        if (!chunk.is_object()) return;
        if (const auto error = chunk.find("error"); error != chunk.end() && error->is_object()) {
            failure_ = Error{.code = ErrorCode::UpstreamError, .message = shown(*error, "message")};
            return;
        }
        const auto choices = chunk.find("choices");
        if (choices == chunk.end() || !choices->is_array() || choices->empty()) return;
        const Json& choice = choices->front();
        const auto delta = choice.find("delta");
        if (delta == choice.end() || !delta->is_object()) return;
        const auto content = delta->find("content");
        if (content != delta->end() && content->is_string()) {
            out_ << printable(content->get_ref<const std::string&>()) << std::flush;
        }
    }

    std::ostream& out_;
    SseSplitter splitter_;
    std::optional<Error> failure_;
    bool is_done_ = false;
};

}  // namespace

Result<int> run_chat(Session& session, const Arguments& arguments) {
    TRY(std::string prompt, prompt_of(session, arguments));
    Json messages = Json::array();
    if (arguments.has("system")) {
        messages.push_back({{"role", "system"}, {"content", arguments.get("system")}});
    }
    messages.push_back({{"role", "user"}, {"content", std::move(prompt)}});
    const bool as_json = arguments.has("json");
    const Json body = {
        {"model", arguments.has("model") ? arguments.get("model") : std::string_view("sandbox")},
        {"messages", std::move(messages)},
        {"stream", !as_json}};
    std::string text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    constexpr const char* kTarget = "/v1/chat/completions";
    if (as_json) {
        TRY(const std::string answer,
            session.call(arguments, Method::Post, kTarget, std::move(text)));
        session.terminal.out << answer << '\n';
        return kExitOk;
    }
    StreamPrinter printer(session.terminal.out);
    TRY_VOID(session.call(
        arguments, Method::Post, kTarget, std::move(text), [&](std::string_view piece) {
            printer.feed(piece);
        }));
    TRY_VOID(printer.finish());
    return kExitOk;
}

}  // namespace keywarden
