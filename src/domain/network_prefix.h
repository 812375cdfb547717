// From which network a secret was used: enough to find who still uses it, and no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "domain/ip_range.h"

namespace keywarden {

/// The /24 of an IPv4 address, the /48 of an IPv6 one, in one number; 0: none.
struct NetworkPrefix {
    uint64_t value = 0;

    explicit operator bool() const { return value != 0; }
    friend bool operator==(NetworkPrefix, NetworkPrefix) = default;
};

/// Allocates nothing.
NetworkPrefix prefix_of(IpAddress address);

/// The /8 of an IPv4 address, the /16 of an IPv6 one, in one number.
uint64_t wide_range_of(NetworkPrefix network);

/// "192.0.2.0/24", "2001:db8:1::/48"; empty for none.
std::string to_text(NetworkPrefix network);

struct SecretNetwork {
    NetworkPrefix network{};
    TimePoint last_used_at{};
    TimePoint first_used_at{};  // 1970: before anybody wrote it down

    friend bool operator==(const SecretNetwork&, const SecretNetwork&) = default;
};

inline constexpr size_t kNetworksKeptMax = 16;  // of a secret: those used last
inline constexpr Nanos kNetworksKept = std::chrono::hours(24 * 90);

/// Notes a use from `network`. `networks` stay in the order of their last use, newest first; what
/// is beyond the two bounds is forgotten.
void note_network(std::vector<SecretNetwork>& networks, NetworkPrefix network, TimePoint at);

}  // namespace keywarden
