// What the sandbox says when it is asked to write: shared by every dialect that asks it to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "providers/sandbox.h"
#include "providers/sandbox/controls.h"
#include "providers/sandbox/fields.h"

namespace keywarden {

/// The second in which all answers were made: 2026-01-01T00:00:00Z.
inline constexpr int64_t kSandboxCreated = 1'767'225'600;
inline constexpr int64_t kChoicesMax = 128;
inline constexpr int64_t kOutputTokensMax = 10'000'000;
inline constexpr size_t kAnswerBytesMax = size_t{16} * 1024 * 1024;  // of all choices together

/// One call, as every endpoint of the sandbox gets it.
struct SandboxCall {
    Json body;
    SandboxControls controls;
    std::string model;        // as answers name it
    uint64_t seed = 0;        // of what is asked
    bool translates = false;  // /v1/audio/translations
    bool is_anthropic = false;
    bool is_bedrock = false;
};

struct OfferedTool {
    std::string name;
    Json parameters;
};

/// What a request asks for, whichever dialect it came in.
struct Ask {
    enum class Choice : uint8_t { Auto, None, Required };
    enum class Format : uint8_t { Text, JsonObject, JsonSchema };

    std::string last_user_text{};
    size_t prompt_tokens = 0;
    bool after_tool = false;  // the last message is a tool's result
    std::vector<OfferedTool> tools{};
    Choice choice = Choice::Auto;
    std::string tool_name{};  // the one that must be called
    bool parallel = true;
    Format format = Format::Text;
    Json schema{};
    std::optional<int64_t> max_tokens{};
    std::vector<std::string> stop{};
};

struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;
};

struct Reply {
    std::string text{};
    std::vector<ToolCall> calls{};
    std::string stop{};      // the stop sequence that ended it
    bool cut_short = false;  // by max_tokens
    size_t tokens = 0;
};

/// `index`: of the choice; the first is 0.
Reply make_reply(const Ask& ask, const SandboxControls& controls, uint64_t seed, size_t index);

/// Errors: InvalidRequest when all choices together are longer than kAnswerBytesMax.
Result<void> count_reply(const Reply& reply, size_t& bytes);

/// Fills the fields of an Ask that chat and responses share: tool_choice, parallel_tool_calls.
/// `tools`: the objects that hold name and parameters.
Result<void> read_tool_choice(const Json& body, Ask& ask);
Result<void> read_tool(const Json& function, Ask& ask);
/// Adds the text of one message to what is counted. `content` is a string or a list of parts.
Result<std::string> read_content(const Json& message, Ask& ask);

/// The text of one message; what its blocks say beside goes into the Ask.
using ReadBlocks = Result<std::string> (*)(const Json& message, Ask& ask);
/// `messages` of `user` and `assistant`, and a text of the `system` beside them: as Anthropic's
/// messages and Bedrock's Converse have them.
Result<void> read_turns(const Json& body, ReadBlocks read_blocks, Ask& ask);

Result<void> read_stop(const Json& body, Ask& ask);

/// The two halves of a frame, around a piece of text as a JSON string.
struct FrameHalves {
    std::string before;
    std::string after;
    bool numbered = false;  // SandboxSteps::Part::numbered
};

/// Stands in a frame where a piece of text goes. The last one counts, and behind it there is never
/// any text of the client's.
inline constexpr std::string_view kHole = "\x01";

/// Requires: `frame` is JSON with kHole as one of its strings.
FrameHalves split_at_hole(std::string_view frame);

/// Adds the frames that send `text` in pieces: as many as the controls say, else one a word (of
/// arguments: one for each eight characters). No frame for an empty text.
enum class PieceKind : uint8_t { Words, Arguments };
void add_pieces(std::vector<SandboxSteps::Part>& parts,
                FrameHalves frame,
                std::string text,
                const SandboxControls& controls,
                PieceKind kind);

SandboxAnswer whole_answer(std::string body, std::string content_type = "application/json");
SandboxAnswer streamed_answer(std::vector<SandboxSteps::Part> parts);

/// One frame of a stream.
SandboxSteps::Part data_frame(const OrderedJson& value);
SandboxSteps::Part raw_frame(std::string text);

}  // namespace keywarden
