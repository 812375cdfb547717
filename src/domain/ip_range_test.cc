#include "domain/ip_range.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

IpAddress ip(std::string_view text) { return parse_ip(text).value(); }
IpRange range(std::string_view text) { return IpRange::parse(text).value(); }

TEST(IpAddress, IsReadInItsUsualFormsOnly) {
    EXPECT_EQ(to_text(ip("192.0.2.1")), "192.0.2.1");
    EXPECT_EQ(to_text(ip("2001:DB8:0:0::1")), "2001:db8::1");
    EXPECT_EQ(to_text(ip("::")), "::");
    for (const std::string_view wrong : {"",
                                         "10.1",
                                         "010.0.0.1",
                                         "0x7f.0.0.1",
                                         "256.0.0.1",
                                         "1.2.3.4.5",
                                         "fe80::1%eth0",
                                         "[::1]",
                                         "1.2.3.4:80",
                                         "::1::",
                                         " 1.2.3.4",
                                         "1.2.3.4 ",
                                         "localhost"}) {
        EXPECT_FALSE(parse_ip(wrong)) << wrong;
    }
    EXPECT_FALSE(parse_ip(std::string_view("1.2.3.4\0x", 9)));
    EXPECT_FALSE(parse_ip(std::string(200, '1')));
}

TEST(IpAddress, AMappedIpv4AddressIsThatIpv4Address) {
    EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
    EXPECT_EQ(ip("::ffff:c000:201"), ip("192.0.2.1"));
    EXPECT_EQ(to_text(ip("::ffff:192.0.2.1")), "192.0.2.1");
    EXPECT_NE(ip("::192.0.2.1"), ip("192.0.2.1"));
}

TEST(IpRange, HoldsTheAddressesOfItsNetwork) {
    EXPECT_TRUE(range("10.0.0.0/8").contains(ip("10.255.0.1")));
    EXPECT_FALSE(range("10.0.0.0/8").contains(ip("11.0.0.1")));
    EXPECT_TRUE(range("10.0.0.0/8").contains(ip("::ffff:10.0.0.1")));
    EXPECT_TRUE(range("192.0.2.7").contains(ip("192.0.2.7")));
    EXPECT_FALSE(range("192.0.2.7").contains(ip("192.0.2.6")));
    EXPECT_TRUE(range("2001:db8::/33").contains(ip("2001:db8:7fff::1")));
    EXPECT_FALSE(range("2001:db8::/33").contains(ip("2001:db8:8000::1")));
    EXPECT_TRUE(range("2001:db8::/65").contains(ip("2001:db8::7fff:0:0:1")));
    EXPECT_FALSE(range("2001:db8::/65").contains(ip("2001:db8::8000:0:0:1")));
}

TEST(IpRange, TheFamiliesAreApart) {
    EXPECT_FALSE(range("::/0").contains(ip("10.0.0.1")));
    EXPECT_FALSE(range("0.0.0.0/0").contains(ip("::1")));
    EXPECT_FALSE(covers(range("::/0"), range("0.0.0.0/0")));
    EXPECT_FALSE(overlap(range("::/0"), range("0.0.0.0/0")));
    EXPECT_EQ(range("::ffff:0:0/96"), range("0.0.0.0/0"));
    EXPECT_EQ(range("::ffff:10.0.0.0/104"), range("10.0.0.0/8"));
}

TEST(IpRange, WrongOnesAreRefusedAndTheNetworkMeantIsNamed) {
    EXPECT_EQ(IpRange::parse("10.1.2.3/8").error().message,
              "'10.1.2.3/8' has bits set beyond its prefix: did you mean '10.0.0.0/8'?");
    EXPECT_NE(IpRange::parse("2001:db8::1/64").error().message.find("'2001:db8::/64'"),
              std::string::npos);
    for (const std::string_view wrong : {"",
                                         "/8",
                                         "10.0.0.0/",
                                         "10.0.0.0/33",
                                         "10.0.0.0/-1",
                                         "10.0.0.0/08",
                                         "10.0.0.0/8/8",
                                         "10.0.0.0/8 ",
                                         "::/129",
                                         "::1/+1",
                                         "10.0.0.0/99999999999"}) {
        EXPECT_EQ(IpRange::parse(wrong).error().code, ErrorCode::InvalidRequest) << wrong;
    }
    EXPECT_FALSE(IpRange::parse(std::string(100, ':') + "/1"));
}

TEST(IpRange, SaysItselfInOneForm) {
    EXPECT_EQ(range("192.0.2.7").text(), "192.0.2.7/32");
    EXPECT_EQ(range("0.0.0.0/0").text(), "0.0.0.0/0");
    EXPECT_EQ(range("2001:DB8:0::/48").text(), "2001:db8::/48");
}

