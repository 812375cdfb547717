// The requests of ../shared/tools/dev.jsonl: what was offered, said, and called next.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tools/requests.h"

namespace keywarden {

/// A request of a conversation: its first turns, and the tools called next and until the user
/// speaks.
struct ToolCase {
    size_t turns = 0;
    std::vector<size_t> next;  // places in the list of tools
    std::vector<size_t> need;
};

struct ToolConversation {
    std::string source;
    std::unique_ptr<ToolRequest> request;  // all turns, and the list of tools
    std::vector<std::string_view> tools;
    std::vector<std::string> names;
    std::vector<size_t> message_tokens;
    std::vector<ToolCase> cases;
};

/// All conversations, each with so many tools, listed as its client would list them.
std::vector<ToolConversation> read_conversations(const std::string& path, size_t tools);

}  // namespace keywarden
