// Calls in OpenAI's responses: items, whose names come whole.
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

constexpr std::array<std::string_view, 1> kResponse = {"output"};
constexpr std::array<std::string_view, 3> kItem = {"type", "name", "call_id"};
constexpr size_t kName = 1;
constexpr size_t kCallId = 2;
constexpr std::array<std::string_view, 6> kEvent = {
    "type", "response", "item", "output_index", "sequence_number", "name"};
constexpr size_t kType = 0;
constexpr size_t kWhole = 1;
constexpr size_t kOneItem = 2;
constexpr size_t kIndex = 3;
constexpr size_t kSequence = 4;
constexpr size_t kEventName = 5;
constexpr std::string_view kAdded = "response.output_item.added";
constexpr std::string_view kDone = "response.output_item.done";

/// "msg_removed_3": of the item that stands in the place of a call.
std::string id_at(int64_t index) { return "\"msg_removed_" + std::to_string(index) + '"'; }

std::string text_of_part(std::string_view text) {
    return R"({"type":"output_text","text":)" + json_string(text) + R"(,"annotations":[]})";
}

std::string message_at(int64_t index, std::optional<std::string_view> text) {
    return R"({"type":"message","id":)" + id_at(index) + R"(,"status":")" +
           (text ? "completed" : "in_progress") + R"(","role":"assistant","content":[)" +
           (text ? text_of_part(*text) : "") + "]}";
}

/// A call to a tool of the provider's own: "web_search_call" is one of `web_search`.
Named named_by_call(std::string_view type) {
    constexpr std::string_view kEnd = "_call";
    type.remove_suffix(kEnd.size());
    Named named{.name = std::string(type)};
    for (const char* const end : {"_preview", "_use", "_use_preview"}) {
        named.others.push_back(named.name + end);
    }
    return named;
}

/// The items of one answer.
class Items {
public:
    explicit Items(const ToolJudge& judge) : verdicts_(judge) {}

    /// What stands in the place of that item; nothing: itself. `judge` is asked once of an item.
    Result<std::optional<std::string>> note_for(std::string_view text) {
        TRY(const auto item, parts_of(text, kItem));
        TRY(const std::string type, text_part(item, kType));
        TRY(std::string name, text_part(item, kName));
        TRY(std::string call_id, text_part(item, kCallId));
        if (!call_id.empty() && type.ends_with("_output") &&
            std::ranges::find(removed_ids_, call_id) != removed_ids_.end()) {
            return removed_note_;  // what came of a call that is removed
        }
        TRY(const auto named, named_of(type, std::move(name)));
        if (!named) return std::nullopt;
        TRY(auto note, verdicts_.note_for(*named));
        if (!note) return std::nullopt;
        if (removed_ids_.size() < kToolCallsMax) removed_ids_.push_back(std::move(call_id));
        removed_note_ = *note;
        return note;
    }

    Result<std::optional<std::string>> note_for_name(std::string name) {
        return verdicts_.note_for({.name = std::move(name)});
    }

    Result<void> filter(std::string_view text, JsonEdits& edits) {
        TRY(const auto response, parts_of(text, kResponse));
        if (!response.has(0)) return {};
        if (!response.is(0, JsonType::Array)) return opaque("a tool list: output is no list");
        int64_t index = 0;
        for (const std::string_view item : json_elements(response.value(0))) {
            TRY(const auto note, note_for(item));
            if (note) edits.replace(item, message_at(index, *note));
            ++index;
        }
        return {};
    }

private:
    static Result<std::optional<Named>> named_of(const std::string& type, std::string name) {
        if (is_mcp(type)) return named_by_type(type);
        if (type == "function_call" || type == "custom_tool_call") {
            if (name.empty()) return opaque("a tool list: a call without a name");
            return Named{.name = std::move(name)};
        }
        if (type.ends_with("_call")) return named_by_call(type);
        if (!name.empty()) return Named{.name = std::move(name)};
        return std::nullopt;
    }

    Verdicts verdicts_;
    std::vector<std::string> removed_ids_{};
    std::string removed_note_{};
};

