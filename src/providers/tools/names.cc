#include "providers/tools/names.h"

#include <algorithm>
#include <utility>

#include "base/json/edit.h"
#include "providers/tools.h"

namespace keywarden::tools {
namespace {

constexpr std::array<std::string_view, 5> kToolNames = {
    "type", "name", "function", "custom", "tools"};
constexpr size_t kType = 0;
constexpr size_t kName = 1;
constexpr size_t kFunction = 2;
constexpr size_t kCustom = 3;
constexpr size_t kTools = 4;
constexpr std::array<std::string_view, 1> kOnlyName = {"name"};

/// Types that only say how a tool is chosen, or that its name follows.
constexpr std::array<std::string_view, 9> kPlainTypes = {
    "function", "custom", "tool", "auto", "any", "none", "required", "allowed_tools", "namespace"};

std::unexpected<Error> wrong(std::string message) {
    return fail(
        Error{.code = ErrorCode::InvalidRequest, .message = std::move(message), .param = "tools"});
}

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '_'; });
}

/// "web_search" of "web_search_preview_2025_03_11", "bash" of "bash_20250124".
std::string_view without_version(std::string_view type) {
    for (size_t at = type.find('_'); at != std::string_view::npos; at = type.find('_', at + 1)) {
        if (is_digits(type.substr(at + 1))) {
            type = type.substr(0, at);
            break;
        }
    }
    for (const std::string_view end : {"_preview", "_use"}) {
        if (type.ends_with(end)) type.remove_suffix(end.size());
    }
    return type;
}

Result<void> add_name(const Members<5>& tool, std::vector<Named>& names) {
    if (tool.has(kName)) {
        if (!tool.is(kName, JsonType::String)) return wrong("The name of a tool must be a string.");
        TRY(std::string name, text_of(tool.value(kName)));
        names.push_back({.name = std::move(name)});
    }
    for (const size_t inner : {kFunction, kCustom}) {
        if (!tool.has(inner)) continue;
        if (!tool.is(inner, JsonType::Object)) return wrong("A tool is not as it should be.");
        TRY(const auto members, members_of(tool.value(inner), kOnlyName));
        if (!members.is(0, JsonType::String)) return wrong("A tool has no name.");
        TRY(std::string name, text_of(members.value(0)));
        names.push_back({.name = std::move(name)});
    }
    return {};
}

}  // namespace

Result<std::string> text_of(std::string_view value) {
    std::string scratch;
    const auto text = json_text(value, scratch);
    if (!text) return wrong("The name of a tool is not a text.");
    return std::string(*text);
}

bool is_mcp(std::string_view type) { return type == "mcp" || type.starts_with("mcp_"); }

Named named_by_type(std::string_view type) {
    if (is_mcp(type)) return {.name = "mcp"};
    Named named{.name = std::string(type)};
    const std::string_view plain = without_version(type);
    if (plain != type) named.others.emplace_back(plain);
    return named;
}

Result<std::vector<Named>> names_of(std::string_view tool, bool is_entry, int depth_left) {
    if (!tool.starts_with('{')) return wrong("A tool must be an object.");
    TRY(const auto members, members_of(tool, kToolNames));
    std::vector<Named> names;
    std::string type;
    if (members.has(kType)) {
        if (!members.is(kType, JsonType::String)) return wrong("The type of a tool is no string.");
        TRY(type, text_of(members.value(kType)));
    }
    const bool is_plain = type.empty() || std::ranges::find(kPlainTypes, type) != kPlainTypes.end();
    if (is_mcp(type)) {
        names.push_back(named_by_type(type));
        return names;
    }
    TRY_VOID(add_name(members, names));
    if (names.empty() && !is_plain) names.push_back(named_by_type(type));
    if (names.empty() && is_entry) return wrong("A tool has no name.");
    if (!members.has(kTools)) return names;
    if (depth_left == 0 || !members.is(kTools, JsonType::Array)) {
        return wrong("A tool is not as it should be.");
    }
    for (const std::string_view inner : json_elements(members.value(kTools))) {
        TRY(auto more, names_of(inner, true, depth_left - 1));
        std::ranges::move(more, std::back_inserter(names));
        if (names.size() > kToolsJudgedMax) return wrong("These are too many tools.");
    }
    return names;
}

Decision decide(const ToolLists& lists, const Named& named) {
    std::vector<std::string_view> others(named.others.begin(), named.others.end());
    return lists.decide({.name = named.name, .other_names = others});
}

Decision decide(const ToolLists& lists, std::span<const Named> names) {
    for (const Named& named : names) {
        const Decision decision = decide(lists, named);
        if (!decision.allowed) return decision;
    }
    return {};
}

}  // namespace keywarden::tools
