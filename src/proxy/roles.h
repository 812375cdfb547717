// Where messages of a chat say that they are a developer's.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/json/scan.h"

namespace keywarden {

/// Walks over the messages of OpenAI's dialect, once, without building anything. Only what is a
/// message's own `role` counts: nothing that stands in a text, nor in what a message holds.
class DeveloperRoles {
public:
    /// Requires: `messages` is a JSON array that find_json_members has found, and stays alive.
    explicit DeveloperRoles(std::string_view messages) : text_(messages) {}

    /// The next value that is `"developer"`, with its quotes; nothing once there is none.
    std::optional<ByteRange> next();

private:
    /// Moves past a string that begins at at_, and gives it with its quotes.
    std::string_view string();

    std::string_view text_;
    size_t at_ = 0;
    int depth_ = 0;          // 2: among the members of a message
    bool is_role_ = false;   // the key that was seen last
    bool is_value_ = false;  // a colon was seen after it
};

}  // namespace keywarden
