// What the dialects share of answers: how a call is judged, and what stands in its place.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/event_stream.h"
#include "base/json/edit.h"
#include "base/result.h"
#include "domain/sse.h"
#include "providers/tools.h"
#include "providers/tools/names.h"

namespace keywarden::tools {

/// An answer that lists of tools cannot look into. `detail` is for our log.
std::unexpected<Error> opaque(std::string detail);

/// The members of an object of an answer. Errors: UpstreamError.
template <size_t kCount>
Result<Members<kCount>> parts_of(std::string_view object,
                                 const std::array<std::string_view, kCount>& names,
                                 OtherCase other_case = OtherCase::IsRefused) {
    if (!object.starts_with('{')) return opaque("a tool list: what should be an object is none");
    auto members = members_of(object, names, other_case);
    if (!members) return opaque("a tool list: " + members.error().message);
    return members;
}

/// The text of a member; empty where it is absent or null. Errors: UpstreamError for anything else
/// that is no text.
template <size_t kCount>
Result<std::string> text_part(const Members<kCount>& members, size_t i) {
    if (!members.has(i)) return std::string();
    if (!members.is(i, JsonType::String)) return opaque("a tool list: what should be text is none");
    auto text = text_of(members.value(i));
    if (!text) return opaque("a tool list: half a surrogate");
    return text;
}

/// Judges the calls of one answer.
class Verdicts {
public:
    explicit Verdicts(const ToolJudge& judge) : judge_(judge) {}

    /// Nothing: it is let through. Else what stands in its place.
    /// Errors: ToolNotAllowed where such a call refuses the answer; UpstreamError for too many.
    Result<std::optional<std::string>> note_for(const Named& named);

private:
    ToolJudge judge_;
    size_t judged_ = 0;
};

// Whole answers: the edits that they need.
Result<void> filter_chat(std::string_view body, const ToolJudge& judge, JsonEdits& edits);
Result<void> filter_messages(std::string_view body, const ToolJudge& judge, JsonEdits& edits);
Result<void> filter_responses(std::string_view body, const ToolJudge& judge, JsonEdits& edits);
Result<void> filter_converse(std::string_view body, const ToolJudge& judge, JsonEdits& edits);

/// A stream of server-sent events, one by one.
class EventFilter {
public:
    EventFilter() = default;
    EventFilter(const EventFilter&) = delete;
    EventFilter& operator=(const EventFilter&) = delete;
    virtual ~EventFilter() = default;

    /// Appends to `out` what goes on.
    virtual Result<void> take(const SseEvent& event, std::string& out) = 0;
    /// At the end of the stream: what was held back.
    virtual Result<void> finish(std::string& out) = 0;
};

std::unique_ptr<EventFilter> open_chat_events(const ToolJudge& judge);
std::unique_ptr<EventFilter> open_messages_events(const ToolJudge& judge);
std::unique_ptr<EventFilter> open_responses_events(const ToolJudge& judge);

/// Writes an event. `id` and `type` may be absent.
void append_event(std::string& out,
                  std::string_view type,
                  std::optional<std::string_view> id,
                  std::string_view data);

/// A stream of Converse, frame by frame.
class FrameJudge {
public:
    explicit FrameJudge(const ToolJudge& judge) : verdicts_(judge) {}

    Result<void> feed(std::string_view bytes, std::string& out);
    Result<void> finish() const;

private:
    Result<void> take(const Frame& frame, std::string& out);
    Result<void> begin_block(std::string_view start,
                             int64_t index,
                             const Frame& frame,
                             std::string& out);

    FrameSplitter splitter_;
    Verdicts verdicts_;
    std::vector<int64_t> removed_{};  // blocks whose end has not come
    size_t removed_count_ = 0;
    size_t kept_count_ = 0;
};

}  // namespace keywarden::tools
