// For tests: a server that says what it is told to.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/socket.h"
#include "net/test_peer.h"

namespace keywarden {

/// A server that plays another one. Its script runs for each connection, on a thread of its own.
class Imposter {
public:
    using Script = std::function<void(test::Peer&)>;

    explicit Imposter(Script script) : script_(std::move(script)) {
        port_ = local_port(listener_.get());
        accepting_ = std::thread([this] { accept_all(); });
    }
    Imposter(const Imposter&) = delete;
    Imposter& operator=(const Imposter&) = delete;
    ~Imposter() {
        shutdown(listener_.get(), SHUT_RDWR);
        accepting_.join();
        for (std::thread& thread : threads_) thread.join();
    }

    uint16_t port() const { return port_; }
    size_t connections() const { return connections_; }

    /// Answers every request of a connection with the same bytes.
    static Script answers(std::string answer) {
        return [answer = std::move(answer)](test::Peer& peer) {
            while (!peer.hear_answer().empty() && peer.say(answer)) {
            }
        };
    }

private:
    void accept_all() {
        for (;;) {
            const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            ++connections_;
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            threads_.emplace_back([this, fd] {
                test::Peer peer(fd);
                script_(peer);
            });
        }
    }

    static OwnedFd blocking_listener() {
        OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const SocketAddress address = *parse_address("127.0.0.1", 0);
        EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size),
                  0);
        EXPECT_EQ(listen(fd.get(), 64), 0);
        return fd;
    }

    Script script_;
    OwnedFd listener_ = blocking_listener();
    uint16_t port_ = 0;
    std::atomic<size_t> connections_ = 0;
    std::vector<std::thread> threads_;  // of accepting_ until it has ended
    std::thread accepting_;
};

}  // namespace keywarden
