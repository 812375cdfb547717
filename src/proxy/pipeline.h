// The life of a call: one handler for every request of a loop.
#pragma once

#include <string_view>
#include <vector>

#include "net/http_client.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/task.h"
#include "proxy/proxy.h"
#include "store/journal.h"

namespace keywarden {

/// Threads: the loop's. Everything that it is given must outlive it. `journal`: of the thread; null
/// only in tests, and then calls are not charged.
class Pipeline final : public HttpHandler {
public:
    Pipeline(Proxy* proxy, Loop* loop, HttpClient* client, JournalWriter* journal = nullptr);

    Task<void> handle(Exchange* exchange) override;
    Dialect dialect_of(std::string_view path) const override;

private:
    Proxy* proxy_;
    Loop* loop_;
    JournalWriter* journal_;
    std::vector<OriginPool*> pools_;  // one a provider; null for the sandbox
};

}  // namespace keywarden
