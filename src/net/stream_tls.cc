// What a Stream does differently when it has a TLS session.
#include <algorithm>
#include <array>
#include <cstring>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/stream.h"

namespace keywarden {
namespace {

constexpr size_t kRecordMax = 16'384;

/// The next bytes of `pieces`, at most one record: in place when one piece has them, else joined in
/// a buffer of the thread. A repeated call gives the same bytes, as OpenSSL wants it.
std::span<const char> next_record(std::span<const iovec> pieces) {
    const auto* first = static_cast<const char*>(pieces.front().iov_base);
    if (pieces.size() == 1 || pieces.front().iov_len >= kRecordMax) {
        return {first, std::min(pieces.front().iov_len, kRecordMax)};
    }
    thread_local std::array<char, kRecordMax> joined;
    size_t size = 0;
    for (const iovec& piece : pieces) {
        const size_t count = std::min(piece.iov_len, kRecordMax - size);
        if (count > 0) std::memcpy(joined.data() + size, piece.iov_base, count);
        size += count;
    }
    return {joined.data(), size};
}

}  // namespace

Stream::Op Stream::handshake(ssl_st* ssl) {
    ssl_ = ssl;
    SSL_set_fd(ssl, fd_);
    return Op(this, Op::Kind::Handshake);
}

bool Stream::attempt_handshake(Op* op) {
    ERR_clear_error();
    const int outcome = SSL_do_handshake(ssl_);
    if (outcome != 1) return end_tls_attempt(op, outcome);
    readable_ = true;  // OpenSSL may have read on
    op->status_ = IoStatus::Ok;
    return true;
}

bool Stream::attempt_tls_read(Op* op) {
    if (!readable_ && !tls_crossed_) return false;
    Buffer* into = op->into_;
    into->reserve(into->size() + op->room_);
    ERR_clear_error();
    const int got = SSL_read(ssl_, into->tail(), static_cast<int>(into->room()));
    if (got > 0) {
        into->grow(static_cast<size_t>(got));
        op->status_ = IoStatus::Ok;
        return true;
    }
    if (into->empty()) into->release();
    return end_tls_attempt(op, got);
}

bool Stream::attempt_tls_write(Op* op) {
    while (!op->pieces_.empty()) {
        if (!writable_ && !tls_crossed_) return false;
        const std::span<const char> record = next_record(op->pieces_);
        int sent = 0;
        if (!record.empty()) {
            ERR_clear_error();
            sent = SSL_write(ssl_, record.data(), static_cast<int>(record.size()));
            if (sent <= 0) return end_tls_attempt(op, sent);
            op->wrote_any_ = true;  // a record that did not go out whole is nothing to the peer
        }
        advance(op->pieces_, static_cast<size_t>(sent));
    }
    op->status_ = IoStatus::Ok;
    return true;
}

bool Stream::end_tls_attempt(Op* op, int outcome) {
    const bool writes = op->kind_ == Op::Kind::Write;
    switch (SSL_get_error(ssl_, outcome)) {
        case SSL_ERROR_WANT_READ:
            readable_ = false;
            tls_crossed_ = writes;
            return false;
        case SSL_ERROR_WANT_WRITE:
            writable_ = false;
            tls_crossed_ = !writes;
            return false;
        case SSL_ERROR_ZERO_RETURN:
            op->status_ = IoStatus::Eof;
            break;
        default:
            // An end without close_notify counts as one too: what is cut off must not look whole.
            op->status_ = IoStatus::Failed;
            tls_broken_ = true;
    }
    hung_up_ = true;
    return true;
}

bool Stream::peer_spoke_tls() {
    char byte = 0;
    ERR_clear_error();
    const int got = SSL_peek(ssl_, &byte, 1);
    if (got > 0 || SSL_get_error(ssl_, got) != SSL_ERROR_WANT_READ) return true;
    readable_ = false;
    return false;
}

void Stream::shutdown_write() {
    if (ssl_ != nullptr && !tls_broken_) SSL_shutdown(ssl_);
    shutdown(fd_, SHUT_WR);
}

void Stream::close_tls() {
    if (ssl_ == nullptr) return;
    ERR_clear_error();
    if (!tls_broken_ && !aborted_ && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
    SSL_free(ssl_);
}

}  // namespace keywarden
