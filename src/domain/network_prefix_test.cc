#include "domain/network_prefix.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow = TimePoint(std::chrono::days(20'000));

std::string network_of(std::string_view address) { return to_text(prefix_of(*parse_ip(address))); }

TEST(NetworkPrefix, LeavesOutWhoOfTheNetworkItWas) {
    EXPECT_EQ(network_of("192.0.2.77"), "192.0.2.0/24");
    EXPECT_EQ(network_of("255.255.255.255"), "255.255.255.0/24");
    EXPECT_EQ(network_of("0.0.0.1"), "0.0.0.0/24");
    EXPECT_EQ(network_of("::ffff:192.0.2.1"), "192.0.2.0/24");
    EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    EXPECT_EQ(network_of("::1"), "::/48");
    EXPECT_EQ(to_text(NetworkPrefix()), "");
}

TEST(NetworkPrefix, TellsNetworksAndFamiliesApart) {
    EXPECT_EQ(prefix_of(*parse_ip("10.1.2.3")), prefix_of(*parse_ip("10.1.2.250")));
    EXPECT_NE(prefix_of(*parse_ip("10.1.2.3")), prefix_of(*parse_ip("10.1.3.3")));
    EXPECT_NE(prefix_of(*parse_ip("0.0.0.1")), prefix_of(*parse_ip("::1")));
    EXPECT_TRUE(prefix_of(*parse_ip("0.0.0.1")));
    EXPECT_FALSE(NetworkPrefix());
}

TEST(NetworkPrefix, TheLatestAreKeptInOrder) {
    std::vector<SecretNetwork> networks;
    for (uint64_t i = 1; i <= 2 * kNetworksKeptMax; ++i) {
        note_network(networks, {i}, kNow + std::chrono::seconds(i));
    }
    ASSERT_EQ(networks.size(), kNetworksKeptMax);
    EXPECT_EQ(networks.front().network, NetworkPrefix{2 * kNetworksKeptMax});
    EXPECT_EQ(networks.back().network, NetworkPrefix{kNetworksKeptMax + 1});
    note_network(networks, networks.back().network, kNow + 1h);
    EXPECT_EQ(networks.front().network, NetworkPrefix{kNetworksKeptMax + 1});
    note_network(networks, networks.front().network, kNow);
    EXPECT_EQ(networks.front().last_used_at, kNow + 1h) << "only forward";
}

TEST(NetworkPrefix, OldOnesAreForgotten) {
    std::vector<SecretNetwork> networks;
    note_network(networks, {1}, kNow);
    note_network(networks, {2}, kNow + kNetworksKept);
    EXPECT_EQ(networks.size(), 2U);
    note_network(networks, {2}, kNow + kNetworksKept + 1s);
    ASSERT_EQ(networks.size(), 1U);
    EXPECT_EQ(networks[0].network, NetworkPrefix{2});
}

}  // namespace
}  // namespace keywarden
