#include <gmock/gmock.h>
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

class Verify : public ApiFixture {
protected:
    void SetUp() override {
        ApiFixture::SetUp();
        catalogue_.emplace(
            Catalogue::open({{.name = "up", .models = {{"gpt-4o", "gpt-4o"}, {"small", "s"}}}}, {})
                .value());
        context_->models = &*catalogue_;
        made_ = make_key(R"({"name":"client","rate_limit_rpm":3,"metadata":{"customer":"7"}})");
        secret_ = made_["key"].get<std::string>();
        service_ = make_key(R"({"kind":"management"})")["key"].get<std::string>();
        be(service_);
    }

    Json verify(Json question) {
        if (!question.contains("key")) question["key"] = secret_;
        const Reply reply = post("/v1/keys/verify", question.dump());
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.header("Cache-Control"), "no-store");
        EXPECT_EQ(reply.body.find(secret_), std::string::npos);
        return reply.json();
    }
    std::string code(const Json& question = Json::object()) {
        const Json got = verify(question);
        const std::string code = got.at("code");
        EXPECT_EQ(got.at("valid"), code == "VALID") << got;
        return code;
    }
    /// What the service is told when its question itself is wrong: "code param".
    std::string wrong(const std::string& question) {
        const Reply reply = post("/v1/keys/verify", question);
        return reply.code() + " " + reply.json().value("param", "");
    }
    void team_says(const Policy& policy, TeamState state = TeamState::Active) {
        directory_->policies().put(
            TeamRules{.id = "team_1", .state = state, .policy = policy, .version = ++version_});
    }

    std::optional<Catalogue> catalogue_;
    Json made_;
    std::string secret_;
    std::string service_;
    int64_t version_ = 1;
};

TEST_F(Verify, TellsWhoseKeyItIsAndWhatItHasLeft) {
    const Json got = verify({{"limit", {{"name", "rpm"}}}});
    EXPECT_EQ(got["valid"], true);
    EXPECT_EQ(got["code"], "VALID");
    EXPECT_EQ(got["key_id"], made_["id"]);
    EXPECT_EQ(got["team"], "team_1");
    EXPECT_EQ(got["name"], "client");
    EXPECT_EQ(got["kind"], "full");
    EXPECT_EQ(got["app"], nullptr);
    EXPECT_EQ(got["metadata"]["customer"], "7");
    EXPECT_EQ(got["limits"][0]["name"], "requests_per_minute");
    EXPECT_EQ(got["limits"][0]["remaining"], 2);
    EXPECT_THAT(got["permissions"], testing::Contains("inference"));
    EXPECT_EQ(got["not_checked"], Json::array());
}

