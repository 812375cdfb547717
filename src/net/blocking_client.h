// An HTTP client that blocks: for the command line and for tests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/result.h"
#include "net/http_client.h"
#include "net/resolver.h"

namespace keywarden {

/// A request of the command line. Host, Content-Length, and User-Agent are added.
struct BlockingRequest {
    std::string method = "GET";
    std::string target = "/";  // path and query, encoded
    std::vector<Header> headers{};
    std::string body{};
};

struct BlockingClientOptions {
    std::string ca_file{};  // empty: the system's authorities
    CallTimeouts timeouts{};
    size_t body_max = 64U << 20U;  // of an answer taken whole
    ResolverOptions resolver{};
};

/// Splits "http(s)://host[:port][/prefix]". Errors: InvalidRequest, saying what was expected.
struct BaseUrl {
    Origin origin;
    std::string host_field;  // for the Host header
    std::string prefix;      // "" or "/v1": without a slash at its end
};
Result<BaseUrl> parse_base_url(std::string_view url);

/// Connections are kept between calls. Threads: one at a time.
class BlockingClient {
public:
    /// Errors: InvalidConfig when the CA file cannot be read.
    static Result<std::unique_ptr<BlockingClient>> make(Origin origin,
                                                        BlockingClientOptions options = {});
    ~BlockingClient();

    /// Errors: GatewayUnreachable (could not connect), UpstreamError, UpstreamTimeout.
    Result<HttpResponse> call(const BlockingRequest& request);

    /// Hands the body on as it comes. The answer's own body stays empty. `on_piece` may return
    /// false to stop: the call then ends with what it has, and the connection is closed.
    /// `on_head` is told status and headers before the first piece; it may be null.
    using OnHead = std::function<void(const HttpResponse&)>;
    using OnPiece = std::function<bool(std::string_view)>;
    Result<HttpResponse> stream(const BlockingRequest& request,
                                const OnHead& on_head,
                                const OnPiece& on_piece);

private:
    class Impl;
    explicit BlockingClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace keywarden
