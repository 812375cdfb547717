// How calls stand in a message, or a piece of one, of OpenAI's chat completions.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/edit.h"
#include "providers/tools/names.h"

namespace keywarden::tools {

inline constexpr std::array<std::string_view, 3> kCallHolder = {
    "content", "tool_calls", "function_call"};
inline constexpr size_t kContent = 0;
inline constexpr size_t kToolCalls = 1;
inline constexpr size_t kFunctionCall = 2;

/// Which calls of a message go.
struct RemovedCalls {
    std::vector<bool> elements{};  // of `tool_calls`; empty: there are none
    bool function_call = false;
    std::string note{};  // what is said of it; empty: it was said before
};

/// Takes them out of the message, and says so in its content. Requires: one is removed.
void remove_calls(const Members<3>& holder, const RemovedCalls& removed, JsonEdits& edits);

/// A choice without a call did not finish to have its calls made.
void end_without_calls(const JsonMember& finish, std::string_view choice, JsonEdits& edits);

}  // namespace keywarden::tools