TEST_F(Verify, AnswersAlikeWhateverIsWrongWithASecret) {
    Json other = made_;
    be_operator("team_2");
    const Json foreign = make_key();
    const std::string foreign_secret = foreign["key"];
    const std::string gone = make_key()["key"];
    ASSERT_EQ(post("/v1/keys", R"({"name":"x"})").status, 201);
    be(service_);
    std::string wrong_secret = secret_;
    wrong_secret[30] = wrong_secret[30] == 'a' ? 'b' : 'a';
    const std::string first = post("/v1/keys/verify", R"({"key":""})").body;
    EXPECT_THAT(first, testing::HasSubstr(R"("code":"invalid_api_key")"));
    for (const std::string& each : {std::string("kw_live_"),
                                    std::string("nothing like a key"),
                                    wrong_secret,
                                    foreign_secret,
                                    std::string(100'000, 'x')}) {
        EXPECT_EQ(post("/v1/keys/verify", Json({{"key", each}}).dump()).body, first);
    }
}

TEST_F(Verify, ARevokedKeyOfAnotherTeamIsUnknownToo) {
    be_operator("team_2");
    const Json foreign = make_key();
    ASSERT_EQ(revoke(foreign["id"].get<std::string>()).status, 200);
    be(service_);
    EXPECT_EQ(code({{"key", foreign["key"]}}), "invalid_api_key");
}

TEST_F(Verify, SaysInWhichStateAKeyIs) {
    ASSERT_EQ(post(path_of(made_["id"].get<std::string>(), "/disable"), "").status, 200);
    EXPECT_EQ(code(), "disabled_api_key");
    ASSERT_EQ(revoke(made_["id"].get<std::string>()).status, 200);
    const Json got = verify({});
    EXPECT_EQ(got["code"], "revoked_api_key");
    EXPECT_EQ(got["key_id"], made_["id"]) << "so that the service can say which";
    EXPECT_FALSE(got.contains("limits"));
}

TEST_F(Verify, ATeamThatIsNotActiveHasNoValidKeys) {
    team_says({}, TeamState::Suspended);
    EXPECT_EQ(code(), "account_inactive");
    team_says({}, TeamState::Overdue);
    EXPECT_EQ(code(), "invoice_overdue");
}

TEST_F(Verify, HoldsListsAgainstWhatTheServiceSays) {
    Policy policy;
    policy.addresses.allow = {*IpRange::parse("192.0.2.0/24")};
    policy.endpoints.allow = {*Glob::parse("/orders/*")};
    policy.models.deny = {*Glob::parse("gpt-*")};
    team_says(policy);
    EXPECT_EQ(code({{"ip", "192.0.2.7"}}), "VALID");
    EXPECT_EQ(code({{"ip", "203.0.113.1"}}), "ip_not_allowed");
    EXPECT_EQ(code({{"endpoint", "/orders/7"}}), "VALID");
    EXPECT_EQ(code({{"endpoint", "/admin"}}), "endpoint_not_allowed");
    EXPECT_EQ(code({{"model", "small"}}), "VALID");
    EXPECT_EQ(code({{"model", "up/gpt-4o"}}), "model_not_allowed");
    EXPECT_EQ(code({{"model", "no-such"}}), "model_not_found");
    EXPECT_EQ(verify({{"endpoint", "/admin"}})["denied_by"], "team");
    EXPECT_EQ(verify({})["not_checked"], Json({"ip_ranges", "endpoints", "models"}));
    EXPECT_EQ(
        verify({{"ip", "192.0.2.7"}, {"endpoint", "/orders/1"}, {"model", "small"}})["not_checked"],
        Json::array());
}

TEST_F(Verify, DemandsPermissions) {
    be_operator();
    const Json inference = make_key(R"({"kind":"inference"})");
    be(service_);
    EXPECT_EQ(code({{"key", inference["key"]}, {"permissions", {"inference"}}}), "VALID");
    EXPECT_EQ(code({{"key", inference["key"]}, {"permissions", {"keys.read"}}}),
              "insufficient_scope");
    EXPECT_EQ(code({{"permissions", {"operator"}}}), "insufficient_scope");
}

TEST_F(Verify, TakesNothingUnlessALimitIsNamed) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(code(), "VALID");
    const Json one = {{"limit", {{"name", "requests_per_minute"}, {"cost", 2}}}};
    EXPECT_EQ(code(one), "VALID");
    const Json denied = verify(one);
    EXPECT_EQ(denied["code"], "rate_limit_exceeded");
    EXPECT_EQ(denied["denied_by"], "key");
    EXPECT_EQ(denied["limit"], 3);
    EXPECT_EQ(denied["used"], 2);
    EXPECT_GT(denied["retry_after_seconds"], 0);
    EXPECT_EQ(code({{"limit", {{{"name", "rpm"}}, {{"name", "rpd"}, {"cost", 5}}}}}), "VALID");
    EXPECT_EQ(code({{"limit", {{"name", "rpm"}, {"cost", 4}}}}), "request_too_large");
}

TEST_F(Verify, ARefusedKeyLosesNothing) {
    Policy policy;
    policy.addresses.deny = {*IpRange::parse("203.0.113.1")};
    team_says(policy);
    const Json limit = {{"name", "rpm"}, {"cost", 3}};
    EXPECT_EQ(code({{"ip", "203.0.113.1"}, {"limit", limit}}), "ip_not_allowed");
    EXPECT_EQ(code({{"permissions", {"operator"}}, {"limit", limit}}), "insufficient_scope");
    EXPECT_EQ(code({{"limit", limit}}), "VALID");
}

TEST_F(Verify, WrongKeysCountAgainstTheClientAndNeverAgainstTheService) {
    const Json from = {{"key", "wrong"}, {"ip", "192.0.2.9"}};
    for (int i = 0; i < 20; ++i) EXPECT_EQ(code(from), "invalid_api_key");
    EXPECT_EQ(code(from), "too_many_failed_attempts");
    EXPECT_EQ(code({{"ip", "192.0.2.9"}}), "VALID")
        << "a right key comes in from there all the same";
    EXPECT_EQ(code({{"key", "wrong"}, {"ip", "192.0.2.8"}}), "invalid_api_key");
    for (int i = 0; i < 50; ++i) EXPECT_EQ(code({{"key", "wrong"}}), "invalid_api_key");

    be_operator("team_2");
    const std::string other = make_key()["key"];
    be(other);
    EXPECT_EQ(code(from), "invalid_api_key") << "another team's service has clients of its own";
}

TEST_F(Verify, AUseIsNotedOnlyOfAKeyThatCameIn) {
    const auto last_use = [&] {
        EXPECT_TRUE(directory_->write_uses());
        return store_->get_key("team_1", made_["id"].get<std::string>())->secrets[0].last_used_at;
    };
    EXPECT_EQ(code({{"permissions", {"operator"}}}), "insufficient_scope");
    EXPECT_EQ(last_use(), std::nullopt);
    EXPECT_EQ(code(), "VALID");
    EXPECT_NE(last_use(), std::nullopt);
}

TEST_F(Verify, GoesOnWhileTheStoreIsAway) {
    store_->is_down = true;
    const Json got = verify({});
    EXPECT_EQ(got["valid"], true);
    EXPECT_EQ(got["key_id"], made_["id"]);
    EXPECT_FALSE(got.contains("name"));
}

TEST_F(Verify, AnAddressIsNotBlamedForKeysThatCannotBeChecked) {
    const KeyFormats::Minted stranger = formats_->mint(formats_->all()[0], false);
    const Json from = {{"key", stranger.secret.reveal()}, {"ip", "192.0.2.9"}};
    EXPECT_EQ(code(), "VALID");
    store_->is_down = true;
    EXPECT_FALSE(directory_->write_uses());
    for (int i = 0; i < 50; ++i) EXPECT_EQ(code(from), "auth_unavailable");
    store_->is_down = false;
    EXPECT_TRUE(directory_->write_uses());
    EXPECT_EQ(code(from), "invalid_api_key") << "what could not be checked was no attempt";
}

TEST_F(Verify, AKeyOfWhoHasLeftIsNotValid) {
    be_operator();
    const std::string user =
        post("/v1/account/members", R"({"email":"mia@example.test","role":"viewer","name":"Mia"})")
            .json()["user"];
    const Json key = make_key(R"({"user":")" + user + "\"}");
    be(service_);
    EXPECT_EQ(verify({{"key", key["key"]}})["user"], user);
    EXPECT_EQ(code({{"key", key["key"]}, {"permissions", {"inference"}}}), "team_access_denied");
    be_operator();
    ASSERT_EQ(send(Method::Delete, "/v1/account/members/" + user).status, 200);
    be(service_);
    EXPECT_EQ(code({{"key", key["key"]}}), "team_access_denied");
}

