#include "domain/tool_lists.h"

#include <string>
#include <utility>

namespace keywarden {

ToolLists::ToolLists(std::span<const PolicyLink> chain) {
    for (const PolicyLink& link : chain) {
        if (link.policy->has(PolicyRule::Tools)) {
            links_.push_back({link.scope, link.policy->shared_from_this()});
        }
    }
}

Decision ToolLists::decide(ToolName tool) const {
    if (!empty() && tool.name.size() > kToolNameBytesMax) {
        return {false, first_scope(), PolicyRule::Tools, {.allowed = false, .value = tool.name}};
    }
    const GlobName name(tool.name);
    if (tool.other_names.empty()) return decide({&name, 1});
    std::vector<GlobName> names = {name};
    for (const std::string_view other : tool.other_names) names.emplace_back(other);
    return decide(names);
}

Decision ToolLists::decide(std::span<const GlobName> names) const {
    for (const Link& link : links_) {
        const PolicyVerdict verdict = link.policy->check_tool(names);
        if (!verdict.allowed) return {false, link.scope, PolicyRule::Tools, verdict};
    }
    return {};
}

Error tool_denial(const Decision& decision, std::string_view param) {
    Error error = denial(decision, {});
    error.param = std::string(param);
    return error;
}

}  // namespace keywarden
