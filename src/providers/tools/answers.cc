#include "providers/tools/answers.h"

#include <algorithm>
#include <utility>

#include "base/json/write.h"

namespace keywarden {
namespace tools {

std::unexpected<Error> opaque(std::string detail) {
    return fail(ErrorCode::UpstreamError,
                "The provider's answer cannot be looked into, as the lists of tools ask for.",
                std::move(detail));
}

Result<std::optional<std::string>> Verdicts::note_for(const Named& named) {
    if (++judged_ > kToolCallsMax) return opaque("a tool list: too many calls in one answer");
    const Decision decision = decide(*judge_.lists, named);
    if (decision.allowed) {
        if (judge_.called != nullptr) judge_.called->note(named.name);
        return std::nullopt;
    }
    if (judge_.on_forbidden == ForbiddenCall::Refused) {
        return fail(tool_denial(decision, "tools"));
    }
    return "[A tool call was removed here: the " + std::string(name(decision.denied_by)) +
           "'s list of tools does not let that tool through.]";
}

void append_event(std::string& out,
                  std::string_view type,
                  std::optional<std::string_view> id,
                  std::string_view data) {
    if (!type.empty()) {
        out += "event: ";
        out += type;
        out += '\n';
    }
    if (id) {
        out += "id: ";
        out += *id;
        out += '\n';
    }
    while (true) {
        const size_t end = data.find('\n');
        out += "data: ";
        out += data.substr(0, end);
        out += '\n';
        if (end == std::string_view::npos) break;
        data.remove_prefix(end + 1);
    }
    out += '\n';
}

}  // namespace tools

void CalledTools::note(std::string_view name) {
    if (names_.size() == kCalledToolsMax || std::ranges::find(names_, name) != names_.end()) return;
    names_.emplace_back(name);
}

namespace {

/// Lets everything through.
const ToolLists& no_lists() {
    static const ToolLists kNone{{}};
    return kNone;
}

}  // namespace

CallWatch::CallWatch(ToolDialect dialect, bool streams) : dialect_(dialect) {
    if (!streams) return;
    stream_ =
        std::make_unique<ToolStream>(dialect, ToolJudge{.lists = &no_lists(), .called = &called_});
}

void CallWatch::feed(std::string_view bytes) {
    if (ended_) return;
    if (stream_ != nullptr) {
        text_.clear();
        ended_ = !stream_->feed(bytes, text_).has_value();
    } else if (text_.size() + bytes.size() <= kWatchedAnswerBytesMax) {
        text_ += bytes;
    } else {
        ended_ = true;
    }
}

void CallWatch::finish() {
    if (std::exchange(ended_, true)) return;
    // What is wrong with the answer is nothing of this watch's.
    if (stream_ != nullptr) {
        const auto ignored = stream_->finish(text_);
        return;
    }
    const auto ignored = filter_answer(dialect_, text_, {.lists = &no_lists(), .called = &called_});
}

Result<std::optional<std::string>> filter_answer(ToolDialect dialect,
                                                 std::string_view body,
                                                 const ToolJudge& judge) {
    JsonEdits edits(body);
    switch (dialect) {
        case ToolDialect::Chat:
            TRY_VOID(tools::filter_chat(body, judge, edits));
            break;
        case ToolDialect::Responses:
            TRY_VOID(tools::filter_responses(body, judge, edits));
            break;
        case ToolDialect::Messages:
            TRY_VOID(tools::filter_messages(body, judge, edits));
            break;
        case ToolDialect::Converse:
            TRY_VOID(tools::filter_converse(body, judge, edits));
            break;
    }
    if (edits.empty()) return std::nullopt;
    return edits.apply();
}

ToolStream::ToolStream(ToolDialect dialect, const ToolJudge& judge) {
    switch (dialect) {
        case ToolDialect::Chat:
            events_ = tools::open_chat_events(judge);
            break;
        case ToolDialect::Responses:
            events_ = tools::open_responses_events(judge);
            break;
        case ToolDialect::Messages:
            events_ = tools::open_messages_events(judge);
            break;
        case ToolDialect::Converse:
            frames_ = std::make_unique<tools::FrameJudge>(judge);
            break;
    }
}

ToolStream::~ToolStream() = default;

Result<void> ToolStream::feed_events(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
        TRY(const std::optional<SseEvent> event, splitter_.next(bytes));
        if (event) TRY_VOID(events_->take(*event, out));
    }
    return {};
}

Result<void> ToolStream::feed(std::string_view bytes, std::string& out) {
    return frames_ ? frames_->feed(bytes, out) : feed_events(bytes, out);
}

Result<void> ToolStream::finish(std::string& out) {
    if (frames_) return frames_->finish();
    // Some clients take an event for whole whose empty line did not come.
    if (!splitter_.pending().empty()) {
        TRY_VOID(feed_events(splitter_.pending().ends_with('\n') ? "\n" : "\n\n", out));
    }
    return events_->finish(out);
}

}  // namespace keywarden
