// The sandbox: a provider that is built in and answers offline, the same request always the same.
// Its promises to users are in docs/guide/sandbox.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "base/units.h"

namespace keywarden {

inline constexpr int64_t kSandboxChunksMax = 10'000;
inline constexpr int64_t kSandboxWordsMax = 10'000;
inline constexpr int64_t kSandboxDelayMsMax = 60'000;
inline constexpr size_t kSandboxJsonBytesMax = size_t{8} * 1024 * 1024;  // of a JSON body

struct SandboxRequest {
    std::string_view path;          // our own route: "/v1/chat/completions"
    std::string_view content_type;  // as the client sent it: multipart needs its boundary
    std::string_view body;
    std::string_view model{};  // what the router resolved; empty: the body's own `model`
};

/// One move of an answer: wait, then send, or break off.
struct SandboxStep {
    Nanos delay{};
    std::string_view bytes{};  // lives until the next call of SandboxSteps::next
    bool cut = false;          // the provider "dies" here: no bytes, and nothing follows
};

/// The moves of one answer, made one at a time: a stream of ten thousand chunks is small until it
/// is sent. Not safe for threads.
class SandboxSteps {
public:
    /// One frame, or one frame for each piece of a text.
    struct Part {
        std::string before{};  // the frame; with pieces: what stands before each of them
        std::string text{};    // what is cut; a piece is written as a JSON string
        std::string after{};
        size_t pieces = 0;  // 0: there is no text
        size_t units = 0;   // words or characters in `text`, shared out among the pieces
        bool characters = false;
        bool numbered = false;  // `after` is followed by the number of the frame and "}\n\n"
        std::string_view event_type{};  // of a frame of AWS, which all that is the payload of
    };

    /// False when the answer is complete.
    bool next(SandboxStep& step);

    size_t frames() const;

    std::vector<Part> parts{};
    Nanos first_delay{};          // before the answer's head: not part of any step
    Nanos delay{};                // between two frames
    size_t cut_after = SIZE_MAX;  // so many frames are sent, and then the answer is cut
    std::string cut_frame{};      // sent instead of cutting off: the stream ends in an error event

private:
    void write_piece(const Part& part);

    std::string frame_;
    size_t part_ = 0;
    size_t piece_ = 0;
    size_t offset_ = 0;
    size_t frames_ = 0;
};

struct SandboxAnswer {
    int status = 200;
    std::vector<Header> headers{};  // Content-Type, and Retry-After on a chosen 429 or 503
    bool streams = false;           // text/event-stream: the length is not known before the end
    size_t length = 0;              // of the whole body, where it does not stream
    SandboxSteps steps{};
};

/// Answers one call. Reads no clock and no network; equal requests get equal bytes, and a stream
/// says the same as the whole answer to the same request.
/// Errors: InvalidRequest for a body that is not what the endpoint takes or asks for what the
/// sandbox cannot do; RequestTooLarge for a JSON body over kSandboxJsonBytesMax; ModelNotFound for
/// an unknown control in the model's name (the message lists the known ones); NotFound for a path
/// that the sandbox does not have. A chosen error ("error-429") is not
/// an Error: it is an answer with that status, as a provider would send it.
/// Threads: any.
Result<SandboxAnswer> answer_in_sandbox(const SandboxRequest& request);

}  // namespace keywarden
