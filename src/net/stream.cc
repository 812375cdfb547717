#include "net/stream.h"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace keywarden {
namespace {

constexpr uint8_t kStreakMax = 16;

// The C library's recv and sendmsg are points at which a thread may be cancelled: in a program with
// threads each call pays two locked instructions for that, 1 % of a small call. No thread of ours
// is ever cancelled. ThreadSanitizer has to see the calls that it knows.
#if defined(__has_feature) && __has_feature(thread_sanitizer)
ssize_t receive(int fd, char* data, size_t size) { return recv(fd, data, size, 0); }
ssize_t send_message(int fd, const msghdr& message) { return sendmsg(fd, &message, MSG_NOSIGNAL); }
#else
ssize_t receive(int fd, char* data, size_t size) {
    return syscall(SYS_recvfrom, fd, data, size, 0, nullptr, nullptr);
}
ssize_t send_message(int fd, const msghdr& message) {
    return syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL);
}
#endif

}  // namespace

Stream::Stream(Loop* loop, int fd, bool connecting) : loop_(loop), fd_(fd), writable_(!connecting) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on a Unix socket: no matter
    if (!loop_->watch(fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this)) aborted_ = true;
    loop_->add_swept(this);
}

Stream::~Stream() {
    close_tls();
    loop_->forget(this);
    loop_->remove_swept(this);
    close(fd_);
}

bool Stream::Op::await_ready() {
    if (stream_->owes_others_a_turn() || !stream_->attempt(this)) return false;
    ++stream_->streak_;
    return true;
}

bool Stream::owes_others_a_turn() {
    if (turn_ != loop_->turn_number()) {
        turn_ = loop_->turn_number();
        streak_ = 0;
    }
    return streak_ >= kStreakMax;
}

void Stream::Op::await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    Stream& stream = *stream_;
    if (kind_ == Kind::Read || kind_ == Kind::Handshake) {
        stream.reader_ = this;
        stream.read_due_ = std::min(stream.due_after(stream.read_timeout_), stream.deadline_);
    } else {
        stream.writer_ = this;
        stream.write_due_ = stream.due_after(stream.write_timeout_);
    }
    // A stream that is always ready lets the others have their turn now and then.
    if (stream.streak_ >= kStreakMax) stream.loop_->nudge(&stream);
    stream.streak_ = 0;
}

Stream::Op Stream::read(Buffer* into, size_t room) {
    Op op(this, Op::Kind::Read);
    op.into_ = into;
    op.room_ = room;
    return op;
}

Stream::Op Stream::write(std::span<iovec> pieces) {
    Op op(this, Op::Kind::Write);
    op.pieces_ = pieces;
    return op;
}

Stream::Op Stream::write_unless_peer_speaks(std::span<iovec> pieces) {
    Op op = write(pieces);
    op.stop_when_peer_speaks_ = true;
    return op;
}

Stream::Op Stream::connected() { return Op(this, Op::Kind::Connect); }

MonoTime Stream::due_after(Nanos timeout) const {
    const MonoTime now = loop_->mono();
    return timeout >= MonoTime::max() - now ? MonoTime::max() : now + timeout;
}

void Stream::watch(PeerWatch* watch, bool or_speaks) {
    watch_ = watch;
    watch_speech_ = or_speaks;
    if (watch != nullptr && (hung_up_ || (or_speaks && readable_))) loop_->nudge(this);
}

void Stream::abort() {
    if (aborted_) return;
    aborted_ = true;
    if (reader_ != nullptr || writer_ != nullptr || watch_ != nullptr) loop_->nudge(this);
}

