// Policies on keys: read, shown, held to what makers and wider scopes set, in force at once.
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"
#include "domain/compiled_policy.h"

namespace keywarden {
namespace {

constexpr std::string_view kPolicy = R"({"ip_ranges":{"allow":["10.0.0.0/8","2001:db8::/32"]},
    "endpoints":{"allow":["/v1/chat/*"]},"models":{"allow":["gpt-*"],"deny":["gpt-4*"]},
    "providers":{"deny":["groq"]},"privacy_classes":{"allow":["zdr","tee"]},
    "limits":{"requests_per_minute":50,"requests_per_day":900,"tokens_in_per_minute":1,
    "tokens_out_per_minute":2,"tokens_per_minute":3,"concurrent_requests":4,"burst":5,
    "tokens_per_request":6,"body_bytes":7}})";

std::string with_policy(std::string_view policy) {
    return R"({"name":"k","policy":)" + std::string(policy) + "}";
}

class KeyPolicy : public ApiFixture {
protected:
    Json be_new(std::string_view policy) {
        Json made = make_key(with_policy(policy));
        be(made["key"].get<std::string>());
        return made;
    }

    /// The field that a refused creation names, or the status.
    std::string create(std::string_view policy) {
        return outcome(post("/v1/keys", with_policy(policy)));
    }

    static std::string outcome(const Reply& reply) {
        return reply.status < 400 ? std::to_string(reply.status)
                                  : reply.code() + " " + reply.json()["param"].get<std::string>();
    }

    bool may_use(std::string_view model) {
        const PolicyReading reading = directory_->read_policy(caller_);
        return decide(reading.chain(), {.model = model}).allowed;
    }

    int64_t limit(LimitKind kind) {
        return tightest(directory_->read_policy(caller_).limits())[kind].value;
    }

    void set_plan(std::string_view body) {
        const Reply reply = send(Method::Patch, "/v1/admin/plans/plan_default", std::string(body));
        ASSERT_EQ(reply.status, 200) << reply.body;
    }
};

TEST_F(KeyPolicy, IsTakenWholeAndShownInEveryRecord) {
    const Json made = make_key(with_policy(kPolicy));
    const Json policy = Json::parse(kPolicy);
    EXPECT_EQ(made["policy"], policy);
    EXPECT_EQ(made["rate_limit_rpm"], 50);
    const std::string id = made["id"];
    EXPECT_EQ(get(path_of(id)).json()["policy"], policy);
    EXPECT_EQ(get("/v1/keys").json()["data"][0]["policy"], policy);
    EXPECT_EQ(get("/v1/account/keys/" + id).json()["policy"], policy);
    be(made["key"].get<std::string>());
    EXPECT_EQ(get("/v1/key").json()["policy"], policy);
    EXPECT_EQ(make_key()["policy"], policy) << "who asks for nothing gets what there is";
    be_operator();
    EXPECT_EQ(make_key()["policy"], Json::object());
}

TEST_F(KeyPolicy, HoldsFromTheNextRequestOn) {
    const Json made = be_new(R"({"models":{"allow":["gpt-*"]},"limits":{"requests_per_day":9}})");
    const Caller caller = caller_;
    EXPECT_TRUE(may_use("gpt-4"));
    EXPECT_FALSE(may_use("claude-3"));
    EXPECT_EQ(limit(LimitKind::RequestsPerDay), 9);
    be_operator();
    ASSERT_EQ(patch(made["id"].get<std::string>(),
                    R"({"policy":{"models":{"deny":["gpt-4*"]},"limits":{"requests_per_day":null,
                        "burst":5,"requests_per_minute":30}}})")
                  .status,
              200);
    caller_ = caller;
    EXPECT_FALSE(may_use("gpt-4"));
    EXPECT_TRUE(may_use("claude-3")) << "a list replaces the one that was there";
    EXPECT_EQ(limit(LimitKind::RequestsPerDay), kNoLimit);
    EXPECT_EQ(limit(LimitKind::Burst), 5);
    be(made["key"].get<std::string>());
    EXPECT_EQ(limit(LimitKind::RequestsPerMinute), 30);
}

