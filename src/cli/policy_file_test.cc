// keywarden apply and export: what is shown, what is asked, what is sent, where secrets go.
#include <string>

#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kFile = R"(teams:
  - name: Search
    keys:
      - name: ci
        rate_limit_rpm: 60
)";

constexpr std::string_view kPlan = R"({"object":"plan_of_changes","applied":false,"digest":"d1",
  "created_keys":[],"changes":[
  {"action":"create","type":"plan","name":"Pro","fields":[
    {"field":"name","before":null,"after":"Pro"},
    {"field":"active_keys_max","before":null,"after":50}]},
  {"action":"update","type":"key","team":"Search","name":"ci","id":"key_1","fields":[
    {"field":"rate_limit_rpm","before":30,"after":60},
    {"field":"app","before":"old","after":null},
    {"field":"policy.models.deny","before":["a","b"],"after":["b","c"]}]}]})";

constexpr std::string_view kNewKey = R"({"object":"plan_of_changes","applied":false,"digest":"d2",
  "created_keys":[],"changes":[{"action":"create","type":"key","team":"Search","name":"ci",
  "fields":[{"field":"name","before":null,"after":"ci"}]}]})";

constexpr std::string_view kNewKeyMade = R"({"object":"plan_of_changes","applied":true,
  "digest":"d2","changes":[{"action":"create","type":"key","team":"Search","name":"ci",
  "fields":[]}],"created_keys":[{"id":"key_9","team":"Search","name":"ci",
  "key":"not-a-real-secret"}]})";

constexpr std::string_view kEnds = R"({"object":"plan_of_changes","applied":false,"digest":"d3",
  "created_keys":[],"changes":[{"action":"revoke","type":"key","team":"Search","name":"ci",
  "id":"key_1","fields":[{"field":"name","before":"ci","after":null}]}]})";

constexpr std::string_view kNothing =
    R"({"object":"plan_of_changes","applied":false,"digest":"d0","changes":[],"created_keys":[]})";

class PolicyFile : public CommandLineTest {
protected:
    void SetUp() override {
        CommandLineTest::SetUp();
        host_.files["kw.yaml"] = kFile;
    }

    void will_say(std::string_view body, int status = 200) {
        will_answer(status, std::string(body));
    }

    bool told(std::string_view text) const { return out_.find(text) != std::string::npos; }
    bool complained(std::string_view text) const { return err_.find(text) != std::string::npos; }
};

TEST_F(PolicyFile, WhatFitsNothingIsSaidBeforeAnybodyAgrees) {
    Json plan = Json::parse(kPlan);
    plan["warnings"] = {"plan Pro: 'models': 'gtp-*' fits no model that there is."};
    will_say(plan.dump());
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--dry-run"}), 0);
    EXPECT_TRUE(complained("warning: plan Pro: 'models': 'gtp-*' fits no model")) << err_;
}

TEST_F(PolicyFile, ShowsTheChangesAndAppliesWhatWasShown) {
    will_say(kPlan);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--yes"}), 0) << err_;
    EXPECT_EQ(out_, R"(  + plan Pro
      active_keys_max: 50

  ~ key Search/ci (key_1)
      rate_limit_rpm: 30 -> 60
      app: old -> (none)
      policy.models.deny:
        - a
        + c

1 to create, 1 to change, 0 to end.

Applied: 1 created, 1 changed, 0 ended.
)");
    ASSERT_EQ(sent_.size(), 2U);
    EXPECT_EQ(sent_[0].line, "POST /v1/admin/apply");
    const Json looked = Json::parse(sent_[0].body);
    EXPECT_EQ(looked["dry_run"], true);
    EXPECT_EQ(looked["prune"], false);
    EXPECT_EQ(looked["document"]["teams"][0]["keys"][0]["rate_limit_rpm"], 60);
    const Json applied = Json::parse(sent_[1].body);
    EXPECT_EQ(applied["expected"], "d1");
    EXPECT_FALSE(applied.contains("dry_run"));
    EXPECT_EQ(applied["document"], looked["document"]);
}

