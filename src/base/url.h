// Addresses of services, as an operator writes them: scheme, host, port and a path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace keywarden {

inline constexpr size_t kUrlBytesMax = 2048;

/// "https://api.example.com:8443/openai/v1/" in its parts.
struct Url {
    bool tls = false;
    std::string host{};  // lower case; an IPv6 address without its brackets
    uint16_t port = 0;
    std::string path{};  // "/openai/v1": without a slash at its end; empty when there is none

    /// "api.example.com:8443": for the Host header; without the port when it is the scheme's own.
    std::string authority() const;
};

/// Reads an absolute http or https address.
/// Errors: InvalidConfig when it is none, or when it has a user, a query, a fragment, a path that
/// goes up or is encoded, or a host that is neither a name nor an address in its usual form
/// ("0x7f.1", "2130706433"). The message says what is wrong and never repeats the address.
Result<Url> parse_url(std::string_view text);

/// True for this machine and for private networks: loopback, RFC 1918, RFC 4193, 100.64.0.0/10,
/// `localhost`, names without a dot, and names under .local, .internal, .svc, .lan and .home.arpa.
/// Link-local addresses are not private: clouds serve credentials there.
bool is_private_host(std::string_view host);

}  // namespace keywarden
