// A conversation as no vendor writes it: what the dialects are translated through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/usage.h"

namespace keywarden {

/// System: instructions that come later than those which a conversation begins with.
enum class ChatRole : uint8_t { User, Assistant, System };

/// A picture or a document: its bytes, or where they are.
struct ChatMedia {
    std::string type{};    // "image/png"; empty with an address
    std::string base64{};  // or
    std::string url{};
    std::string name{};    // of a document
    std::string detail{};  // how closely to look; empty: not said
};

/// A piece of what is said. What its kind does not have is empty.
struct ChatPart {
    enum class Kind : uint8_t {
        Text,              // text; never empty
        Image,             // media
        Document,          // media, or text where it is plain
        ToolCall,          // id, name, json: the arguments
        ToolResult,        // id, content, is_error
        Thinking,          // text, signature
        RedactedThinking,  // text: opaque
    };
    Kind kind = Kind::Text;
    std::string text{};
    ChatMedia media{};
    std::string id{};
    std::string name{};
    std::string json{};
    std::string signature{};
    std::vector<ChatPart> content{};
    bool is_error = false;
    std::string cache{};  // a marker of a vendor's cache, as JSON; empty: none
};

struct ChatMessage {
    ChatRole role = ChatRole::User;
    std::vector<ChatPart> parts{};
};

struct ChatTool {
    std::string name{};
    std::string description{};
    std::string schema{};  // of its arguments, as JSON; empty: none
    std::optional<bool> strict{};
    std::string cache{};
};

struct ChatToolChoice {
    enum class Kind : uint8_t { Unsaid, Auto, None, Required, Named };
    Kind kind = Kind::Unsaid;
    std::string name{};
    std::optional<bool> parallel{};  // whether several tools may be called at once
};

/// Numbers that are no counts are kept as they were written.
struct ChatRequest {
    std::string model{};
    std::vector<ChatPart> system{};
    std::vector<ChatMessage> messages{};
    std::vector<ChatTool> tools{};
    ChatToolChoice choice{};
    std::optional<int64_t> output_tokens_max{};
    std::string temperature{};
    std::string top_p{};
    std::string top_k{};
    std::vector<std::string> stop{};
    std::string format{};       // the JSON schema that the answer must fit; empty: free text
    std::string format_name{};  // of that schema
    std::string effort{};       // "low", "medium", "high", …
    std::string thinking{};     // how it thinks, as Anthropic says it: JSON; empty: not said
    std::string user{};         // whom it is for, as the client says
    bool streams = false;
    bool wants_usage = true;  // of a stream
};

enum class ChatStop : uint8_t { End, Length, Sequence, Tools, Refusal };

struct ChatAnswer {
    std::string id{};
    std::string model{};
    std::vector<ChatPart> parts{};
    ChatStop stop = ChatStop::End;
    std::string stop_sequence{};
    TokenUsage usage{};
    int64_t latency_ms = 0;  // how long the call took
};

/// One step of a streamed answer.
struct ChatDelta {
    enum class Kind : uint8_t {
        Start,      // id, name
        Text,       // text
        Thinking,   // text
        Signature,  // text: of the thinking that ends
        Redacted,   // text: opaque, a whole block of thinking
        Tool,       // tool, id, name
        Arguments,  // tool, text: more of its arguments
        Stop,       // stop, text: the stop sequence
        Usage,      // usage: what is told replaces what was
        Error,      // name: its type, text
        End,
    };
    Kind kind = Kind::Text;
    size_t tool = 0;  // tools are numbered in the order in which they begin
    std::string text{};
    std::string id{};
    std::string name{};  // of a tool; the model of a start
    ChatStop stop = ChatStop::End;
    TokenUsage usage{};
    int64_t latency_ms = 0;  // of an end: how long the call took
};

}  // namespace keywarden
