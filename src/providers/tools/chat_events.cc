// Calls in a stream of OpenAI's chat completions, whose names may come in pieces.
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json/write.h"
#include "providers/tools/answers.h"
#include "providers/tools/chat_calls.h"

namespace keywarden::tools {
namespace {

constexpr std::array<std::string_view, 1> kTop = {"choices"};
constexpr std::array<std::string_view, 4> kChoice = {"index", "delta", "message", "finish_reason"};
constexpr size_t kIndex = 0;
constexpr size_t kDelta = 1;
constexpr size_t kMessage = 2;
constexpr size_t kFinish = 3;
constexpr std::array<std::string_view, 6> kCall = {
    "index", "id", "function", "custom", "name", "arguments"};
constexpr size_t kId = 1;
constexpr size_t kFunction = 2;
constexpr size_t kCustom = 3;
constexpr size_t kName = 4;
constexpr size_t kArguments = 5;
constexpr std::array<std::string_view, 3> kFunctionMembers = {"name", "arguments", "input"};

/// Where a call stands: in which choice, and where in its list; legacy ones have no list.
struct Place {
    int64_t choice = 0;
    int64_t index = 0;
    bool is_legacy = false;
    friend bool operator==(const Place&, const Place&) = default;
};

struct StreamedCall {
    Place place{};
    std::string id{};
    std::string name{};
    size_t pieces = 0;               // of its name
    bool is_judged = false;          // its name is whole
    std::string note{};              // empty: it is let through
    bool is_noted = false;           // and that was said
    std::optional<int64_t> shift{};  // how many before it were removed, when it went on
    bool is_removed() const { return !note.empty(); }
};

struct StreamedChoice {
    int64_t index = 0;
    size_t kept = 0;
    size_t removed = 0;
};

/// What of a name an event has: each call is told its whole name once, in the place of its first
/// piece, since not every client puts pieces together.
enum class NamePiece : uint8_t { Absent, First, Later };

/// A piece of a call in an event.
struct Fragment {
    size_t call = 0;  // of the stream
    NamePiece name = NamePiece::Absent;
};

/// What a fragment says.
struct Piece {
    std::string id{};
    std::string name{};
    bool has_arguments = false;
};

/// An event that waits, or goes on.
struct ChatEvent {
    std::string bytes{};
    std::string type{};
    std::optional<std::string> id{};
    std::string data{};
    std::vector<Fragment> fragments{};
};

/// Whether that is there and says something.
template <size_t kCount>
bool says(const Members<kCount>& members, size_t i) {
    return members.has(i) && members.value(i) != "\"\"";
}

template <size_t kCount>
Result<int64_t> index_of(const Members<kCount>& members) {
    if (!members.has(kIndex)) return 0;
    const auto index = json_integer(members.value(kIndex));
    if (!index) return opaque("a tool list: an index is no number");
    return *index;
}

Result<Piece> read_piece(const Members<6>& call) {
    Piece piece;
    TRY(piece.id, text_part(call, kId));
    TRY(piece.name, text_part(call, kName));
    piece.has_arguments = says(call, kArguments);
    for (const size_t inner : {kFunction, kCustom}) {
        if (!call.has(inner)) continue;
        TRY(const auto members, parts_of(call.value(inner), kFunctionMembers));
        TRY(const std::string name, text_part(members, 0));
        if (!name.empty() && !piece.name.empty()) return opaque("a tool list: a call of two names");
        piece.name += name;
        piece.has_arguments = piece.has_arguments || says(members, 1) || says(members, 2);
    }
    return piece;
}

class ChatEvents final : public EventFilter {
public:
    explicit ChatEvents(const ToolJudge& judge) : verdicts_(judge) {}

    Result<void> take(const SseEvent& event, std::string& out) override;
    Result<void> finish(std::string& out) override;

private:
    Result<void> look_at(ChatEvent& event);
    Result<void> look_at_delta(std::string_view delta, int64_t choice, ChatEvent& event);
    Result<void> look_at_call(std::string_view call, Place place, ChatEvent& event);
    Result<void> judge(StreamedCall& call);
    Result<void> judge_all(std::optional<int64_t> choice);
    bool waits() const {
        return std::ranges::any_of(calls_, [](const auto& call) { return !call.is_judged; });
    }
    bool has_piece_of_name(const Fragment& fragment) const {
        return fragment.name == NamePiece::Later ||
               (fragment.name == NamePiece::First && calls_[fragment.call].pieces > 1);
    }
    StreamedCall* find(const Place& place);
    StreamedChoice& choice_of(int64_t index);
    Result<void> let_go(std::string& out);

    // Once all names are whole: what goes on of an event.
    Result<void> pass(const ChatEvent& event, std::string& out);
    Result<void> edit(const ChatEvent& event, JsonEdits& edits);
    Result<void> edit_delta(std::string_view delta,
                            std::span<const Fragment>& fragments,
                            JsonEdits& edits);
    Result<void> edit_kept(std::string_view text, const Fragment& fragment, JsonEdits& edits);

