// Lists of tools, enforced in each dialect: on what a request offers, and on the calls of tools
// that come back, whole or streamed. What cannot be looked into is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/sse.h"
#include "domain/tool_definition.h"
#include "domain/tool_lists.h"

namespace keywarden {

/// How requests and answers have their tools. All but Converse stream server-sent events.
enum class ToolDialect : uint8_t { Chat, Responses, Messages, Converse };

/// What becomes of a call to a tool that no list lets through.
enum class ForbiddenCall : uint8_t {
    Removed,  // a note stands in its place
    Refused,  // the answer is an error
};

/// Of one request. A server's own tool without a name, or a cache mark, is no tool here.
inline constexpr size_t kToolsJudgedMax = 1'024;
/// Of an answer that is no stream.
inline constexpr size_t kToolAnswerBytesMax = size_t{32} << 20U;
/// Of a stream: events that wait for the rest of a name, calls in one answer.
inline constexpr size_t kToolEventsHeldBytesMax = size_t{256} << 10U;
inline constexpr size_t kToolCallsMax = 1'024;

/// A request with the tools that its lists let through.
struct PrunedRequest {
    std::optional<std::string> body{};  // nothing: as it came
    size_t offered = 0;
    size_t kept = 0;
};

/// Takes out what is offered and not let through; all other bytes stay. Where no tool is left, the
/// field goes, and with it what chooses among tools.
/// Requires: `body` is a JSON object, checked; `lists` is not empty.
/// Errors: ToolNotAllowed where the request insists on such a tool; InvalidRequest for what cannot
/// be looked into: a tool that is no object or has no name, a name that is written twice, too many.
Result<PrunedRequest> prune_tools(ToolDialect dialect,
                                  std::string_view body,
                                  const ToolLists& lists);

/// A function that a request offers, as a ranker reads it. `json`: an entry of the list of tools,
/// of a document that find_json_members has checked. Nothing for what is none; see
/// ReadToolDefinition.
std::optional<ToolDefinition> read_tool_definition(ToolDialect dialect, std::string_view json);
/// The same, bound to a dialect.
ReadToolDefinition tool_reader(ToolDialect dialect);

/// Different tools that are noted of one answer.
inline constexpr size_t kCalledToolsMax = 64;

/// The different tools that an answer called, of those that were let through.
class CalledTools {
public:
    void note(std::string_view name);
    std::span<const std::string> names() const { return names_; }

private:
    std::vector<std::string> names_{};
};

/// What of answers is judged, and how. What is pointed at must outlive it.
struct ToolJudge {
    const ToolLists* lists;
    ForbiddenCall on_forbidden = ForbiddenCall::Removed;
    CalledTools* called = nullptr;  // null: nobody asks
};

/// A whole answer without the calls that are not let through; nothing: it is as it should be.
/// Errors: ToolNotAllowed where such a call refuses the answer; UpstreamError for what cannot be
/// looked into.
Result<std::optional<std::string>> filter_answer(ToolDialect dialect,
                                                 std::string_view body,
                                                 const ToolJudge& judge);

namespace tools {
class EventFilter;
class FrameJudge;
}  // namespace tools

/// The same of a stream, as its bytes come. Events go on as they came but where they must be
/// changed; one in which a call begins waits until the name of its tool is whole.
class ToolStream {
public:
    ToolStream(ToolDialect dialect, const ToolJudge& judge);
    ToolStream(const ToolStream&) = delete;
    ToolStream& operator=(const ToolStream&) = delete;
    ~ToolStream();

    /// Appends to `out` what goes on. Errors: those of filter_answer, SseSplitter, FrameSplitter;
    /// what was appended before may be sent.
    Result<void> feed(std::string_view bytes, std::string& out);

    /// At the clean end of the stream.
    Result<void> finish(std::string& out);

private:
    Result<void> feed_events(std::string_view bytes, std::string& out);

    SseSplitter splitter_;
    std::unique_ptr<tools::EventFilter> events_;
    std::unique_ptr<tools::FrameJudge> frames_;  // of Converse
};

/// Reads which tools an answer calls, beside its way to the client: it changes nothing, and what it
/// cannot read it leaves.
class CallWatch {
public:
    CallWatch(ToolDialect dialect, bool streams);
    CallWatch(const CallWatch&) = delete;
    CallWatch& operator=(const CallWatch&) = delete;

    void feed(std::string_view bytes);
    /// At the end of the answer.
    void finish();
    const CalledTools& called() const { return called_; }

private:
    CalledTools called_{};
    ToolDialect dialect_;
    std::unique_ptr<ToolStream> stream_{};  // null: the answer is whole, and lies in `text_`
    std::string text_{};
    bool ended_ = false;
};
/// Of a whole answer; of a longer one no calls are read.
inline constexpr size_t kWatchedAnswerBytesMax = size_t{4} << 20U;

}  // namespace keywarden
