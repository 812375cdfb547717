#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

class Explain : public ApiFixture {
protected:
    void SetUp() override {
        ApiFixture::SetUp();
        catalogue_.emplace(Catalogue::open({{.name = "up",
                                             .models = {{"gpt-4o", "gpt-4o"}, {"small", "s"}},
                                             .privacy = PrivacyClass::Zdr}},
                                           {})
                               .value());
        context_->models = &*catalogue_;
        context_->route_of = [](std::optional<Method> method, std::string_view path) {
            if (path == "/v1/chat/completions") return KnownRoute{path, Permission::Inference};
            if (path == "/v1/keys") {
                return KnownRoute{
                    "/v1/account/keys",
                    method == Method::Post ? Permission::KeysWrite : Permission::KeysRead};
            }
            return KnownRoute{path, Permission::AnyKey};
        };
        made_ = make_key(R"({"name":"client","rate_limit_rpm":3})");
        be(made_["key"].get<std::string>());
    }

    Json explain(const Json& question) {
        const Reply reply = post("/v1/explain", question.is_null() ? "{}" : question.dump());
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.json();
    }
    std::string code(const Json& question) {
        const Json got = explain(question);
        EXPECT_EQ(got["allowed"], got["code"] == "VALID") << got;
        return got["code"];
    }
    /// "rule of scope: value yes", a line a step.
    static std::string lines(const Json& got) {
        std::string text;
        for (const Json& step : got["steps"]) {
            text += step["rule"].get<std::string>() + " of " + step["scope"].get<std::string>() +
                    ": " + step["value"].get<std::string>() +
                    (step["allowed"] == true ? " yes\n" : " NO\n");
        }
        return text;
    }
    void team_says(const Policy& policy, TeamState state = TeamState::Active) {
        directory_->policies().put(
            TeamRules{.id = "team_1", .state = state, .policy = policy, .version = ++version_});
    }

    std::optional<Catalogue> catalogue_;
    Json made_;
    int64_t version_ = 1;
};

TEST_F(Explain, TellsEachRuleInTheOrderInWhichACallMeetsThem) {
    Policy policy;
    policy.addresses.allow = {*IpRange::parse("192.0.2.0/24")};
    policy.models.deny = {*Glob::parse("gpt-*")};
    policy.classes.allow = {PrivacyClass::Tee};
    policy.limits[LimitKind::RequestsPerDay] = 100;
    team_says(policy);
    const Json got = explain({{"model", "up/gpt-4o"}, {"ip", "192.0.2.1"}, {"body_bytes", 400}});
    EXPECT_EQ(lines(got),
              "status of key: active yes\n"
              "team_state of team: active yes\n"
              "permission of creator: inference yes\n"
              "ip_ranges of team: 192.0.2.1 yes\n"
              "models of team: up/gpt-4o NO\n"
              "privacy_classes of team: zdr NO\n");
    EXPECT_EQ(got["allowed"], false);
    EXPECT_EQ(got["code"], "model_not_allowed");
    EXPECT_EQ(got["denied_by"], "team");
    EXPECT_EQ(got["steps"][4]["entry"], "gpt-*");
    EXPECT_EQ(got["request"]["endpoint"], "/v1/chat/completions");
    EXPECT_EQ(got["request"]["provider"], "up");
    EXPECT_EQ(got["request"]["tokens_in"], 100);
    EXPECT_EQ(got["key"]["id"], made_["id"]);
    EXPECT_EQ(got["key"]["role"], "owner");
    ASSERT_EQ(got["limits"].size(), 2U);
    EXPECT_EQ(got["limits"][0]["source"], "team");
    EXPECT_EQ(got["limits"][0]["remaining"], 100);
    EXPECT_EQ(got["limits"][1]["source"], "key");
    EXPECT_EQ(got["limits"][1]["wanted"], 1);
}

TEST_F(Explain, TakesNothing) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(code({{"model", "small"}}), "VALID");
    EXPECT_EQ(explain({{"model", "small"}})["limits"][0]["used"], 0);
}

TEST_F(Explain, SaysWhichLimitIsUsedUpAndWhenItIsNot) {
    for (int i = 0; i < 3; ++i) {
        const PolicyReading reading = directory_->read_policy(caller_);
        EXPECT_FALSE(take_limits(reading.limits(), {}, clock_.mono()).denial);
    }
    const Json got = explain({{"model", "small"}});
    EXPECT_EQ(got["code"], "rate_limit_exceeded");
    EXPECT_EQ(got["limits"][0]["allowed"], false);
    EXPECT_EQ(got["limits"][0]["remaining"], 0);
    EXPECT_GT(got["retry_after_seconds"], 0);
    EXPECT_EQ(code({{"endpoint", "GET /v1/keys"}}), "VALID") << "only models take from limits";
}