TEST_F(KeyPolicy, OperatorsGiveOneToATeamsFirstKey) {
    const Reply reply = post("/v1/admin/teams/team_2/keys", with_policy(kPolicy));
    ASSERT_EQ(reply.status, 201);
    EXPECT_EQ(reply.json()["policy"], Json::parse(kPolicy));
}

TEST_F(KeyPolicy, TheRateIsOneOfItsLimitsUnderTwoNames) {
    const std::string id = make_id(R"({"rate_limit_rpm":20})");
    EXPECT_EQ(get(path_of(id)).json()["policy"]["limits"]["requests_per_minute"], 20);
    Json key = patch(id, R"({"policy":{"limits":{"requests_per_minute":30}}})").json();
    EXPECT_EQ(key["rate_limit_rpm"], 30);
    key = patch(id, R"({"policy":null})").json();
    EXPECT_EQ(key["rate_limit_rpm"], 60) << "the default";
    EXPECT_EQ(key["policy"], Json::object());
    key = patch(id, R"({"policy":null,"rate_limit_rpm":40})").json();
    EXPECT_EQ(key["rate_limit_rpm"], 40) << "what is named is kept";
    EXPECT_EQ(outcome(patch(id, R"({"rate_limit_rpm":1,
                    "policy":{"limits":{"requests_per_minute":2}}})")),
              "invalid_request rate_limit_rpm");
    EXPECT_EQ(outcome(patch(id, R"({"rate_limit_rpm":2,
                    "policy":{"limits":{"requests_per_minute":2}}})")),
              "200");
    EXPECT_EQ(outcome(patch(id, R"({"policy":{"limits":{"requests_per_minute":1000001}}})")),
              "invalid_request policy.limits.requests_per_minute");
}

TEST_F(KeyPolicy, ABurstNeedsItsRate) {
    EXPECT_EQ(create(R"({"limits":{"burst":5}})"), "invalid_request policy.limits.burst");
    const std::string id = make_id(R"({"policy":{"limits":{"burst":5}},"rate_limit_rpm":9})");
    EXPECT_EQ(outcome(patch(id, R"({"rate_limit_rpm":null})")),
              "invalid_request policy.limits.burst");
    EXPECT_EQ(outcome(patch(id, R"({"rate_limit_rpm":8})")), "200");
}

TEST_F(KeyPolicy, EveryMistakeIsNamedAndNothingIsHalfApplied) {
    const std::string id = make_id(with_policy(kPolicy));
    const std::string before = get(path_of(id)).body;
    const auto mistake = [&](std::string_view policy) {
        const std::string created = create(policy);
        EXPECT_EQ(created, outcome(patch(id, R"({"policy":)" + std::string(policy) + "}")));
        EXPECT_EQ(get(path_of(id)).body, before);
        return created;
    };
    EXPECT_EQ(mistake("7"), "invalid_request policy");
    EXPECT_EQ(mistake(R"({"modells":{}})"), "unknown_field policy.modells");
    EXPECT_EQ(mistake(R"({"limits":{"request_per_day":1}})"),
              "unknown_field policy.limits.request_per_day");
    EXPECT_EQ(mistake(R"({"limits":{"requests_per_day":-1}})"),
              "invalid_request policy.limits.requests_per_day");
    EXPECT_EQ(mistake(R"({"limits":{"requests_per_day":99999999999999999999}})"),
              "invalid_request policy.limits.requests_per_day");
    EXPECT_EQ(mistake(R"({"ip_ranges":{"allow":["10.0.0.0/8","10.1.0.0/16"]}})"),
              "invalid_request policy.ip_ranges.allow");
    EXPECT_EQ(mistake(R"({"ip_ranges":{"allow":["10.0.0.1/8"]}})"),
              "invalid_request policy.ip_ranges.allow");
    EXPECT_EQ(mistake(R"({"tools":{"allowed":["x"]}})"), "unknown_field policy.tools.allowed");
    const Reply reply = post("/v1/keys", with_policy(R"({"modells":{}})"));
    EXPECT_EQ(reply.json()["suggestion"], "models");
}

