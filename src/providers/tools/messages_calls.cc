// Calls in Anthropic's messages: blocks, whose names come whole.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json/write.h"
#include "providers/tools/answers.h"

namespace keywarden::tools {
namespace {

constexpr std::array<std::string_view, 2> kMessage = {"content", "stop_reason"};
constexpr size_t kContent = 0;
constexpr size_t kStopReason = 1;
constexpr std::array<std::string_view, 4> kBlock = {"type", "id", "name", "tool_use_id"};
constexpr size_t kType = 0;
constexpr size_t kId = 1;
constexpr size_t kName = 2;
constexpr size_t kToolUseId = 3;
constexpr std::array<std::string_view, 4> kEvent = {"index", "content_block", "delta", "message"};
constexpr size_t kIndex = 0;
constexpr size_t kStarted = 1;
constexpr size_t kDelta = 2;
constexpr size_t kBegun = 3;
constexpr std::array<std::string_view, 2> kDeltaMembers = {"stop_reason", "name"};

std::string text_block(std::string_view text) {
    return R"({"type":"text","text":)" + json_string(text) + "}";
}

/// The blocks of one answer.
class Blocks {
public:
    explicit Blocks(const ToolJudge& judge) : verdicts_(judge) {}

    /// What stands in the place of that block; nothing: itself.
    Result<std::optional<std::string>> note_for(std::string_view text) {
        TRY(const auto block, parts_of(text, kBlock));
        TRY(const std::string type, text_part(block, kType));
        TRY(const std::string name, text_part(block, kName));
        TRY(const std::string answered, text_part(block, kToolUseId));
        const bool is_call = type.ends_with("tool_use");
        if (is_call && name.empty()) return opaque("a tool list: a call without a name");
        if (!answered.empty() && std::ranges::find(removed_ids_, answered) != removed_ids_.end()) {
            return removed_note_;  // what came of a call that is removed
        }
        if (name.empty()) return std::nullopt;
        TRY(auto note,
            verdicts_.note_for(is_mcp(type) ? named_by_type(type) : Named{.name = name}));
        if (!note) {
            if (type == "tool_use") ++kept_;
            return std::nullopt;
        }
        TRY(std::string id, text_part(block, kId));
        removed_ids_.push_back(std::move(id));
        removed_note_ = *note;
        return note;
    }

    /// A message whose calls are all gone did not stop to have them made.
    bool stops_for_nothing(std::string_view stop_reason) const {
        return kept_ == 0 && !removed_ids_.empty() && stop_reason == R"("tool_use")";
    }

    /// Of a message, or the beginning of one.
    Result<void> filter(std::string_view text, JsonEdits& edits) {
        TRY(const auto message, parts_of(text, kMessage));
        if (message.is(kContent, JsonType::Array)) {
            for (const std::string_view block : json_elements(message.value(kContent))) {
                TRY(const auto note, note_for(block));
                if (note) edits.replace(block, text_block(*note));
            }
        }
        if (message.has(kStopReason) && stops_for_nothing(message.value(kStopReason))) {
            edits.replace(message.value(kStopReason), R"("end_turn")");
        }
        return {};
    }

private:
    Verdicts verdicts_;
    std::vector<std::string> removed_ids_{};
    std::string removed_note_{};
    size_t kept_ = 0;
};

class MessagesEvents final : public EventFilter {
public:
    explicit MessagesEvents(const ToolJudge& judge) : blocks_(judge) {}

    Result<void> take(const SseEvent& event, std::string& out) override {
        if (!event.has_data || event.data.empty()) {
            out += event.bytes;
            return {};
        }
        TRY(const auto members, parts_of(event.data, kEvent));
        if (members.has(kStarted)) return take_start(members, event, out);
        JsonEdits edits(event.data);
        if (members.has(kBegun)) TRY_VOID(blocks_.filter(members.value(kBegun), edits));
        const auto index = json_integer(members.value(kIndex));
        if (members.has(kIndex) && !index) return opaque("a tool list: an index is no number");
        if (members.has(kDelta)) {
            if (index && std::ranges::find(removed_, *index) != removed_.end()) return {};
            TRY_VOID(look_at_delta(members.value(kDelta), edits));
        } else if (index) {  // the end of the block
            std::erase(removed_, *index);
        }
        if (edits.empty()) {
            out += event.bytes;
        } else {
            append_event(out, event.type, event.id, edits.apply());
        }
        return {};
    }

    Result<void> finish(std::string&) override { return {}; }

private:
    Result<void> take_start(const Members<4>& members, const SseEvent& event, std::string& out) {
        TRY(const auto note, blocks_.note_for(members.value(kStarted)));
        const auto number = json_integer(members.value(kIndex));
        if (!number) return opaque("a tool list: a block without an index");
        std::erase(removed_, *number);
        if (!note) {
            out += event.bytes;
            return {};
        }
        removed_.push_back(*number);
        const std::string index = std::to_string(*number);
        append_event(out,
                     "content_block_start",
                     event.id,
                     R"({"type":"content_block_start","index":)" + index +
                         R"(,"content_block":{"type":"text","text":""}})");
        append_event(out,
                     "content_block_delta",
                     event.id,
                     R"({"type":"content_block_delta","index":)" + index +
                         R"(,"delta":{"type":"text_delta","text":)" + json_string(*note) + "}}");
        return {};
    }

    Result<void> look_at_delta(std::string_view text, JsonEdits& edits) {
        TRY(const auto delta, parts_of(text, kDeltaMembers));
        if (delta.has(1)) return opaque("a tool list: a name in a delta");
        if (delta.has(0) && blocks_.stops_for_nothing(delta.value(0))) {
            edits.replace(delta.value(0), R"("end_turn")");
        }
        return {};
    }

    Blocks blocks_;
    std::vector<int64_t> removed_{};  // indexes of blocks whose end has not come
};

}  // namespace

Result<void> filter_messages(std::string_view body, const ToolJudge& judge, JsonEdits& edits) {
    return Blocks(judge).filter(body, edits);
}

std::unique_ptr<EventFilter> open_messages_events(const ToolJudge& judge) {
    return std::make_unique<MessagesEvents>(judge);
}

}  // namespace keywarden::tools
