#include "net/socket.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace keywarden {
namespace {

constexpr int kBacklog = 4'096;
constexpr int kSocketType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

const sockaddr* as_sockaddr(const SocketAddress& address) {
    return reinterpret_cast<const sockaddr*>(&address.storage);
}

std::unexpected<Error> cannot_listen(const std::string& where, int problem) {
    std::string hint;
    if (problem == EADDRINUSE) hint = " Another process listens there: stop it, or choose another.";
    if (problem == EACCES) hint = " That needs more rights: choose a port above 1023.";
    if (problem == EADDRNOTAVAIL) hint = " This machine does not have that address.";
    return fail(ErrorCode::StartupFailed,
                "Cannot listen on " + where + ": " + std::strerror(problem) + "." + hint);
}

/// Whether somebody accepts connections on this Unix socket.
bool is_alive(const SocketAddress& address) {
    const OwnedFd probe(socket(AF_UNIX, kSocketType, 0));
    if (probe.get() < 0) return true;  // not known: better refuse to start than take its place
    return connect(probe.get(), as_sockaddr(address), address.size) == 0 || errno == EAGAIN;
}

}  // namespace

OwnedFd::~OwnedFd() {
    if (fd_ >= 0) close(fd_);
}

std::string SocketAddress::host() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (storage.ss_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
        inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
        return text.data();
    }
    if (storage.ss_family != AF_INET6) return "unix";
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
        inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
    }
    return text.data();
}

uint16_t SocketAddress::port() const {
    if (storage.ss_family == AF_INET) {
        return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
    }
    if (storage.ss_family == AF_INET6) {
        return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
    }
    return 0;
}

void SocketAddress::set_port(uint16_t port) {
    if (storage.ss_family == AF_INET) {
        reinterpret_cast<sockaddr_in*>(&storage)->sin_port = htons(port);
    } else if (storage.ss_family == AF_INET6) {
        reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port = htons(port);
    }
}

Result<SocketAddress> parse_address(std::string_view literal, uint16_t port) {
    if (literal.starts_with('[') && literal.ends_with(']')) {
        literal = literal.substr(1, literal.size() - 2);
    }
    const std::string text(literal);
    SocketAddress address;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.size = sizeof(sockaddr_in);
        return address;
    }
    address.storage = {};
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.size = sizeof(sockaddr_in6);
        return address;
    }
    return fail(ErrorCode::InvalidConfig, "'" + text + "' is not an IPv4 or IPv6 address.");
}

Result<SocketAddress> unix_address(std::string_view path) {
    SocketAddress address;
    auto* local = reinterpret_cast<sockaddr_un*>(&address.storage);
    if (path.empty() || path.size() >= sizeof local->sun_path) {
        return fail(ErrorCode::InvalidConfig,
                    "The path of a Unix socket has 1 to 107 bytes: '" + std::string(path) + "'.");
    }
    local->sun_family = AF_UNIX;
    std::memcpy(local->sun_path, path.data(), path.size());
    address.size = sizeof(sockaddr_un);
    return address;
}

Result<OwnedFd> listen_tcp(std::string_view host, uint16_t port) {
    TRY(const SocketAddress address, parse_address(host == "localhost" ? "127.0.0.1" : host, port));
    const std::string where = std::string(host) + ":" + std::to_string(port);
    OwnedFd listener(socket(address.storage.ss_family, kSocketType, 0));
    if (!listener) return cannot_listen(where, errno);
    const int on = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(listener.get(), as_sockaddr(address), address.size) != 0 ||
        listen(listener.get(), kBacklog) != 0) {
        return cannot_listen(where, errno);
    }
    return listener;
}

Result<OwnedFd> listen_unix(const std::string& path) {
    TRY(const SocketAddress address, unix_address(path));
    OwnedFd listener(socket(AF_UNIX, kSocketType, 0));
    if (!listener) return cannot_listen(path, errno);
    struct stat found{};
    if (lstat(path.c_str(), &found) == 0) {
        if (!S_ISSOCK(found.st_mode) || is_alive(address)) return cannot_listen(path, EADDRINUSE);
        unlink(path.c_str());
    }
    // The mode is set before anybody can connect: bound, but not listening yet.
    if (bind(listener.get(), as_sockaddr(address), address.size) != 0 ||
        chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || listen(listener.get(), kBacklog) != 0) {
        return cannot_listen(path, errno);
    }
    return listener;
}

uint16_t local_port(int fd) {
    SocketAddress address;
    address.size = sizeof address.storage;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
    return address.port();
}

Result<OwnedFd> start_connecting(const SocketAddress& address) {
    OwnedFd fd(socket(address.storage.ss_family, kSocketType, 0));
    if (!fd ||
        (connect(fd.get(), as_sockaddr(address), address.size) != 0 && errno != EINPROGRESS)) {
        return fail(ErrorCode::UpstreamError,
                    "The upstream could not be reached.",
                    "connect: " + std::string(std::strerror(errno)));
    }
    return fd;
}

}  // namespace keywarden
