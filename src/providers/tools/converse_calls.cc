// Calls in Bedrock's Converse: blocks, whose names come whole.
// Source: ConverseOutput, ContentBlock, ContentBlockStart in the Bedrock Runtime API.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json/write.h"
#include "providers/tools/answers.h"

namespace keywarden::tools {
namespace {

constexpr OtherCase kExact = OtherCase::IsAnotherMember;  // AWS takes a name in this case only
constexpr std::array<std::string_view, 2> kTop = {"output", "stopReason"};
constexpr std::array<std::string_view, 1> kOutput = {"message"};
constexpr std::array<std::string_view, 1> kMessage = {"content"};
constexpr std::array<std::string_view, 2> kBlock = {"toolUse", "toolResult"};
constexpr std::array<std::string_view, 2> kUse = {"name", "toolUseId"};
constexpr std::array<std::string_view, 4> kEvent = {
    "start", "delta", "contentBlockIndex", "stopReason"};
constexpr size_t kStart = 0;
constexpr size_t kDelta = 1;
constexpr size_t kIndex = 2;
constexpr size_t kStopReason = 3;
constexpr std::string_view kToolUse = R"("tool_use")";
constexpr std::string_view kEndTurn = R"("end_turn")";

struct Use {
    std::string name{};
    std::string id{};
};

/// The call of a block; nothing where it is something else. Errors: UpstreamError where its tool
/// has no name.
Result<std::optional<Use>> use_in(std::string_view block) {
    TRY(const auto members, parts_of(block, kBlock, kExact));
    if (!members.has(0)) return std::nullopt;
    TRY(const auto use, parts_of(members.value(0), kUse, kExact));
    Use found;
    TRY(found.name, text_part(use, 0));
    TRY(found.id, text_part(use, 1));
    if (found.name.empty()) return opaque("a tool list: a call without a name");
    return found;
}

/// Of what the block tells the result; empty: of nothing.
Result<std::string> result_in(std::string_view block) {
    TRY(const auto members, parts_of(block, kBlock, kExact));
    if (!members.has(1)) return std::string();
    TRY(const auto result, parts_of(members.value(1), kUse, kExact));
    return text_part(result, 1);
}

void append_converse_event(std::string& out, std::string_view type, std::string_view payload) {
    const std::array<FrameText, 3> headers = {FrameText{":event-type", type},
                                              FrameText{":content-type", "application/json"},
                                              FrameText{":message-type", "event"}};
    append_frame(out, headers, payload);
}

}  // namespace

Result<void> filter_converse(std::string_view body, const ToolJudge& judge, JsonEdits& edits) {
    Verdicts verdicts(judge);
    TRY(const auto top, parts_of(body, kTop, kExact));
    if (!top.has(0)) return {};
    TRY(const auto output, parts_of(top.value(0), kOutput, kExact));
    if (!output.has(0)) return {};
    TRY(const auto message, parts_of(output.value(0), kMessage, kExact));
    if (!message.has(0)) return {};
    if (!message.is(0, JsonType::Array)) return opaque("a tool list: content is no list");
    std::vector<std::string> removed;
    std::string last_note;
    size_t kept = 0;
    for (const std::string_view block : json_elements(message.value(0))) {
        TRY(const auto use, use_in(block));
        TRY(const std::string answered, result_in(block));
        std::optional<std::string> note;
        if (use) {
            TRY(note, verdicts.note_for({.name = use->name}));
            if (!note) ++kept;
            if (note) removed.push_back(use->id);
        }
        if (note) {
            last_note = *note;
        } else if (!answered.empty() && std::ranges::find(removed, answered) != removed.end()) {
            note = last_note;
        }
        if (note) edits.replace(block, R"({"text":)" + json_string(*note) + "}");
    }
    if (kept == 0 && !removed.empty() && top.has(1) && top.value(1) == kToolUse) {
        edits.replace(top.value(1), std::string(kEndTurn));
    }
    return {};
}

Result<void> FrameJudge::begin_block(std::string_view start,
                                     int64_t index,
                                     const Frame& frame,
                                     std::string& out) {
    std::erase(removed_, index);
    TRY(const auto use, use_in(start));
    std::optional<std::string> note;
    if (use) {
        TRY(note, verdicts_.note_for({.name = use->name}));
        if (!note) ++kept_count_;
    }
    if (!note) {
        out += frame.bytes;
        return {};
    }
    ++removed_count_;
    removed_.push_back(index);
    append_converse_event(out,
                          "contentBlockDelta",
                          R"({"contentBlockIndex":)" + std::to_string(index) +
                              R"(,"delta":{"text":)" + json_string(*note) + "}}");
    return {};
}

Result<void> FrameJudge::take(const Frame& frame, std::string& out) {
    if (frame.header(":message-type") == "exception" || frame.payload.empty()) {
        out += frame.bytes;
        return {};
    }
    TRY(const auto event, parts_of(frame.payload, kEvent, kExact));
    const auto index = json_integer(event.value(kIndex));
    if (event.has(kIndex) && !index) return opaque("a tool list: an index is no number");
    if (event.has(kStart)) {
        if (!index) return opaque("a tool list: a block without an index");
        return begin_block(event.value(kStart), *index, frame, out);
    }
    if (index && event.has(kDelta) && std::ranges::find(removed_, *index) != removed_.end()) {
        return {};
    }
    if (index && !event.has(kDelta)) std::erase(removed_, *index);
    if (removed_count_ > 0 && kept_count_ == 0 && event.has(kStopReason) &&
        event.value(kStopReason) == kToolUse) {
        JsonEdits edits(frame.payload);
        edits.replace(event.value(kStopReason), std::string(kEndTurn));
        append_converse_event(out, frame.header(":event-type"), edits.apply());
        return {};
    }
    out += frame.bytes;
    return {};
}

Result<void> FrameJudge::feed(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
        TRY(const std::optional<Frame> frame, splitter_.next(bytes));
        if (frame) TRY_VOID(take(*frame, out));
    }
    return {};
}

Result<void> FrameJudge::finish() const {
    if (splitter_.pending().empty()) return {};
    return fail(ErrorCode::UpstreamError,
                "The provider broke off its answer.",
                "an event stream: it ends in the middle of a frame");
}

}  // namespace keywarden::tools
