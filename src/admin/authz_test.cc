#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

class Authz : public ApiFixture {
protected:
    void SetUp() override {
        ApiFixture::SetUp();
        made_ = make_key(R"({"name":"client","rate_limit_rpm":3})");
        be(made_["key"].get<std::string>());
    }

    /// Asked as nginx or Traefik ask.
    Reply ask(std::string query, std::vector<Header> headers = {}, std::string body = {}) {
        return answer({.method = Method::Get,
                       .path = "/v1/authz",
                       .query = std::move(query),
                       .headers = std::move(headers),
                       .body = std::move(body),
                       .peer_address = address_});
    }
    /// Asked as Envoy asks.
    Reply ask_in_path(const std::string& rest, Method method = Method::Post) {
        return answer({.method = method,
                       .path = "/v1/authz/" + rest,
                       .query = "team=team_2&cost=0&limit=rpm",
                       .peer_address = address_});
    }
    void team_says(const Policy& policy) {
        directory_->policies().put(
            TeamRules{.id = "team_1", .policy = policy, .version = ++version_});
    }
    void only_orders() {
        Policy policy;
        policy.endpoints.allow = {*Glob::parse("/orders"), *Glob::parse("/orders/*")};
        team_says(policy);
    }
    /// With what a trusted proxy says was asked for.
    std::string code_for(const std::string& uri, const std::string& header = "X-Original-URI") {
        return ask("team=team_1", {{header, uri}}).code();
    }

    Json made_;
    std::string address_ = "192.0.2.1";
    int64_t version_ = 1;
};

TEST_F(Authz, LetsThroughAndSaysWho) {
    const Reply reply = ask("team=team_1");
    EXPECT_EQ(reply.status, 200) << "Envoy takes no other 2xx";
    EXPECT_EQ(reply.body, "");
    EXPECT_EQ(reply.header("X-Keywarden-Key-Id"), made_["id"].get<std::string>());
    EXPECT_EQ(reply.header("X-Keywarden-Team"), "team_1");
    EXPECT_EQ(reply.header("X-Keywarden-App"), "") << "there, so that it overwrites a client's";
    EXPECT_EQ(reply.header("X-Keywarden-User"), "");
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
}

TEST_F(Authz, SaysTheAppAndThePerson) {
    be_operator();
    const std::string app = post("/v1/account/apps", R"({"name":"shop"})").json()["id"];
    const std::string user =
        post("/v1/account/members", R"({"email":"mia@example.test","role":"member","name":"Mia"})")
            .json()["user"];
    const Json key = make_key(R"({"app":")" + app + R"(","user":")" + user + "\"}");
    be(key["key"].get<std::string>());
    const Reply reply = ask("team=team_1");
    EXPECT_EQ(reply.header("X-Keywarden-App"), app);
    EXPECT_EQ(reply.header("X-Keywarden-User"), user);
}

TEST_F(Authz, AKeyOfAnotherTeamIsNoKey) {
    EXPECT_EQ(ask("team=team_2").code(), "invalid_api_key");
    EXPECT_EQ(ask("team=team_2").header("WWW-Authenticate"),
              R"(Bearer realm="keywarden", error="invalid_token")");
    EXPECT_EQ(ask("").json()["param"], "team") << "or any team's keys would come in";
}

TEST_F(Authz, TheGatewaysOwnSocketOpensNoDoors) {
    be_operator();
    EXPECT_EQ(ask("team=team_1").code(), "missing_api_key");
}

TEST_F(Authz, TakesWhatIsDemandedAndSaysWhenToComeBack) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("team=team_1").status, 200) << "costs nothing";
    EXPECT_EQ(ask("team=team_1&limit=requests_per_minute,rpd").status, 200);
    EXPECT_EQ(ask("team=team_1&limit=rpm&cost=2").status, 200);
    const Reply denied = ask("team=team_1&limit=rpm");
    EXPECT_EQ(denied.status, 429);
    EXPECT_EQ(denied.code(), "rate_limit_exceeded");
    EXPECT_GT(std::stoi(denied.header("Retry-After")), 0);
    EXPECT_EQ(denied.header("X-Keywarden-Key-Id"), "(none)");
}

TEST_F(Authz, HoldsTheClientsAddressAgainstLists) {
    Policy policy;
    policy.addresses.allow = {*IpRange::parse("192.0.2.0/24")};
    team_says(policy);
    EXPECT_EQ(ask("team=team_1").status, 200);
    address_ = "203.0.113.1";
    EXPECT_EQ(ask("team=team_1").code(), "ip_not_allowed");
}

