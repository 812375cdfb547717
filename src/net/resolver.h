// Host names to addresses, without blocking the loop: c-ares, /etc/hosts included, with a cache.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/task.h"

namespace keywarden {

struct ResolverOptions {
    /// "127.0.0.1:5353": asked instead of the system's servers. For tests.
    std::string servers{};
    Nanos timeout = std::chrono::seconds(5);
    Nanos cached_for_max = std::chrono::seconds(60);
    size_t cached_max = 1'024;
    /// Where one may go to for that host; empty: anywhere. What it refuses is never answered, so
    /// nobody connects to what was not looked at, whatever a name stands for from moment to moment.
    std::function<bool(std::string_view host, const SocketAddress&)> may_reach{};
};

/// Threads: the loop's. It must outlive every call it is waited for in.
class Resolver {
public:
    Resolver(Loop* loop, ResolverOptions options = {});
    ~Resolver();

    /// The addresses of `host`, with `port`, in the order to try; at least one, at most
    /// kAddressesMax. A literal address is answered at once.
    /// Errors: UpstreamError (no such name; or none of its addresses may be reached),
    /// UpstreamTimeout.
    Task<Result<std::vector<SocketAddress>>> resolve(std::string host, uint16_t port);

    static constexpr size_t kAddressesMax = 6;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace keywarden
