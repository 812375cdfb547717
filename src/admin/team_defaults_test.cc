// What a team's keys start with that name no limit: as the team says, within plan and instance.
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

class TeamDefaults : public ApiFixture {
protected:
    Reply set(std::string_view body, std::vector<Header> headers = {}) {
        return send(
            Method::Patch, "/v1/account/key-defaults", std::string(body), std::move(headers));
    }
    Reply change(std::string_view path, std::string body) {
        return send(Method::Patch, path, std::move(body));
    }
    static std::string outcome(const Reply& reply) {
        if (reply.status < 400) return std::to_string(reply.status);
        return reply.code() + " " + reply.json().value("param", "");
    }
    std::string who_denied(const Reply& reply) { return reply.json().value("denied_by", ""); }

    /// The row of GET /v1/key for requests a day that the key counts: its limit, and from where.
    std::string day_of(const Json& key) {
        const Caller was = caller_;
        be(key["key"].get<std::string>());
        std::string row = "none";
        for (const Json& limit : get("/v1/key").json()["limits"]) {
            if (limit["name"] != "requests_per_day" || limit["scope"] != "key") continue;
            row = dump(limit["limit"]) + " " + limit["source"].get<std::string>() +
                  (limit["default"] == true ? " default" : "");
        }
        caller_ = was;
        return row;
    }
};

TEST_F(TeamDefaults, HoldForKeysThatSayNothingAndKeysSayWhereTheyComeFrom) {
    const Json silent = make_key();
    const Json own = make_key(R"({"policy":{"limits":{"requests_per_day":9}}})");
    EXPECT_EQ(day_of(silent), "none");
    ASSERT_EQ(change("/v1/admin/plans/plan_default", R"({"key_defaults":{"requests_per_day":70}})")
                  .status,
              200);
    EXPECT_EQ(day_of(silent), "70 plan default");
    const Reply reply = set(R"({"requests_per_day":50,"requests_per_minute":5})");
    EXPECT_EQ(reply.json()["key_defaults"],
              Json({{"requests_per_minute", 5}, {"requests_per_day", 50}}))
        << reply.body;
    EXPECT_EQ(reply.header("ETag"), "\"2\"");
    EXPECT_EQ(get("/v1/account").json()["key_defaults"]["requests_per_day"], 50);
    EXPECT_EQ(day_of(silent), "50 team default") << "at once, for keys that are there too";
    EXPECT_EQ(day_of(own), "9 key");
    EXPECT_EQ(get(path_of(silent["id"].get<std::string>())).json()["rate_limit_rpm"], 5);
    EXPECT_EQ(set(R"({"requests_per_day":null})").status, 200);
    EXPECT_EQ(day_of(silent), "70 plan default") << "what the team does not say, the plan does";
}

TEST_F(TeamDefaults, AreOfOneTeam) {
    be_operator("team_2");
    const Json others = make_key();
    be_operator();
    ASSERT_EQ(set(R"({"requests_per_day":50})").status, 200);
    be_operator("team_2");
    EXPECT_EQ(day_of(others), "none");
}

TEST_F(TeamDefaults, OutliveARestart) {
    ASSERT_EQ(set(R"({"requests_per_day":50})").status, 200);
    const Json key = make_key();
    directory_ = KeyDirectory::load(*store_, *formats_, {.caps = kRoomy}, clock_).value();
    EXPECT_EQ(directory_->policies().key_defaults("team_1")[LimitKind::RequestsPerDay],
              (SourcedLimit{50, Scope::Team, true}));
}

TEST_F(TeamDefaults, KeepWithinTeamPlanAndInstance) {
    ASSERT_EQ(
        change("/v1/admin/settings", R"({"policy":{"limits":{"requests_per_day":90}}})").status,
        200);
    Reply refused = set(R"({"requests_per_day":91})");
    EXPECT_EQ(outcome(refused), "invalid_request requests_per_day");
    EXPECT_EQ(who_denied(refused), "instance");
    ASSERT_EQ(
        change("/v1/admin/plans/plan_default", R"({"policy":{"limits":{"requests_per_day":80}}})")
            .status,
        200);
    EXPECT_EQ(who_denied(set(R"({"requests_per_day":81})")), "plan");
    ASSERT_EQ(change("/v1/account/policy", R"({"limits":{"requests_per_day":70}})").status, 200);
    refused = set(R"({"requests_per_day":71})");
    EXPECT_EQ(outcome(refused), "invalid_request requests_per_day");
    EXPECT_EQ(who_denied(refused), "team");
    EXPECT_EQ(set(R"({"requests_per_day":70})").status, 200);
}

