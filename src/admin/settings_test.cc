// What operators set for the instance, for plans' keys, and for models: kept, told, in force at
// once.
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

class Settings : public ApiFixture {
protected:
    Reply set(std::string_view path, std::string_view body, std::vector<Header> headers = {}) {
        return send(
            Method::Patch, "/v1/admin/" + std::string(path), std::string(body), std::move(headers));
    }

    static std::string outcome(const Reply& reply) {
        if (reply.status < 400) return std::to_string(reply.status);
        const Json body = reply.json();
        return reply.code() + " " + body.value("param", "");
    }

    void be_new(std::string_view body = "{}") { be(make_key(body)["key"].get<std::string>()); }

    SourcedLimit limit(LimitKind kind, ModelName model = {}) {
        return tightest(directory_->read_policy(caller_, model).limits())[kind];
    }

    /// Reads everything from the store again, as a start does.
    void restart() {
        context_.reset();
        directory_ = KeyDirectory::load(*store_, *formats_, {.caps = kRoomy}, clock_).value();
        context_ = std::make_unique<AdminContext>(
            AdminContext{.keys = *directory_, .clock = clock_, .models = &models_});
        routes_ = admin_routes(*context_);
    }
};

TEST_F(Settings, SayNothingAtFirstButWhatIsConfigured) {
    const Reply reply = get("/v1/admin/settings");
    EXPECT_EQ(reply.json(), Json::parse(R"({"object":"settings","policy":{},"key_defaults":{},
        "configured":{"key_defaults":{"requests_per_minute":60},"key_format":"keywarden",
                      "active_keys_max":100000,"creations_per_hour_max":100000},"version":0})"));
    EXPECT_EQ(reply.header("ETag"), "\"0\"");
}

TEST_F(Settings, HoldForEveryKeyFromTheNextRequestOn) {
    const Json key = make_key();
    be(key["key"].get<std::string>());
    const Caller caller = caller_;
    EXPECT_EQ(limit(LimitKind::RequestsPerMinute), (SourcedLimit{60, Scope::Instance, true}));
    be_operator();
    ASSERT_EQ(set("settings", R"({"policy":{"models":{"deny":["o1"]},
        "limits":{"requests_per_day":900}},"key_defaults":{"requests_per_minute":30}})")
                  .status,
              200);
    EXPECT_EQ(get(path_of(key["id"].get<std::string>())).json()["rate_limit_rpm"], 30);
    caller_ = caller;
    EXPECT_EQ(limit(LimitKind::RequestsPerMinute), (SourcedLimit{30, Scope::Instance, true}));
    EXPECT_EQ(limit(LimitKind::RequestsPerDay), (SourcedLimit{900, Scope::Instance}));
    const PolicyReading reading = directory_->read_policy(caller_);
    EXPECT_EQ(decide(reading.chain(), {.model = "o1"}).denied_by, Scope::Instance);
}

TEST_F(Settings, AreKeptAndChangedFieldByField) {
    ASSERT_EQ(set("settings", R"({"policy":{"limits":{"requests_per_day":900}}})").status, 200);
    ASSERT_EQ(set("settings", R"({"key_defaults":{"requests_per_day":90}})").status, 200);
    EXPECT_EQ(outcome(set("settings", "{}", {{"If-Match", "\"1\""}})), "version_mismatch ");
    restart();
    const Json settings = get("/v1/admin/settings").json();
    EXPECT_EQ(settings["policy"]["limits"]["requests_per_day"], 900);
    EXPECT_EQ(settings["key_defaults"], Json({{"requests_per_day", 90}}));
    EXPECT_EQ(settings["version"], 2);
    be_new();
    EXPECT_EQ(limit(LimitKind::RequestsPerDay), (SourcedLimit{90, Scope::Instance, true}));
    EXPECT_EQ(limit(LimitKind::RequestsPerMinute).value, 60) << "what is not set is as configured";
    be_operator();
    ASSERT_EQ(set("settings", R"({"policy":null,"key_defaults":null})").status, 200);
    be_new();
    EXPECT_EQ(limit(LimitKind::RequestsPerDay).value, kNoLimit);
}

TEST_F(Settings, MistakesAreNamed) {
    EXPECT_EQ(outcome(set("settings", R"({"polcy":{}})")), "unknown_field polcy");
    EXPECT_EQ(outcome(set("settings", R"({"key_defaults":{"requests_per_dya":1}})")),
              "unknown_field key_defaults.requests_per_dya");
    EXPECT_EQ(outcome(set("settings", R"({"key_defaults":{"requests_per_day":0}})")),
              "invalid_request key_defaults.requests_per_day");
    EXPECT_EQ(outcome(set("settings", R"({"key_defaults":{"burst":1}})")),
              "invalid_request key_defaults.burst");
    EXPECT_EQ(outcome(set("settings", R"({"key_defaults":7})")), "invalid_request key_defaults");
    EXPECT_EQ(outcome(set("settings", R"({"policy":{"limits":{"requests_per_day":5}},
                                         "key_defaults":{"requests_per_day":6}})")),
              "invalid_request key_defaults.requests_per_day");
    EXPECT_EQ(get("/v1/admin/settings").json()["version"], 0);
}

