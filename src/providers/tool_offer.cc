#include "providers/tool_offer.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/json/edit.h"
#include "base/json/scan.h"

namespace keywarden {
namespace {

/// Of the price book's.
constexpr std::string_view kMaskingVendor = "openai";

constexpr std::string_view kMarkMember = "cache_control";

bool is_object(std::string_view value) { return value.starts_with('{'); }
bool is_array(std::string_view value) { return value.starts_with('['); }
bool is_text(std::string_view value) { return value.starts_with('"'); }
bool is_nothing(std::string_view value) { return value.empty() || value == "null"; }

/// The value of a member; empty where there is none.
std::string_view member_of(std::string_view object, std::string_view key) {
    if (!is_object(object)) return {};
    JsonPairs pairs(object);
    for (JsonPair pair = pairs.next(); !pair.value.empty(); pair = pairs.next()) {
        if (pair.key == key) return pair.value;
    }
    return {};
}

/// Calls `each` with the elements of an array; of anything else, with none.
template <class Each>
void for_each_element(std::string_view array, Each each) {
    if (!is_array(array)) return;
    JsonElements all(array);
    for (std::string_view next = all.next(); !next.empty(); next = all.next()) each(next);
}

std::optional<ToolRole> role_of(std::string_view role) {
    struct Row {
        std::string_view text;
        ToolRole role;
    };
    constexpr std::array kRoles = {Row{R"("user")", ToolRole::User},
                                   Row{R"("assistant")", ToolRole::Assistant},
                                   Row{R"("tool")", ToolRole::Tool},
                                   Row{R"("function")", ToolRole::Tool},
                                   Row{R"("system")", ToolRole::System},
                                   Row{R"("developer")", ToolRole::System}};
    const auto found = std::ranges::find(kRoles, role, &Row::text);
    return found == kRoles.end() ? std::nullopt : std::optional(found->role);
}

/// The tool without its mark; the mark as it is written in `mark`, if it has one.
std::string without_mark(std::string_view tool, std::string* mark = nullptr) {
    if (!is_object(tool)) return std::string(tool);
    std::string out = "{";
    JsonPairs pairs(tool);
    bool found = false;
    for (JsonPair pair = pairs.next(); !pair.value.empty(); pair = pairs.next()) {
        // From its opening quote to the end of its value, as it stands.
        const char* const begin = pair.key.data() - 1;
        const std::string_view member(
            begin, static_cast<size_t>(pair.value.data() + pair.value.size() - begin));
        if (pair.key == kMarkMember) {
            found = true;
            if (mark != nullptr) *mark = member;
            continue;
        }
        if (out.size() > 1) out += ',';
        out += member;
    }
    return found ? out + "}" : std::string(tool);
}

std::string with_mark(std::string_view tool, std::string_view mark) {
    const size_t end = tool.find_last_of('}');
    const bool is_empty = tool.substr(1, end - 1).find_first_not_of(" \t\r\n") == tool.npos;
    return std::string(tool.substr(0, end)) + (is_empty ? "" : ",") + std::string(mark) + "}";
}

}  // namespace

std::string_view tool_name_of(std::string_view tool) {
    for (const std::string_view place :
         {tool, member_of(tool, "function"), member_of(tool, "toolSpec")}) {
        const std::string_view name = member_of(place, "name");
        if (is_text(name) && !name.contains('\\')) return name.substr(1, name.size() - 2);
    }
    return {};
}

std::unique_ptr<ToolOffer> ToolOffer::read(ToolDialect dialect, std::string_view body) {
    std::unique_ptr<ToolOffer> offer(new ToolOffer());
    if (!offer->read_body(dialect, body) || offer->tools_.empty()) return nullptr;
    offer->bind_calls();
    return offer;
}

std::string_view ToolOffer::keep(std::string text) { return texts_.emplace_back(std::move(text)); }

std::string_view ToolOffer::text_of(std::string_view value) {
    if (!is_text(value)) return {};
    if (!value.contains('\\')) return value.substr(1, value.size() - 2);
    std::string scratch;
    const auto text = json_text(value, scratch);
    return text ? keep(std::string(*text)) : std::string_view();
}

void ToolOffer::add_turn(ToolRole role, std::string_view text, size_t calls_from, bool is_error) {
    turns_.push_back({.role = role, .text = text, .is_error = is_error});
    ranges_.push_back({calls_from, calls_.size()});
}

void ToolOffer::bind_calls() {
    for (size_t i = 0; i < turns_.size(); ++i) {
        const auto [from, until] = ranges_[i];
        turns_[i].calls = std::span<const std::string_view>(calls_).subspan(from, until - from);
    }
}

bool ToolOffer::read_body(ToolDialect dialect, std::string_view body) {
    dialect_ = dialect;
    body_ = body;
    if (!is_object(body)) return false;
    JsonPairs pairs(body);
    for (JsonPair pair = pairs.next(); !pair.value.empty(); pair = pairs.next()) {
        if (pair.key == "tool_choice") choice_ = pair.value;
        if (pair.key == "functions" || pair.key == "function_call") is_legacy_ = true;
        if (is_nothing(pair.value)) continue;
        if (!read_body_member(dialect, pair.key, pair.value)) return false;
    }
    return true;
}

/// False: this request is left alone.
bool ToolOffer::read_body_member(ToolDialect dialect,
                                 std::string_view key,
                                 std::string_view value) {
    if (key == "messages" || (key == "input" && dialect == ToolDialect::Responses)) {
        return read_messages(dialect, value);
    }
    if (key == "tools" || key == "functions") return take_list(value);
    if (key == "toolConfig") return take_tool_config(value);
    if (key == "tool_choice" || key == "function_call") take_choice(value);
    if (key == "system" || key == "instructions") add_system(value);
    // The conversation that these belong to, or more tools, are known to the provider alone.
    return key != "previous_response_id" && key != "conversation" && key != "prompt" &&
           key != "additionalModelRequestFields";
}

bool ToolOffer::take_list(std::string_view list) {
    if (!list_.empty() || !is_array(list)) return false;
    list_ = list;
    bool all_known = true;
    for_each_element(list, [&](std::string_view entry) {
        all_known = all_known && is_object(entry);
        const std::string_view mark = member_of(entry, "cachePoint");
        if (!mark.empty()) {
            alone_ = entry;
        } else {
            tools_.push_back(entry);
        }
    });
    return all_known;
}

bool ToolOffer::take_tool_config(std::string_view config) {
    const std::string_view choice = member_of(config, "toolChoice");
    const std::string_view name = member_of(member_of(choice, "tool"), "name");
    if (is_text(name)) chosen_.push_back(text_of(name));
    return take_list(member_of(config, "tools"));
}

/// "none"; {"type": "function", "name": …}; {"type": "allowed_tools", "tools": […]}; and so forth.
void ToolOffer::take_choice(std::string_view choice) {
    if (choice == R"("none")" || member_of(choice, "type") == R"("none")") tools_are_off_ = true;
    const auto take_name = [&](std::string_view holder) {
        for (const std::string_view place : {holder, member_of(holder, "function")}) {
            const std::string_view name = member_of(place, "name");
            if (is_text(name)) chosen_.push_back(text_of(name));
        }
    };
    take_name(choice);
    for_each_element(member_of(choice, "tools"), take_name);
    for_each_element(member_of(member_of(choice, "allowed_tools"), "tools"), take_name);
}

void ToolOffer::add_system(std::string_view value) {
    if (is_text(value)) return add_turn(ToolRole::System, text_of(value), calls_.size());
    std::string text;
    for_each_element(value, [&](std::string_view part) { read_part(part, text); });
    if (!text.empty()) add_turn(ToolRole::System, keep(std::move(text)), calls_.size());
}

bool ToolOffer::read_messages(ToolDialect dialect, std::string_view messages) {
    if (dialect == ToolDialect::Responses && is_text(messages)) {
        add_turn(ToolRole::User, text_of(messages), calls_.size());
        return true;
    }
    if (!is_array(messages)) return false;
    bool all_known = true;
    for_each_element(messages, [&](std::string_view message) {
        all_known = all_known && read_message(dialect, message);
    });
    return all_known;
}

bool ToolOffer::read_message(ToolDialect dialect, std::string_view message) {
    if (!is_object(message)) return false;
    std::string_view role;
    std::string_view content;
    std::string_view calls;
    std::string_view call;
    JsonPairs pairs(message);
    for (JsonPair pair = pairs.next(); !pair.value.empty(); pair = pairs.next()) {
        if (pair.key == "role") role = pair.value;
        if (pair.key == "content") content = pair.value;
        if (pair.key == "tool_calls") calls = pair.value;
        if (pair.key == "function_call") call = pair.value;
    }
    if (role.empty() && dialect == ToolDialect::Responses) {
        read_item_of_responses(message);
        return true;
    }
    const auto known = role_of(role);
    if (!known) return false;
    const size_t calls_from = calls_.size();
    for_each_element(calls, [&](std::string_view each) {
        add_call(member_of(each, "function"));
        add_call(member_of(each, "custom"));
    });
    add_call(call);
    // Results are most of what an agent sends, and nothing of them is looked at.
    if (*known == ToolRole::Tool) {
        add_turn(ToolRole::Tool, {}, calls_from);
        return true;
    }
    read_content(content, *known);
    if (calls_.size() > calls_from && ranges_.back().from > calls_from) {
        ranges_.back().from = calls_from;
    }
    return true;
}

/// Of Responses: what is no message.
void ToolOffer::read_item_of_responses(std::string_view item) {
    const std::string_view type = member_of(item, "type");
    const size_t calls_from = calls_.size();
    if (type == R"("function_call")" || type == R"("custom_tool_call")") {
        add_call(item);
        add_turn(ToolRole::Assistant, {}, calls_from);
    } else if (type == R"("function_call_output")" || type == R"("custom_tool_call_output")") {
        add_turn(ToolRole::Tool, {}, calls_from);
    }
}

void ToolOffer::add_call(std::string_view holder) {
    const std::string_view name = member_of(holder, "name");
    if (is_text(name)) calls_.push_back(text_of(name));
}

/// A text, or parts of which some are texts, calls, and results.
void ToolOffer::read_content(std::string_view content, ToolRole role) {
    const size_t calls_from = calls_.size();
    if (!is_array(content)) return add_turn(role, text_of(content), calls_from);
    std::string text;
    std::string_view only;  // the text of the one part that has any
    size_t texts = 0;
    for_each_element(content, [&](std::string_view part) {
        const std::string_view result = member_of(part, "toolResult");
        if (!result.empty() || member_of(part, "type") == R"("tool_result")") {
            return read_tool_result(result.empty() ? part : result);
        }
        if (member_of(part, "type") == R"("tool_use")") return add_call(part);
        add_call(member_of(part, "toolUse"));
        if (const std::string_view said = member_of(part, "text"); is_text(said)) {
            only = text_of(said);
            if (++texts > 1) text += ' ';
            text += only;
        }
    });
    add_turn(role, texts == 1 ? only : keep(std::move(text)), calls_from);
}

void ToolOffer::read_part(std::string_view part, std::string& text) {
    const std::string_view said = member_of(part, "text");
    if (!is_text(said)) return;
    if (!text.empty()) text += ' ';
    text += text_of(said);
}

void ToolOffer::read_tool_result(std::string_view result) {
    const bool is_error =
        member_of(result, "is_error") == "true" || member_of(result, "status") == R"("error")";
    add_turn(ToolRole::Tool, {}, calls_.size(), is_error);
}

std::string ToolOffer::with_only(std::span<const uint32_t> kept) const {
    // The last mark of a tool, and whose it is.
    std::string mark;
    size_t marked = tools_.size();
    for (size_t i = 0; i < tools_.size(); ++i) {
        if (member_of(tools_[i], kMarkMember).empty()) continue;
        without_mark(tools_[i], &mark);
        marked = i;
    }
    std::string list = "[";
    const auto add = [&](std::string_view entry) {
        if (list.size() > 1) list += ',';
        list += entry;
    };
    for (size_t i = 0; i < kept.size(); ++i) {
        const std::string_view tool = tools_[kept[i]];
        const bool is_last = i + 1 == kept.size();
        if (marked == tools_.size() || (kept[i] == marked) == is_last) {
            add(tool);
        } else if (is_last) {
            add(with_mark(without_mark(tool), mark));
        } else {
            add(without_mark(tool));
        }
    }
    if (!alone_.empty()) add(alone_);
    list += ']';
    JsonEdits edits(body_);
    edits.replace(list_, std::move(list));
    return edits.apply();
}

std::optional<std::string> ToolOffer::with_allowed(std::span<const uint32_t> kept) const {
    const bool is_chat = dialect_ == ToolDialect::Chat;
    if ((!is_chat && dialect_ != ToolDialect::Responses) || is_legacy_) return std::nullopt;
    const bool is_required = choice_ == R"("required")";
    const bool is_auto = is_nothing(choice_) || choice_ == R"("auto")";
    if (!is_auto && !is_required) return std::nullopt;
    std::string allowed = is_chat ? R"({"type":"allowed_tools","allowed_tools":{"mode":)"
                                  : R"({"type":"allowed_tools","mode":)";
    allowed += is_required ? R"("required","tools":[)" : R"("auto","tools":[)";
    for (const uint32_t i : kept) {
        const std::string_view tool = tools_[i];
        const std::string_view name =
            member_of(is_chat ? member_of(tool, "function") : tool, "name");
        if (member_of(tool, "type") != R"("function")" || !is_text(name)) return std::nullopt;
        if (i != kept.front()) allowed += ',';
        allowed +=
            is_chat ? R"({"type":"function","function":{"name":)" : R"({"type":"function","name":)";
        allowed += name;
        allowed += is_chat ? "}}" : "}";
    }
    allowed += is_chat ? "]}}" : "]}";
    JsonEdits edits(body_);
    if (choice_.empty()) {
        const char* const end = list_.data() + list_.size();
        edits.insert(end, R"(,"tool_choice":)" + allowed);
    } else {
        edits.replace(choice_, std::move(allowed));
    }
    return edits.apply();
}

Selection select_of(ToolSelector& selector, const ToolOffer& offer, const OfferWishes& wishes) {
    const std::vector<std::string_view> pinned(wishes.pinned.begin(), wishes.pinned.end());
    const std::vector<std::string_view> popular(wishes.popular.begin(), wishes.popular.end());
    SelectionRequest request{.tools = offer.tools(),
                             .read = tool_reader(offer.dialect()),
                             .turns = offer.turns(),
                             .tools_are_off = offer.tools_are_off(),
                             .chosen = offer.chosen(),
                             .pinned = pinned,
                             .popular = popular};
    request.wants_scores = wishes.wants_scores;
    request.cache = wishes.cache;
    if (wishes.keep_max) request.k_target_override = static_cast<size_t>(*wishes.keep_max);
    return selector.select(request);
}

bool takes_masks(CachePolicy policy, std::string_view vendor) {
    return policy == CachePolicy::Mask || vendor == kMaskingVendor;
}

OfferWay way_of(const ToolOffer& offer,
                const Selection& chosen,
                CachePolicy policy,
                bool can_mask) {
    if (chosen.outcome != SelectionOutcome::Selected) return {.outcome = chosen.outcome};
    const bool pays = policy != CachePolicy::Auto || chosen.pays;
    const CachePolicy way = what_to_do(policy, pays, can_mask);
    if (way == CachePolicy::Select) return {};
    if (way == CachePolicy::Mask) {
        std::optional<std::string> masked = offer.with_allowed(chosen.kept);
        if (masked) return {.outcome = SelectionOutcome::Masked, .masked = *std::move(masked)};
    }
    return {.outcome = pays ? SelectionOutcome::LeftWhole : SelectionOutcome::CacheIsCheaper};
}

}  // namespace keywarden
