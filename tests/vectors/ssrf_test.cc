// Addresses that nobody may make the gateway call for them.
#include <string>

#include "domain/public_address.h"
#include "domain/webhook.h"
#include "providers/provider.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

constexpr const char* kFile = "keywarden/ssrf-urls.json";

TEST(SsrfVectors, NoneOfThemIsTakenForAWebhook) {
    KEYWARDEN_NEEDS_VECTORS_(kFile);
    const nlohmann::json vectors = read_vectors(kFile);
    int refused = 0;
    for (std::string url : vectors.at("deny")) {
        if (const size_t port = url.find("PORT"); port != url.npos) url.replace(port, 4, "8443");
        EXPECT_FALSE(check_webhook_url(url, {})) << url;
        ++refused;
    }
    EXPECT_GT(refused, 70);
}

/// The operator alone writes addresses of providers, and means a private one where it says so; but
/// none of these may lead a call to where the file did not point.
TEST(SsrfVectors, NoProviderIsWhereItsAddressDoesNotSay) {
    KEYWARDEN_NEEDS_VECTORS_(kFile);
    const nlohmann::json vectors = read_vectors(kFile);
    int refused = 0;
    for (std::string url : vectors.at("deny")) {
        if (const size_t port = url.find("PORT"); port != url.npos) url.replace(port, 4, "8443");
        const auto opened = open_provider({.name = "theirs", .base_url = url});
        if (!opened) {
            ++refused;
            continue;
        }
        const std::string& host = opened->base.host;
        EXPECT_TRUE(is_private_host(host)) << url << " is not one that an operator would mean";
        const auto literal = parse_ip(host);
        EXPECT_TRUE(!literal || is_of_ones_own(*literal)) << url;
        for (const char* address : {"169.254.169.254",
                                    "169.254.170.2",
                                    "fd00:ec2::254",
                                    "100.100.100.200",
                                    "168.63.129.16",
                                    "fe80::1",
                                    "0.0.0.0",
                                    "2002:7f00:1::",
                                    "64:ff9b::7f00:1"}) {
            EXPECT_FALSE(may_reach(*opened, parse_ip(address).value())) << url << " " << address;
        }
    }
    EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace keywarden