TEST(IpRange, CoversWhatLiesInIt) {
    EXPECT_TRUE(covers(range("10.0.0.0/8"), range("10.1.0.0/16")));
    EXPECT_TRUE(covers(range("10.0.0.0/8"), range("10.0.0.0/8")));
    EXPECT_FALSE(covers(range("10.1.0.0/16"), range("10.0.0.0/8")));
    EXPECT_TRUE(overlap(range("10.1.0.0/16"), range("10.0.0.0/8")));
    EXPECT_FALSE(overlap(range("10.1.0.0/16"), range("10.2.0.0/16")));
}

TEST(IpRange, CoversIsWhatMembershipSays) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto address = [&](uint64_t low) { return "10.0.0." + std::to_string(low & 255); };
    for (int round = 0; round < 3000; ++round) {
        const uint64_t wide_bits = random() % 9;
        const uint64_t narrow_bits = random() % 9;
        const auto text = [&](uint64_t bits) {
            const uint64_t low = random() % 256 >> bits << bits;
            return address(low) + "/" + std::to_string(32 - bits);
        };
        const IpRange wide = range(text(wide_bits));
        const IpRange narrow = range(text(narrow_bits));
        bool all = true;
        bool any = false;
        for (uint64_t low = 0; low < 256; ++low) {
            if (!narrow.contains(ip(address(low)))) continue;
            all = all && wide.contains(ip(address(low)));
            any = any || wide.contains(ip(address(low)));
        }
        ASSERT_EQ(covers(wide, narrow), all) << wide.text() << " " << narrow.text();
        ASSERT_EQ(overlap(wide, narrow), any) << wide.text() << " " << narrow.text();
    }
}

std::string client(std::string_view peer, std::vector<std::string_view> forwarded) {
    const std::vector<IpRange> trusted = {range("10.0.0.0/8"), range("fd00::/8")};
    return to_text(client_address(ip(peer), forwarded, trusted));
}

TEST(ClientAddress, IsThePeerWhereNoProxyIsTrusted) {
    EXPECT_EQ(client("192.0.2.1", {"198.51.100.7"}), "192.0.2.1");
    EXPECT_EQ(client("10.0.0.1", {}), "10.0.0.1");
    EXPECT_EQ(to_text(client_address(ip("10.0.0.1"), {}, {})), "10.0.0.1");
}

TEST(ClientAddress, IsTheLastOneThatATrustedProxyVouchesFor) {
    EXPECT_EQ(client("10.0.0.1", {"198.51.100.7"}), "198.51.100.7");
    EXPECT_EQ(client("10.0.0.1", {"1.1.1.1, 198.51.100.7"}), "198.51.100.7");
    EXPECT_EQ(client("10.0.0.1", {"1.1.1.1, 198.51.100.7,10.9.9.9 ,\t10.8.8.8"}), "198.51.100.7");
    EXPECT_EQ(client("10.0.0.1", {"1.1.1.1", "198.51.100.7", "10.9.9.9"}), "198.51.100.7");
    EXPECT_EQ(client("10.0.0.1", {"10.3.3.3, 10.2.2.2"}), "10.3.3.3");
}

TEST(ClientAddress, UnderstandsPortsAndBrackets) {
    EXPECT_EQ(client("10.0.0.1", {"198.51.100.7:4711"}), "198.51.100.7");
    EXPECT_EQ(client("fd00::1", {"[2001:db8::7]:4711"}), "2001:db8::7");
    EXPECT_EQ(client("fd00::1", {"2001:db8::7"}), "2001:db8::7");
    EXPECT_EQ(client("10.0.0.1", {"::ffff:198.51.100.7"}), "198.51.100.7");
}

TEST(ClientAddress, WhatIsNoAddressEndsTheWalkAtItsProxy) {
    EXPECT_EQ(client("10.0.0.1", {"198.51.100.7, unknown"}), "10.0.0.1");
    EXPECT_EQ(client("10.0.0.1", {"198.51.100.7, , 10.2.2.2"}), "10.2.2.2");
    EXPECT_EQ(client("10.0.0.1", {""}), "10.0.0.1");
    EXPECT_EQ(client("10.0.0.1", {"[::1"}), "10.0.0.1");
}

TEST(ClientAddress, AChainWithoutEndIsCut) {
    std::string chain = "198.51.100.7";
    for (int i = 0; i < kForwardedHopsMax; ++i) chain += ",10.0.0.2";
    EXPECT_EQ(client("10.0.0.1", {chain}), "10.0.0.2");
}

}  // namespace
}  // namespace keywarden
