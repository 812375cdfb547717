#include "app/worker.h"

#include <atomic>
#include <cstdlib>
#include <future>
#include <thread>
#include <utility>

#include "app/providers.h"
#include "base/log.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "proxy/pipeline.h"

namespace keywarden {
namespace {

constexpr int kDrainsMax = 12;  // each takes HttpServerOptions::aborted_max: a minute in all

}  // namespace

class Worker::Impl {
public:
    Impl(const WorkerShared& shared,
         JournalWriter* journal,
         OwnedFd tcp_listener,
         OwnedFd unix_listener)
        : shared_(shared),
          journal_(journal),
          tcp_listener_(std::move(tcp_listener)),
          unix_listener_(std::move(unix_listener)) {}

    Result<void> start() {
        auto ready = ready_.get_future();
        thread_ = std::thread([this] { serve(); });
        return ready.get();
    }

    void drain(Nanos bound, std::function<void()> when_done) {
        if (loop_ == nullptr || draining_.exchange(true)) return;
        when_done_ = std::move(when_done);
        loop_->post([this, bound] { drain_then_stop(this, bound); });
    }

    void end() {
        drain(Nanos(0), [] {});
        if (thread_.joinable()) thread_.join();
    }

private:
    /// The thread. Everything on it is made and destroyed here: loops, pools and buffers belong to
    /// the thread that made them.
    void serve() {
        Loop loop;
        Resolver resolver(&loop, reaching(shared_.proxy->parts().providers));
        HttpClient client(&loop, &resolver, shared_.client_tls);
        Pipeline pipeline(shared_.proxy, &loop, &client, journal_);
        HttpServer server(&loop, &pipeline, shared_.server_options);
        Result<void> listening = server.listen(std::move(tcp_listener_), shared_.server_tls);
        if (listening && unix_listener_) listening = server.listen(std::move(unix_listener_));
        if (!listening) {
            ready_.set_value(std::move(listening));
            return;
        }
        loop_ = &loop;
        server_ = &server;
        ready_.set_value({});
        loop.run();
    }

    /// A handler that has not returned yet (a query that runs, a provider that is read for its
    /// usage) goes on in what this thread owns, so that must stand until it has.
    static Detached drain_then_stop(Impl* self, Nanos bound) {
        bool all_ended = co_await self->server_->drain(bound);
        for (int round = 1; !all_ended; ++round) {
            if (round == kDrainsMax) give_up(self);
            log(LogLevel::Warning, "server.draining_on", {{"connections", open_calls(self)}});
            all_ended = co_await self->server_->drain(Nanos(0));
        }
        self->when_done_();
        self->loop_->stop();
    }

    static int64_t open_calls(const Impl* self) {
        return static_cast<int64_t>(self->server_->connections());
    }

    /// Ends the process: after so long a handler is stuck for good, and to take the loop away under
    /// it would have it use freed memory.
    [[noreturn]] static void give_up(const Impl* self) {
        log(LogLevel::Error, "server.stuck", {{"connections", open_calls(self)}});
        flush_log();
        std::_Exit(EXIT_FAILURE);
    }

    const WorkerShared& shared_;
    JournalWriter* journal_;
    OwnedFd tcp_listener_;
    OwnedFd unix_listener_;
    std::promise<Result<void>> ready_;
    std::thread thread_;
    std::atomic<bool> draining_ = false;
    std::function<void()> when_done_;
    Loop* loop_ = nullptr;  // set before `ready_`, and not changed after
    HttpServer* server_ = nullptr;
};

Worker::Worker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Worker::~Worker() { impl_->end(); }

Result<std::unique_ptr<Worker>> Worker::start(const WorkerShared& shared,
                                              JournalWriter* journal,
                                              OwnedFd tcp_listener,
                                              OwnedFd unix_listener) {
    auto impl =
        std::make_unique<Impl>(shared, journal, std::move(tcp_listener), std::move(unix_listener));
    Impl& started = *impl;
    std::unique_ptr<Worker> worker(new Worker(std::move(impl)));
    TRY_VOID(started.start());
    return worker;
}

void Worker::drain(Nanos bound, std::function<void()> when_done) {
    impl_->drain(bound, std::move(when_done));
}

}  // namespace keywarden
