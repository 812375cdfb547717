// Where a server is.
#pragma once

#include <cstdint>
#include <string>

namespace keywarden {

/// A host and a port, or the path of a Unix socket.
struct Origin {
    bool tls = false;
    std::string host{};  // a name or a literal address, without brackets; for the certificate too
    uint16_t port = 0;
    std::string unix_path{};  // when set, host and port are not used

    friend bool operator==(const Origin&, const Origin&) = default;
};

}  // namespace keywarden
