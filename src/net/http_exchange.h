// One request and its answer, as a handler sees them.
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

#include "base/http.h"
#include "base/result.h"
#include "net/buffer.h"
#include "net/http_chunked.h"
#include "net/http_head.h"
#include "net/stream.h"
#include "net/task.h"

namespace keywarden {

struct HttpServerOptions;

/// Lives from the end of the request's head until the handler returns. A handler reads the body if
/// it wants it, then answers in one of two ways:
///
///     exchange->start(200); exchange->add_field("Content-Type", "…");
///     co_await exchange->send(body);                        // the whole answer, one writev
///
///     exchange->start(200); exchange->add_field(…);
///     exchange->start_body();                               // nothing is sent yet
///     co_await exchange->write(piece); …                    // the first takes the head along
///     co_await exchange->end();
///
/// Framing fields (Content-Length, Transfer-Encoding, Connection) and Date are added here and must
/// not be added by the handler. Bodies are left out for HEAD, 204, and 304. A handler that returns
/// without an answer causes a 500; one that returns within a started body closes the connection, so
/// that the client sees that the answer is broken. Threads: the loop's.
class Exchange {
public:
    static constexpr size_t kPiecesMax = 4;

    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// Views into it die with `release_request`. They survive reading the body.
    const RequestHead& head() const { return *head_; }
    /// The caller's address without the port; "unix" on the local socket. Lives with the exchange.
    std::string_view peer() const { return peer_; }
    bool is_local() const { return peer_ == "unix"; }
    bool is_tls() const { return stream_->is_tls(); }
    Loop* loop() const { return stream_->loop(); }

    /// The whole body, with Buffer::kPadding readable bytes behind it. It stays until
    /// `release_request`. The bytes are the caller's to change.
    /// Requires: called at most once, and not after `read_piece`.
    /// Errors: RequestTooLarge (over `size_max`; nothing is read when its length says so),
    /// RequestTimeout, InvalidRequest (broken framing, or the peer ended in the middle).
    Task<Result<std::span<char>>> read_body(size_t size_max);

    /// The next piece of the body, never empty but at its end. A view until the next call. The
    /// head stays. Errors: as `read_body`, but for the size, which is for the caller to count.
    Task<Result<std::string_view>> read_piece();

    /// Lets go of head and body, and of their memory. Views into them are dead.
    void release_request();
    /// Lets go of the parsed head only; the body stays. For a handler that will wait long.
    void release_head() { head_.reset(); }

    /// Begins the answer: the status line. Calling it again before anything was sent starts anew.
    void start(int status);
    /// A value with a control byte is left out: it could begin another field.
    void add_field(std::string_view name, std::string_view value);
    void add_field(std::string_view name, uint64_t value);
    bool started() const { return state_ != State::Waiting; }
    /// Whether the client has been sent any byte of the answer.
    bool head_sent() const { return head_sent_; }

    /// co_await it: Ok once the kernel has everything, or why the connection is of no more use.
    class Write;

    /// Sends head and body, and ends the answer.
    Write send(std::string_view body);
    /// Requires: at most kPiecesMax pieces.
    Write send(std::span<const std::string_view> pieces);
    Task<IoStatus> respond(const HttpResponse* response);

    /// The body will come in pieces: `length` bytes in all if known; else chunked, or to the end
    /// of the connection for an HTTP/1.0 client.
    void start_body(std::optional<uint64_t> length = std::nullopt);
    /// Sends one piece (with the head before the first), as one chunk. An empty one sends only the
    /// head, at once. Waits while the client does not read: this is the back-pressure. The bytes
    /// must live until it continues.
    Write write(std::string_view piece);
    Write write(std::span<const std::string_view> pieces);
    /// Ends the body, with a last piece in the same writev.
    Write end(std::string_view last = {});

    /// Gives the connection up: what waits on it ends with Aborted, and it is closed afterwards.
    void abort() { stream_->abort(); }
    /// Tells `watch` when the client goes; null: nobody. See Stream::watch.
    /// Requires: the body has been read. Unset it before `watch` dies.
    void watch_peer(PeerWatch* watch) { stream_->watch(watch); }
    bool peer_gone() const { return stream_->peer_closed(); }

private:
    friend class HttpConnection;
    enum class State : uint8_t { Waiting, Head, Body, Ended };
    enum class Framing : uint8_t { None, Length, Chunked, UntilClose };

    Exchange(Stream* stream, Buffer* in, std::string_view peer, const HttpServerOptions* options);

    // The request.
    void end_head();
    Task<Result<std::span<char>>> read_sized_body(size_t size);
    Task<Result<std::span<char>>> read_chunked_body(size_t size_max);
    Result<std::string_view> take_piece(char* data, size_t size, size_t* consumed);
    Nanos patience_for_body() const;
    Task<Result<void>> read_more(Buffer* into, size_t room);
    Task<Result<void>> continue_if_expected();
    std::unexpected<Error> bad_body(std::string message);
    /// Whether what is left of the request is little enough to be read and dropped.
    bool rest_is_small() const;
    void drop_consumed();

    // The answer.
    void finish_head(std::optional<uint64_t> length);
    Write flush(std::span<const std::string_view> pieces, bool last);
    bool may_be_used_again() const { return keep_alive_ && !broken_; }

    Stream* stream_;
    Buffer* in_;  // the connection's: head, body, and what follows
    std::string_view peer_;
    const HttpServerOptions* options_;
    std::unique_ptr<RequestHead> head_;
    Buffer piece_;            // what read_piece shows
    Buffer out_;              // the head of the answer, until it is sent
    size_t consumed_ = 0;     // bytes of `in_` that are behind us
    size_t dropped_ = 0;      // bytes of the request that are no longer in `in_`
    uint64_t body_left_ = 0;  // of a body with a length
    uint64_t body_received_ = 0;
    Nanos body_waited_{};    // for the client to send it; not: for us to take it
    uint64_t out_left_ = 0;  // of an answer with a length
    ChunkedDecoder chunks_;
    bool body_chunked_ = false;
    bool body_done_ = false;
    bool expects_continue_ = false;
    bool is_head_request_ = false;
    bool client_is_11_ = true;
    bool keep_alive_ = true;
    bool broken_ = false;  // the connection cannot carry another request
    bool head_sent_ = false;
    State state_ = State::Waiting;
    Framing framing_ = Framing::None;
    int status_ = 0;
    std::array<char, 20> chunk_line_{};
    std::array<iovec, kPiecesMax + 4> iov_{};
};

class Exchange::Write : public Stream::Op {
public:
    IoStatus await_resume() {
        const IoStatus status = Stream::Op::await_resume();
        if (status != IoStatus::Ok) exchange_->broken_ = true;
        exchange_->out_.release();  // the head is out: a stream holds no block for it
        return status;
    }

private:
    friend class Exchange;
    Write(Exchange* exchange, const Stream::Op& op) : Stream::Op(op), exchange_(exchange) {}

    Exchange* exchange_;
};

}  // namespace keywarden
