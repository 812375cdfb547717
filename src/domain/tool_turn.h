// A conversation as the choice of its tools looks at it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace keywarden {

enum class ToolRole : uint8_t {
    System,  // what the developer says too
    User,
    Assistant,
    Tool,  // the result of a call
};

/// A message. Where a dialect writes results of tools into messages of the user, each result is a
/// turn of its own, before what the user says; calls that a dialect has as items of their own
/// belong to a turn of the assistant.
struct ToolTurn {
    ToolRole role = ToolRole::User;
    std::string_view text{};                    // its parts, joined by spaces
    std::span<const std::string_view> calls{};  // names of the tools that the assistant called
    bool is_error = false;                      // of a result: the call failed
};

}  // namespace keywarden
