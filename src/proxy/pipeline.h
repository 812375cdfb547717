// The life of a call: one handler for every request of a loop.
#pragma once

#include <string_view>
#include <vector>

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/task.h"
#include "proxy/proxy.h"

namespace keywarden {

/// Threads: the loop's. `proxy`, `loop`, and `client` must outlive it.
class Pipeline final : public HttpHandler {
public:
    Pipeline(Proxy* proxy, Loop* loop, HttpClient* client);

    Task<void> handle(Exchange* exchange) override;
    Dialect dialect_of(std::string_view path) const override;

private:
    Proxy* proxy_;
    Loop* loop_;
    std::vector<OriginPool*> pools_;  // one a provider; null for the sandbox
};

}  // namespace keywarden
