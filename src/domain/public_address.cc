#include "domain/public_address.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 18> kNotPublic4 = {
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",  // Azure's platform, credentials included
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
};

// Of IPv6 only 2000::/3 is given out; of it, these are not hosts of their own.
constexpr std::string_view kPublic6 = "2000::/3";
constexpr std::array<std::string_view, 5> kNotPublic6 = {
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"};

constexpr std::array<std::string_view, 7> kOnesOwn = {"10.0.0.0/8",
                                                      "100.64.0.0/10",
                                                      "127.0.0.0/8",
                                                      "172.16.0.0/12",
                                                      "192.168.0.0/16",
                                                      "::1",
                                                      "fc00::/7"};
// Where Alibaba's cloud and Amazon's, over IPv6, serve credentials.
constexpr std::array<std::string_view, 2> kMetadata = {"100.100.100.200", "fd00:ec2::254"};

template <size_t kSize>
std::vector<IpRange> ranges(const std::array<std::string_view, kSize>& texts) {
    std::vector<IpRange> out;
    for (const std::string_view text : texts) out.push_back(IpRange::parse(text).value());
    return out;
}

bool any_contains(const std::vector<IpRange>& ranges, IpAddress address) {
    return std::ranges::any_of(ranges,
                               [&](const IpRange& range) { return range.contains(address); });
}

}  // namespace

bool is_public(IpAddress address) {
    static const std::vector<IpRange> kV4 = ranges(kNotPublic4);
    static const std::vector<IpRange> kV6 = ranges(kNotPublic6);
    static const IpRange kGivenOut = IpRange::parse(kPublic6).value();
    if (address.is_v4) return !any_contains(kV4, address);
    return kGivenOut.contains(address) && !any_contains(kV6, address);
}

bool is_of_ones_own(IpAddress address) {
    static const std::vector<IpRange> kOwn = ranges(kOnesOwn);
    static const std::vector<IpRange> kServesCredentials = ranges(kMetadata);
    return any_contains(kOwn, address) && !any_contains(kServesCredentials, address);
}

}  // namespace keywarden
