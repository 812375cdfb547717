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
    const bool is_too_long = tool.name.size() > kToolNameBytesMax;
    for (const Link& link : links_) {
        const PolicyVerdict verdict = is_too_long
                                          ? PolicyVerdict{.allowed = false, .value = tool.name}
                                          : link.policy->check_tool(tool.name, tool.other_names);
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
