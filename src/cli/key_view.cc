#include "cli/key_view.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <string>
#include <vector>

#include "cli/money_text.h"
#include "cli/output.h"

namespace keywarden {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// In the order in which people look for them; the others follow by name.
constexpr std::array kFirstMembers = {"id", "name", "description", "status", "kind", "display"};
/// Shown otherwise, or of no interest to people.
constexpr std::array kOtherMembers = {
    "object", "secrets", "limits", "lists", "toollist", "tool_selection", "warnings", "budgets"};

/// Null, "", [], {}, and objects that hold nothing else.
bool is_nothing(const Json& value) {
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    return value.is_null() || (value.is_structured() && std::ranges::all_of(value, is_nothing));
}

bool is_empty(const Json& key, std::string_view name) {
    const auto found = key.find(name);
    return found == key.end() || is_nothing(*found);
}

bool is_true(const Json& object, const char* name) {
    return object.is_object() && object.contains(name) && object[name] == true;
}

/// "key", or "default of the plan".
std::string source_of(const Json& limit) {
    const std::string source = shown(limit, "source");
    return is_true(limit, "default") ? "default of the " + source : source;
}

/// "58 of 60 left, all of it in 61 s (key)"; what one request may have at most is only that.
std::string left_of(const Json& limit) {
    if (shown(limit, "remaining") == "-") {
        return fmt::format("at most {} ({})", shown(limit, "limit"), source_of(limit));
    }
    const std::string reset = shown(limit, "reset_seconds");
    return fmt::format("{} of {} left{} ({})",
                       shown(limit, "remaining"),
                       shown(limit, "limit"),
                       reset == "0" || reset == "-" ? "" : ", all of it in " + reset + " s",
                       source_of(limit));
}

/// "CI: $2.40 of $5.00 left, resets at … (key)"; one that refuses nothing only tells.
std::string budget_text(const Json& budget) {
    const Json state = budget.is_object() ? budget.value("state", Json()) : Json();
    if (!state.is_object()) return shown(budget, "name");
    const std::string resets = shown(state, "resets_at");
    return fmt::format("{}: {} of {} left{}{} ({})",
                       shown(budget, "name"),
                       shown_usd(state, "remaining_usd"),
                       shown_usd(state, "limit_usd"),
                       resets == "-" ? "" : ", resets at " + resets,
                       shown(budget, "blocks") == "false" ? ", only tells" : "",
                       shown(budget, "scope"));
}

/// "gpt-*, o1 but not gpt-4* (team)", a row for each scope.
void add_lists(const Json& key, Rows& rows) {
    const auto lists = key.find("lists");
    if (lists == key.end() || !lists->is_object()) return;
    for (const auto& [name, entries] : lists->items()) {
        if (!entries.is_array()) continue;
        for (const Json& entry : entries) {
            std::string text = "all";
            if (entry.is_object() && entry.contains("allow")) {
                text = list_of(entry, "allow").empty() ? "none" : shown(entry, "allow");
            }
            if (!list_of(entry, "deny").empty()) text += " but not " + shown(entry, "deny");
            rows.push_back({name, fmt::format("{} ({})", text, shown(entry, "source"))});
        }
    }
}

/// "shadow (team), held by plan, at most 20, always a, b"
void add_selection(const Json& key, Rows& rows) {
    const auto found = key.find("tool_selection");
    if (found == key.end() || !found->is_object()) return;
    const std::string source = shown(*found, "source");
    std::string text = shown(*found, "mode");
    if (source != "-") text += " (" + source + ")";
    if (shown(*found, "held_by") != "-") text += ", held by the " + shown(*found, "held_by");
    if (shown(*found, "keep_max") != "-") text += ", at most " + shown(*found, "keep_max");
    const auto trial = found->find("trial");
    if (trial != found->end() && trial->is_object()) {
        text += is_true(*trial, "selects") ? ", which is on now" : ", which is a shadow yet";
        text += " (" + shown(*trial, "calls") + " counted, " + shown(*trial, "missed") + " missed)";
    }
    const std::string cache_policy = shown(*found, "cache_policy");
    if (cache_policy != "-" && cache_policy != "auto") text += ", cache policy " + cache_policy;
    if (!list_of(*found, "pinned").empty()) text += ", always " + shown(*found, "pinned");
    if (is_true(*found, "private_models")) text += ", private models too";
    rows.push_back({"tool_selection", std::move(text)});
}

std::vector<std::string> secret_row(const Json& secret) {
    std::string row =
        fmt::format("{}  used {}", shown(secret, "display"), shown(secret, "last_used_at"));
    std::string networks;
    for (const Json& each : list_of(secret, "networks")) {
        networks += (networks.empty() ? "" : ", ") + shown(each, "network");
    }
    if (!networks.empty()) row += "  from " + networks;
    row += "  ends " + shown(secret, "ends_at");
    return {"secret", std::move(row)};
}

}  // namespace

void print_key(Session& session, const Arguments& arguments, const Json& key) {
    if (arguments.has("json")) {
        session.terminal.out << dump(key);
        return;
    }
    Rows rows;
    // Whoever calls over the socket is the operator, who has no key.
    if (shown(key, "object") == "operator") {
        rows.push_back({"caller", "the operator, over the socket"});
    }
    for (const char* name : kFirstMembers) {
        if (!is_empty(key, name)) rows.push_back({name, shown(key, name)});
    }
    for (const auto& [name, value] : key.items()) {
        const auto is_row = [&name](const char* other) { return name == other; };
        if (std::ranges::any_of(kFirstMembers, is_row) || is_empty(key, name)) continue;
        if (std::ranges::any_of(kOtherMembers, is_row)) continue;
        if (name == "policy" && key.contains("lists")) continue;  // a part of what holds
        rows.push_back({name, shown(key, name)});
    }
    add_lists(key, rows);
    add_selection(key, rows);
    for (const Json& limit : list_of(key, "limits")) {
        rows.push_back({shown(limit, "name"), left_of(limit)});
    }
    for (const Json& budget : list_of(key, "budgets")) {
        rows.push_back({"budget", budget_text(budget)});
    }
    for (const Json& secret : list_of(key, "secrets")) {
        rows.push_back(secret_row(secret));
    }
    session.terminal.out << table(rows, false);
}

void print_warnings(Session& session, const Json& answer) {
    for (const Json& each : list_of(answer, "warnings")) {
        if (!each.is_string()) continue;
        session.terminal.err << printable("warning: " + each.get<std::string>() + "\n");
    }
}

}  // namespace keywarden
