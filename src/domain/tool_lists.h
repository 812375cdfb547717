// The lists of tools that a call falls under: whether a tool may reach its model, or its client.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "domain/compiled_policy.h"

namespace keywarden {

/// A longer name fits no list, whatever that says.
inline constexpr size_t kToolNameBytesMax = 256;

/// A tool, by every name that it goes by: a list may name any of them.
struct ToolName {
    std::string_view name{};
    std::span<const std::string_view> other_names{};
};

/// What the scopes of a call said when it was let through, kept for as long as its answer lasts,
/// whatever is changed meanwhile. All of them must let a tool through, so that each can only
/// narrow.
class ToolLists {
public:
    /// Of `chain`, whose policies are shared ones, those that say something of tools.
    explicit ToolLists(std::span<const PolicyLink> chain);

    /// Nobody says anything: every tool is let through.
    bool empty() const { return links_.empty(); }

    /// Names are exact: byte by byte, case and all. The views live as long as the name and this.
    Decision decide(ToolName tool) const;

    /// A scope that has a list. Requires: not empty.
    Scope first_scope() const { return links_.front().scope; }

private:
    Decision decide(std::span<const GlobName> names) const;

    struct Link {
        Scope scope;
        std::shared_ptr<const CompiledPolicy> policy;
    };
    std::vector<Link> links_;
};

/// A denial as its caller reads it, about the member `param` of the request.
/// Requires: !decision.allowed.
Error tool_denial(const Decision& decision, std::string_view param);

}  // namespace keywarden
