// The connections of one loop to one origin. Private to the client: others use UpstreamCall.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/http_client.h"

namespace keywarden {

/// A connection to an upstream: in use by one call, or idle in its pool.
class UpstreamConnection final : public PeerWatch, public Pooled {
public:
    UpstreamConnection(OriginPool* owner, OwnedFd fd);
    UpstreamConnection(const UpstreamConnection&) = delete;
    UpstreamConnection& operator=(const UpstreamConnection&) = delete;
    ~UpstreamConnection();

    /// Idle, and the upstream closed it or said what nobody asked for.
    void peer_gone() override;

    OriginPool* pool;
    Stream stream;
    MonoTime idle_since{};
    bool reused = false;
};

class OriginPool final : public Swept {
public:
    struct Context {
        Loop* loop;
        Resolver* resolver;
        const ClientTls* tls;
        HttpClientOptions options;
    };

    OriginPool(const Context& context, Origin origin);
    OriginPool(const OriginPool&) = delete;
    OriginPool& operator=(const OriginPool&) = delete;
    ~OriginPool();

    /// The connection used last that is still open, or null.
    std::unique_ptr<UpstreamConnection> take_idle();
    void put_back(std::unique_ptr<UpstreamConnection> connection);
    /// Closes one that idles here.
    void drop_idle(UpstreamConnection* connection);

    /// A session for a new connection, to resume the last one. Null: this client has no TLS, or
    /// none for such a host.
    ssl_st* new_tls_session();
    bool is_full() const { return open_ >= context_.options.connections_max; }
    void count(int change) { open_ += static_cast<size_t>(change); }

    const Origin& origin() const { return origin_; }
    /// For details of errors: "https://api.example.com:443".
    std::string name() const;
    Loop* loop() const { return context_.loop; }
    Resolver* resolver() const { return context_.resolver; }
    /// How many handshakes took up an earlier session.
    size_t resumed() const { return resumed_; }
    void count_resumed() { ++resumed_; }
    size_t idle() const { return idle_.size(); }
    size_t open() const { return open_; }

    void on_sweep(MonoTime now) override;

private:
    Context context_;
    Origin origin_;
    TlsSession session_;                                     // the last ticket
    std::vector<std::unique_ptr<UpstreamConnection>> idle_;  // the one used last is last
    size_t open_ = 0;                                        // in use or idle
    size_t resumed_ = 0;
};

}  // namespace keywarden
