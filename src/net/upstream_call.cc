// One request to an upstream: connecting, sending, and reading an answer that may lie.
#include <algorithm>
#include <cassert>
#include <string>
#include <system_error>

#include "net/http_client.h"
#include "net/http_pool.h"

namespace keywarden {
namespace {

constexpr int kInterimMax = 8;              // 1xx heads before the real one
constexpr size_t kFirstBodyBytes = 65'536;  // taken at once for a whole body

/// What may be done twice without harm. Source: RFC 9110, section 9.2.2.
bool is_idempotent(std::string_view method) {
    constexpr std::array<std::string_view, 6> kIdempotent = {
        "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    return std::ranges::find(kIdempotent, method) != kIdempotent.end();
}

MonoTime add(MonoTime moment, Nanos duration) {
    return duration >= MonoTime::max() - moment ? MonoTime::max() : moment + duration;
}

}  // namespace

UpstreamCall::UpstreamCall(OriginPool* pool, const CallTimeouts& timeouts)
    : pool_(pool), timeouts_(timeouts), deadline_(add(pool->loop()->mono(), timeouts.total)) {}

UpstreamCall::~UpstreamCall() = default;

std::unexpected<Error> UpstreamCall::broken(IoStatus status, std::string_view what) const {
    const bool late = status == IoStatus::TimedOut;
    std::string detail = pool_->name() + ": " + std::string(what);
    if (late) detail += " took too long";
    if (status == IoStatus::Eof) detail += ": the upstream closed the connection";
    if (status == IoStatus::Failed) {
        const int problem = connection_ == nullptr ? 0 : connection_->stream.problem();
        detail += problem == 0 ? ": the connection failed"
                               : ": " + std::generic_category().message(problem);
    }
    if (status == IoStatus::Aborted) detail += ": stopped by the caller";
    return fail(late ? ErrorCode::UpstreamTimeout : ErrorCode::UpstreamError,
                late ? "The provider did not answer in time."
                     : "The provider could not be reached or did not answer properly.",
                std::move(detail));
}

const Origin& UpstreamCall::origin() const { return pool_->origin(); }

void UpstreamCall::abort() {
    aborted_ = true;
    if (connection_ != nullptr) connection_->stream.abort();
}

void UpstreamCall::end_connection() {
    if (done_ && reusable_ && !aborted_) pool_->put_back(std::move(connection_));
    connection_.reset();
}

Task<Result<void>> UpstreamCall::connect(bool may_reuse) {
    if (aborted_) co_return broken(IoStatus::Aborted, "connect");
    connection_ = may_reuse ? pool_->take_idle() : nullptr;
    if (connection_ == nullptr) CO_TRY_VOID(co_await connect_anew());
    connection_->stream.set_write_timeout(timeouts_.write_stall);
    ++attempts_;
    co_return Result<void>();
}

Task<Result<void>> UpstreamCall::connect_anew() {
    if (pool_->is_full()) {
        co_return fail({.code = ErrorCode::Overloaded,
                        .message = "The gateway has too many connections to this provider.",
                        .detail = pool_->name(),
                        .retry_after = std::chrono::seconds(1)});
    }
    const Origin& origin = pool_->origin();
    const MonoTime deadline = std::min(add(pool_->loop()->mono(), timeouts_.connect), deadline_);
    std::vector<SocketAddress> addresses;
    if (origin.unix_path.empty()) {
        CO_TRY(addresses, co_await pool_->resolver()->resolve(origin.host, origin.port));
    } else {
        CO_TRY(const SocketAddress address, unix_address(origin.unix_path));
        addresses.push_back(address);
    }
    Result<void> outcome = broken(IoStatus::Aborted, "connect");
    for (size_t i = 0; i < addresses.size() && !aborted_; ++i) {
        // Each address gets an even share of the time that is left.
        const MonoTime now = pool_->loop()->mono();
        const Nanos share = (deadline - now) / static_cast<int64_t>(addresses.size() - i);
        outcome = co_await connect_to(addresses[i], now + std::max(share, Nanos(0)));
        if (outcome) break;
        connection_.reset();
    }
    co_return outcome;
}

Task<Result<void>> UpstreamCall::connect_to(SocketAddress address, MonoTime deadline) {
    auto fd = start_connecting(address);
    if (!fd) co_return broken(IoStatus::Ok, fd.error().detail);
    connection_ = std::make_unique<UpstreamConnection>(pool_, *std::move(fd));
    Stream& stream = connection_->stream;
    stream.set_write_timeout(deadline - pool_->loop()->mono());
    const IoStatus connected = co_await stream.connected();
    if (connected != IoStatus::Ok) co_return broken(connected, "connect");
    if (!pool_->origin().tls) co_return Result<void>();
    ssl_st* session = pool_->new_tls_session();
    if (session == nullptr) co_return broken(IoStatus::Ok, "TLS cannot be set up for this host");
    stream.set_deadline(deadline);
    const IoStatus secured = co_await stream.handshake(session);
    if (secured == IoStatus::Ok) {
        if (was_resumed(session)) pool_->count_resumed();
        co_return Result<void>();
    }
    co_return broken(secured, "TLS handshake (" + handshake_failure(session) + ")");
}

Task<IoStatus> UpstreamCall::send(std::span<const std::string_view> pieces) {
    assert(pieces.size() <= kPiecesMax);
    std::array<iovec, kPiecesMax> iov;
    size_t count = 0;
    for (const std::string_view piece : pieces) {
        if (piece.empty()) continue;
        iov[count++] = {.iov_base = const_cast<char*>(piece.data()), .iov_len = piece.size()};
    }
    // NOLINTNEXTLINE(misc-const-correctness): to await it changes it
    Stream::Op op = connection_->stream.write_unless_peer_speaks({iov.data(), count});
    const IoStatus status = co_await op;
    sent_ = sent_ || op.wrote_any();
    // Not all of the request is out: whatever the answer, nothing else may be sent after it.
    if (status != IoStatus::Ok) reusable_ = false;
    co_return status;
}

Task<Result<void>> UpstreamCall::exchange(std::string_view method,
                                          std::span<const std::string_view> pieces) {
    answer_has_no_body_ = method == "HEAD";
    for (;;) {
        CO_TRY_VOID(co_await connect(attempts_ == 0));
        const IoStatus status = co_await send(pieces);
        if (status == IoStatus::TimedOut || status == IoStatus::Aborted) {
            co_return broken(status, "send");
        }
        // One that was kept and takes nothing: what it may still say is no answer to this.
        bool again = connection_->reused && status != IoStatus::Ok && !sent_;
        if (!again) {
            // Even after a failed write: the upstream may have refused before it closed.
            Result<void> head = co_await receive_head();
            if (head) co_return head;
            again = connection_->reused && is_idempotent(method) && !heard_ && !aborted_ &&
                    head.error().code == ErrorCode::UpstreamError;
            head_.reset();
            if (!again) {
                connection_.reset();
                co_return head;
            }
        }
        connection_.reset();
        reusable_ = true;
    }
}

Task<Result<void>> UpstreamCall::open(std::string_view method, std::string_view head) {
    answer_has_no_body_ = method == "HEAD";
    CO_TRY_VOID(co_await connect(false));
    const IoStatus status = co_await send(std::span(&head, 1));
    if (status == IoStatus::Ok || status == IoStatus::PeerSpoke) co_return Result<void>();
    co_return broken(status, "send");
}

Task<Result<bool>> UpstreamCall::write(std::span<const std::string_view> pieces) {
    const IoStatus status = co_await send(pieces);
    if (status == IoStatus::Ok) co_return true;
    // A broken pipe is an early answer too, if one can still be read.
    if (status == IoStatus::PeerSpoke || status == IoStatus::Failed) co_return false;
    co_return broken(status, "send");
}

Task<Result<void>> UpstreamCall::read_head() { return receive_head(); }

Task<Result<void>> UpstreamCall::receive_head() {
    Stream& stream = connection_->stream;
    stream.set_read_timeout(Nanos::max());
    stream.set_deadline(std::min(deadline_, add(pool_->loop()->mono(), timeouts_.first_byte)));
    int interim = 0;
    for (;;) {
        // Made when there is something to parse: a call that waits is small.
        if (head_ == nullptr && !in_.empty()) head_.reset(new ResponseHead);
        const auto progress =
            in_.empty() ? ResponseHead::Progress::More : head_->parse(in_.data(), in_.size());
        if (progress == ResponseHead::Progress::Bad) {
            co_return broken(IoStatus::Ok, "the answer is not well-formed HTTP/1.1");
        }
        if (progress == ResponseHead::Progress::More) {
            const IoStatus status = co_await stream.read(&in_, Buffer::kMedium);
            if (status != IoStatus::Ok) co_return broken(status, "wait for the answer");
            heard_ = true;
            continue;
        }
        if (head_->status() == 101 || (head_->is_interim() && ++interim > kInterimMax)) {
            co_return broken(IoStatus::Ok, "the answer is not one to our request");
        }
        if (!head_->is_interim()) break;
        in_.drop_front(head_->size());
        head_->reset();
    }
    stream.set_read_timeout(timeouts_.idle);
    stream.set_deadline(deadline_);
    begin_body();
    co_return Result<void>();
}

void UpstreamCall::begin_body() {
    const int status = head_->status();
    shown_ = head_->size();
    framing_ = Framing::UntilClose;
    if (head_->chunked()) framing_ = Framing::Chunked;
    if (const auto length = head_->content_length()) {
        framing_ = Framing::Length;
        left_ = *length;
    }
    const bool bodiless = answer_has_no_body_ || status == 204 || status == 304;
    if (bodiless || (framing_ == Framing::Length && left_ == 0)) framing_ = Framing::None;
    reusable_ = reusable_ && head_->keep_alive() && framing_ != Framing::UntilClose;
    if (framing_ != Framing::None) return;
    left_ = 0;
    done_ = true;
    if (in_.size() > shown_) reusable_ = false;  // nothing was due
    end_connection();
}

std::optional<uint64_t> UpstreamCall::body_length() const {
    if (framing_ == Framing::Length || framing_ == Framing::None) return left_;
    return std::nullopt;
}

Result<size_t> UpstreamCall::take_body(char* data, size_t size) {
    size_t consumed = size;
    size_t body = size;
    if (framing_ == Framing::Chunked) {
        const auto step = chunks_.decode_in_place(data, size);
        if (chunks_.bad()) return broken(IoStatus::Ok, "the answer's chunks are malformed");
        consumed = step.consumed;
        body = step.decoded;
        done_ = chunks_.done();
    } else if (framing_ == Framing::Length) {
        consumed = body = static_cast<size_t>(std::min<uint64_t>(size, left_));
        left_ -= consumed;
        done_ = left_ == 0;
    }
    if (consumed < size) reusable_ = false;  // it said more than was due
    if (done_) end_connection();
    return body;
}

Result<bool> UpstreamCall::filled(IoStatus status) {
    if (head_ != nullptr) head_->rebase(in_.data());
    if (status == IoStatus::Ok) return true;
    if (status != IoStatus::Eof) return broken(status, "read the answer");
    if (framing_ != Framing::UntilClose) {
        return broken(status, "the answer is shorter than it said");
    }
    done_ = true;
    end_connection();
    return false;
}

void UpstreamCall::keep_connection() {
    if (done_ || connection_ == nullptr || head_ == nullptr || shown_ == in_.size()) return;
    if (!take_body(in_.data() + shown_, in_.size() - shown_)) reusable_ = false;
}

Task<Result<std::span<char>>> UpstreamCall::read_piece() {
    if (first_piece_shown_) {
        head_.reset();
        in_.release();
        shown_ = 0;
    }
    while (!done_ || shown_ < in_.size()) {
        if (shown_ == in_.size()) {
            if (first_piece_shown_) in_.release();
            shown_ = in_.size();
            const IoStatus status = co_await connection_->stream.read(&in_, Buffer::kMedium);
            CO_TRY(const bool more, filled(status));
            if (!more) break;
        }
        char* const data = in_.data() + shown_;
        const size_t size = in_.size() - shown_;
        shown_ = in_.size();
        if (done_) break;  // what follows the end is not ours
        CO_TRY(const size_t body, take_body(data, size));
        if (body == 0) continue;
        first_piece_shown_ = true;
        co_return std::span<char>(data, body);
    }
    co_return std::span<char>();
}

Task<Result<std::span<char>>> UpstreamCall::read_rest(size_t size_max) {
    const size_t begin = shown_;
    size_t end = begin;  // of what is decoded
    if (left_ > size_max) co_return broken(IoStatus::Ok, "the answer is too long");
    while (!done_) {
        const size_t raw = shown_;
        if (raw < in_.size()) {
            CO_TRY(const size_t body, take_body(in_.data() + raw, in_.size() - raw));
            if (raw != end) std::copy_n(in_.data() + raw, body, in_.data() + end);
            end += body;
            if (end - begin > size_max) co_return broken(IoStatus::Ok, "the answer is too long");
            in_.truncate(end);
            shown_ = end;
            continue;
        }
        // Memory follows the bytes that have come, not the length that was promised.
        const size_t due = left_ > 0 ? static_cast<size_t>(left_) : Buffer::kMedium;
        const size_t room = std::min(due, std::max(kFirstBodyBytes, end - begin));
        const IoStatus status = co_await connection_->stream.read(&in_, room);
        CO_TRY(const bool more, filled(status));
        if (!more) break;
    }
    shown_ = in_.size();
    co_return std::span<char>(in_.data() + begin, end - begin);
}

}  // namespace keywarden