TEST_F(KeyPolicy, NobodyGrantsMoreThanTheyHold) {
    be_new(R"({"models":{"allow":["gpt-*"]},"providers":{"deny":["groq"]},
               "ip_ranges":{"allow":["10.0.0.0/8"]},"limits":{"requests_per_day":9}})");
    EXPECT_EQ(create("{}"), "201");
    EXPECT_EQ(create(R"({"models":{"allow":["gpt-4"]},"limits":{"requests_per_day":9}})"), "201");
    EXPECT_EQ(create(R"({"models":{"allow":["*"]}})"), "insufficient_scope policy.models");
    EXPECT_EQ(create(R"({"providers":{"deny":[]}})"), "201") << "what is denied is inherited";
    EXPECT_EQ(create(R"({"ip_ranges":{"allow":["11.0.0.0/8"]}})"),
              "insufficient_scope policy.ip_ranges");
    EXPECT_EQ(create(R"({"limits":{"requests_per_day":10}})"),
              "insufficient_scope policy.limits.requests_per_day");
    const Json refused = post("/v1/keys", with_policy(R"({"models":{"allow":["o1"]}})")).json();
    EXPECT_EQ(refused["status"], 403);
    EXPECT_EQ(refused["asked"], "o1");
    EXPECT_EQ(refused["held"], "gpt-*");
    EXPECT_EQ(refused["denied_by"], "key");
}

TEST_F(KeyPolicy, NoKeyWidensItselfOrAnother) {
    const std::string other = make_id();
    const std::string own = be_new(R"({"models":{"allow":["gpt-*"]}})")["id"];
    EXPECT_EQ(outcome(patch(own, R"({"policy":null})")), "insufficient_scope policy.models");
    EXPECT_EQ(outcome(patch(own, R"({"policy":{"models":null}})")),
              "insufficient_scope policy.models");
    EXPECT_EQ(outcome(patch(own, R"({"policy":{"models":{"allow":["gpt-4"]}}})")), "200");
    EXPECT_EQ(outcome(patch(other, R"({"name":"renamed"})")), "200");
    EXPECT_EQ(outcome(patch(other, R"({"policy":{"models":{"allow":["o1"]}}})")), "200")
        << "to narrow is nobody's grant";
    EXPECT_EQ(outcome(patch(other, R"({"policy":{"models":null}})")),
              "insufficient_scope policy.models");
    EXPECT_EQ(outcome(post(path_of(other, "/rotate"), "")), "insufficient_scope policy.models");
}

TEST_F(KeyPolicy, WhatAMakerLostItsKeysCannotGrant) {
    const std::string maker = be_new("{}")["id"];
    const Json child = make_key();
    be_operator();
    ASSERT_EQ(patch(maker, R"({"policy":{"models":{"allow":["gpt-*"]}}})").status, 200);
    be(child["key"].get<std::string>());
    EXPECT_FALSE(may_use("o1"));
    EXPECT_EQ(create(R"({"models":{"allow":["o1"]}})"), "insufficient_scope policy.models");
    EXPECT_EQ(make_key()["policy"], Json::parse(R"({"models":{"allow":["gpt-*"]}})"));
}

TEST_F(KeyPolicy, KeysMakeKeysOverThreeGenerations) {
    be_new("{}");
    for (int i = 0; i < 3; ++i) be(make_key()["key"].get<std::string>());
    const Reply reply = post("/v1/keys", with_policy("{}"));
    EXPECT_EQ(reply.code(), "insufficient_scope") << "or what its first maker lost would be kept";
}

TEST_F(KeyPolicy, NoLimitGoesBeyondACeiling) {
    set_plan(R"({"policy":{"limits":{"requests_per_day":1000,"requests_per_minute":500}}})");
    ASSERT_EQ(
        send(Method::Patch, "/v1/account/policy", R"({"limits":{"requests_per_day":800}})").status,
        200);
    const Json app = post("/v1/account/apps", R"({"name":"a","policy":{"limits":{
        "requests_per_day":600}}})")
                         .json();
    EXPECT_EQ(create(R"({"limits":{"requests_per_day":801}})"),
              "invalid_request policy.limits.requests_per_day");
    EXPECT_EQ(create(R"({"limits":{"requests_per_day":800}})"), "201");
    const Reply rate = post("/v1/keys", R"({"name":"k","rate_limit_rpm":501})");
    EXPECT_EQ(outcome(rate), "invalid_request rate_limit_rpm");
    EXPECT_EQ(rate.json()["detail"], "'rate_limit_rpm' may be at most 500: the plan's ceiling.");
    EXPECT_EQ(rate.json()["limit"], 500);
    const std::string in_app = R"({"name":"k","app":)" + dump(app["id"]);
    const Reply beyond =
        post("/v1/keys", in_app + R"(,"policy":{"limits":{"requests_per_day":601}}})");
    EXPECT_EQ(outcome(beyond), "invalid_request policy.limits.requests_per_day");
    EXPECT_EQ(beyond.json()["denied_by"], "app");
    EXPECT_EQ(
        outcome(post("/v1/keys", in_app + R"(,"policy":{"limits":{"requests_per_day":600}}})")),
        "201");
}

