// What a request offers, and what it insists on.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/json/edit.h"
#include "providers/tools.h"
#include "providers/tools/names.h"

namespace keywarden {
namespace {

using tools::Members;
using tools::members_of;
using tools::Named;

/// Members that offer tools or choose among them, in OpenAI's and Anthropic's dialects.
constexpr std::array<std::string_view, 8> kNames = {"tools",
                                                    "tool_choice",
                                                    "parallel_tool_calls",
                                                    "functions",
                                                    "function_call",
                                                    "mcp_servers",
                                                    "web_search_options",
                                                    "prompt"};
constexpr size_t kTools = 0;
constexpr size_t kToolChoice = 1;
constexpr size_t kParallel = 2;
constexpr size_t kFunctions = 3;
constexpr size_t kFunctionCall = 4;
constexpr size_t kMcpServers = 5;
constexpr size_t kWebSearch = 6;
constexpr size_t kPrompt = 7;

constexpr std::array<std::string_view, 2> kConverseNames = {"toolConfig",
                                                            "additionalModelRequestFields"};
constexpr std::array<std::string_view, 2> kToolConfigNames = {"tools", "toolChoice"};
constexpr std::array<std::string_view, 3> kConverseTools = {"toolSpec", "systemTool", "cachePoint"};
constexpr size_t kCachePoint = 2;
constexpr std::array<std::string_view, 1> kName = {"name"};
constexpr std::array<std::string_view, 1> kChosenTool = {"tool"};
constexpr std::array<std::string_view, 2> kAllowed = {"allowed_tools", "tools"};

std::unexpected<Error> wrong(std::string_view field, std::string_view what) {
    return fail(Error{
        .code = ErrorCode::InvalidRequest,
        .message = "The field '" + std::string(field) + "' must be " + std::string(what) + ".",
        .param = std::string(field)});
}

class Pruner {
public:
    Pruner(std::string_view text, const ToolLists& lists) : lists_(lists), edits_(text) {}

    /// An object with members as OpenAI and Anthropic have them.
    Result<void> prune(std::string_view object, bool may_name_prompt);
    Result<void> prune_converse(std::string_view body);

    PrunedRequest result() const {
        PrunedRequest request{.offered = offered_, .kept = kept_};
        if (!edits_.empty()) request.body = edits_.apply();
        return request;
    }

private:
    enum class Left : uint8_t { All, Some, None };

    Result<Left> prune_list(std::string_view list, std::string_view field);
    Result<Left> prune_converse_list(std::string_view list);
    Result<void> check(const std::vector<Named>& names, std::string_view field) const;
    Result<void> check_choice(std::string_view choice, std::string_view field) const;
    Result<void> check_converse_choice(std::string_view choice) const;
    Result<void> prune_tool_config(const Members<2>& body);
    Result<void> count_offered();
    bool permits(std::string_view own_tool) const {
        return tools::decide(lists_, tools::named_by_type(own_tool)).allowed;
    }

