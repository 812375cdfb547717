#include <chrono>
#include <gmock/gmock.h>
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

class CallingKey : public ApiFixture {
protected:
    Json whoami(std::string_view body) {
        const Json made = make_key(body);
        be(made["key"].get<std::string>());
        const Reply reply = get("/v1/key");
        EXPECT_EQ(reply.status, 200) << reply.body;
        EXPECT_EQ(reply.body.find(made["key"].get<std::string>()), std::string::npos);
        return reply.json();
    }
};

TEST_F(CallingKey, SaysWhoCalls) {
    const Json got = whoami(R"({"name":"ci","rate_limit_rpm":7})");
    EXPECT_EQ(got["object"], "api_key");
    EXPECT_EQ(got["name"], "ci");
    EXPECT_EQ(got["team"], Json::parse(R"({"id":"team_1","name":"First"})"));
    EXPECT_EQ(got["limits"], Json::parse(R"([{"name":"requests_per_minute","scope":"key",
        "source":"key","limit":7,"used":0,"remaining":7,"reset_seconds":0,"default":false,
        "window_seconds":60}])"));
    EXPECT_EQ(got["lists"], Json::object());
}

TEST_F(CallingKey, SaysWhatItMayDoByItsKindAndByWhoMadeIt) {
    const Json full = whoami(R"({"kind":"full"})")["permissions"];
    for (const char* held : {"key.self", "inference", "keys.read", "keys.write", "audit.read"}) {
        EXPECT_THAT(full, testing::Contains(held));
    }
    EXPECT_THAT(full, testing::Not(testing::Contains("operator")));
    be_operator();
    EXPECT_EQ(whoami(R"({"kind":"inference"})")["permissions"], Json({"key.self", "inference"}));
    be_operator();
    EXPECT_THAT(whoami(R"({"kind":"management"})")["permissions"],
                testing::AllOf(testing::Contains("keys.write"),
                               testing::Not(testing::Contains("inference"))));
    be_operator();
    const std::string viewer =
        post("/v1/account/members", R"({"email":"v@example.com","role":"viewer"})").json()["user"];
    EXPECT_EQ(whoami(R"({"user":")" + viewer + R"("})")["permissions"],
              Json({"key.self", "keys.read", "account.read", "usage.read", "billing.read"}));
}

TEST_F(CallingKey, SaysWhatRemainsAndCostsNothing) {
    whoami(R"({"rate_limit_rpm":7})");
    for (int i = 0; i < 2; ++i) {
        const PolicyReading reading = directory_->read_policy(caller_);
        EXPECT_FALSE(take_limits(reading.limits(), {}, clock_.mono()).denial);
    }
    for (int i = 0; i < 3; ++i) {
        const Json limit = get("/v1/key").json()["limits"][0];
        EXPECT_EQ(limit["used"], 2);
        EXPECT_EQ(limit["remaining"], 5);
        EXPECT_GT(limit["reset_seconds"], 0);
        EXPECT_LE(limit["reset_seconds"], 66);
    }
}

TEST_F(CallingKey, SaysWhereEachLimitAndListComesFrom) {
    ASSERT_EQ(send(Method::Patch,
                   "/v1/admin/plans/plan_default",
                   R"({"policy":{"models":{"deny":["o1"]},"limits":{"requests_per_minute":50,
                       "tokens_per_request":9}},"key_defaults":{"requests_per_day":40}})")
                  .status,
              200);
    ASSERT_EQ(
        send(Method::Patch, "/v1/account/policy", R"({"models":{"allow":["gpt-*","o*"]}})").status,
        200);
    const Json made = make_key(R"({"policy":{"models":{"deny":["o3"]},
        "ip_ranges":{"allow":["10.0.0.0/8"]},"limits":{"requests_per_minute":20}}})");
    const Json shown = get(path_of(made["id"].get<std::string>())).json();
    be(made["key"].get<std::string>());
    {
        const PolicyReading reading = directory_->read_policy(caller_);
        EXPECT_FALSE(take_limits(reading.limits(), {}, clock_.mono()).denial);
    }
    const Json got = get("/v1/key").json();
    const auto row = [&](size_t i) {
        const Json& limit = got["limits"][i];
        std::string text;
        for (const char* field : {"name", "scope", "source", "default", "limit", "remaining"}) {
            text += dump(limit[field]) + " ";
        }
        return text;
    };
    ASSERT_EQ(got["limits"].size(), 4U) << got["limits"];
    EXPECT_EQ(row(0), R"("requests_per_minute" "key" "key" false 20 19 )") << "the tightest first";
    EXPECT_EQ(row(1), R"("requests_per_minute" "team" "plan" false 50 49 )");
    EXPECT_EQ(row(2), R"("requests_per_day" "key" "plan" true 40 39 )");
    EXPECT_EQ(row(3), R"("tokens_per_request" "team" "plan" false 9 null )");
    EXPECT_EQ(got["lists"], Json::parse(R"({
        "models":[{"source":"plan","deny":["o1"]},{"source":"team","allow":["gpt-*","o*"]},
                  {"source":"key","deny":["o3"]}],
        "ip_ranges":[{"source":"key","allow":["10.0.0.0/8"]}]})"));
    EXPECT_EQ(shown["lists"], got["lists"]) << "and so it is told of another key";
    EXPECT_EQ(shown["limits"].size(), 4U);
    EXPECT_EQ(shown["limits"][0]["remaining"], 20);
}

TEST_F(CallingKey, TheOperatorHasNoKey) {
    const Json got = get("/v1/key").json();
    EXPECT_EQ(got["object"], "operator");
    EXPECT_EQ(got["id"], make_key()["created_by"]) << "whoever makes a key here is the caller";
    EXPECT_EQ(got["team"]["id"], "team_1");
    EXPECT_THAT(got["permissions"], testing::Contains("operator"));
    EXPECT_TRUE(got["limits"].empty());
}

}  // namespace
}  // namespace keywarden
