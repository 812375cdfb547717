// One thread that serves calls: a loop, its client and its server.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/socket.h"
#include "net/tls.h"
#include "proxy/proxy.h"
#include "store/journal.h"

namespace keywarden {

/// What the threads share. It outlives them.
struct WorkerShared {
    Proxy* proxy = nullptr;
    const ServerTls* server_tls = nullptr;  // null: without TLS
    const ClientTls* client_tls = nullptr;
    HttpServerOptions server_options{};
};

/// Threads: any, for every function.
class Worker {
public:
    /// Starts the thread; returns once it serves. `unix_listener` may be empty. `journal` is the
    /// thread's alone, and outlives it.
    static Result<std::unique_ptr<Worker>> start(const WorkerShared& shared,
                                                 JournalWriter* journal,
                                                 OwnedFd tcp_listener,
                                                 OwnedFd unix_listener);
    /// Ends at once what still runs.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Takes no new connections; `when_done` is called on the worker's thread once the last has
    /// ended. After `bound` those that are left are aborted; a handler that is at work is waited
    /// for a minute more, then the process ends. Only the first call counts.
    void drain(Nanos bound, std::function<void()> when_done);

private:
    class Impl;
    explicit Worker(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace keywarden
