// Descriptors with an owner, and the few calls that make listening and connecting ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include "base/result.h"

namespace keywarden {

class OwnedFd {
public:
    OwnedFd() = default;
    explicit OwnedFd(int fd) : fd_(fd) {}
    OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
    OwnedFd& operator=(OwnedFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    OwnedFd(const OwnedFd&) = delete;
    OwnedFd& operator=(const OwnedFd&) = delete;
    ~OwnedFd();

    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// An address and a port, as the kernel wants them.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    /// The address without its port; an IPv4 address mapped into IPv6 is written as IPv4. "unix"
    /// for a local socket.
    std::string host() const;
    uint16_t port() const;
    void set_port(uint16_t port);
};

/// A literal IPv4 or IPv6 address (brackets allowed) and a port. Nothing asks a name server.
Result<SocketAddress> parse_address(std::string_view literal, uint16_t port);
Result<SocketAddress> unix_address(std::string_view path);

/// Listens with SO_REUSEPORT, so that each thread can have a listener on one port; port 0 lets the
/// kernel choose: see local_port. `host` is a literal address or "localhost".
/// Errors: StartupFailed with a message that says what to do.
Result<OwnedFd> listen_tcp(std::string_view host, uint16_t port);
/// Makes the socket with mode 0600. A stale file that nobody listens on is removed first.
Result<OwnedFd> listen_unix(const std::string& path);
uint16_t local_port(int fd);

/// A socket that connects to `address`; it is writable once it has (see Stream::connected).
/// Errors: UpstreamError.
Result<OwnedFd> start_connecting(const SocketAddress& address);

}  // namespace keywarden
