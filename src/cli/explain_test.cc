#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

class ExplainCommand : public CommandLineTest {
protected:
    static constexpr const char* kDenied = R"({"object":"explanation","allowed":false,
        "code":"model_not_allowed","message":"The model 'x' is not allowed.","denied_by":"team",
        "key":{"id":"key_1","name":"ci"},
        "steps":[{"rule":"status","scope":"key","value":"active","allowed":true},
                 {"rule":"models","scope":"team","value":"x","allowed":false,
                  "code":"model_not_allowed","entry":"x*"},
                 {"rule":"tools","scope":"key","value":"t","allowed":false,"removes":true}],
        "removed":[{"tool":"t","denied_by":"key"}],
        "limits":[{"name":"requests_per_minute","scope":"key","source":"instance","limit":60,
                   "used":60,"remaining":0,"wanted":1,"allowed":false,"reset_seconds":9}],
        "not_checked":["ip_ranges"]})";
};

TEST_F(ExplainCommand, AsksAboutTheCallingKeyOrAnother) {
    will_answer(200, kDenied);
    EXPECT_EQ(run({"explain", "--json"}), 0) << err_;
    EXPECT_EQ(sent_[0].line, "POST /v1/explain");
    EXPECT_EQ(Json::parse(sent_[0].body), Json::object());
    EXPECT_EQ(Json::parse(out_)["code"], "model_not_allowed");
    EXPECT_EQ(run({"explain",
                   "key_1",
                   "--model",
                   "x",
                   "--tool",
                   "a",
                   "--tool=b",
                   "--ip",
                   "192.0.2.1",
                   "--tokens-in",
                   "5",
                   "--tokens-out",
                   "6",
                   "--body-bytes",
                   "7",
                   "--endpoint",
                   "POST /v1/keys"}),
              0)
        << err_;
    EXPECT_EQ(Json::parse(sent_[1].body),
              Json::parse(R"({"key":"key_1","model":"x","tools":["a","b"],"ip":"192.0.2.1",
                  "tokens_in":5,"tokens_out":6,"body_bytes":7,"endpoint":"POST /v1/keys"})"));
}

TEST_F(ExplainCommand, ShowsWhatDeniesAndWhatIsLeft) {
    will_answer(200, kDenied);
    EXPECT_EQ(run({"explain"}), 0) << err_;
    for (const char* said :
         {"key_1 \"ci\": it would be refused, model_not_allowed, by the team.",
          "models  team  x       DENIES   its entry 'x*'",
          "status  key   active  allows",
          "tools   key   t       REMOVES",
          "requests_per_minute  key         instance  60     60    0     1      DENIES",
          "Not looked at, since nothing was said of it: ip_ranges"}) {
        EXPECT_NE(out_.find(said), out_.npos) << said << "\n" << out_;
    }
}

TEST_F(ExplainCommand, ANumberIsANumber) {
    EXPECT_EQ(run({"explain", "--tokens-in", "many"}), kExitBadInput);
    EXPECT_NE(err_.find("--tokens-in"), err_.npos) << err_;
}

TEST_F(ExplainCommand, AGatewayThatSendsSomethingElseIsNoHarm) {
    will_answer(200, R"({"steps":[1,null],"limits":["x"],"key":7,"not_checked":{}})");
    EXPECT_EQ(run({"explain"}), 0) << err_;
}

}  // namespace
}  // namespace keywarden
