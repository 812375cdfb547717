// Webhooks over the API.
#include <string>
#include <vector>

#include "admin/money_fixture.h"

namespace keywarden {
namespace {

constexpr const char* kHooks = "/v1/account/webhooks";

class WebhookApi : public MoneyFixture {
protected:
    void SetUp() override {
        MoneyFixture::SetUp();
        context_->webhook_signer = &signer_;
        context_->send_event = [this](const Webhook& hook, const UsageEvent& event) {
            sent_.push_back(hook.url + " " + event.kind + " " + event.team_id);
            return failure_;
        };
    }
    Reply add(const std::string& url = "https://example.com/h") {
        return post(kHooks, Json({{"url", url}}).dump());
    }
    static std::string path(const Json& hook, const std::string& action = {}) {
        return std::string(kHooks) + "/" + hook["id"].get<std::string>() + action;
    }

    WebhookSigner signer_{Secret(std::string("a pepper for tests"))};
    std::vector<std::string> sent_;
    std::string failure_;
};

TEST_F(WebhookApi, AnAddressIsEnoughAndTheSecretIsShownOnce) {
    const Reply made = add("https://example.com/h?sig=geheim");
    ASSERT_EQ(made.status, 201) << made.body;
    Json hook = made.json();
    EXPECT_EQ(made.header("Location"), path(hook));
    EXPECT_TRUE(hook["secret"].get<std::string>().starts_with("whsec_"));
    EXPECT_EQ(hook["url"], "https://example.com/h?…");
    EXPECT_EQ(hook["events"], Json::array());
    EXPECT_EQ(hook["delivery"]["state"], "ok");
    EXPECT_EQ(last_action(), "webhook.create");
    hook.erase("secret");
    EXPECT_EQ(get(path(hook)).json(), hook);
    EXPECT_EQ(get(kHooks).json()["data"][0], hook);
    EXPECT_EQ(get("/v1/account/audit").body.find("geheim"), std::string::npos);
}

TEST_F(WebhookApi, AnythingElseThanPublicHttpsIsRefused) {
    for (const char* url :
         {"http://example.com/", "https://10.0.0.1/", "https://localhost/", "x"}) {
        EXPECT_EQ(add(url).json()["param"], "url") << url;
    }
    context_->webhook_allow = parse_webhook_allow("10.0.0.0/8").value();
    EXPECT_EQ(add("http://10.0.0.1/").status, 201);
    EXPECT_EQ(post(kHooks, "{}").json()["param"], "url");
    EXPECT_EQ(post(kHooks, R"({"url":1})").json()["param"], "url");
    EXPECT_EQ(post(kHooks, R"({"url":"https://a.example","event":[]})").json()["suggestion"],
              "events");
}

TEST_F(WebhookApi, KindsAreThoseThatThereAre) {
    const auto with = [&](const char* events) {
        return post(kHooks, std::string(R"({"url":"https://a.example","events":)") + events + "}");
    };
    EXPECT_EQ(with(R"(["key.spike","key.spike"])").json()["events"], Json({"key.spike"}));
    EXPECT_EQ(with("null").json()["events"], Json::array());
    EXPECT_EQ(with(R"(["webhook.test"])").json()["param"], "events");
    EXPECT_EQ(with(R"("key.spike")").json()["param"], "events");
    EXPECT_EQ(with("[1]").json()["param"], "events");
}

TEST_F(WebhookApi, ATestSaysWhatCameOfIt) {
    const Json hook = add().json();
    EXPECT_EQ(post(path(hook, "/test"), "").json(),
              Json({{"object", "webhook_test"},
                    {"id", hook["id"]},
                    {"delivered", true},
                    {"error", nullptr}}));
    EXPECT_EQ(sent_, std::vector<std::string>{"https://example.com/h webhook.test team_1"});
    failure_ = "answered 500";
    EXPECT_EQ(post(path(hook, "/test"), "").json()["error"], "answered 500");
}

TEST_F(WebhookApi, ItsStateIsShown) {
    const Json hook = add().json();
    const std::string id = hook["id"].get<std::string>();
    ASSERT_TRUE(store_->usage().put_delivery(*store_->usage().get_webhook("team_1", id),
                                             {.cursor = 3,
                                              .failures = 2,
                                              .next_at = clock_.now(),
                                              .delivered = 1,
                                              .given_up = 4,
                                              .last_error = "answered 500"}));
    EXPECT_EQ(get(path(hook)).json()["delivery"],
              Json({{"state", "failing"},
                    {"delivered", 1},
                    {"given_up", 4},
                    {"delivered_at", nullptr},
                    {"failures", 2},
                    {"last_error", "answered 500"},
                    {"next_try_at", format_iso8601(clock_.now())}}));
}

TEST_F(WebhookApi, AnAddressKindsAndWhetherItIsPausedCanBeChanged) {
    const Json hook = add().json();
    EXPECT_EQ(hook["state"], "active");
    const Reply changed =
        change(path(hook), R"({"url":"https://example.com/other","events":["key.spike"]})");
    ASSERT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(changed.json()["url"], "https://example.com/other");
    EXPECT_EQ(changed.json()["events"], Json({"key.spike"}));
    EXPECT_EQ(changed.header("ETag"), "\"2\"");
    EXPECT_FALSE(changed.json().contains("secret"));
    EXPECT_EQ(last_action(), "webhook.update");
    const Reply paused = change(path(hook), R"({"state":"paused","events":null})");
    EXPECT_EQ(paused.json()["state"], "paused");
    EXPECT_EQ(paused.json()["events"], Json::array());
    EXPECT_EQ(paused.json()["url"], "https://example.com/other") << "what is not named stays";
    EXPECT_TRUE(store_->usage().list_webhooks("team_1")->front().is_paused);
    EXPECT_EQ(change(path(hook), R"({"state":"active"})").json()["state"], "active");

    EXPECT_EQ(change(path(hook), R"({"url":"http://example.com/"})").json()["param"], "url");
    EXPECT_EQ(change(path(hook), R"({"url":""})").json()["param"], "url");
    EXPECT_EQ(change(path(hook), R"({"state":"off"})").json()["param"], "state");
    EXPECT_EQ(change(path(hook), R"({"secret":"mine"})").code(), "unknown_field");
    EXPECT_EQ(change("/v1/account/webhooks/hook_none", R"({"state":"paused"})").code(),
              "not_found");
    EXPECT_EQ(get(path(hook)).json()["version"], 4);
}

TEST_F(WebhookApi, ARotationGivesAnotherSecretAndADeletionEndsIt) {
    const Json hook = add().json();
    const Reply rotated = post(path(hook, "/rotate"), "");
    ASSERT_EQ(rotated.status, 200) << rotated.body;
    EXPECT_NE(rotated.json()["secret"], hook["secret"]);
    EXPECT_EQ(rotated.json()["rotated_at"], format_iso8601(clock_.now()));
    EXPECT_EQ(rotated.header("ETag"), "\"2\"");
    EXPECT_EQ(last_action(), "webhook.rotate");
    EXPECT_EQ(del(path(hook)).json()["deleted"], true);
    EXPECT_EQ(last_action(), "webhook.delete");
    EXPECT_EQ(get(path(hook)).code(), "not_found");
    EXPECT_EQ(del(path(hook)).code(), "not_found");
}

TEST_F(WebhookApi, NobodyHasAnothers) {
    const Json hook = add().json();
    EXPECT_EQ(get("/v1/admin/webhooks").json()["data"].size(), 0U);
    const Reply operators = post("/v1/admin/webhooks", R"({"url":"https://o.example"})");
    ASSERT_EQ(operators.status, 201) << operators.body;
    EXPECT_EQ(get(path(operators.json())).code(), "not_found");
    EXPECT_EQ(get("/v1/admin/webhooks").json()["data"].size(), 1U);
    be_operator("team_2");
    EXPECT_EQ(get(kHooks).json()["data"].size(), 0U);
    for (const char* action : {"/rotate", "/test"}) {
        EXPECT_EQ(post(path(hook, action), "").code(), "not_found") << action;
    }
    EXPECT_EQ(del(path(hook)).code(), "not_found");
}

TEST_F(WebhookApi, ThereAreAtMostTen) {
    for (int64_t i = 0; i < kWebhooksMax; ++i) EXPECT_EQ(add().status, 201);
    EXPECT_EQ(add().code(), "invalid_request");
}

}  // namespace
}  // namespace keywarden