TEST_F(PolicyFile, ColorsAreForATerminal) {
    will_say(kPlan);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--dry-run"}), 0);
    EXPECT_FALSE(told("\033["));
    out_is_terminal_ = true;
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--dry-run"}), 0);
    EXPECT_TRUE(told("\033[32m+ plan Pro\033[0m"));
    environment_.variables["NO_COLOR"] = "1";
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--dry-run"}), 0);
    EXPECT_FALSE(told("\033["));
}

TEST_F(PolicyFile, ADryRunOnlyLooks) {
    will_say(kPlan);
    EXPECT_EQ(run({"apply", "--file", "kw.yaml", "--dry-run"}), 0);
    EXPECT_EQ(sent_.size(), 1U);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--dry-run", "--json"}), 0);
    EXPECT_EQ(Json::parse(out_)["digest"], "d1");
    EXPECT_EQ(sent_.size(), 2U);
}

TEST_F(PolicyFile, NothingToChangeIsSaidAndAsksNothing) {
    will_say(kNothing);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml"}), 0);
    EXPECT_EQ(out_, "Nothing to change: the gateway is as kw.yaml says.\n");
    EXPECT_EQ(sent_.size(), 1U);
}

TEST_F(PolicyFile, AsksAndTakesNoForAnAnswer) {
    will_say(kPlan);
    in_is_terminal_ = true;
    EXPECT_NE(run({"apply", "-f", "kw.yaml"}, "n\n"), 0);
    EXPECT_TRUE(complained("Apply these 2 changes?")) << err_;
    EXPECT_EQ(sent_.size(), 1U);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml"}, "y\n"), 0);
    EXPECT_EQ(sent_.size(), 3U);
    in_is_terminal_ = false;
    EXPECT_NE(run({"apply", "-f", "kw.yaml"}), 0) << "nobody to ask";
    EXPECT_EQ(sent_.size(), 4U);
}

TEST_F(PolicyFile, WhatEndsIsAskedForByItself) {
    will_say(kEnds);
    in_is_terminal_ = true;
    EXPECT_NE(run({"apply", "-f", "kw.yaml", "--prune"}, "y\nn\n"), 0);
    EXPECT_TRUE(told("- key Search/ci (key_1) will be revoked, for good")) << out_;
    EXPECT_TRUE(complained("1 of them cannot be undone"));
    EXPECT_EQ(sent_.size(), 1U);
    EXPECT_EQ(Json::parse(sent_[0].body)["prune"], true);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--prune"}, "y\ny\n"), 0);
    EXPECT_EQ(Json::parse(sent_[2].body)["prune"], true);
}

TEST_F(PolicyFile, SecretsAreShownToAPersonOnce) {
    will_say(kNewKey);
    will_say(kNewKeyMade);
    out_is_terminal_ = true;
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--yes"}), 0) << err_;
    EXPECT_TRUE(told("Search/ci  not-a-real-secret"));
}

TEST_F(PolicyFile, SecretsDoNotGoWhereNoPersonReads) {
    for (const char* how : {"--yes", "--json"}) {
        will_say(kNewKey);
        EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--yes", how}), kExitBadInput);
        EXPECT_TRUE(complained("--secrets-out")) << err_;
    }
    for (const Sent& each : sent_) EXPECT_TRUE(Json::parse(each.body).contains("dry_run"));
    will_say(kNewKeyMade);
    answers_.pop_front();
    will_say(kNewKeyMade);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--yes", "--secrets-out", "-", "--json"}), 0) << err_;
    EXPECT_EQ(Json::parse(out_)["created_keys"][0]["key"], "not-a-real-secret");
}

TEST_F(PolicyFile, SecretsGoIntoAFileOfTheirOwn) {
    will_say(kNewKey);
    will_say(kNewKeyMade);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--yes", "--json", "--secrets-out", "s.json"}), 0);
    EXPECT_EQ(Json::parse(host_.secrets.text)["keys"][0]["key"], "not-a-real-secret");
    EXPECT_FALSE(told("not-a-real-secret")) << "and nowhere else";
    EXPECT_FALSE(complained("not-a-real-secret"));
    EXPECT_EQ(Json::parse(out_)["created_keys"][0]["id"], "key_9");
}

