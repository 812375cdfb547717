// The HTTP/1.1 server of one loop: listeners, connections, keep-alive, timeouts, drain.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/error_body.h"
#include "base/result.h"
#include "net/http_exchange.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/task.h"
#include "net/tls.h"

namespace keywarden {

class HttpHandler {
public:
    /// Answers one request. Requests of one connection come one after the other.
    virtual Task<void> handle(Exchange* exchange) = 0;

    /// How to tell an error of a request that never comes to `handle`, because its head is refused.
    /// `path`: as far as it was read; perhaps nothing.
    virtual Dialect dialect_of(std::string_view path) const;

protected:
    ~HttpHandler() = default;
};

/// Bounds on what a peer can make us hold or wait for. Times are kept to Loop's sweep.
struct HttpServerOptions {
    size_t connections_max = 16'384;                       // of this loop; more are told 503
    Nanos handshake_timeout = std::chrono::seconds(10);    // TLS
    Nanos head_timeout = std::chrono::seconds(15);         // first byte to end of head
    Nanos body_idle_timeout = std::chrono::seconds(30);    // between two reads of a body; and, all
    size_t body_rate_min = 1'024;                          // in all, beyond so many bytes a second
    Nanos keep_alive_timeout = std::chrono::seconds(75);   // between two requests
    Nanos write_stall_timeout = std::chrono::seconds(60);  // a client that does not read
    Nanos linger_timeout = std::chrono::seconds(5);        // for the peer to read our last answer
    Nanos aborted_max = std::chrono::seconds(5);  // of a drain, for handlers to return once aborted
    size_t drop_body_max = 262'144;  // unread rest of a body that is read to keep the connection
    bool draining = false;           // set by the server itself: answers say `Connection: close`
};

/// Threads: the loop's, unless said otherwise. Must outlive its connections: drain first.
class HttpServer {
public:
    /// `handler` must outlive the server.
    HttpServer(Loop* loop, HttpHandler* handler, HttpServerOptions options = {});
    ~HttpServer();

    /// Serves what comes to `listener` (see listen_tcp, listen_unix), with TLS if `tls` is given,
    /// which must outlive the server. Any number of times.
    Result<void> listen(OwnedFd listener, const ServerTls* tls = nullptr);

    /// Takes no new connections, closes idle ones, and tells the others `Connection: close`.
    /// Returns true once all have ended. After `bound` those that are left are aborted; false if
    /// a handler has not returned `aborted_max` later. Then the server must not be destroyed: call
    /// again.
    Task<bool> drain(Nanos bound);

    size_t connections() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace keywarden
