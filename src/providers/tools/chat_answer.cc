// Calls in OpenAI's chat completions, whole.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/json/write.h"
#include "providers/tools/answers.h"
#include "providers/tools/chat_calls.h"

namespace keywarden::tools {
namespace {

constexpr std::array<std::string_view, 1> kTop = {"choices"};
constexpr std::array<std::string_view, 3> kChoice = {"message", "finish_reason", "delta"};
constexpr size_t kMessage = 0;
constexpr size_t kFinish = 1;
constexpr size_t kDelta = 2;

/// All names of a call, as an entry of a list has them.
Result<std::optional<std::string>> note_of(std::string_view call, Verdicts& verdicts) {
    const auto names = names_of(call, true, 0);
    if (!names) return opaque("a tool list: " + names.error().message);
    for (const Named& named : *names) {
        TRY(auto note, verdicts.note_for(named));
        if (note) return note;
    }
    return std::nullopt;
}

/// Takes the calls out of a message that may not pass. True: some were there, and none is left.
Result<bool> filter_message(std::string_view message, Verdicts& verdicts, JsonEdits& edits) {
    TRY(const auto holder, parts_of(message, kCallHolder));
    RemovedCalls removed;
    size_t kept = 0;
    if (holder.has(kToolCalls)) {
        if (!holder.is(kToolCalls, JsonType::Array)) {
            return opaque("a tool list: calls are no list");
        }
        for (const std::string_view call : json_elements(holder.value(kToolCalls))) {
            TRY(auto note, note_of(call, verdicts));
            removed.elements.push_back(note.has_value());
            if (note) removed.note = *std::move(note);
            kept += removed.elements.back() ? 0 : 1;
        }
    }
    if (holder.has(kFunctionCall)) {
        TRY(auto note, note_of(holder.value(kFunctionCall), verdicts));
        removed.function_call = note.has_value();
        if (note) removed.note = *std::move(note);
        kept += removed.function_call ? 0 : 1;
    }
    if (removed.note.empty()) return false;
    remove_calls(holder, removed, edits);
    return kept == 0;
}

}  // namespace

Result<void> filter_chat(std::string_view body, const ToolJudge& judge, JsonEdits& edits) {
    Verdicts verdicts(judge);
    TRY(const auto top, parts_of(body, kTop));
    if (!top.has(0)) return {};
    if (!top.is(0, JsonType::Array)) return opaque("a tool list: choices are no list");
    for (const std::string_view text : json_elements(top.value(0))) {
        TRY(const auto choice, parts_of(text, kChoice));
        bool is_without = false;
        for (const size_t holder : {kMessage, kDelta}) {
            if (!choice.has(holder)) continue;
            TRY(const bool none_left, filter_message(choice.value(holder), verdicts, edits));
            is_without = is_without || none_left;
        }
        if (is_without) end_without_calls(choice.found[kFinish], text, edits);
    }
    return {};
}

void remove_calls(const Members<3>& holder, const RemovedCalls& removed, JsonEdits& edits) {
    const std::string_view message = holder.text;
    const std::string note = json_string(removed.note);
    const std::string member = "\"content\":" + note;
    std::vector<JsonMember> gone;
    bool is_some_list_left = false;
    if (!removed.elements.empty()) {
        const auto elements = json_elements(holder.value(kToolCalls));
        const auto count = static_cast<size_t>(std::ranges::count(removed.elements, true));
        if (count == elements.size()) {
            gone.push_back(holder.found[kToolCalls]);
        } else {
            edits.remove(elements, [&](size_t i) { return removed.elements[i]; });
            is_some_list_left = true;
        }
    }
    if (removed.function_call) gone.push_back(holder.found[kFunctionCall]);
    std::ranges::sort(gone, {}, [](const JsonMember& each) { return each.key.begin; });
    const JsonMember& content = holder.found[kContent];
    if (removed.note.empty()) {
        edits.remove(message, gone);
    } else if (holder.is(kContent, JsonType::String)) {
        const std::string_view text = holder.value(kContent);
        edits.insert(text.data() + text.size() - 1,
                     (text.size() > 2 ? "\\n" : "") + note.substr(1, note.size() - 2));
        edits.remove(message, gone);
    } else if (holder.is(kContent, JsonType::Array)) {
        const std::string_view list = holder.value(kContent);
        edits.insert(list.data() + list.size() - 1,
                     std::string(json_elements(list).empty() ? "" : ",") +
                         R"({"type":"text","text":)" + note + "}");
        edits.remove(message, gone);
    } else if (content.present) {
        edits.replace(content.text_of(message), note);
        edits.remove(message, gone);
    } else if (gone.empty() && is_some_list_left) {
        edits.insert(message.data() + holder.found[kToolCalls].key.begin, member + ",");
    } else {  // in the place of the first
        const JsonMember& first = gone.front();
        edits.replace(message.substr(first.key.begin, first.value.end - first.key.begin), member);
        if (gone.size() > 1) edits.remove(message, std::span(gone).subspan(1));
    }
}

void end_without_calls(const JsonMember& finish, std::string_view choice, JsonEdits& edits) {
    if (!finish.present || finish.type != JsonType::String) return;
    const std::string_view reason = finish.text_of(choice);
    if (reason == R"("tool_calls")" || reason == R"("function_call")") {
        edits.replace(reason, R"("stop")");
    }
}

}  // namespace keywarden::tools
