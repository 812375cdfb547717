#include "net/http_server.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <string>
#include <sys/socket.h>
#include <unordered_set>
#include <vector>

#include "base/id.h"

namespace keywarden {
namespace {

constexpr int kAcceptsAtOnceMax = 64;
constexpr Nanos kLingerMax = std::chrono::seconds(30);
constexpr Nanos kDrainStep = std::chrono::milliseconds(10);
constexpr size_t kFirstReadMax = 65'536;

HttpResponse render_refusal(const Error& error, Dialect dialect, const RequestId& id) {
    HttpResponse response = render_error(dialect, error, id.view());
    response.headers.push_back({"X-Request-Id", std::string(id.view())});
    return response;
}

}  // namespace

Dialect HttpHandler::dialect_of(std::string_view path) const {
    return dialect_of_unknown_path(path);
}

/// One connection, from its acceptance to its end.
class HttpConnection final : public Pooled {
public:
    struct Context {
        Loop* loop;
        HttpHandler* handler;
        const HttpServerOptions* options;
    };

    HttpConnection(const Context& context, int fd, std::string peer)
        : context_(context), stream_(context.loop, fd), peer_(std::move(peer)) {
        stream_.set_write_timeout(options().write_stall_timeout);
    }

    /// Serves requests until the connection is of no more use.
    Task<void> run(const ServerTls* tls) {
        if (tls != nullptr) {
            stream_.set_deadline(in(options().handshake_timeout));
            ssl_st* const session = tls->new_session();
            if (session == nullptr) co_return;
            if (co_await stream_.handshake(session) != IoStatus::Ok) co_return;
        }
        Nanos patience = options().head_timeout;  // who connects has something to say
        for (;;) {
            if (in_.empty() && !co_await wait_for_request(patience)) co_return;
            if (!co_await serve_one()) break;
            patience = options().keep_alive_timeout;
        }
        if (lingers_) co_await linger();
    }

    bool idle() const { return idle_; }
    void abort() { stream_.abort(); }

private:
    const HttpServerOptions& options() const { return *context_.options; }
    MonoTime in(Nanos duration) const { return context_.loop->mono() + duration; }

    Task<bool> wait_for_request(Nanos patience) {
        if (options().draining) co_return false;
        stream_.clear_deadline();
        stream_.set_read_timeout(patience);
        idle_ = true;
        const IoStatus status = co_await stream_.read(&in_, first_read_);
        idle_ = false;
        co_return status == IoStatus::Ok;
    }

    /// True when another request may follow.
    Task<bool> serve_one() {
        Exchange exchange(&stream_, &in_, peer_, context_.options);
        const Result<bool> head = co_await read_head(&exchange);
        if (!head) co_await refuse(&exchange, &head.error());
        if (!head || !*head) co_return false;
        exchange.end_head();
        co_await context_.handler->handle(&exchange);
        stream_.watch(nullptr);
        co_return co_await finish(&exchange);
    }

    /// False: the peer has gone, there is nobody to answer.
    Task<Result<bool>> read_head(Exchange* exchange) {
        RequestHead* head = exchange->head_.get();
        stream_.set_read_timeout(Nanos::max());
        stream_.set_deadline(in(options().head_timeout));
        for (;;) {
            const auto progress = head->parse(in_.data(), in_.size());
            if (progress == RequestHead::Progress::Done) break;
            if (progress == RequestHead::Progress::Bad) co_return fail(error_of(head->fault()));
            const IoStatus status = co_await stream_.read(&in_);
            head->rebase(in_.data());  // a read that brought nothing may have moved it too
            if (status == IoStatus::TimedOut) {
                co_return fail(ErrorCode::RequestTimeout,
                               "The request's headers did not come in time.");
            }
            if (status != IoStatus::Ok) co_return false;
        }
        stream_.clear_deadline();
        co_return true;
    }

    /// Answers what is no request, and gives the connection up.
    Task<void> refuse(Exchange* exchange, const Error* error) {
        const RequestHead& head = exchange->head();
        const RequestId id = new_request_id(context_.loop->now());
        const Dialect dialect = context_.handler->dialect_of(head.path());
        const HttpResponse response = render_refusal(*error, dialect, id);
        exchange->keep_alive_ = false;
        lingers_ = true;
        co_await exchange->respond(&response);
    }

    /// What is left to do once the handler has returned. True when another request may follow.
    Task<bool> finish(Exchange* exchange) {
        if (!exchange->head_sent_ && !stream_.aborted()) {
            const Error error{.code = ErrorCode::InternalError,
                              .message = "The gateway did not answer."};
            const RequestId id = new_request_id(context_.loop->now());
            const HttpResponse response = render_refusal(error, Dialect::Problem, id);
            exchange->keep_alive_ = false;
            co_await exchange->respond(&response);
        }
        if (exchange->state_ != Exchange::State::Ended || stream_.aborted()) co_return false;
        if (!exchange->may_be_used_again()) {
            lingers_ = !exchange->body_done_ || stream_.maybe_readable();
            co_return false;
        }
        while (!exchange->body_done_) {
            const auto piece = co_await exchange->read_piece();
            if (!piece) co_return false;
        }
        exchange->drop_consumed();
        // The next request is likely to be as long as this one: then one read takes it.
        first_read_ = std::clamp(exchange->dropped_, Buffer::kSmall, kFirstReadMax);
        co_return true;
    }

