// What the files of Converse share: whose a model is, and how pictures, documents, and thinking
// stand in a block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/chat.h"
#include "providers/chat/dialects.h"

namespace keywarden::chat {

/// Whose model it is, by its id: each takes something else beyond what all of Converse have.
enum class ModelMaker : uint8_t { Another, Anthropic, Amazon, OpenAi };
ModelMaker maker_of(std::string_view model);

inline constexpr std::string_view kStopSequencePath = "/stop_sequence";

/// An `image` or a `document`, of which `out.kind` says which it is. Errors: InvalidRequest.
Result<void> read_converse_media(const Json& block, ChatPart& out, Leftovers& left);

/// Documents of one request: each has a name of its own, of few characters.
class DocumentNames {
public:
    /// Notes in `left` that a title could not be kept.
    std::string name_for(const std::string& title, Leftovers& left);

private:
    std::set<std::string> taken_;
};

/// As a block; null where it was left over.
Json converse_image(const ChatPart& part, Leftovers& left);
Json converse_document(const ChatPart& part, DocumentNames& names, Leftovers& left);

/// What is in `reasoningContent`; nothing where that is not known.
std::optional<ChatPart> read_converse_thinking(const Json& reasoning);
Json converse_thinking(const ChatPart& part);
Json converse_tool_use(const ChatPart& part);

/// The text of `citationsContent`.
std::string cited_text(const Json& block);

}  // namespace keywarden::chat
