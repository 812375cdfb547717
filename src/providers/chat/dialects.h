// The two sides of the translation: each dialect read into the neutral chat, and written from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_body.h"
#include "base/result.h"
#include "domain/chat.h"
#include "providers/chat.h"
#include "providers/chat/json.h"

namespace keywarden::chat {

inline constexpr size_t kChatPartsMax = 100'000;  // of a request
inline constexpr size_t kChatToolsMax = 1'024;    // of a request, and calls of an answer
inline constexpr std::string_view kPdf = "application/pdf";

/// What of a request the other dialect cannot say, by the names of its members.
struct Leftovers {
    std::set<std::string> hints{};     // nothing is asked for by them
    std::set<std::string> meanings{};  // the answer would be another one
};

/// Of one stream.
class DeltaReader {
public:
    virtual ~DeltaReader() = default;
    /// Errors: UpstreamError.
    virtual Result<void> read(const ChatEvent& event, std::vector<ChatDelta>& out) = 0;
};
class DeltaWriter {
public:
    virtual ~DeltaWriter() = default;
    /// Errors: UpstreamError for what has no place in an event.
    virtual Result<void> write(const ChatDelta& delta, std::string& out) = 0;
};

// Errors of what reads: InvalidRequest, which names the member; of answers and deltas
// UpstreamError.
Result<ChatRequest> read_openai_request(const Json& body, Leftovers& left);
Json write_openai_request(const ChatRequest& chat, Leftovers& left);
Result<ChatAnswer> read_openai_answer(const Json& body);
Json write_openai_answer(const ChatAnswer& answer, const AnswerFacts& facts);
std::unique_ptr<DeltaReader> openai_reader();
std::unique_ptr<DeltaWriter> openai_writer(const ChatStream::Options& options);

Result<ChatRequest> read_anthropic_request(const Json& body, Leftovers& left);
Json write_anthropic_request(const ChatRequest& chat, Leftovers& left);
Result<ChatAnswer> read_anthropic_answer(const Json& body);
Json write_anthropic_answer(const ChatAnswer& answer, const AnswerFacts& facts);
std::unique_ptr<DeltaReader> anthropic_reader();
std::unique_ptr<DeltaWriter> anthropic_writer(const ChatStream::Options& options);

Result<ChatRequest> read_converse_request(const Json& body, Leftovers& left);
Json write_converse_request(const ChatRequest& chat, Leftovers& left);
Result<ChatAnswer> read_converse_answer(const Json& body);
Json write_converse_answer(const ChatAnswer& answer, const AnswerFacts& facts);
std::unique_ptr<DeltaReader> converse_reader();
std::unique_ptr<DeltaWriter> converse_writer(const ChatStream::Options& options);

// What more than one of these files needs.

TokenUsage read_openai_usage(const Json& usage);
TokenUsage read_anthropic_usage(const Json& usage);
TokenUsage read_converse_usage(const Json& usage);
Json write_openai_usage(const TokenUsage& usage);
Json write_anthropic_usage(const TokenUsage& usage);
Json write_converse_usage(const TokenUsage& usage);
std::string_view openai_stop(ChatStop stop);
std::string_view anthropic_stop(ChatStop stop);
std::string_view converse_stop(ChatStop stop);
/// Not all who speak the dialect say that a tool is called, or that they refuse.
ChatStop read_openai_stop(std::string_view reason, bool calls_tools, bool has_refused);
/// What calls a tool has stopped for that, whatever else it says.
ChatStop read_anthropic_stop(std::string_view reason, bool calls_tools);
ChatStop read_converse_stop(std::string_view reason, bool calls_tools);

/// How much Claude is to think: `thinking` and `output_config.effort`.
void write_claude_thinking(const ChatRequest& chat, Json& out, Leftovers& left);

/// "data:image/png;base64,AAAA" as what it holds. False where it is another address.
bool read_data_url(std::string_view url, ChatMedia& media);
std::string data_url(const ChatMedia& media);

/// Thinking as this gateway gives it in OpenAI's dialect: Anthropic's blocks, with their
/// signatures. False: there are none.
bool read_thinking_blocks(const Json& message, std::vector<ChatPart>& out);
Json thinking_block(const ChatPart& part);

/// `"name":"text"`.
std::string text_member(std::string_view name, std::string_view text);

/// Of a message or a delta. Some write `content` as parts; `reasoning_content` is DeepSeek's, and
/// most others' who show what a model thinks.
std::string openai_content(const Json& message);
std::string openai_reasoning(const Json& message);

/// The arguments of a call, as an object: those that a model left broken are kept as they came.
Json tool_input(const std::string& json);

/// Whether there is anything in it.
bool says_something(const ChatPart& part);
/// A marker of a cache, as JSON.
std::string cache_of(const Json& holder);
/// The text of a part list, joined.
std::string text_of(const std::vector<ChatPart>& parts);
/// Adds the members of `object` which are none of `known`, as `prefix` and their name.
void note_others(const Json& object,
                 std::span<const std::string_view> known,
                 std::string_view prefix,
                 std::set<std::string>& left);

/// Of a request: what is none of `known`. Nothing of the answer depends on `hints`.
void note_rest(const Json& body,
               std::span<const std::string_view> known,
               std::span<const std::string_view> hints,
               Leftovers& left);

std::unexpected<Error> no_answer(std::string_view what);

}  // namespace keywarden::chat
