#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

class Webhooks : public CommandLineTest {
protected:
    static constexpr const char* kHook =
        R"({"id":"hook_1","object":"webhook","url":"https://example.com/h","events":["key.spike"],
            "delivery":{"state":"failing","delivered":7,"given_up":1,
                        "last_error":"answered 500"}})";
};

TEST_F(Webhooks, AreATableOfWhereEventsGoAndHowThatWent) {
    will_answer(200, std::string(R"({"object":"list","data":[)") + kHook + "]}");
    EXPECT_EQ(run({"webhooks", "list"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "GET /v1/account/webhooks");
    EXPECT_NE(out_.find("hook_1"), out_.npos) << out_;
    EXPECT_NE(out_.find("key.spike"), out_.npos) << out_;
    EXPECT_NE(out_.find("answered 500"), out_.npos) << out_;
    EXPECT_EQ(run({"webhooks", "list", "--operator"}), 0) << err_;
    EXPECT_EQ(sent_.at(1).line, "GET /v1/admin/webhooks");
    answers_.clear();
    will_answer(200, R"({"object":"list","data":[]})");
    EXPECT_EQ(run({"webhooks", "list"}), 0);
    EXPECT_NE(out_.find("keywarden webhooks add URL"), out_.npos) << out_;
}

TEST_F(Webhooks, ANewOnesSecretIsAllThatIsOnStandardOutput) {
    Json made = Json::parse(kHook);
    made["secret"] = "whsec_bm90LWEtc2VjcmV0";
    will_answer(201, made.dump());
    EXPECT_EQ(run({"webhooks", "add", "https://example.com/h", "--event", "key.spike"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "POST /v1/account/webhooks");
    EXPECT_EQ(Json::parse(sent_.at(0).body),
              Json({{"url", "https://example.com/h"}, {"events", {"key.spike"}}}));
    EXPECT_EQ(out_, "whsec_bm90LWEtc2VjcmV0\n");
    EXPECT_NE(err_.find("hook_1"), err_.npos) << err_;
    EXPECT_EQ(run({"webhooks", "rotate", "hook_1"}), 0) << err_;
    EXPECT_EQ(sent_.at(1).line, "POST /v1/account/webhooks/hook_1/rotate");
    EXPECT_EQ(out_, "whsec_bm90LWEtc2VjcmV0\n");
}

TEST_F(Webhooks, AChangeSendsWhatWasNamed) {
    Json hook = Json::parse(kHook);
    hook["state"] = "paused";
    will_answer(200, hook.dump());
    EXPECT_EQ(run({"webhooks", "update", "hook_1", "--pause"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "PATCH /v1/account/webhooks/hook_1");
    EXPECT_EQ(Json::parse(sent_.at(0).body), Json({{"state", "paused"}}));
    EXPECT_EQ(out_, "hook_1 is paused: key.spike events to https://example.com/h.\n");
    EXPECT_EQ(run({"webhooks",
                   "update",
                   "hook_1",
                   "--url",
                   "https://example.com/i",
                   "--event",
                   "key.spike",
                   "--event",
                   "budget.threshold",
                   "--resume",
                   "--operator"}),
              0);
    EXPECT_EQ(sent_.at(1).line, "PATCH /v1/admin/webhooks/hook_1");
    EXPECT_EQ(Json::parse(sent_.at(1).body),
              Json({{"url", "https://example.com/i"},
                    {"events", {"key.spike", "budget.threshold"}},
                    {"state", "active"}}));
    EXPECT_EQ(run({"webhooks", "update", "hook_1", "--all-events"}), 0);
    EXPECT_EQ(Json::parse(sent_.at(2).body), Json({{"events", Json::array()}}));
    EXPECT_NE(run({"webhooks", "update", "hook_1"}), 0);
    EXPECT_EQ(sent_.size(), 3U);
    will_answer(200, std::string(R"({"object":"list","data":[)") + hook.dump() + "]}");
    answers_.erase(answers_.begin());
    EXPECT_EQ(run({"webhooks", "list"}), 0) << err_;
    EXPECT_NE(out_.find("paused"), out_.npos) << out_;
}

TEST_F(Webhooks, ATestThatIsNotTakenFails) {
    will_answer(200, R"({"object":"webhook_test","delivered":true,"error":null})");
    EXPECT_EQ(run({"webhooks", "test", "hook_1"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "POST /v1/account/webhooks/hook_1/test");
    EXPECT_EQ(out_, "Delivered.\n");
    answers_.clear();
    will_answer(200, R"({"object":"webhook_test","delivered":false,"error":"answered 500"})");
    EXPECT_EQ(run({"webhooks", "test", "hook_1"}), 1);
    EXPECT_EQ(out_, "Not delivered: answered 500.\n");
}

TEST_F(Webhooks, OneIsRemoved) {
    will_answer(200, R"({"id":"hook_1","object":"webhook","deleted":true})");
    EXPECT_EQ(run({"webhooks", "remove", "hook_1", "--yes", "--operator"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "DELETE /v1/admin/webhooks/hook_1");
    EXPECT_EQ(out_, "hook_1 is removed.\n");
}

}  // namespace
}  // namespace keywarden
