// For tests: a name server that knows one name.
#pragma once

#include <atomic>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>

#include <gtest/gtest.h>

#include "net/socket.h"

namespace keywarden::test {

/// A name server on a port of its own: knows "known.test" (127.0.0.1 and 127.0.0.2, for `ttl`
/// seconds) and nothing else; says nothing at all when asked for "silent.test".
class NameServer {
public:
    explicit NameServer(uint8_t ttl) : ttl_(ttl), fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
        const SocketAddress any = *parse_address("127.0.0.1", 0);
        EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&any.storage), any.size), 0);
        const timeval patience{.tv_sec = 0, .tv_usec = 10'000};
        setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        thread_ = std::thread([this] { serve(); });
    }
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;
    ~NameServer() {
        stop_ = true;
        thread_.join();
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(local_port(fd_.get())); }
    int asked() const { return asked_; }

private:
    void serve() {
        while (!stop_) {
            char query[512];
            SocketAddress from;
            from.size = sizeof from.storage;
            const ssize_t size = recvfrom(fd_.get(),
                                          query,
                                          sizeof query,
                                          0,
                                          reinterpret_cast<sockaddr*>(&from.storage),
                                          &from.size);
            if (size <= 12) continue;
            ++asked_;
            const std::string reply = answer({query, static_cast<size_t>(size)});
            if (reply.empty()) continue;
            sendto(fd_.get(),
                   reply.data(),
                   reply.size(),
                   0,
                   reinterpret_cast<const sockaddr*>(&from.storage),
                   from.size);
        }
    }

    /// Source: RFC 1035, section 4.
    std::string answer(const std::string& query) const {
        using namespace std::string_literals;
        const size_t name_end = query.find('\0', 12);
        const std::string question = query.substr(12, name_end + 5 - 12);
        if (question.starts_with("\x06silent")) return {};
        const bool known = question.starts_with("\x05known\x04test");
        const bool wants_v4 = question[question.size() - 3] == 1;
        const std::string count = known && wants_v4 ? "\0\2"s : "\0\0"s;
        std::string reply = query.substr(0, 2) + (known ? "\x81\x80"s : "\x81\x83"s) + "\0\1"s +
                            count + "\0\0\0\0"s + question;
        if (!known || !wants_v4) return reply;
        for (const char last : {'\1', '\2'}) {
            reply += "\xc0\x0c\0\1\0\1\0\0\0"s + static_cast<char>(ttl_) + "\0\4\x7f\0\0"s + last;
        }
        return reply;
    }

    uint8_t ttl_;
    OwnedFd fd_;
    std::atomic<bool> stop_ = false;
    std::atomic<int> asked_ = 0;
    std::thread thread_;
};

}  // namespace keywarden::test
