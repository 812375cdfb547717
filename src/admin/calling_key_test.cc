#include <chrono>
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
    EXPECT_EQ(got["limits"], Json::parse(R"([{"name":"rpm","limit":7,"used":0,"remaining":7,
        "source":"key","window_seconds":60,"reset_seconds":0}])"));
}

TEST_F(CallingKey, SaysWhatEachKindMayDo) {
    EXPECT_EQ(whoami(R"({"kind":"full"})")["permissions"],
              Json({"inference", "keys.read", "keys.write"}));
    be_operator();
    EXPECT_EQ(whoami(R"({"kind":"inference"})")["permissions"], Json::array({"inference"}));
    be_operator();
    EXPECT_EQ(whoami(R"({"kind":"management"})")["permissions"], Json({"keys.read", "keys.write"}));
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

TEST_F(CallingKey, TheOperatorHasNoKey) {
    const Json got = get("/v1/key").json();
    EXPECT_EQ(got["object"], "operator");
    EXPECT_EQ(got["id"], make_key()["created_by"]) << "whoever makes a key here is the caller";
    EXPECT_EQ(got["team"]["id"], "team_1");
    EXPECT_EQ(got["permissions"], Json({"inference", "keys.read", "keys.write", "operator"}));
    EXPECT_TRUE(got["limits"].empty());
}

}  // namespace
}  // namespace keywarden