TEST_F(Explain, ARequestThatIsTooLargeIsToldSo) {
    Policy policy;
    policy.limits[LimitKind::TokensPerRequest] = 1'000;
    team_says(policy);
    EXPECT_EQ(code({{"model", "small"}, {"tokens_in", 900}, {"tokens_out", 100}}), "VALID");
    EXPECT_EQ(code({{"model", "small"}, {"tokens_in", 900}, {"tokens_out", 101}}),
              "request_too_large");
    EXPECT_EQ(code({{"model", "small"}, {"body_bytes", 4'004}}), "request_too_large");
}

TEST_F(Explain, LooksAtTheRouteAndItsPermission) {
    be_operator();
    const Json inference = make_key(R"({"kind":"inference"})");
    be(inference["key"].get<std::string>());
    EXPECT_EQ(code({{"endpoint", "/v1/keys"}}), "insufficient_scope");
    EXPECT_EQ(code({{"endpoint", "/orders/7"}}), "VALID");
    EXPECT_EQ(code({}), "VALID");
    Policy policy;
    policy.endpoints.deny = {*Glob::parse("/v1/account/keys")};
    team_says(policy);
    EXPECT_EQ(explain({{"endpoint", "POST /v1/keys"}})["request"]["permission"], "keys.write");
    EXPECT_EQ(explain({{"endpoint", "POST /v1/keys"}})["steps"].back()["code"],
              "endpoint_not_allowed");
}

TEST_F(Explain, AnotherKeyNeedsTheRightToReadKeys) {
    be_operator();
    const Json other = make_key(R"({"kind":"inference","name":"other"})");
    EXPECT_EQ(post("/v1/explain", "{}").json()["param"], "key") << "an operator has none";
    EXPECT_EQ(explain({{"key", other["id"]}})["key"]["name"], "other");
    be(made_["key"].get<std::string>());
    EXPECT_EQ(explain({{"key", other["id"]}})["key"]["id"], other["id"]);
    EXPECT_EQ(post("/v1/explain", R"({"key":"key_none"})").code(), "not_found");
    be(other["key"].get<std::string>());
    EXPECT_EQ(post("/v1/explain", Json({{"key", made_["id"]}}).dump()).code(),
              "insufficient_scope");
    EXPECT_EQ(explain({{"key", other["id"]}})["allowed"], true) << "its own id";
    be_operator();
    EXPECT_EQ(post("/v1/account/explain", "{}").json()["param"], "key");
    const std::string asked = Json({{"key", other["id"]}}).dump();
    EXPECT_EQ(post("/v1/account/explain", asked).json()["key"]["id"], other["id"]);
    be_operator("team_2");
    EXPECT_EQ(post("/v1/explain", Json({{"key", made_["id"]}}).dump()).code(), "not_found");
}

TEST_F(Explain, TellsOfAKeyThatIsNotUsable) {
    ASSERT_EQ(revoke(made_["id"].get<std::string>()).status, 200);
    be_operator();
    const Json got = explain({{"key", made_["id"]}, {"model", "small"}});
    EXPECT_EQ(got["code"], "revoked_api_key");
    EXPECT_EQ(got["steps"][0]["value"], "revoked");
    EXPECT_EQ(got["steps"].size(), 3U) << "and what else it would meet";
    team_says({}, TeamState::Overdue);
    EXPECT_EQ(explain({{"key", made_["id"]}})["steps"][1]["code"], "invoice_overdue");
}

TEST_F(Explain, AModelThatIsNotThereIsARefusalToo) {
    const Json got = explain({{"model", "smal"}});
    EXPECT_EQ(got["code"], "model_not_found");
    EXPECT_NE(got["message"].get<std::string>().find("small"), std::string::npos);
}

TEST_F(Explain, TellsWhichToolsAreTakenOutAndByWhom) {
    be_operator();
    const Json key = make_key(R"({"toollist":{"allowed":["a","b","web_*"],"denied":["b"]}})");
    Policy policy;
    policy.tools.deny = {*Glob::parse("web_*")};
    team_says(policy);
    be(key["key"].get<std::string>());
    const Json got = explain({{"model", "small"}, {"tools", {"a", "b", "web_search"}}});
    EXPECT_EQ(got["allowed"], true) << "the call goes on without them";
    EXPECT_EQ(got["removed"], Json::parse(R"([{"tool":"b","denied_by":"key"},
                              {"tool":"web_search","denied_by":"team"}])"));
    Json tools = Json::array();
    for (const Json& step : got["steps"]) {
        if (step["rule"] == "tools") tools.push_back(step);
    }
    ASSERT_EQ(tools.size(), 6U) << "of each list what it says of each tool";
    EXPECT_EQ(tools[3], Json::parse(R"({"rule":"tools","scope":"key","value":"b","allowed":false,
                                        "entry":"b","removes":true})"));
    EXPECT_EQ(tools[4]["entry"], "web_*");
    EXPECT_EQ(tools[5]["allowed"], true);
    EXPECT_FALSE(tools[5].contains("removes"));
}

TEST_F(Explain, SaysWhatItWasNotTold) {
    Policy policy;
    policy.addresses.allow = {*IpRange::parse("192.0.2.0/24")};
    policy.models.deny = {*Glob::parse("x")};
    team_says(policy);
    EXPECT_EQ(explain({{"endpoint", "/v1/keys"}})["not_checked"], Json({"ip_ranges", "models"}));
}

TEST_F(Explain, AQuestionThatIsWrongIsRefused) {
    const auto wrong = [&](const char* body) {
        const Reply reply = post("/v1/explain", body);
        return reply.code() + " " + reply.json().value("param", "");
    };
    EXPECT_EQ(wrong(R"({"modle":"x"})"), "unknown_field modle");
    EXPECT_EQ(wrong(R"({"ip":"here"})"), "invalid_request ip");
    EXPECT_EQ(wrong(R"({"endpoint":"BREW /coffee"})"), "invalid_request endpoint");
    EXPECT_EQ(wrong(R"({"endpoint":"/a/../b"})"), "invalid_request endpoint");
    EXPECT_EQ(wrong(R"({"tools":"a"})"), "invalid_request tools");
    EXPECT_EQ(wrong(R"({"tokens_in":-1})"), "invalid_request tokens_in");
    EXPECT_EQ(wrong(R"({"body_bytes":99999999999})"), "invalid_request body_bytes");
    EXPECT_EQ(wrong(R"({"key":7})"), "invalid_request key");
}

}  // namespace
}  // namespace keywarden