    /// Reads on for a while without looking, so that the peer gets to read our answer: closing with
    /// unread bytes would reset the connection and take the answer back.
    Task<void> linger() {
        stream_.shutdown_write();
        stream_.set_read_timeout(options().linger_timeout);
        stream_.set_deadline(in(kLingerMax));
        IoStatus status = IoStatus::Ok;
        while (status == IoStatus::Ok) {
            in_.release();
            status = co_await stream_.read(&in_, Buffer::kMedium);
        }
    }

    Context context_;
    Stream stream_;
    Buffer in_;
    std::string peer_;
    size_t first_read_ = Buffer::kSmall;
    bool idle_ = false;
    bool lingers_ = false;
};

class HttpServer::Impl {
public:
    Impl(Loop* loop, HttpHandler* handler, HttpServerOptions options)
        : loop_(loop), handler_(handler), options_(options) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { assert(connections_.empty()); }

    Result<void> listen(OwnedFd fd, const ServerTls* tls) {
        auto listener = std::make_unique<Listener>(this, std::move(fd), tls);
        TRY_VOID(listener->resume());
        listeners_.push_back(std::move(listener));
        return {};
    }

    Task<bool> drain(Nanos bound) {
        options_.draining = true;
        for (const auto& listener : listeners_) listener->accept_all();
        listeners_.clear();
        for (HttpConnection* connection : connections_) {
            if (connection->idle()) connection->abort();
        }
        const MonoTime polite_until = loop_->mono() + bound;
        while (!connections_.empty() && loop_->mono() < polite_until) {
            co_await loop_->sleep(kDrainStep);
        }
        for (HttpConnection* connection : connections_) connection->abort();
        const MonoTime until = loop_->mono() + options_.aborted_max;
        while (!connections_.empty() && loop_->mono() < until) co_await loop_->sleep(kDrainStep);
        const bool all_ended = connections_.empty();
        co_return all_ended;
    }

    size_t connections() const { return connections_.size(); }

private:
    /// Accepts what comes. Out of descriptors it rests until the next sweep.
    class Listener final : public FdHandler, public Swept {
    public:
        Listener(Impl* impl, OwnedFd fd, const ServerTls* tls)
            : impl_(impl), fd_(std::move(fd)), tls_(tls) {
            impl_->loop_->add_swept(this);
        }
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;
        ~Listener() {
            impl_->loop_->forget(this);
            impl_->loop_->remove_swept(this);
        }

        Result<void> resume() {
            resting_ = false;
            return impl_->loop_->watch(fd_.get(), EPOLLIN, this);
        }

        void on_ready(uint32_t) override { accept_all(); }

        void on_sweep(MonoTime) override {
            if (resting_) resting_ = !resume();
        }

        void accept_all() {
            for (int i = 0; i < kAcceptsAtOnceMax; ++i) {
                SocketAddress peer;
                peer.size = sizeof peer.storage;
                const int fd = accept4(fd_.get(),
                                       reinterpret_cast<sockaddr*>(&peer.storage),
                                       &peer.size,
                                       SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fd >= 0) {
                    impl_->take(fd, peer, tls_);
                } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                           errno == ENOMEM) {
                    impl_->loop_->unwatch(fd_.get());
                    resting_ = true;
                    return;
                } else if (errno != EINTR && errno != ECONNABORTED) {
                    return;
                }
            }
        }

    private:
        Impl* impl_;
        OwnedFd fd_;
        const ServerTls* tls_;
        bool resting_ = false;
    };

    void take(int fd, const SocketAddress& peer, const ServerTls* tls) {
        if (connections_.size() >= options_.connections_max) {
            turn_away(OwnedFd(fd), tls != nullptr);
            return;
        }
        const HttpConnection::Context context{loop_, handler_, &options_};
        auto* connection = new HttpConnection(context, fd, peer.host());
        connections_.insert(connection);
        serve(this, connection, tls);
    }

    static Detached serve(Impl* impl, HttpConnection* connection, const ServerTls* tls) {
        co_await connection->run(tls);
        impl->connections_.erase(connection);
        delete connection;
    }

    /// One write, and whoever does not get it sees a closed connection.
    void turn_away(OwnedFd fd, bool tls) {
        if (tls) return;
        const Error error{.code = ErrorCode::Overloaded,
                          .message = "The gateway has too many connections.",
                          .retry_after = std::chrono::seconds(1)};
        const RequestId id = new_request_id(loop_->now());
        const HttpResponse response = render_refusal(error, Dialect::Problem, id);
        std::string text = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n";
        for (const Header& header : response.headers) {
            text += header.name + ": " + header.value + "\r\n";
        }
        text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n";
        text += response.body;
        send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }

    Loop* loop_;
    HttpHandler* handler_;
    HttpServerOptions options_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::unordered_set<HttpConnection*> connections_;
};

HttpServer::HttpServer(Loop* loop, HttpHandler* handler, HttpServerOptions options)
    : impl_(std::make_unique<Impl>(loop, handler, options)) {}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(OwnedFd listener, const ServerTls* tls) {
    return impl_->listen(std::move(listener), tls);
}

Task<bool> HttpServer::drain(Nanos bound) { return impl_->drain(bound); }

size_t HttpServer::connections() const { return impl_->connections(); }

}  // namespace keywarden
