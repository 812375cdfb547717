// For tests: a loop on a thread of its own, a server on it, and a peer that says raw bytes.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "net/http_server.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/task.h"

namespace keywarden::test {

constexpr std::chrono::seconds kPatience{20};  // a test that waits longer has failed

/// Coarse deadlines are looked at every few milliseconds, so that tests of timeouts are quick.
inline LoopOptions quick_sweeps() { return {.sweep_every = std::chrono::milliseconds(3)}; }

/// A loop that runs on its own thread from construction to destruction.
class LoopThread {
public:
    explicit LoopThread(LoopOptions options = quick_sweeps())
        : loop_(options), thread_([this] { loop_.run(); }) {}
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;
    ~LoopThread() {
        loop_.stop();
        thread_.join();
    }

    Loop* loop() { return &loop_; }

    /// Runs `work` on the loop's thread and waits for what it returns.
    template <class Work>
    auto call(Work work) {
        std::packaged_task<decltype(work())()> task(std::move(work));
        auto outcome = task.get_future();
        loop_.post([&task] { task(); });
        return outcome.get();
    }

    /// Runs the coroutine that `make` returns on the loop and waits for its value.
    template <class T>
    T await(const std::function<Task<T>()>& make) {
        std::promise<T> promise;
        auto outcome = promise.get_future();
        loop_.post([&] { drive(make(), &promise); });
        return outcome.get();
    }

private:
    template <class T>
    static Detached drive(Task<T> task, std::promise<T>* promise) {
        if constexpr (std::is_void_v<T>) {
            co_await task;
            promise->set_value();
        } else {
            promise->set_value(co_await task);
        }
    }

    Loop loop_;
    std::thread thread_;
};

/// A blocking socket that says and hears raw bytes.
class Peer {
public:
    explicit Peer(int fd) : fd_(fd) { give_patience(); }
    explicit Peer(uint16_t port) { connect_to(*parse_address("127.0.0.1", port)); }
    explicit Peer(const std::string& unix_path) { connect_to(*unix_address(unix_path)); }

    bool say(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<size_t>(sent));
        }
        return true;
    }

    /// What comes until it contains `end`, up to there; the rest is kept for the next call.
    /// At the end of the connection: what there was.
    std::string hear_until(std::string_view end) {
        for (;;) {
            const size_t found = heard_.find(end);
            if (found != std::string::npos) return take(found + end.size());
            if (!hear()) return take(heard_.size());
        }
    }
    std::string hear_bytes(size_t count) {
        while (heard_.size() < count && hear()) {
        }
        return take(std::min(count, heard_.size()));
    }
    /// Everything until the other side closes.
    std::string hear_all() {
        while (hear()) {
        }
        return take(heard_.size());
    }
    /// One answer with a Content-Length: its head and body.
    std::string hear_answer() {
        std::string answer = hear_until("\r\n\r\n");
        const size_t at = answer.find("Content-Length: ");
        if (at == std::string::npos) return answer;
        return answer + hear_bytes(std::stoul(answer.substr(at + 16)));
    }
    /// True when the other side has closed (or reset) and nothing more came.
    bool hears_end() { return !hear() && heard_.empty(); }

    void end_writing() { shutdown(fd_.get(), SHUT_WR); }
    void close_now() { fd_ = OwnedFd(); }
    int fd() const { return fd_.get(); }

private:
    void connect_to(const SocketAddress& address) {
        fd_ = OwnedFd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        give_patience();
        const auto* where = reinterpret_cast<const sockaddr*>(&address.storage);
        if (connect(fd_.get(), where, address.size) != 0) fd_ = OwnedFd();
    }
    void give_patience() {
        const int on = 1;
        setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
        setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    bool hear() {
        char bytes[16'384];
        const ssize_t got = recv(fd_.get(), bytes, sizeof bytes, 0);
        if (got > 0) heard_.append(bytes, static_cast<size_t>(got));
        return got > 0;
    }
    std::string take(size_t count) {
        std::string taken = heard_.substr(0, count);
        heard_.erase(0, count);
        return taken;
    }

    OwnedFd fd_;
    std::string heard_;
};

/// Answers with a plain function.
class FunctionHandler final : public HttpHandler {
public:
    using Function = std::function<Task<void>(Exchange*)>;
    explicit FunctionHandler(Function function) : function_(std::move(function)) {}
    Task<void> handle(Exchange* exchange) override { return function_(exchange); }

private:
    Function function_;
};

/// A server on a port of its own. Its end drains it.
class TestServer {
public:
    explicit TestServer(FunctionHandler::Function function,
                        HttpServerOptions options = {},
                        const ServerTls* tls = nullptr,
                        LoopOptions loop = quick_sweeps())
        : handler_(std::move(function)), thread_(loop) {
        thread_.call([&] {
            server_ = std::make_unique<HttpServer>(thread_.loop(), &handler_, options);
            OwnedFd listener = *listen_tcp("127.0.0.1", 0);
            port_ = local_port(listener.get());
            return server_->listen(std::move(listener), tls).has_value();
        });
    }
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;
    ~TestServer() {
        drain(Nanos(0));
        thread_.call([&] { server_.reset(); });
    }

    uint16_t port() const { return port_; }
    LoopThread& thread() { return thread_; }
    HttpServer* server() { return server_.get(); }
    bool drain(Nanos bound) {
        return thread_.await<bool>([&] { return server_->drain(bound); });
    }
    size_t connections() {
        return thread_.call([&] { return server_->connections(); });
    }

private:
    FunctionHandler handler_;
    LoopThread thread_;
    std::unique_ptr<HttpServer> server_;
    uint16_t port_ = 0;
};

}  // namespace keywarden::test
