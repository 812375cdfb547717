// Routes that a proxy asks on behalf of a caller who wants something elsewhere.
#include <string>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

class Elsewhere : public ProxyFixture {
protected:
    void SetUp() override {
        ProxyFixture::SetUp();
        const auto echo = [](const ApiCall& call) -> Result<HttpResponse> {
            std::string told = call.request.peer_address + " " +
                               std::string(call.request.header("X-Original-URI")) + " " +
                               std::string(call.request.header("X-Forwarded-Uri"));
            for (const std::string& value : call.values) told += " " + value;
            return HttpResponse{.headers = {{"X-Empty", ""}}, .body = told};
        };
        const RouteFacts asked{.method = Method::Get,
                               .path = "/ask/{what}/{path*}",
                               .needs = Permission::AnyKey,
                               .dialect = Dialect::Problem,
                               .is_for_elsewhere = true};
        RouteFacts here = asked;
        here.path = "/here";
        here.is_for_elsewhere = false;
        parts_.api_routes = {{asked, echo}, {here, echo}};
    }

    std::string told(std::string_view path, std::string_view fields) const {
        return ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer " +
                   std::string(secret()) + "\r\n" + std::string(fields) + "\r\n");
    }
    static constexpr std::string_view kTold =
        "X-Original-URI: /a?b\r\nX-Forwarded-Uri: /c\r\nX-Forwarded-For: 203.0.113.9\r\n";
};

TEST_F(Elsewhere, ListsOfEndpointsAreNotHeldAgainstTheRouteThatIsAsked) {
    start();
    Policy policy;
    policy.endpoints.allow = {*Glob::parse("/orders")};
    directory_->policies().put(TeamRules{.id = "team_a", .policy = policy, .version = 9});
    EXPECT_EQ(status(told("/ask/x/y", "")), 200);
    EXPECT_EQ(status(told("/here", "")), 403);
}

TEST_F(Elsewhere, OnlyATrustedProxySaysWhatWasAskedFor) {
    start();
    EXPECT_TRUE(told("/ask/x/y", kTold).ends_with("127.0.0.1   x y"));
}

TEST_F(Elsewhere, ATrustedProxySaysIt) {
    parts_.trusted_proxies = {*IpRange::parse("127.0.0.1")};
    start();
    EXPECT_TRUE(told("/ask/x/y", kTold).ends_with("203.0.113.9 /a?b /c x y"));
    EXPECT_TRUE(told("/here", kTold).ends_with("203.0.113.9  ")) << "and only where it is asked";
}

TEST_F(Elsewhere, TheRestOfAPathComesAsItWasSent) {
    start();
    EXPECT_TRUE(told("/ask/a%3Db/c//%2e%2e/d/", "").ends_with(" a=b c//%2e%2e/d/"));
    EXPECT_TRUE(told("/ask/x/", "").ends_with(" x "));
    EXPECT_EQ(status(told("/ask/x", "")), 404);
}

TEST_F(Elsewhere, AnEmptyHeaderIsSentAllTheSame) {
    start();
    EXPECT_NE(told("/ask/x/y", "").find("X-Empty:"), std::string::npos);
}

}  // namespace
}  // namespace keywarden
