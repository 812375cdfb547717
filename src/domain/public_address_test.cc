#include "domain/public_address.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

bool is_public(const char* text) { return is_public(parse_ip(text).value()); }

TEST(PublicAddress, IsOneOfTheInternet) {
    for (const char* text : {"8.8.8.8",
                             "1.1.1.1",
                             "100.63.255.255",
                             "100.128.0.1",
                             "172.15.0.1",
                             "172.32.0.1",
                             "192.0.1.1",
                             "223.255.255.255",
                             "2606:4700::1111",
                             "2a00:1450::1",
                             "2001:4860:4860::8888",
                             "::ffff:8.8.8.8"}) {
        EXPECT_TRUE(is_public(text)) << text;
    }
}

TEST(PublicAddress, IsNoneThatOnlySomeReach) {
    for (const char* text :
         {"0.0.0.0",          "10.0.0.1",         "100.64.0.1",    "127.0.0.1",
          "168.63.129.16",    "169.254.169.254",  "169.254.170.2", "172.16.0.1",
          "172.31.255.255",   "192.0.0.1",        "192.0.2.1",     "192.168.0.1",
          "198.18.0.1",       "198.51.100.1",     "203.0.113.1",   "224.0.0.1",
          "240.0.0.1",        "255.255.255.255",  "::1",           "::",
          "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::7f00:1",      "64:ff9b::7f00:1",
          "64:ff9b:1::1",     "2002:7f00:1::",    "2001::1",       "2001:db8::1",
          "fe80::1",          "fc00::1",          "fd00:ec2::254", "fec0::1",
          "ff02::1",          "100::1",           "3fff::1"}) {
        EXPECT_FALSE(is_public(text)) << text;
    }
}

TEST(PublicAddress, OfOnesOwnIsNoneThatServesCredentialsOrIsLinkLocal) {
    for (const char* text : {"127.0.0.1",
                             "10.1.2.3",
                             "172.16.0.1",
                             "192.168.1.1",
                             "100.64.0.1",
                             "::1",
                             "fd12::1",
                             "::ffff:127.0.0.1"}) {
        EXPECT_TRUE(is_of_ones_own(parse_ip(text).value())) << text;
    }
    for (const char* text : {"8.8.8.8",
                             "0.0.0.0",
                             "169.254.169.254",
                             "169.254.170.2",
                             "100.100.100.200",
                             "fd00:ec2::254",
                             "fe80::1",
                             "::",
                             "2002:7f00:1::",
                             "64:ff9b::7f00:1",
                             "224.0.0.1"}) {
        EXPECT_FALSE(is_of_ones_own(parse_ip(text).value())) << text;
    }
}

}  // namespace
}  // namespace keywarden
