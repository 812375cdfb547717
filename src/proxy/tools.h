// What lists of tools make of a call: its request without what they do not let through, and its
// answer judged before it goes to the client.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "net/task.h"
#include "providers/tools.h"
#include "proxy/governed.h"

namespace keywarden {

struct Call;
class PolicyReading;

/// Of a call under a list of tools, from its admission to its end.
struct CallTools : Pooled {
    explicit CallTools(ToolLists own) : lists(std::move(own)) {}

    ToolLists lists;
    ForbiddenCall on_forbidden = ForbiddenCall::Removed;
    size_t offered = 0;  // before the lists
    size_t kept = 0;     // and after them
    CalledTools called{};

    ToolJudge judge() { return {.lists = &lists, .on_forbidden = on_forbidden, .called = &called}; }
};

/// A request as its provider gets it where tools were taken out.
struct PrunedBody : Pooled {
    std::string text{};
    GovernedBody json{};
};

/// How requests to that path, and answers from it, have their tools; nothing: they have none.
std::optional<ToolDialect> tool_dialect_of(std::string_view path);

/// Takes out of the request what no list lets through; once a call. Where no scope has a list of
/// tools it does nothing. Errors: those of prune_tools.
Result<void> apply_tool_lists(Call* call, const PolicyReading& reading);

/// How the provider's answer has its tools. Requires: call.tools.
ToolDialect answer_dialect_of(const Call& call);

}  // namespace keywarden