    const ToolLists& lists_;
    JsonEdits edits_;
    size_t offered_ = 0;
    size_t kept_ = 0;
};

Result<void> Pruner::count_offered() {
    if (++offered_ <= kToolsJudgedMax) return {};
    return fail(Error{.code = ErrorCode::InvalidRequest,
                      .message = "A request under a list of tools may offer at most " +
                                 std::to_string(kToolsJudgedMax) + " tools.",
                      .param = "tools"});
}

Result<Pruner::Left> Pruner::prune_list(std::string_view list, std::string_view field) {
    const auto elements = json_elements(list);
    std::vector<bool> removed;
    for (const std::string_view element : elements) {
        TRY_VOID(count_offered());
        auto names = tools::names_of(element, true, tools::kToolsDepthMax);
        if (!names) {
            names.error().param = field;
            return fail(std::move(names).error());
        }
        removed.push_back(!tools::decide(lists_, *names).allowed);
    }
    const auto gone = static_cast<size_t>(std::ranges::count(removed, true));
    kept_ += elements.size() - gone;
    if (gone == 0) return Left::All;
    if (gone == elements.size()) return Left::None;
    edits_.remove(elements, [&](size_t i) { return removed[i]; });
    return Left::Some;
}

Result<void> Pruner::check(const std::vector<Named>& names, std::string_view field) const {
    const Decision decision = tools::decide(lists_, names);
    if (decision.allowed) return {};
    return fail(tool_denial(decision, field));
}

/// `"auto"`, `{"type": "function", "function": {"name": …}}`, `{"type": "allowed_tools", …}`; some
/// providers take a bare name too.
Result<void> Pruner::check_choice(std::string_view choice, std::string_view field) const {
    if (choice.starts_with('"')) {
        TRY(std::string text, tools::text_of(choice));
        constexpr std::array<std::string_view, 4> kModes = {"auto", "none", "any", "required"};
        if (std::ranges::find(kModes, text) != kModes.end()) return {};
        return check({Named{.name = std::move(text)}}, field);
    }
    if (!choice.starts_with('{')) return wrong(field, "a string or an object");
    TRY(const auto names, tools::names_of(choice, false, tools::kToolsDepthMax));
    TRY_VOID(check(names, field));
    TRY(const auto allowed, members_of(choice, kAllowed));
    if (!allowed.has(0)) return {};
    if (!allowed.is(0, JsonType::Object)) return wrong(field, "as it is documented");
    TRY(const auto inner, members_of(allowed.value(0), kAllowed));
    if (!inner.is(1, JsonType::Array)) return wrong(field, "as it is documented");
    for (const std::string_view tool : json_elements(inner.value(1))) {
        TRY(const auto more, tools::names_of(tool, true, tools::kToolsDepthMax));
        TRY_VOID(check(more, field));
    }
    return {};
}

Result<void> Pruner::prune(std::string_view object, bool may_name_prompt) {
    TRY(const auto members, members_of(object, kNames));
    if (may_name_prompt && members.has(kPrompt)) {
        return fail(Error{.code = ErrorCode::ToolNotAllowed,
                          .message = "A stored prompt can bring tools that a list of tools cannot "
                                     "look into: send the request without 'prompt'.",
                          .param = "prompt",
                          .facts = {{"denied_by", std::string(name(lists_.first_scope()))}}});
    }
    for (const size_t choice : {kToolChoice, kFunctionCall}) {
        if (!members.has(choice)) continue;
        TRY_VOID(check_choice(members.value(choice), kNames.at(choice)));
    }
    std::array<bool, kNames.size()> gone{};
    for (const size_t list : {kTools, kFunctions}) {
        if (!members.has(list)) continue;
        if (!members.is(list, JsonType::Array)) return wrong(kNames.at(list), "an array");
        TRY(const Left left, prune_list(members.value(list), kNames.at(list)));
        gone.at(list) = left == Left::None;
    }
    gone[kToolChoice] = gone[kParallel] = gone[kTools];
    gone[kFunctionCall] = gone[kFunctions];
    gone[kMcpServers] = members.has(kMcpServers) && !permits("mcp");
    gone[kWebSearch] = members.has(kWebSearch) && !permits("web_search");
    std::vector<JsonMember> removed;
    for (size_t i = 0; i < gone.size(); ++i) {
        if (gone.at(i) && members.found.at(i).present) removed.push_back(members.found.at(i));
    }
    std::ranges::sort(removed, {}, [](const JsonMember& member) { return member.key.begin; });
    edits_.remove(object, removed);
    return {};
}

// Source: ToolConfiguration, Tool, and ToolChoice in the Bedrock Runtime API.
Result<Pruner::Left> Pruner::prune_converse_list(std::string_view list) {
    const auto elements = json_elements(list);
    std::vector<bool> removed;
    size_t offered = 0;
    size_t gone = 0;
    for (const std::string_view element : elements) {
        if (!element.starts_with('{')) return wrong("toolConfig.tools", "a list of objects");
        TRY(const auto tool, members_of(element, kConverseTools, OtherCase::IsAnotherMember));
        std::vector<Named> names;
        for (size_t i = 0; i < kCachePoint; ++i) {
            if (!tool.has(i)) continue;
            if (!tool.is(i, JsonType::Object)) return wrong("toolConfig.tools", "a list of tools");
            TRY(const auto inner, members_of(tool.value(i), kName));
            if (!inner.is(0, JsonType::String)) {
                return wrong("toolConfig.tools", "a list of tools with names");
            }
            TRY(std::string name, tools::text_of(inner.value(0)));
            names.push_back({.name = std::move(name)});
        }
        if (names.empty() && !tool.has(kCachePoint)) {
            return wrong("toolConfig.tools", "a list of tools");
        }
        removed.push_back(false);
        if (names.empty()) continue;
        TRY_VOID(count_offered());
        ++offered;
        removed.back() = !tools::decide(lists_, names).allowed;
        gone += removed.back() ? 1 : 0;
    }
    kept_ += offered - gone;
    if (gone == 0) return Left::All;
    if (gone == offered) return Left::None;
    edits_.remove(elements, [&](size_t i) { return removed[i]; });
    return Left::Some;
}

Result<void> Pruner::check_converse_choice(std::string_view choice) const {
    if (!choice.starts_with('{')) return wrong("toolConfig.toolChoice", "an object");
    TRY(const auto members, members_of(choice, kChosenTool));
    if (!members.has(0)) return {};
    if (!members.is(0, JsonType::Object)) return wrong("toolConfig.toolChoice.tool", "an object");
    TRY(const auto tool, members_of(members.value(0), kName));
    if (!tool.is(0, JsonType::String)) return wrong("toolConfig.toolChoice.tool", "a tool's name");
    TRY(std::string name, tools::text_of(tool.value(0)));
    return check({Named{.name = std::move(name)}}, "toolConfig.toolChoice");
}

Result<void> Pruner::prune_tool_config(const Members<2>& body) {
    if (!body.is(0, JsonType::Object)) return wrong("toolConfig", "an object");
    TRY(const auto config, members_of(body.value(0), kToolConfigNames, OtherCase::IsAnotherMember));
    if (config.has(1)) TRY_VOID(check_converse_choice(config.value(1)));
    if (!config.has(0)) return {};
    if (!config.is(0, JsonType::Array)) return wrong("toolConfig.tools", "an array");
    TRY(const Left left, prune_converse_list(config.value(0)));
    if (left == Left::None) edits_.remove(body.text, {body.found.data(), 1});
    return {};
}

Result<void> Pruner::prune_converse(std::string_view text) {
    TRY(const auto body, members_of(text, kConverseNames, OtherCase::IsAnotherMember));
    // What a model takes beyond Converse is passed on to it as it is: Anthropic's own tools.
    if (body.has(1)) {
        if (!body.is(1, JsonType::Object)) return wrong(kConverseNames[1], "an object");
        TRY_VOID(prune(body.value(1), false));
    }
    return body.has(0) ? prune_tool_config(body) : Result<void>();
}

}  // namespace

Result<PrunedRequest> prune_tools(ToolDialect dialect,
                                  std::string_view body,
                                  const ToolLists& lists) {
    Pruner pruner(body, lists);
    if (dialect == ToolDialect::Converse) {
        TRY_VOID(pruner.prune_converse(body));
    } else {
        TRY_VOID(pruner.prune(body, dialect == ToolDialect::Responses));
    }
    return pruner.result();
}

}  // namespace keywarden