TEST_F(Verify, AQuestionThatIsWrongIsRefused) {
    EXPECT_EQ(wrong("{}"), "invalid_request key");
    EXPECT_EQ(wrong(R"({"key":7})"), "invalid_request key");
    EXPECT_EQ(wrong(R"({"kye":"x"})"), "unknown_field kye");
    EXPECT_EQ(wrong(R"({"key":"x","ip":"localhost"})"), "invalid_request ip");
    for (const char* path :
         {"orders", "/a//b", "/a/../b", "/a?b=c", "/a%2fb", "/./", "/a\\\\b", ""}) {
        EXPECT_EQ(wrong(R"({"key":"x","endpoint":")" + std::string(path) + "\"}"),
                  "invalid_request endpoint")
            << path;
    }
    EXPECT_EQ(wrong(R"({"key":"x","permissions":["keys.reed"]})"), "invalid_request permissions");
    EXPECT_EQ(wrong(R"({"key":"x","limit":{"name":"requests_per_minut"}})"),
              "invalid_request limit.name");
    EXPECT_EQ(wrong(R"({"key":"x","limit":{"name":"concurrent_requests"}})"),
              "invalid_request limit.name");
    EXPECT_EQ(wrong(R"({"key":"x","limit":{"name":"rpm","cost":-1}})"),
              "invalid_request limit.cost");
    EXPECT_EQ(wrong(R"({"key":"x","limit":{"name":"rpm","cost":1e3}})"),
              "invalid_request limit.cost");
    EXPECT_EQ(wrong(R"({"key":"x","limit":[{"name":"rpm"},{"name":"requests_per_minute"}]})"),
              "invalid_request limit.name");
    EXPECT_EQ(post("/v1/keys/verify", R"({"key":"x","limit":{"name":"requests_per_minut"}})")
                  .json()["suggestion"],
              "requests_per_minute");
    EXPECT_EQ(get("/v1/keys/verify").status, 404) << "the router says 405";
}

TEST_F(Verify, HasTwoPaths) {
    EXPECT_EQ(post("/v1/account/keys/verify", Json({{"key", secret_}}).dump()).json()["valid"],
              true);
}

}  // namespace
}  // namespace keywarden