TEST_F(TeamDefaults, WhatStoodBeforeACeilingCameDownIsNoMistakeOfTheNextChange) {
    ASSERT_EQ(set(R"({"requests_per_day":70})").status, 200);
    ASSERT_EQ(
        change("/v1/admin/plans/plan_default", R"({"policy":{"limits":{"requests_per_day":60}}})")
            .status,
        200);
    EXPECT_EQ(set(R"({"tokens_per_minute":9})").status, 200);
    EXPECT_EQ(set(R"({"requests_per_day":65})").status, 400);
}

TEST_F(TeamDefaults, SaysWhichFieldIsWrong) {
    EXPECT_EQ(outcome(set(R"({"requests_per_dya":1})")), "unknown_field requests_per_dya");
    EXPECT_EQ(outcome(set(R"({"requests_per_day":0})")), "invalid_request requests_per_day");
    EXPECT_EQ(outcome(set(R"({"requests_per_day":-5})")), "invalid_request requests_per_day");
    EXPECT_EQ(outcome(set(R"({"requests_per_day":1e300})")), "invalid_request requests_per_day");
    EXPECT_EQ(outcome(set(R"({"burst":1})")), "invalid_request burst");
    EXPECT_EQ(set("[]").code(), "invalid_request");
    EXPECT_EQ(set("{}", {{"If-Match", "\"9\""}}).code(), "version_mismatch");
    EXPECT_EQ(get("/v1/account").json()["version"], 1);
}

TEST_F(TeamDefaults, AreToldInTheTeamsLog) {
    ASSERT_EQ(set(R"({"requests_per_day":50})").status, 200);
    const Json row = get("/v1/account/audit?limit=1").json()["data"][0];
    EXPECT_EQ(row["action"], "team.key_defaults");
    EXPECT_NE(dump(row).find("key_defaults.requests_per_day"), std::string::npos);
}

// A key that was held to little gives other keys no more by letting them start with it.
TEST_F(TeamDefaults, ANarrowedKeyWidensThemForNobody) {
    const Json narrow = make_key(R"({"rate_limit_rpm":30})");
    const Json open = make_key();
    be(narrow["key"].get<std::string>());
    const Reply refused = set(R"({"requests_per_minute":61})");
    EXPECT_EQ(outcome(refused), "insufficient_scope requests_per_minute") << refused.body;
    EXPECT_EQ(set(R"({"requests_per_minute":50})").status, 200) << "less than the 60 before";
    EXPECT_EQ(outcome(set(R"({"requests_per_minute":null})")),
              "insufficient_scope requests_per_minute")
        << "60 again would be more";
    EXPECT_EQ(set(R"({"requests_per_minute":30})").status, 200);
    be(open["key"].get<std::string>());
    EXPECT_EQ(set(R"({"requests_per_minute":61})").status, 200) << "a default binds nobody";
}

TEST_F(TeamDefaults, ANarrowedKeyWidensNotEvenWhatThePlanSaysToo) {
    const std::string plan = R"({"key_defaults":{"requests_per_minute":40}})";
    ASSERT_EQ(change("/v1/admin/plans/plan_default", plan).status, 200);
    be(make_key(R"({"rate_limit_rpm":30})")["key"].get<std::string>());
    EXPECT_EQ(outcome(set(R"({"requests_per_minute":50})")),
              "insufficient_scope requests_per_minute")
        << "the team's beats the plan's, so keys would begin with more";
    EXPECT_EQ(set(R"({"requests_per_minute":35})").status, 200);
}

TEST_F(TeamDefaults, AnOperatorSetsThemWithTheTeam) {
    const Reply made =
        post("/v1/admin/teams", R"({"name":"n","key_defaults":{"requests_per_day":50}})");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.json()["key_defaults"]["requests_per_day"], 50);
    const std::string path = "/v1/admin/teams/" + made.json()["id"].get<std::string>();
    EXPECT_EQ(get(path).json()["key_defaults"]["requests_per_day"], 50);
    EXPECT_EQ(change(path, R"({"key_defaults":null})").json()["key_defaults"], Json::object());
    ASSERT_EQ(
        change("/v1/admin/plans/plan_default", R"({"policy":{"limits":{"requests_per_day":60}}})")
            .status,
        200);
    const std::string above = R"({"name":"m","key_defaults":{"requests_per_day":61}})";
    EXPECT_EQ(outcome(change(path, above)), "invalid_request key_defaults.requests_per_day");
    EXPECT_EQ(outcome(post("/v1/admin/teams", above)),
              "invalid_request key_defaults.requests_per_day");
    EXPECT_EQ(outcome(change(path, R"({"plan":"plan_none","key_defaults":{"burst":null}})")),
              "invalid_request plan");
}

}  // namespace
}  // namespace keywarden