TEST_F(Settings, EveryChangeIsARowOfTheLog) {
    ASSERT_EQ(set("settings", R"({"key_defaults":{"requests_per_day":90}})").status, 200);
    ASSERT_EQ(set("models/o1", R"({"limits":{"requests_per_minute":5}})").status, 200);
    const Json rows = get("/v1/admin/audit?limit=2").json()["data"];
    EXPECT_EQ(rows[0]["action"], "model.update");
    EXPECT_EQ(rows[0]["target"], Json({{"id", "openai/o1"}, {"type", "model"}}));
    EXPECT_EQ(rows[1]["action"], "settings.update");
    EXPECT_NE(dump(rows[1]).find("key_defaults.requests_per_day"), std::string::npos);
}

TEST_F(Settings, ThePlansCeilingIsUnderTheInstances) {
    ASSERT_EQ(set("settings", R"({"policy":{"limits":{"requests_per_day":900}}})").status, 200);
    const Reply reply =
        post("/v1/admin/plans", R"({"name":"p","policy":{"limits":{"requests_per_day":901}}})");
    EXPECT_EQ(outcome(reply), "invalid_request policy.limits.requests_per_day");
    EXPECT_EQ(reply.json()["denied_by"], "instance");
}

TEST_F(Settings, APlanSaysWhereItsKeysStart) {
    const Reply made = post("/v1/admin/plans", R"({"name":"p","key_defaults":
        {"requests_per_minute":5,"requests_per_day":50}})");
    ASSERT_EQ(made.status, 201) << made.body;
    const std::string plan = made.json()["id"];
    EXPECT_EQ(made.json()["key_defaults"],
              Json({{"requests_per_minute", 5}, {"requests_per_day", 50}}));
    ASSERT_EQ(set("teams/team_1", R"({"plan":")" + plan + "\"}").status, 200);
    const Json key = make_key(R"({"policy":{"limits":{"requests_per_day":70}}})");
    EXPECT_EQ(key["rate_limit_rpm"], 5) << "a default, live";
    EXPECT_EQ(key["policy"], Json::parse(R"({"limits":{"requests_per_day":70}})"));
    be(key["key"].get<std::string>());
    const Caller caller = caller_;
    EXPECT_EQ(limit(LimitKind::RequestsPerMinute), (SourcedLimit{5, Scope::Plan, true}));
    EXPECT_EQ(limit(LimitKind::RequestsPerDay), (SourcedLimit{70, Scope::Key}));
    be_operator();
    ASSERT_EQ(set("plans/" + plan, R"({"key_defaults":{"requests_per_minute":8}})").status, 200);
    EXPECT_EQ(get(path_of(key["id"].get<std::string>())).json()["rate_limit_rpm"], 8);
    EXPECT_EQ(outcome(set("plans/" + plan, R"({"policy":{"limits":{"requests_per_day":40}}})")),
              "invalid_request key_defaults.requests_per_day");
    caller_ = caller;
    EXPECT_EQ(limit(LimitKind::RequestsPerMinute), (SourcedLimit{8, Scope::Plan, true}));
}

TEST_F(Settings, AModelIsOneByWhateverNameItGoes) {
    ASSERT_EQ(set("models/gpt-4o", R"({"limits":{"requests_per_minute":5}})").status, 200);
    ASSERT_EQ(set("models/fast", R"({"limits":{"requests_per_minute":6}})").status, 200);
    ASSERT_EQ(set("models/groq/anything", R"({"limits":{"requests_per_minute":7}})").status, 200);
    EXPECT_EQ(get("/v1/admin/models/openai/gpt-4o").json(),
              Json::parse(R"({"id":"openai/gpt-4o","object":"model","provider":"openai",
                  "model":"gpt-4o","listed":true,"limits":{"requests_per_minute":5},
                  "version":1})"));
    EXPECT_EQ(get("/v1/admin/models/groq_llama").json()["limits"]["requests_per_minute"], 6);
    EXPECT_EQ(get("/v1/admin/models/groq/anything").json()["listed"], false);
    EXPECT_EQ(outcome(get("/v1/admin/models/nothing")), "model_not_found model");
    std::string ids;
    for (const Json& model : get("/v1/admin/models").json()["data"]) {
        ids += model["id"].get<std::string>() + " ";
    }
    EXPECT_EQ(ids, "openai/gpt-4o openai/o1 groq/llama groq/gpt-4o groq/anything ");
}

TEST_F(Settings, AModelsLimitIsCountedOverAllWhoUseIt) {
    ASSERT_EQ(set("models/gpt-4o", R"({"limits":{"requests_per_minute":2}})").status, 200);
    restart();
    const auto take = [&](ModelName model) {
        const PolicyReading reading = directory_->read_policy(caller_, model);
        const LimitResult taken = take_limits(reading.limits(), {}, clock_.mono());
        return taken.denial ? std::string(name(taken.denial->source)) : "taken";
    };
    be_new();
    EXPECT_EQ(take({"openai", "gpt-4o"}), "taken");
    be_operator("team_2");
    be_new();
    EXPECT_EQ(take({"openai", "gpt-4o"}), "taken");
    EXPECT_EQ(take({"openai", "gpt-4o"}), "model");
    EXPECT_EQ(take({"groq", "gpt-4o"}), "taken") << "another provider's is another model";
    be_operator();
    ASSERT_EQ(set("models/gpt-4o", R"({"limits":null})").status, 200);
    be_new();
    EXPECT_EQ(take({"openai", "gpt-4o"}), "taken");
}

TEST_F(Settings, AModelHasNoLimitOfABodyThatIsReadBeforeIt) {
    EXPECT_EQ(outcome(set("models/o1", R"({"limits":{"body_bytes":5}})")),
              "invalid_request limits.body_bytes");
    EXPECT_EQ(outcome(set("models/o1", R"({"limit":{}})")), "unknown_field limit");
}

}  // namespace
}  // namespace keywarden