    Verdicts verdicts_;
    std::vector<StreamedCall> calls_{};
    std::vector<StreamedChoice> choices_{};
    std::vector<ChatEvent> held_{};
    size_t held_bytes_ = 0;
};

StreamedCall* ChatEvents::find(const Place& place) {
    const auto found = std::find_if(calls_.rbegin(), calls_.rend(), [&](const StreamedCall& call) {
        return call.place == place;
    });
    return found == calls_.rend() ? nullptr : &*found;
}

StreamedChoice& ChatEvents::choice_of(int64_t index) {
    const auto found = std::ranges::find(choices_, index, &StreamedChoice::index);
    if (found != choices_.end()) return *found;
    return choices_.emplace_back(StreamedChoice{.index = index});
}

Result<void> ChatEvents::judge(StreamedCall& call) {
    if (call.is_judged) return {};
    if (call.name.empty()) return opaque("a tool list: a call without a name");
    TRY(auto note, verdicts_.note_for({.name = call.name}));
    call.is_judged = true;
    call.note = std::move(note).value_or("");
    StreamedChoice& choice = choice_of(call.place.choice);
    ++(call.is_removed() ? choice.removed : choice.kept);
    return {};
}

Result<void> ChatEvents::judge_all(std::optional<int64_t> choice) {
    for (StreamedCall& call : calls_) {
        if (!choice || call.place.choice == *choice) TRY_VOID(judge(call));
    }
    return {};
}

Result<void> ChatEvents::look_at_call(std::string_view text, Place place, ChatEvent& event) {
    TRY(const auto members, parts_of(text, kCall));
    TRY(const Piece piece, read_piece(members));
    if (!place.is_legacy) {
        TRY(place.index, index_of(members));
    }
    StreamedCall* call = find(place);
    // Some providers number no calls, and some name each piece of one otherwise.
    const bool is_other = call != nullptr && !piece.id.empty() && !call->id.empty() &&
                          piece.id != call->id && !piece.name.empty();
    if (is_other && !call->is_judged) return opaque("a tool list: two calls in one place");
    if (call == nullptr || is_other) {
        if (calls_.size() == kToolCallsMax) return opaque("a tool list: too many calls");
        call = &calls_.emplace_back(StreamedCall{.place = place, .id = piece.id});
    }
    Fragment fragment{.call = static_cast<size_t>(call - calls_.data())};
    if (!piece.name.empty()) {
        fragment.name = call->name.empty() ? NamePiece::First : NamePiece::Later;
    }
    if (call->is_judged) {
        if (!piece.name.empty() && piece.name != call->name) {
            return opaque("a tool list: a name that goes on behind its end");
        }
    } else {
        if (call->id.empty()) call->id = piece.id;
        call->name += piece.name;
        call->pieces += piece.name.empty() ? 0 : 1;
        if (call->name.size() > kToolNameBytesMax) return opaque("a tool list: too long a name");
        if (piece.has_arguments) TRY_VOID(judge(*call));
    }
    event.fragments.push_back(fragment);
    return {};
}

Result<void> ChatEvents::look_at_delta(std::string_view delta, int64_t choice, ChatEvent& event) {
    TRY(const auto holder, parts_of(delta, kCallHolder));
    if (holder.has(kToolCalls)) {
        if (!holder.is(kToolCalls, JsonType::Array)) {
            return opaque("a tool list: calls are no list");
        }
        for (const std::string_view call : json_elements(holder.value(kToolCalls))) {
            TRY_VOID(look_at_call(call, {.choice = choice}, event));
        }
    }
    if (!holder.has(kFunctionCall)) return {};
    return look_at_call(holder.value(kFunctionCall), {.choice = choice, .is_legacy = true}, event);
}

Result<void> ChatEvents::look_at(ChatEvent& event) {
    TRY(const auto top, parts_of(event.data, kTop));
    if (!top.has(0)) return {};
    if (!top.is(0, JsonType::Array)) return opaque("a tool list: choices are no list");
    for (const std::string_view text : json_elements(top.value(0))) {
        TRY(const auto choice, parts_of(text, kChoice));
        TRY(const int64_t index, index_of(choice));
        if (choice.has(kMessage)) {
            TRY(const auto message, parts_of(choice.value(kMessage), kCallHolder));
            if (message.has(kToolCalls) || message.has(kFunctionCall)) {
                return opaque("a tool list: a whole message in a stream");
            }
        }
        if (choice.has(kDelta)) TRY_VOID(look_at_delta(choice.value(kDelta), index, event));
        if (choice.has(kFinish)) TRY_VOID(judge_all(index));
    }
    return {};
}

Result<void> ChatEvents::take(const SseEvent& sse, std::string& out) {
    ChatEvent event{.bytes = std::string(sse.bytes)};
    const bool is_end = sse.data == "[DONE]";
    if (is_end) TRY_VOID(judge_all(std::nullopt));
    if (sse.has_data && !sse.data.empty() && !is_end) {
        event.type = sse.type;
        event.id = sse.id;
        event.data = sse.data;
        TRY_VOID(look_at(event));
    }
    if (held_.empty() && !waits()) return pass(event, out);
    held_bytes_ += event.bytes.size() + event.data.size();
    if (held_bytes_ > kToolEventsHeldBytesMax) return opaque("a tool list: a name without an end");
    held_.push_back(std::move(event));
    return waits() ? Result<void>() : let_go(out);
}

Result<void> ChatEvents::let_go(std::string& out) {
    const auto events = std::exchange(held_, {});
    held_bytes_ = 0;
    for (const ChatEvent& event : events) TRY_VOID(pass(event, out));
    return {};
}

Result<void> ChatEvents::finish(std::string& out) {
    TRY_VOID(judge_all(std::nullopt));
    return let_go(out);
}

Result<void> ChatEvents::pass(const ChatEvent& event, std::string& out) {
    JsonEdits edits(event.data);
    const bool none_is_removed =
        std::ranges::all_of(choices_, [](const auto& choice) { return choice.removed == 0; });
    const bool names_are_whole = std::ranges::none_of(
        event.fragments, [this](const Fragment& each) { return has_piece_of_name(each); });
    if (!event.data.empty() && !(none_is_removed && names_are_whole)) TRY_VOID(edit(event, edits));
    if (edits.empty()) {
        out += event.bytes;
    } else {
        append_event(out, event.type, event.id, edits.apply());
    }
    return {};
}

Result<void> ChatEvents::edit(const ChatEvent& event, JsonEdits& edits) {
    std::span<const Fragment> fragments(event.fragments);
    TRY(const auto top, parts_of(event.data, kTop));
    if (!top.has(0)) return {};
    for (const std::string_view text : json_elements(top.value(0))) {
        TRY(const auto choice, parts_of(text, kChoice));
        TRY(const int64_t index, index_of(choice));
        if (choice.has(kDelta)) TRY_VOID(edit_delta(choice.value(kDelta), fragments, edits));
        const StreamedChoice& calls = choice_of(index);
        if (calls.removed > 0 && calls.kept == 0) {
            end_without_calls(choice.found[kFinish], text, edits);
        }
    }
    return {};
}

Result<void> ChatEvents::edit_delta(std::string_view delta,
                                    std::span<const Fragment>& fragments,
                                    JsonEdits& edits) {
    TRY(const auto holder, parts_of(delta, kCallHolder));
    RemovedCalls removed;
    const auto take = [&](std::string_view text) -> Result<bool> {
        const Fragment fragment = fragments.front();
        fragments = fragments.subspan(1);
        StreamedCall& call = calls_[fragment.call];
        if (!call.is_removed()) {
            TRY_VOID(edit_kept(text, fragment, edits));
            return false;
        }
        if (!std::exchange(call.is_noted, true)) removed.note = call.note;
        return true;
    };
    if (holder.has(kToolCalls)) {
        for (const std::string_view text : json_elements(holder.value(kToolCalls))) {
            TRY(const bool is_removed, take(text));
            removed.elements.push_back(is_removed);
        }
    }
    if (holder.has(kFunctionCall)) {
        TRY(removed.function_call, take(holder.value(kFunctionCall)));
    }
    if (removed.function_call || std::ranges::count(removed.elements, true) > 0) {
        remove_calls(holder, removed, edits);
    }
    return {};
}

/// Of a call that goes on: its place moves up, and its name is told once.
Result<void> ChatEvents::edit_kept(std::string_view text,
                                   const Fragment& fragment,
                                   JsonEdits& edits) {
    TRY(const auto members, parts_of(text, kCall));
    StreamedCall& call = calls_[fragment.call];
    if (!call.shift) {
        call.shift = std::ranges::count_if(calls_, [&](const StreamedCall& other) {
            return other.is_removed() && !other.place.is_legacy &&
                   other.place.choice == call.place.choice && other.place.index < call.place.index;
        });
    }
    if (!call.place.is_legacy && *call.shift > 0 && members.has(kIndex)) {
        edits.replace(members.value(kIndex), std::to_string(call.place.index - *call.shift));
    }
    if (!has_piece_of_name(fragment)) return {};
    const auto edit_name = [&](std::string_view object, const JsonMember& name) {
        if (fragment.name == NamePiece::First) {
            edits.replace(name.text_of(object), json_string(call.name));
        } else {
            edits.remove(object, {&name, 1});
        }
    };
    if (members.has(kName)) {
        edit_name(text, members.found[kName]);
        return {};
    }
    for (const size_t inner : {kFunction, kCustom}) {
        if (!members.has(inner)) continue;
        TRY(const auto function, parts_of(members.value(inner), kFunctionMembers));
        if (function.has(0)) edit_name(members.value(inner), function.found[0]);
    }
    return {};
}

}  // namespace

std::unique_ptr<EventFilter> open_chat_events(const ToolJudge& judge) {
    return std::make_unique<ChatEvents>(judge);
}

}  // namespace keywarden::tools
