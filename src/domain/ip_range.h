// IP addresses and networks (CIDR), of both families. An IPv4-mapped IPv6 address is IPv4.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace keywarden {

struct IpAddress {
    uint64_t high = 0;  // IPv4: the first 64 and then 32 bits of ::ffff:0:0/96
    uint64_t low = 0;
    bool is_v4 = false;

    friend bool operator==(IpAddress, IpAddress) = default;
};

/// "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1" (which is IPv4). Nothing for all else: leading
/// zeros, zones, brackets, ports, short forms ("10.1"). Allocates nothing.
std::optional<IpAddress> parse_ip(std::string_view text);

/// The usual form: "192.0.2.1", "2001:db8::1".
std::string to_text(IpAddress address);

/// A network. The families are apart: no network holds addresses of both.
class IpRange {
public:
    /// "10.0.0.0/8", "2001:db8::/32", or one address alone.
    /// Errors: InvalidRequest when it is neither, or has bits beyond the prefix ("10.1.2.3/8"): the
    /// message then names the network that was probably meant.
    static Result<IpRange> parse(std::string_view text);

    /// Allocates nothing.
    bool contains(IpAddress address) const;

    /// "10.0.0.0/8"; one address is "192.0.2.1/32".
    std::string text() const;

    friend bool covers(const IpRange& wide, const IpRange& narrow);
    friend bool operator==(const IpRange&, const IpRange&) = default;

private:
    IpRange(IpAddress network, int prefix);

    IpAddress network_;
    int prefix_ = 0;          // of 128 bits, for IPv4 too
    uint64_t high_mask_ = 0;  // bits that an address must share with the network
    uint64_t low_mask_ = 0;
};

/// True when every address of `narrow` is one of `wide`.
bool covers(const IpRange& wide, const IpRange& narrow);

/// True when some address is in both. (Two networks are apart, or one covers the other.)
bool overlap(const IpRange& a, const IpRange& b);

inline constexpr int kForwardedHopsMax = 32;

/// Who really calls, behind proxies that are `trusted` to say so.
///
/// `forwarded_for` holds the X-Forwarded-For headers in their order. It is walked from the right,
/// for as long as the address that speaks is trusted: what an untrusted one wrote is never read.
/// An entry that is no address ends the walk at the proxy that passed it on, and so do more than
/// kForwardedHopsMax of them. Allocates nothing.
IpAddress client_address(IpAddress peer,
                         std::span<const std::string_view> forwarded_for,
                         std::span<const IpRange> trusted);

}  // namespace keywarden
