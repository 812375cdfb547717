// Which addresses are of the public internet: what may be called for somebody else.
#pragma once

#include "domain/ip_range.h"

namespace keywarden {

/// False for this machine, private, shared, and link-local networks (where clouds serve
/// credentials), multicast, what is reserved or for documents, and every IPv6 range that only wraps
/// an IPv4 address (6to4, NAT64, Teredo, ::/96): what it wraps may be any of these. Nor what Azure
/// gives to its own agents. Source: the IANA registries of special-purpose addresses.
bool is_public(IpAddress address);

/// Of this machine or a network of one's own: loopback, RFC 1918, RFC 4193, and 100.64.0.0/10, but
/// for the addresses in these at which clouds serve credentials.
bool is_of_ones_own(IpAddress address);

}  // namespace keywarden
