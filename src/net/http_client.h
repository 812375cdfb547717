// The HTTP/1.1 client of one loop: a pool of connections for each origin, and calls over them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>

#include "base/origin.h"
#include "base/result.h"
#include "net/buffer.h"
#include "net/http_chunked.h"
#include "net/http_head.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/task.h"
#include "net/tls.h"

namespace keywarden {

struct HttpClientOptions {
    size_t idle_max = 64;            // connections kept for an origin
    size_t connections_max = 4'096;  // to an origin; more fail with Overloaded
    Nanos idle_timeout = std::chrono::seconds(50);
};

/// How long a call may take, and its parts. Kept to Loop's sweep.
struct CallTimeouts {
    Nanos connect = std::chrono::seconds(10);      // name, TCP and TLS together
    Nanos first_byte = std::chrono::seconds(600);  // from the request sent to the answer's head
    Nanos idle = std::chrono::seconds(300);        // between two pieces of the answer
    Nanos write_stall = std::chrono::seconds(60);
    Nanos total = std::chrono::seconds(3'600);
};

class OriginPool;
class UpstreamConnection;

/// Threads: the loop's. Must outlive its calls. Destroying it closes the idle connections.
class HttpClient {
public:
    /// `tls` may be null when no origin needs it. Both must outlive the client.
    HttpClient(Loop* loop,
               Resolver* resolver,
               const ClientTls* tls,
               HttpClientOptions options = {});
    ~HttpClient();

    /// The pool of an origin; it lives as long as the client, so keep the pointer.
    OriginPool* pool(const Origin& origin);

    size_t idle_connections() const;
    size_t connections() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// One request to an upstream and its answer:
///
///     UpstreamCall call(pool, timeouts);
///     CO_TRY_VOID(co_await call.exchange("POST", pieces));   // request sent, head of answer read
///     use(call.head());
///     for (;;) {
///         CO_TRY(const std::string_view piece, co_await call.read_piece());
///         if (piece.empty()) break;                           // the end, and it was a clean one
///         …
///     }
///
/// The destructor pools the connection if the answer was read to a clean end, else closes it.
/// Errors of all: UpstreamError (could not connect, closed early, not HTTP, shorter than it said),
/// UpstreamTimeout; `detail` says which and to whom. After `abort`: UpstreamError, and `aborted()`.
/// Requires: destroyed only when nothing waits in it. Threads: the loop's.
class UpstreamCall {
public:
    static constexpr size_t kPiecesMax = 26;

    UpstreamCall(OriginPool* pool, const CallTimeouts& timeouts);
    UpstreamCall(const UpstreamCall&) = delete;
    UpstreamCall& operator=(const UpstreamCall&) = delete;
    ~UpstreamCall();

    /// Sends a whole request, the head first, and reads the head of the answer, past any 1xx.
    /// `pieces` are head and body as they go on the wire, with framing; they must live until it
    /// continues (so: release the request after this).
    /// Sent once more, on a new connection, when a reused one turns out dead: if none of it had
    /// gone out, or, for a method that may be repeated, if no byte of an answer came. A POST that
    /// may have arrived is never sent twice.
    /// `method` is that of the head: it decides this, and whether the answer can have a body.
    Task<Result<void>> exchange(std::string_view method, std::span<const std::string_view> pieces);

    /// For bodies that come in pieces: connects (always anew, since it cannot be sent again) and
    /// sends the head.
    Task<Result<void>> open(std::string_view method, std::string_view head);
    /// Sends a piece of the body as it is; framing is the caller's. False: the upstream has
    /// answered already, so stop and go on with `read_head`.
    Task<Result<bool>> write(std::span<const std::string_view> pieces);
    /// Ends what `open` began: reads the head of the answer.
    Task<Result<void>> read_head();

    /// The head of the answer. It and its views live until the second `read_piece`.
    const ResponseHead& head() const { return *head_; }
    /// The length of the body, if the head says it (0 where there can be none). Before it is read.
    std::optional<uint64_t> body_length() const;

    /// The next piece of the decoded body; empty at its end. A view until the next call, whatever
    /// is awaited between; the bytes are the caller's to change.
    Task<Result<std::span<char>>> read_piece();
    /// The rest of the body in one piece, with Buffer::kPadding readable bytes behind it.
    /// Errors: also UpstreamError when it is longer than `size_max`.
    Task<Result<std::span<char>>> read_rest(size_t size_max);

    /// Of an answer that nobody will read on: where all of it has come already, its connection can
    /// be used again. Waits for nothing; no call but the destructor may follow.
    void keep_connection();

    /// Where its connections go, and so everything that is sent.
    const Origin& origin() const;

    /// Ends whatever waits here, and the connection. Safe from a PeerWatch.
    void abort();
    bool aborted() const { return aborted_; }
    /// How often the request was sent: 1, or 2 after a dead connection. 0: never connected.
    int attempts() const { return attempts_; }
    /// Whether any byte may have reached the upstream: a retry elsewhere may cost twice.
    bool sent() const { return sent_; }

private:
    enum class Framing : uint8_t { None, Length, Chunked, UntilClose };

    Task<Result<void>> connect(bool may_reuse);
    Task<Result<void>> connect_anew();
    Task<Result<void>> connect_to(SocketAddress address, MonoTime deadline);
    Task<IoStatus> send(std::span<const std::string_view> pieces);
    Task<Result<void>> receive_head();
    /// What a read into `in_` came to. False at the end of the connection.
    Result<bool> filled(IoStatus status);
    void begin_body();
    /// The part of the raw bytes [data, data + size) that is body, moved to their front.
    Result<size_t> take_body(char* data, size_t size);
    Result<void> end_of_connection();
    std::unexpected<Error> broken(IoStatus status, std::string_view what) const;
    void end_connection();

    OriginPool* pool_;
    CallTimeouts timeouts_;
    MonoTime deadline_;  // of the whole call
    std::unique_ptr<UpstreamConnection> connection_;
    std::unique_ptr<ResponseHead> head_;
    Buffer in_;         // the head, then the piece in hand
    size_t shown_ = 0;  // bytes of `in_` that are behind us
    ChunkedDecoder chunks_;
    uint64_t left_ = 0;  // of a body with a length
    Framing framing_ = Framing::None;
    bool answer_has_no_body_ = false;  // to HEAD
    bool done_ = false;                // the answer ended cleanly
    bool reusable_ = true;
    bool first_piece_shown_ = false;
    bool heard_ = false;  // a byte of the answer came
    bool sent_ = false;
    bool aborted_ = false;
    int attempts_ = 0;
};

}  // namespace keywarden
