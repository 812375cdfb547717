#include "net/http_exchange.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <ctime>
#include <utility>

#include "net/http_server.h"

namespace keywarden {
namespace {

constexpr size_t kFirstBodyBytes = 65'536;  // taken at once for a body; more only as it comes

iovec as_iovec(std::string_view bytes) {
    return {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
}

bool forbids_body(int status) { return status < 200 || status == 204 || status == 304; }

/// "Fri, 20 Nov 2026 11:33:59 GMT", made once a second. Source: RFC 9110, section 5.6.7.
std::string_view http_date(TimePoint now) {
    struct Cached {
        time_t second = -1;
        std::array<char, 32> text{};
        size_t size = 0;
    };
    thread_local Cached cached;
    const time_t second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (second != cached.second) {
        std::tm parts{};
        gmtime_r(&second, &parts);
        cached.second = second;
        cached.size = std::strftime(
            cached.text.data(), cached.text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    }
    return {cached.text.data(), cached.size};
}

}  // namespace

Exchange::Exchange(Stream* stream,
                   Buffer* in,
                   std::string_view peer,
                   const HttpServerOptions* options)
    : stream_(stream), in_(in), peer_(peer), options_(options), head_(new RequestHead) {}

void Exchange::end_head() {
    consumed_ = head_->size();
    body_chunked_ = head_->chunked();
    body_left_ = head_->content_length().value_or(0);
    body_done_ = !head_->has_body();
    expects_continue_ = head_->expects_continue() && !body_done_;
    is_head_request_ = head_->method() == "HEAD";
    client_is_11_ = head_->minor_version() == 1;
    keep_alive_ = head_->keep_alive();
}

std::unexpected<Error> Exchange::bad_body(std::string message) {
    broken_ = true;
    return fail(ErrorCode::InvalidRequest, std::move(message));
}

Task<Result<void>> Exchange::continue_if_expected() {
    if (!expects_continue_) co_return Result<void>();
    expects_continue_ = false;
    if (in_->size() > consumed_) co_return Result<void>();  // it did not wait for us
    iov_[0] = as_iovec("HTTP/1.1 100 Continue\r\n\r\n");
    if (co_await stream_->write({iov_.data(), 1}) == IoStatus::Ok) co_return Result<void>();
    co_return bad_body("The connection ended before the body.");
}

/// How long the client may still keep us waiting for its body: one that trickles comes to an end.
Nanos Exchange::patience_for_body() const {
    const std::chrono::seconds earned(body_received_ / options_->body_rate_min);
    return options_->body_idle_timeout + earned - body_waited_;
}

Task<Result<void>> Exchange::read_more(Buffer* into, size_t room) {
    const Nanos patience = patience_for_body();
    const MonoTime began = loop()->mono();
    const size_t before = into->size();
    stream_->set_read_timeout(options_->body_idle_timeout);
    stream_->set_deadline(began + std::max(patience, Nanos(0)));
    IoStatus status = IoStatus::TimedOut;
    if (patience > Nanos(0)) status = co_await stream_->read(into, room);
    if (head_ != nullptr) head_->rebase(in_->data());
    body_waited_ += loop()->mono() - began;
    body_received_ += into->size() - before;
    if (status == IoStatus::Ok) co_return Result<void>();
    broken_ = true;
    if (status == IoStatus::TimedOut) {
        co_return fail(ErrorCode::RequestTimeout, "The request's body did not come in time.");
    }
    co_return bad_body("The request's body ended too early.");
}

Task<Result<std::span<char>>> Exchange::read_body(size_t size_max) {
    if (body_done_) co_return std::span<char>(in_->data() + consumed_, 0);
    if (!body_chunked_ && body_left_ > size_max) {
        co_return fail(ErrorCode::RequestTooLarge,
                       "The request's body is over " + std::to_string(size_max) + " bytes.");
    }
    if (expects_continue_) CO_TRY_VOID(co_await continue_if_expected());
    if (body_chunked_) co_return co_await read_chunked_body(size_max);
    co_return co_await read_sized_body(static_cast<size_t>(body_left_));
}

Task<Result<std::span<char>>> Exchange::read_sized_body(size_t size) {
    const size_t begin = consumed_;
    const size_t end = begin + size;
    while (in_->size() < end) {
        // Memory follows the bytes that have come, not the length that was promised.
        const size_t goal = std::min(end, std::max(kFirstBodyBytes, 2 * in_->size()));
        CO_TRY_VOID(co_await read_more(in_, goal - in_->size()));
    }
    consumed_ = end;
    body_left_ = 0;
    body_done_ = true;
    co_return std::span<char>(in_->data() + begin, size);
}

Task<Result<std::span<char>>> Exchange::read_chunked_body(size_t size_max) {
    const size_t begin = consumed_;
    size_t end = begin;  // of what is decoded
    size_t raw = begin;  // what is not decoded yet
    for (;;) {
        const auto step = chunks_.decode_in_place(in_->data() + raw, in_->size() - raw);
        if (raw != end) std::copy_n(in_->data() + raw, step.decoded, in_->data() + end);
        end += step.decoded;
        if (chunks_.bad()) co_return bad_body("The request's chunked body is malformed.");
        if (end - begin > size_max) {
            broken_ = true;
            co_return fail(ErrorCode::RequestTooLarge,
                           "The request's body is over " + std::to_string(size_max) + " bytes.");
        }
        if (chunks_.done()) {
            consumed_ = raw + step.consumed;
            break;
        }
        in_->truncate(end);
        raw = end;
        CO_TRY_VOID(co_await read_more(in_, std::max(Buffer::kSmall, end - begin)));
    }
    body_done_ = true;
    co_return std::span<char>(in_->data() + begin, end - begin);
}

/// The part of the raw bytes [data, data + size) that is body.
Result<std::string_view> Exchange::take_piece(char* data, size_t size, size_t* consumed) {
    if (body_chunked_) {
        const auto step = chunks_.decode_in_place(data, size);
        if (chunks_.bad()) return bad_body("The request's chunked body is malformed.");
        *consumed = step.consumed;
        body_done_ = chunks_.done();
        return std::string_view(data, step.decoded);
    }
    *consumed = static_cast<size_t>(std::min<uint64_t>(size, body_left_));
    body_left_ -= *consumed;
    body_done_ = body_left_ == 0;
    return std::string_view(data, *consumed);
}

Task<Result<std::string_view>> Exchange::read_piece() {
    if (expects_continue_) CO_TRY_VOID(co_await continue_if_expected());
    while (!body_done_) {
        size_t consumed = 0;
        if (in_->size() > consumed_) {
            CO_TRY(const std::string_view piece,
                   take_piece(in_->data() + consumed_, in_->size() - consumed_, &consumed));
            consumed_ += consumed;
            if (!piece.empty()) co_return piece;
            continue;
        }
        piece_.release();
        CO_TRY_VOID(co_await read_more(&piece_, Buffer::kMedium));
        CO_TRY(const std::string_view piece, take_piece(piece_.data(), piece_.size(), &consumed));
        in_->append(piece_.view().substr(consumed));  // the next request, come early
        if (head_ != nullptr) head_->rebase(in_->data());
        if (!piece.empty()) co_return piece;
    }
    co_return std::string_view();
}

void Exchange::release_request() {
    head_.reset();
    piece_.release();
    drop_consumed();
}

void Exchange::drop_consumed() {
    if (consumed_ == 0) return;
    Buffer rest;
    rest.append(in_->view().substr(consumed_));
    *in_ = std::move(rest);
    dropped_ += std::exchange(consumed_, 0);
}

bool Exchange::rest_is_small() const {
    if (body_done_) return true;
    if (expects_continue_ || body_chunked_) return false;
    return body_left_ <= options_->drop_body_max + (in_->size() - consumed_);
}

void Exchange::start(int status) {
    assert(!head_sent_);
    state_ = State::Head;
    status_ = status;
    out_.clear();
    out_.append("HTTP/1.1 ");
    out_.append_number(static_cast<uint64_t>(status));
    out_.append(" ");
    out_.append(reason_phrase(status));
    out_.append("\r\n");
}

void Exchange::add_field(std::string_view name, std::string_view value) {
    if (is_field_text(value)) out_.append_field(name, value);
}

void Exchange::add_field(std::string_view name, uint64_t value) {
    out_.append(name);
    out_.append(": ");
    out_.append_number(value);
    out_.append("\r\n");
}

void Exchange::finish_head(std::optional<uint64_t> length) {
    assert(state_ == State::Head);
    if (!rest_is_small()) broken_ = true;
    if (forbids_body(status_)) {
        framing_ = Framing::None;
    } else if (length) {
        framing_ = Framing::Length;
        out_left_ = *length;
        add_field("Content-Length", *length);
    } else if (client_is_11_) {
        framing_ = Framing::Chunked;
        out_.append("Transfer-Encoding: chunked\r\n");
    } else {
        framing_ = Framing::UntilClose;
        keep_alive_ = false;
    }
    if (!may_be_used_again() || options_->draining) {
        keep_alive_ = false;
        out_.append("Connection: close\r\n");
    } else if (!client_is_11_) {
        out_.append("Connection: keep-alive\r\n");
    }
    out_.append("Date: ");
    out_.append(http_date(stream_->loop()->now()));
    out_.append("\r\n\r\n");
    state_ = State::Body;
}

Exchange::Write Exchange::send(std::string_view body) { return send(std::span(&body, 1)); }

Exchange::Write Exchange::send(std::span<const std::string_view> pieces) {
    uint64_t length = 0;
    for (const std::string_view piece : pieces) length += piece.size();
    finish_head(length);
    return flush(pieces, true);
}

Task<IoStatus> Exchange::respond(const HttpResponse* response) {
    start(response->status);
    for (const Header& header : response->headers) add_field(header.name, header.value);
    co_return co_await send(response->body);
}

void Exchange::start_body(std::optional<uint64_t> length) { finish_head(length); }

Exchange::Write Exchange::write(std::string_view piece) { return write(std::span(&piece, 1)); }

Exchange::Write Exchange::write(std::span<const std::string_view> pieces) {
    return flush(pieces, false);
}

Exchange::Write Exchange::end(std::string_view last) {
    return flush(std::span(&last, last.empty() ? 0 : 1), true);
}

Exchange::Write Exchange::flush(std::span<const std::string_view> pieces, bool last) {
    assert(state_ == State::Body && pieces.size() <= kPiecesMax);
    size_t count = 0;
    if (!head_sent_) {
        iov_[count++] = as_iovec(out_.view());
        head_sent_ = true;
    }
    size_t size = 0;
    for (const std::string_view piece : pieces) size += piece.size();
    const bool has_body = framing_ != Framing::None && !is_head_request_;
    const bool chunk = has_body && framing_ == Framing::Chunked;
    if (chunk && size > 0) {
        char* end = std::to_chars(chunk_line_.data(), chunk_line_.data() + 16, size, 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        iov_[count++] = as_iovec({chunk_line_.data(), end});
    }
    for (const std::string_view piece : pieces) {
        if (has_body && !piece.empty()) iov_[count++] = as_iovec(piece);
    }
    if (chunk && (size > 0 || last)) {
        std::string_view trailer = size > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n";
        if (!last) trailer = "\r\n";
        iov_[count++] = as_iovec(trailer);
    }
    if (framing_ == Framing::Length) {
        // A body that is not as long as was said breaks the connection, not the next answer.
        if (size > out_left_ || (last && size < out_left_ && has_body)) broken_ = true;
        out_left_ -= std::min<uint64_t>(size, out_left_);
    }
    if (last) state_ = State::Ended;
    return {this, stream_->write({iov_.data(), count})};
}

}  // namespace keywarden
