// Addresses that nobody may make the gateway call for them.
#include <string>

#include "domain/webhook.h"
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

}  // namespace
}  // namespace keywarden
