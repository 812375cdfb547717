#include "tests/bench/relay/socket.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <span>
#include <sys/socket.h>
#include <unistd.h>

namespace keywarden::bench {
namespace {

constexpr int kBacklog = 4'096;
constexpr int64_t kNanosASecond = 1'000'000'000;

sockaddr_in loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void set_on(int fd, int level, int option) {
    const int on = 1;
    if (setsockopt(fd, level, option, &on, sizeof on) != 0) give_up("setsockopt");
}

}  // namespace

int connect_to(uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) give_up("socket");
    const sockaddr_in address = loopback(port);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        give_up("connect");
    }
    set_on(fd, IPPROTO_TCP, TCP_NODELAY);
    return fd;
}

int listen_on(uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) give_up("socket");
    set_on(fd, SOL_SOCKET, SO_REUSEADDR);
    const sockaddr_in address = loopback(port);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) give_up("bind");
    if (listen(fd, kBacklog) != 0) give_up("listen");
    return fd;
}

uint16_t port_of(int listener) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        give_up("getsockname");
    }
    return ntohs(address.sin_port);
}

int64_t now_ns() {
    timespec at{};
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * kNanosASecond + at.tv_nsec;
}

void give_up(std::string_view what) {
    std::fprintf(
        stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(), std::strerror(errno));
    std::exit(1);
}

std::string flag(int argc, char** argv, std::string_view name, std::string_view fallback) {
    const std::span arguments(argv, static_cast<size_t>(argc));
    for (size_t i = 1; i + 1 < arguments.size(); i += 2) {
        const std::string_view given = arguments[i];
        if (given.starts_with("--") && given.substr(2) == name) return arguments[i + 1];
    }
    return std::string(fallback);
}

int64_t number_flag(int argc, char** argv, std::string_view name, int64_t fallback) {
    const std::string text = flag(argc, argv, name, "");
    if (text.empty()) return fallback;
    int64_t value = 0;
    const char* const end = text.data() + text.size();
    if (std::from_chars(text.data(), end, value).ptr != end) give_up("--" + std::string(name));
    return value;
}

}  // namespace keywarden::bench
