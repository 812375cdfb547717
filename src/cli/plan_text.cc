#include "cli/plan_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "cli/output.h"

namespace keywarden {
namespace {

using Ordered = nlohmann::ordered_json;

struct Action {
    std::string_view name;
    std::string_view sign;
    std::string_view color;
    std::string_view becomes;  // of what ends
};

constexpr Action kActions[] = {
    {"create", "+", "32", ""},
    {"update", "~", "33", ""},
    {"delete", "-", "31", " will be deleted"},
    {"remove", "-", "31", " will be removed from the team"},
    {"revoke", "-", "31", " will be revoked, for good"},
};

std::string text_of(const Ordered& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Action& action_of(const Ordered& change) {
    const std::string name = text_of(change, "action");
    const auto found = std::ranges::find(kActions, name, &Action::name);
    return found == std::end(kActions) ? kActions[1] : *found;
}

const Ordered& list_in(const Ordered& object, const char* name) {
    static const Ordered kNone = Ordered::array();
    const auto found = object.find(name);
    return found != object.end() && found->is_array() ? *found : kNone;
}

std::string shown(const Ordered& value) {
    if (value.is_null()) return "(none)";
    if (value.is_string()) return value;
    if (!value.is_array()) return value.dump();
    std::string out;
    for (const Ordered& each : value) out += (out.empty() ? "" : ", ") + shown(each);
    return out.empty() ? "[] (nothing)" : out;
}

/// Entries that come and go are told apart; of a list that is new, all of them come.
std::string list_lines(const Ordered& before, const Ordered& after) {
    std::string out;
    for (const Ordered& each : before) {
        if (std::ranges::find(after, each) == after.end()) out += "        - " + shown(each) + "\n";
    }
    for (const Ordered& each : after) {
        if (std::ranges::find(before, each) == before.end()) {
            out += "        + " + shown(each) + "\n";
        }
    }
    return out;
}

std::string field_text(const Ordered& field, std::string_view action) {
    const Ordered before = field.value("before", Ordered());
    const Ordered after = field.value("after", Ordered());
    const std::string name = text_of(field, "field");
    if (action == "create") return fmt::format("      {}: {}\n", name, shown(after));
    if (before.is_array() && after.is_array()) {
        const std::string lines = list_lines(before, after);
        if (!lines.empty()) return fmt::format("      {}:\n{}", name, lines);
    }
    return fmt::format("      {}: {} -> {}\n", name, shown(before), shown(after));
}

std::string change_text(const Ordered& change, bool color) {
    const Action& action = action_of(change);
    const std::string team = text_of(change, "team");
    const std::string id = text_of(change, "id");
    std::string head = fmt::format("{} {} {}{}{}",
                                   action.sign,
                                   text_of(change, "type"),
                                   team,
                                   team.empty() ? "" : "/",
                                   text_of(change, "name"));
    if (!id.empty()) head += fmt::format(" ({})", id);
    head = printable(head + std::string(action.becomes));
    std::ranges::replace(head, '\n', ' ');
    std::string out = color ? fmt::format("  \033[{}m{}\033[0m\n", action.color, head)
                            : fmt::format("  {}\n", head);
    if (action.sign == "-") return out;
    for (const Ordered& field : list_in(change, "fields")) {
        const bool is_its_name = field.value("after", Ordered()) == text_of(change, "name");
        if (is_its_name && action.name == "create") continue;
        out += printable(field_text(field, action.name));
    }
    return out;
}

}  // namespace

PlanCounts counts_of(const Ordered& plan) {
    PlanCounts out;
    for (const Ordered& change : list_in(plan, "changes")) {
        const std::string_view sign = action_of(change).sign;
        if (sign == "~") ++out.altered;
        if (sign == "-") ++out.ended;
        if (sign != "+") continue;
        ++out.made;
        if (text_of(change, "type") == "key") ++out.keys_made;
    }
    return out;
}

std::string plan_text(const Ordered& plan, bool color) {
    std::string out;
    for (const Ordered& change : list_in(plan, "changes")) out += change_text(change, color) + "\n";
    const PlanCounts counts = counts_of(plan);
    return out + fmt::format("{} to create, {} to change, {} to end.\n",
                             counts.made,
                             counts.altered,
                             counts.ended);
}

}  // namespace keywarden
