// A connection as a stream of bytes: TCP, Unix socket, or TLS over either.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <sys/uio.h>

#include "base/units.h"
#include "net/buffer.h"
#include "net/loop.h"

struct ssl_st;

namespace keywarden {

enum class IoStatus : uint8_t {
    Ok,
    Eof,       // the peer ended its side, cleanly
    TimedOut,  // a deadline passed
    Aborted,   // `abort` was called
    Failed,    // reset, broken pipe, TLS failure
    PeerSpoke  // only writes that asked for it: there is something to read, so the write stopped
};

/// Told that the peer closed (or half-closed: the two look alike) or reset its connection, at most
/// once, outside any operation of the stream. It may abort other streams or take notes.
class PeerWatch {
public:
    virtual void peer_gone() = 0;

protected:
    ~PeerWatch() = default;
};

/// At most one reader and one writer wait at a time. Operations allocate nothing.
/// Requires: not destroyed while an operation waits. Abort it and let the operation end.
class Stream final : public FdHandler, public Swept {
public:
    /// Owns `fd`, which must be non-blocking. `connecting`: connect(2) said EINPROGRESS.
    Stream(Loop* loop, int fd, bool connecting = false);
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    class Op {
    public:
        bool await_ready();
        void await_suspend(std::coroutine_handle<> waiting);
        IoStatus await_resume() const { return status_; }
        /// Of a write, once it has ended: whether the peer may have got any of it.
        bool wrote_any() const { return wrote_any_; }

    protected:
        friend class Stream;
        enum class Kind : uint8_t { Read, Write, Connect, Handshake };
        Op(Stream* stream, Kind kind) : stream_(stream), kind_(kind) {}

        Stream* stream_;
        Kind kind_;
        bool stop_when_peer_speaks_ = false;
        bool wrote_any_ = false;
        IoStatus status_ = IoStatus::Ok;
        Buffer* into_ = nullptr;
        size_t room_ = 0;
        std::span<iovec> pieces_{};
        std::coroutine_handle<> waiting_{};
    };

    /// Appends what has come, at least one byte, to `into`, which is given room for `room` more
    /// bytes only once there is something to read: a stream that waits holds no memory.
    /// Ok, or why nothing came.
    Op read(Buffer* into, size_t room = Buffer::kSmall);

    /// Writes all of `pieces`; Ok once the kernel has them. `pieces` is used up as it goes: after
    /// another result it holds what was not written. It and the bytes must outlive the wait.
    Op write(std::span<iovec> pieces);
    /// The same, but ends with PeerSpoke when the kernel takes no more while there is something to
    /// read: an upstream that answers before it has heard everything.
    Op write_unless_peer_speaks(std::span<iovec> pieces);

    /// Ok once a connection begun with `connecting` stands. Bounded by the write timeout.
    Op connected();
    /// Takes the TLS session to be used (owned from now on) and does the handshake.
    /// Bounded by the read deadline.
    Op handshake(ssl_st* ssl);

    /// How long one read, one write may wait. Nanos::max(): for ever. They hold from the next wait.
    void set_read_timeout(Nanos timeout) { read_timeout_ = timeout; }
    void set_write_timeout(Nanos timeout) { write_timeout_ = timeout; }
    /// No read waits past this moment, whatever the read timeout says.
    void set_deadline(MonoTime deadline) { deadline_ = deadline; }
    void clear_deadline() { deadline_ = MonoTime::max(); }

    /// Tells `watch` when the peer goes while no read waits; null: nobody. Told at the next turn
    /// when it has gone already. With `or_speaks` also when bytes come that nobody asked for
    /// (TLS records without data, such as tickets, are taken in and do not count).
    void watch(PeerWatch* watch, bool or_speaks = false);

    /// Whatever waits, or comes later, ends with Aborted, and who watches is told that the peer is
    /// gone. Safe at any time, even twice.
    void abort();
    bool aborted() const { return aborted_; }

    /// Ends our side: the peer reads an end. What it sends can still be read.
    void shutdown_write();

    /// True when the peer is known to have closed or reset.
    bool peer_closed() const { return hung_up_; }
    /// Asks the socket itself, not what the last turn heard: true when the peer has closed or
    /// reset, or has said something that was not read. Requires: nothing waits here.
    bool asks_for_attention();
    /// True when there may be unread bytes.
    bool maybe_readable() const { return readable_; }
    /// The errno behind the last Failed; 0 when it was TLS that failed.
    int problem() const { return problem_; }
    bool is_tls() const { return ssl_ != nullptr; }
    ssl_st* tls() const { return ssl_; }
    int fd() const { return fd_; }
    Loop* loop() const { return loop_; }

    void on_ready(uint32_t events) override;
    void on_sweep(MonoTime now) override;

private:
    /// True when the operation has ended; its status says how.
    bool attempt(Op* op);
    bool attempt_read(Op* op);
    bool attempt_write(Op* op);
    bool attempt_connect(Op* op);
    bool attempt_handshake(Op* op);
    bool attempt_tls_read(Op* op);
    bool attempt_tls_write(Op* op);
    /// What to do after OpenSSL did not do it: false to wait for the socket.
    bool end_tls_attempt(Op* op, int outcome);
    bool owes_others_a_turn();
    /// Drops the first `count` bytes of `pieces`.
    static void advance(std::span<iovec>& pieces, size_t count);
    bool peer_spoke();
    bool peer_spoke_tls();
    void close_tls();
    MonoTime due_after(Nanos timeout) const;

    Loop* loop_;
    int fd_;
    ssl_st* ssl_ = nullptr;
    bool readable_ = false;
    bool writable_ = true;
    bool hung_up_ = false;
    bool aborted_ = false;
    bool watch_speech_ = false;
    bool tls_crossed_ = false;  // a TLS read waits to write, or a write to read
    bool tls_broken_ = false;
    int problem_ = 0;
    uint8_t streak_ = 0;  // operations of this turn, in a row, that did not have to wait
    uint32_t turn_ = 0;   // of the loop, when `streak_` was counted
    Op* reader_ = nullptr;
    Op* writer_ = nullptr;
    PeerWatch* watch_ = nullptr;
    Nanos read_timeout_ = Nanos::max();
    Nanos write_timeout_ = Nanos::max();
    MonoTime deadline_ = MonoTime::max();
    MonoTime read_due_ = MonoTime::max();
    MonoTime write_due_ = MonoTime::max();
};

}  // namespace keywarden
