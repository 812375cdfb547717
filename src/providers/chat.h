// A chat in one dialect as it is in another, through domain/chat.h: requests, answers, errors, and
// streams event by event. Between OpenAI's chat completions, Anthropic's messages, and Bedrock's
// Converse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/error_body.h"
#include "base/event_stream.h"
#include "base/result.h"
#include "domain/chat.h"
#include "providers/provider.h"

namespace keywarden {

/// Of an answer, errors included.
inline constexpr size_t kTranslatedBytesMax = size_t{32} << 20U;

/// What becomes of what the provider's dialect cannot say. What is but a hint (markers of caches,
/// who the user is) is left out either way.
enum class Uncarried : uint8_t { Refused, LeftOut };

/// Whether chats are translated from the one to the other.
bool can_translate(Dialect from, Dialect to);

/// A request in the provider's dialect, but for the bound of its output: what may be spent is
/// known only once it has been read.
struct TranslatedRequest {
    std::shared_ptr<nlohmann::ordered_json> body{};
    std::vector<std::string> left_out{};         // names of members, sorted, each once
    std::optional<int64_t> output_tokens_max{};  // as the client says
    bool wants_usage = true;                     // of a stream: its client asked for it
};

/// Of a request, what its body may not say.
struct RequestFacts {
    std::string_view model{};  // as the provider calls it
    Uncarried uncarried = Uncarried::Refused;
    bool streams = false;  // in Converse the path says so; elsewhere the body does
};

/// Requires, here and below: can_translate(from, to).
/// Errors: InvalidRequest, and UnsupportedByProvider, which name the member (`param`).
Result<TranslatedRequest> translate_request(Dialect from,
                                            Dialect to,
                                            std::string_view body,
                                            const RequestFacts& facts);

/// The body as it goes out, with no more output than this, to a provider of OpenAI's dialect as its
/// quirks want it.
std::string bounded(TranslatedRequest& request,
                    Dialect to,
                    std::optional<int64_t> output_tokens_max,
                    const Quirks& quirks = {});

/// Of an answer, what its provider may not say and its client wants to know.
struct AnswerFacts {
    int64_t now = 0;           // in seconds: when it was made
    std::string_view id{};     // Converse gives an answer none
    std::string_view model{};  // nor does it say whose it is
    int64_t latency_ms = 0;
};

/// A whole answer. Errors: UpstreamError where it is none.
Result<std::string> translate_answer(Dialect from,
                                     Dialect to,
                                     std::string_view body,
                                     const AnswerFacts& facts);

struct ProviderError {
    int status = 0;
    std::string_view body{};
    std::string_view type{};  // of Bedrock, from the head
};

/// A provider's error, in its own words. A body that is none says only what its status does.
std::string translate_error(Dialect to, const ProviderError& error, std::string_view request_id);

/// One event of a stream: the data of a server-sent one; or what a frame carries, its name, and
/// whether it tells of a failure. Views.
struct ChatEvent {
    std::string_view data{};
    std::string_view type{};
    bool is_failure = false;
};
ChatEvent event_of(const Frame& frame);

namespace chat {
class DeltaReader;
class DeltaWriter;
}  // namespace chat

/// A stream, event by event. What it keeps does not grow with the answer.
class ChatStream {
public:
    struct Options {
        Dialect from;
        Dialect to;
        bool wants_usage = true;
        AnswerFacts facts{};
    };
    explicit ChatStream(const Options& options);
    ChatStream(const ChatStream&) = delete;
    ChatStream& operator=(const ChatStream&) = delete;
    ~ChatStream();

    /// Appends to `out` what one event becomes. What comes after the end is nothing.
    /// Errors: UpstreamError for what is no event of the dialect.
    Result<void> feed(const ChatEvent& event, std::string& out);

    /// At the clean end of the stream: not every provider says that it was the last event.
    /// Errors: UpstreamError where the answer has not come to its end.
    Result<void> finish(std::string& out);

    /// How long the call has taken: the last that was told counts.
    void note_latency(int64_t milliseconds) { latency_ms_ = milliseconds; }

private:
    Result<void> write(ChatDelta& delta, std::string& out);

    std::unique_ptr<chat::DeltaReader> reader_;
    std::unique_ptr<chat::DeltaWriter> writer_;
    std::vector<ChatDelta> deltas_;
    std::string id_;  // where the provider gives none
    std::string model_;
    int64_t latency_ms_ = 0;
    bool has_stopped_ = false;  // a reason was given
    bool has_ended_ = false;
};

}  // namespace keywarden