class ResponsesEvents final : public EventFilter {
public:
    explicit ResponsesEvents(const ToolJudge& judge) : judge_(judge), items_(judge) {}

    Result<void> take(const SseEvent& event, std::string& out) override {
        if (!event.has_data || event.data.empty() || event.data == "[DONE]") {
            out += event.bytes;
            return {};
        }
        TRY(const auto members, parts_of(event.data, kEvent));
        if (members.has(kOneItem)) return take_item(members, event, out);
        const auto index = json_integer(members.value(kIndex));
        if (members.has(kIndex) && !index) return opaque("a tool list: an index is no number");
        if (index && is_removed(*index)) return {};
        TRY(std::string name, text_part(members, kEventName));
        if (!name.empty()) {
            TRY(const auto note, items_.note_for_name(std::move(name)));
            if (note) return opaque("a tool list: a call that did not begin");
        }
        JsonEdits edits(event.data);
        // Each is told anew, with all that came: it is judged anew.
        if (members.has(kWhole)) TRY_VOID(Items(judge_).filter(members.value(kWhole), edits));
        if (edits.empty()) {
            out += event.bytes;
        } else {
            append_event(out, event.type, event.id, edits.apply());
        }
        return {};
    }

    Result<void> finish(std::string&) override { return {}; }

private:
    bool is_removed(int64_t index) const {
        return std::ranges::find(removed_, index) != removed_.end();
    }

    Result<void> take_item(const Members<6>& members, const SseEvent& event, std::string& out) {
        TRY(const std::string type, text_part(members, kType));
        TRY(const auto note, items_.note_for(members.value(kOneItem)));
        const auto index = json_integer(members.value(kIndex));
        if (!index) return opaque("a tool list: an item without an index");
        const bool has_begun = is_removed(*index);
        if (!note && !has_begun) {
            out += event.bytes;
            return {};
        }
        if (!note) return opaque("a tool list: an item that is another one at its end");
        const Writer writer{&out, *index, members.value(kSequence), event.id};
        if (!has_begun) {
            removed_.push_back(*index);
            writer.begin(*note);
        }
        if (type == kDone) {
            writer.item(kDone, message_at(*index, *note));
        } else if (type != kAdded) {
            return opaque("a tool list: a call in an event of an unknown type");
        }
        return {};
    }

    /// What is told in the place of a call.
    struct Writer {
        std::string* out;
        int64_t index;
        std::string_view sequence;
        std::optional<std::string_view> id;

        void begin(std::string_view note) const {
            const std::string part = R"("content_index":0,)";
            item(kAdded, message_at(index, std::nullopt));
            event("response.content_part.added", part + R"("part":)" + text_of_part(""));
            event("response.output_text.delta",
                  part + R"("delta":)" + json_string(note) + R"(,"logprobs":[])");
            event("response.output_text.done",
                  part + R"("text":)" + json_string(note) + R"(,"logprobs":[])");
            event("response.content_part.done", part + R"("part":)" + text_of_part(note));
        }
        void item(std::string_view type, const std::string& text) const {
            write(type, R"("item":)" + text);
        }
        void event(std::string_view type, const std::string& rest) const {
            write(type, R"("item_id":)" + id_at(index) + ',' + rest);
        }
        void write(std::string_view type, const std::string& rest) const {
            std::string data = R"({"type":")" + std::string(type) + R"(",)";
            if (!sequence.empty()) data += R"("sequence_number":)" + std::string(sequence) + ',';
            data += R"("output_index":)" + std::to_string(index) + ',' + rest + '}';
            append_event(*out, type, id, data);
        }
    };

    ToolJudge judge_;
    Items items_;
    std::vector<int64_t> removed_{};
};

}  // namespace

Result<void> filter_responses(std::string_view body, const ToolJudge& judge, JsonEdits& edits) {
    return Items(judge).filter(body, edits);
}

std::unique_ptr<EventFilter> open_responses_events(const ToolJudge& judge) {
    return std::make_unique<ResponsesEvents>(judge);
}

}  // namespace keywarden::tools
