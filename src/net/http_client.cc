#include "net/http_client.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "net/http_pool.h"

namespace keywarden {
namespace {

// A connection that was used a moment ago is taken on the word of the loop's last turn. Servers
// close what has idled, so one that has is asked itself (a system call) before it is trusted. None
// closes so soon that a second would be too long, and a turn of a gateway under load never takes
// it: there, each call would pay.
constexpr Nanos kTrustedIdle = std::chrono::seconds(1);

}  // namespace

UpstreamConnection::UpstreamConnection(OriginPool* owner, OwnedFd fd)
    : pool(owner), stream(owner->loop(), fd.release(), true) {
    pool->count(1);
}

UpstreamConnection::~UpstreamConnection() { pool->count(-1); }

void UpstreamConnection::peer_gone() { pool->drop_idle(this); }

OriginPool::OriginPool(const Context& context, Origin origin)
    : context_(context), origin_(std::move(origin)) {
    context_.loop->add_swept(this);
}

OriginPool::~OriginPool() {
    context_.loop->remove_swept(this);
    idle_.clear();  // while there is still a count for them to lower
}

std::unique_ptr<UpstreamConnection> OriginPool::take_idle() {
    while (!idle_.empty()) {
        std::unique_ptr<UpstreamConnection> connection = std::move(idle_.back());
        idle_.pop_back();
        Stream& stream = connection->stream;
        const bool is_fresh = context_.loop->mono() - connection->idle_since < kTrustedIdle;
        if (is_fresh ? stream.peer_closed() : stream.asks_for_attention()) continue;
        stream.watch(nullptr);
        connection->reused = true;
        return connection;
    }
    return nullptr;
}

void OriginPool::put_back(std::unique_ptr<UpstreamConnection> connection) {
    Stream& stream = connection->stream;
    if (stream.peer_closed() || stream.aborted() || context_.options.idle_max == 0) return;
    if (idle_.size() >= context_.options.idle_max) idle_.erase(idle_.begin());
    connection->idle_since = context_.loop->mono();
    stream.clear_deadline();
    stream.watch(connection.get(), true);
    idle_.push_back(std::move(connection));
}

void OriginPool::drop_idle(UpstreamConnection* connection) {
    std::erase_if(idle_, [connection](const auto& idle) { return idle.get() == connection; });
}

ssl_st* OriginPool::new_tls_session() {
    if (context_.tls == nullptr) return nullptr;
    return context_.tls->new_session(origin_.host, session_.get(), &session_);
}

std::string OriginPool::name() const {
    if (!origin_.unix_path.empty()) return "unix:" + origin_.unix_path;
    return (origin_.tls ? "https://" : "http://") + origin_.host + ":" +
           std::to_string(origin_.port);
}

void OriginPool::on_sweep(MonoTime now) {
    const auto fresh = std::ranges::find_if(idle_, [&](const auto& connection) {
        return now - connection->idle_since < context_.options.idle_timeout;
    });
    idle_.erase(idle_.begin(), fresh);  // they stand in the order of their last use
}

class HttpClient::Impl {
public:
    explicit Impl(const OriginPool::Context& context) : context_(context) {}

    OriginPool* pool(const Origin& origin) {
        for (const auto& pool : pools_) {
            if (pool->origin() == origin) return pool.get();
        }
        pools_.push_back(std::make_unique<OriginPool>(context_, origin));
        return pools_.back().get();
    }

    size_t sum(size_t (OriginPool::*count)() const) const {
        size_t all = 0;
        for (const auto& pool : pools_) all += (pool.get()->*count)();
        return all;
    }

private:
    OriginPool::Context context_;
    std::vector<std::unique_ptr<OriginPool>> pools_;
};

HttpClient::HttpClient(Loop* loop,
                       Resolver* resolver,
                       const ClientTls* tls,
                       HttpClientOptions options)
    : impl_(std::make_unique<Impl>(OriginPool::Context{loop, resolver, tls, options})) {}

HttpClient::~HttpClient() = default;

OriginPool* HttpClient::pool(const Origin& origin) { return impl_->pool(origin); }

size_t HttpClient::idle_connections() const { return impl_->sum(&OriginPool::idle); }

size_t HttpClient::connections() const { return impl_->sum(&OriginPool::open); }

}  // namespace keywarden
