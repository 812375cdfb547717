#include "domain/network_prefix.h"

#include <algorithm>
#include <tuple>

namespace keywarden {
namespace {

constexpr uint64_t kV4 = uint64_t{4} << 48U;  // above the 48 bits of a network
constexpr uint64_t kV6 = uint64_t{6} << 48U;
constexpr uint64_t kBits = (uint64_t{1} << 48U) - 1;
constexpr uint64_t kV4Bits = (uint64_t{1} << 24U) - 1;
constexpr uint64_t kMapped = uint64_t{0xffff} << 32U;  // ::ffff:0:0/96

}  // namespace

NetworkPrefix prefix_of(IpAddress address) {
    if (address.is_v4) return {kV4 | ((address.low >> 8U) & kV4Bits)};
    return {kV6 | (address.high >> 16U)};
}

uint64_t wide_range_of(NetworkPrefix network) {
    // Of 24 bits the first 8, of 48 the first 16; and the family above them.
    const bool is_v4 = (network.value & ~kBits) == kV4;
    return network.value & ~((uint64_t{1} << (is_v4 ? 16U : 32U)) - 1);
}

std::string to_text(NetworkPrefix network) {
    if (!network) return {};
    const uint64_t bits = network.value & kBits;
    if ((network.value & ~kBits) == kV4) {
        return to_text(IpAddress{.low = kMapped | bits << 8U, .is_v4 = true}) + "/24";
    }
    return to_text(IpAddress{.high = bits << 16U}) + "/48";
}

void note_network(std::vector<SecretNetwork>& networks, NetworkPrefix network, TimePoint at) {
    const auto known = std::ranges::find(networks, network, &SecretNetwork::network);
    if (known == networks.end()) {
        networks.push_back({.network = network, .last_used_at = at, .first_used_at = at});
    } else {
        known->last_used_at = std::max(known->last_used_at, at);
        known->first_used_at = std::min(known->first_used_at, at);
    }
    std::ranges::sort(networks, [](const SecretNetwork& a, const SecretNetwork& b) {
        return std::tuple(b.last_used_at, a.network.value) <
               std::tuple(a.last_used_at, b.network.value);
    });
    const TimePoint oldest = networks.front().last_used_at - kNetworksKept;
    std::erase_if(networks, [&](const SecretNetwork& each) { return each.last_used_at < oldest; });
    if (networks.size() > kNetworksKeptMax) networks.resize(kNetworksKeptMax);
}

}  // namespace keywarden