TEST_F(Authz, HoldsTheOriginalPathAgainstLists) {
    only_orders();
    EXPECT_EQ(code_for("/orders/7?x=/admin"), "200");
    EXPECT_EQ(code_for("/orders/7", "x-forwarded-uri"), "200");
    EXPECT_EQ(code_for("/orders/J%c3%b6rg%20A"), "200");
    EXPECT_EQ(code_for("/admin"), "endpoint_not_allowed");
    EXPECT_EQ(ask("team=team_1&endpoint=/orders").status, 200);
    EXPECT_EQ(ask("team=team_1&endpoint=/admin", {{"X-Original-URI", "/orders"}}).code(),
              "endpoint_not_allowed")
        << "what the proxy's configuration says goes first";
}

TEST_F(Authz, APathThatCouldBeReadInTwoWaysIsNoneOfTheList) {
    only_orders();
    for (const char* uri : {"/orders/../admin",
                            "/orders/%2e%2e/admin",
                            "/orders/..%2fadmin",
                            "/orders%2F7",
                            "/orders/%252e%252e/admin",
                            "/orders//7",
                            "/orders/.",
                            "/orders/a%5cb",
                            "/orders/a;b",
                            "/orders/%00",
                            "/orders/%zz",
                            "http://other/orders/7",
                            "orders",
                            ""}) {
        EXPECT_EQ(code_for(uri), "endpoint_not_allowed") << uri;
    }
    team_says({});
    EXPECT_EQ(code_for("/orders/../admin"), "200") << "nobody has a list";
}

TEST_F(Authz, WhereNobodyTrustedSaysThePathAListOfThemRefuses) {
    only_orders();
    EXPECT_EQ(ask("team=team_1").code(), "endpoint_not_allowed");
    for (const auto& [one, other] :
         {std::pair("/orders", "/admin"), std::pair("/admin", "/orders")}) {
        EXPECT_EQ(ask("team=team_1", {{"X-Original-URI", one}, {"X-Forwarded-Uri", other}}).code(),
                  "endpoint_not_allowed")
            << "one of the two may be the client's";
    }
    EXPECT_EQ(
        ask("team=team_1", {{"X-Original-URI", "/orders"}, {"X-Forwarded-Uri", "/orders"}}).status,
        200);
}

TEST_F(Authz, BehindAPathTheQueryIsTheClientsAndIsNotRead) {
    only_orders();
    const std::string demands = "team=team_1&limit=rpm&cost=3";
    EXPECT_EQ(ask_in_path(demands + "/admin").code(), "endpoint_not_allowed");
    EXPECT_EQ(ask_in_path(demands + "/orders/..%2fadmin").code(), "endpoint_not_allowed");
    EXPECT_EQ(ask_in_path(demands + "/").code(), "endpoint_not_allowed") << "the root itself";
    EXPECT_EQ(ask_in_path(demands + "/orders/7").status, 200);
    EXPECT_EQ(ask_in_path(demands + "/orders/7").status, 429);
    EXPECT_EQ(ask_in_path("team=team_2/orders").code(), "invalid_api_key");
}

TEST_F(Authz, AnyMethodOfAnOriginalRequestIsTaken) {
    for (const Method method : {Method::Get,
                                Method::Head,
                                Method::Post,
                                Method::Put,
                                Method::Patch,
                                Method::Delete,
                                Method::Options}) {
        EXPECT_EQ(ask_in_path("team=team_1/any//thing/", method).status, 200) << name(method);
    }
}

TEST_F(Authz, DemandsThatAreWrongLetNobodyIn) {
    for (const char* query : {"team=team_1&tema=x",
                              "team=team_1&team=team_1",
                              "team=",
                              "team=%zz",
                              "team=team_1&limit=requests",
                              "team=team_1&limit=rpm,rpm",
                              "team=team_1&cost=-1",
                              "team=team_1&cost=1.5",
                              "team=team_1&endpoint=orders",
                              "team=team_1&permission=keys.all"}) {
        EXPECT_EQ(ask(query).status, 400) << query;
    }
    EXPECT_EQ(ask("team=team_1&tema=x").json()["suggestion"], "team");
    EXPECT_EQ(ask("team=team_1&permission=keys.read,inference").status, 200);
    EXPECT_EQ(ask("team=team_1&permission=operator").code(), "insufficient_scope");
    EXPECT_EQ(ask("team=team_1", {}, "a body").code(), "invalid_request");
}

}  // namespace
}  // namespace keywarden