void Stream::on_ready(uint32_t events) {
    const bool gone = (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
    hung_up_ = hung_up_ || gone;
    readable_ = readable_ || gone || (events & EPOLLIN) != 0;
    writable_ = writable_ || gone || (events & EPOLLOUT) != 0;
    std::coroutine_handle<> writer;
    std::coroutine_handle<> reader;
    if (writer_ != nullptr && attempt(writer_)) {
        writer = std::exchange(writer_, nullptr)->waiting_;
    }
    if (reader_ != nullptr) {
        if (attempt(reader_)) reader = std::exchange(reader_, nullptr)->waiting_;
    } else if (watch_ != nullptr && (hung_up_ || aborted_ || (watch_speech_ && peer_spoke()))) {
        std::exchange(watch_, nullptr)->peer_gone();
    }
    // From here on `this` may be gone: whoever runs may destroy it, unless the other one waits.
    if (writer) writer.resume();
    if (reader) reader.resume();
}

void Stream::on_sweep(MonoTime now) {
    std::coroutine_handle<> writer;
    std::coroutine_handle<> reader;
    if (writer_ != nullptr && now >= write_due_) {
        writer_->status_ = IoStatus::TimedOut;
        writer = std::exchange(writer_, nullptr)->waiting_;
    }
    if (reader_ != nullptr && now >= read_due_) {
        reader_->status_ = IoStatus::TimedOut;
        reader = std::exchange(reader_, nullptr)->waiting_;
    }
    if (writer) writer.resume();
    if (reader) reader.resume();
}

void Stream::advance(std::span<iovec>& pieces, size_t count) {
    while (!pieces.empty() && count >= pieces.front().iov_len) {
        count -= pieces.front().iov_len;
        pieces = pieces.subspan(1);
    }
    if (pieces.empty()) return;
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + count;
    pieces.front().iov_len -= count;
}

bool Stream::attempt(Op* op) {
    if (aborted_) {
        op->status_ = IoStatus::Aborted;
        return true;
    }
    switch (op->kind_) {
        case Op::Kind::Read:
            return ssl_ != nullptr ? attempt_tls_read(op) : attempt_read(op);
        case Op::Kind::Write:
            if (ssl_ != nullptr ? attempt_tls_write(op) : attempt_write(op)) return true;
            if (!op->stop_when_peer_speaks_ || !peer_spoke()) return false;
            op->status_ = IoStatus::PeerSpoke;
            return true;
        case Op::Kind::Connect:
            return attempt_connect(op);
        case Op::Kind::Handshake:
            return attempt_handshake(op);
    }
    return true;
}

bool Stream::attempt_read(Op* op) {
    if (!readable_) return false;
    Buffer* into = op->into_;
    into->reserve(into->size() + op->room_);
    const size_t room = into->room();
    ssize_t got = 0;
    do {
        got = receive(fd_, into->tail(), room);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        into->grow(static_cast<size_t>(got));
        // Less than was asked for: the socket is empty, and its next byte makes a new event.
        if (static_cast<size_t>(got) < room && !hung_up_) readable_ = false;
        op->status_ = IoStatus::Ok;
        return true;
    }
    const int problem = errno;
    if (into->empty()) into->release();
    if (got < 0 && problem == EAGAIN) {
        readable_ = false;
        return false;
    }
    op->status_ = got == 0 ? IoStatus::Eof : IoStatus::Failed;
    problem_ = got == 0 ? 0 : problem;
    hung_up_ = true;
    return true;
}

bool Stream::attempt_write(Op* op) {
    while (!op->pieces_.empty()) {
        if (!writable_) return false;
        msghdr message{};
        message.msg_iov = op->pieces_.data();
        message.msg_iovlen = op->pieces_.size();
        const ssize_t sent = send_message(fd_, message);
        if (sent >= 0) {
            op->wrote_any_ = op->wrote_any_ || sent > 0;
            advance(op->pieces_, static_cast<size_t>(sent));
        } else if (errno == EAGAIN) {
            writable_ = false;
        } else if (errno != EINTR) {
            problem_ = errno;
            op->status_ = IoStatus::Failed;
            return true;
        }
    }
    op->status_ = IoStatus::Ok;
    return true;
}

bool Stream::attempt_connect(Op* op) {
    if (!writable_) return false;
    socklen_t size = sizeof problem_;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &problem_, &size);
    op->status_ = problem_ == 0 ? IoStatus::Ok : IoStatus::Failed;
    return true;
}

bool Stream::asks_for_attention() {
    if (hung_up_ || aborted_) return true;
    readable_ = true;
    return peer_spoke();
}

bool Stream::peer_spoke() {
    if (!readable_) return false;
    if (ssl_ != nullptr) return peer_spoke_tls();
    char byte = 0;
    if (recv(fd_, &byte, 1, MSG_PEEK) >= 0 || errno != EAGAIN) return true;
    readable_ = false;
    return false;
}

}  // namespace keywarden