TEST_F(KeyPolicy, ACeilingThatCameDownHindersNoOtherChange) {
    const std::string id = make_id(R"({"policy":{"limits":{"requests_per_day":900}}})");
    set_plan(R"({"policy":{"limits":{"requests_per_day":500}}})");
    EXPECT_EQ(outcome(patch(id, R"({"name":"renamed"})")), "200");
    EXPECT_EQ(outcome(patch(id, R"({"policy":{"limits":{"requests_per_day":700}}})")),
              "invalid_request policy.limits.requests_per_day");
    EXPECT_EQ(outcome(patch(id, R"({"policy":{"limits":{"requests_per_day":500}}})")), "200");
}

TEST_F(KeyPolicy, APatternThatFitsNothingIsTakenWithAWarning) {
    const Json made = make_key(R"({"policy":{"models":{"allow":["gpt-*","o9"]},
        "providers":{"deny":["grok"]},"endpoints":{"allow":["/v1/chat/*"]}}})");
    EXPECT_EQ(made["warnings"],
              Json({"'models': 'o9' fits no model that there is.",
                    "'providers': 'grok' fits no provider that there is."}));
    const std::string id = made["id"];
    EXPECT_FALSE(get(path_of(id)).json().contains("warnings"));
    EXPECT_FALSE(patch(id, R"({"name":"x"})").json().contains("warnings"));
    EXPECT_EQ(patch(id, R"({"policy":{"models":null}})").json()["warnings"].size(), 1U);
    EXPECT_FALSE(patch(id, R"({"policy":{"providers":{"deny":["groq"]},
        "models":{"allow":["fast","groq/any-*","openai_o1"]}}})")
                     .json()
                     .contains("warnings"));
    const auto warns = [&](Method method, std::string_view path, std::string body) {
        return send(method, path, std::move(body)).json().contains("warnings");
    };
    const std::string policy = R"("policy":{"models":{"deny":["o9"]}})";
    EXPECT_TRUE(warns(Method::Patch, "/v1/account/policy", R"({"models":{"deny":["o9"]}})"));
    EXPECT_TRUE(warns(Method::Post, "/v1/account/apps", R"({"name":"a",)" + policy + "}"));
    EXPECT_TRUE(warns(Method::Post, "/v1/admin/plans", R"({"name":"p",)" + policy + "}"));
    EXPECT_TRUE(warns(Method::Patch, "/v1/admin/settings", "{" + policy + "}"));
}

TEST_F(KeyPolicy, ABoundKeyWidensNeitherItsTeamNorAnApp) {
    ASSERT_EQ(
        send(Method::Patch, "/v1/account/policy", R"({"models":{"deny":["o1","gpt-4"]}})").status,
        200);
    const std::string app = post("/v1/account/apps", R"({"name":"a","policy":{"models":{
        "allow":["gpt-3"]}}})")
                                .json()["id"];
    be_new(R"({"models":{"allow":["gpt-*"]}})");
    const auto team = [&](std::string_view body) {
        return outcome(send(Method::Patch, "/v1/account/policy", std::string(body)));
    };
    EXPECT_EQ(team(R"({"models":{"deny":["o1"]}})"), "insufficient_scope models");
    EXPECT_EQ(team(R"({"models":{"deny":["o1","gpt-4","gpt-5"]}})"), "200");
    const auto change_app = [&](std::string_view body) {
        return outcome(send(Method::Patch, "/v1/account/apps/" + app, std::string(body)));
    };
    EXPECT_EQ(change_app(R"({"policy":null})"), "insufficient_scope policy.models");
    EXPECT_EQ(change_app(R"({"policy":{"models":{"allow":["gpt-*"]}}})"), "200");
}

}  // namespace
}  // namespace keywarden