TEST_F(PolicyFile, AFileThatIsThereIsNotWrittenOver) {
    will_say(kNewKey);
    host_.secrets.made = true;
    EXPECT_NE(run({"apply", "-f", "kw.yaml", "--yes", "--secrets-out", "s.json"}), 0);
    EXPECT_EQ(sent_.size(), 1U) << "before anything is changed";
}

TEST_F(PolicyFile, WhatWasNotAppliedLeavesNoFile) {
    will_say(kNewKey);
    will_say(R"({"code":"version_mismatch","detail":"changed since"})", 412);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--yes", "--secrets-out", "s.json"}), kExitFailed);
    EXPECT_TRUE(complained("VERSION_MISMATCH: changed since"));
    EXPECT_FALSE(host_.secrets.made);
}

TEST_F(PolicyFile, ASecretIsShownRatherThanLost) {
    will_say(kNewKey);
    will_say(kNewKeyMade);
    host_.broken = true;
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--yes", "--secrets-out", "s.json"}), 0);
    EXPECT_TRUE(complained("the disk is full"));
    EXPECT_TRUE(told("not-a-real-secret"));
}

TEST_F(PolicyFile, NamesTheLineOfWhatIsWrong) {
    host_.files["kw.yaml"] = "teams:\n  - name: Search\n    tgas: 1\n";
    will_say(R"({"code":"unknown_field","detail":"There is no field 'tgas' here.",
                 "param":"teams[0].tgas"})",
             400);
    EXPECT_EQ(run({"apply", "-f", "kw.yaml"}), kExitBadInput);
    EXPECT_TRUE(complained("UNKNOWN_FIELD: kw.yaml:3:5: There is no field")) << err_;
    host_.files["kw.yaml"] = "teams: yes\n";
    EXPECT_EQ(run({"apply", "-f", "kw.yaml"}), kExitBadInput);
    EXPECT_TRUE(complained("kw.yaml:1:8: 'yes' is read in more than one way")) << err_;
    EXPECT_EQ(sent_.size(), 1U) << "what is no file is not sent";
}

TEST_F(PolicyFile, ReadsStandardInputAndWantsAFile) {
    will_say(kNothing);
    EXPECT_EQ(run({"apply", "-f", "-"}, std::string(kFile)), 0) << err_;
    EXPECT_EQ(Json::parse(sent_[0].body)["document"]["teams"][0]["name"], "Search");
    EXPECT_EQ(run({"apply"}), kExitBadInput);
    EXPECT_TRUE(complained("-f FILE"));
    EXPECT_EQ(run({"apply", "-f", "none.yaml"}), kExitBadInput);
    EXPECT_TRUE(complained("none.yaml: there is no such file"));
    EXPECT_EQ(run({"apply", "-x"}), kExitBadInput);
}

TEST_F(PolicyFile, WhatAGatewaySendsDoesNotDriveTheTerminal) {
    will_say(R"({"digest":"d","created_keys":[],"changes":[{"action":"update","type":"team",
        "name":"a\u001b[2Jb\nc","id":"t","fields":[{"field":"name","before":"x",
        "after":"\u001b]0;x"}]}]})");
    EXPECT_EQ(run({"apply", "-f", "kw.yaml", "--dry-run"}), 0);
    EXPECT_FALSE(told("\033"));
    EXPECT_TRUE(told("~ team a?[2Jb c (t)")) << out_;
    answers_.clear();
    will_say("[1]");
    EXPECT_NE(run({"apply", "-f", "kw.yaml", "--dry-run"}), 0);
}

TEST_F(PolicyFile, AnExportIsAFileInItsOrder) {
    will_say(R"({"version":1,"providers":["sandbox"],"teams":[{"name":"b","keys":[]}]})");
    EXPECT_EQ(run({"export"}), 0);
    EXPECT_EQ(sent_[0].line, "GET /v1/admin/export");
    EXPECT_EQ(out_, "version: 1\nproviders: [sandbox]\nteams:\n  - name: b\n    keys: []\n");
    EXPECT_EQ(run({"export", "--json"}), 0);
    EXPECT_EQ(Json::parse(out_)["version"], 1);
}

}  // namespace
}  // namespace keywarden
