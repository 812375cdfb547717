#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

using KeysTest = CommandLineTest;

constexpr const char* kMade =
    R"({"id":"key_1","object":"api_key","name":"ci","status":"active","kind":"full",)"
    R"("display":"kw_live_abc…wxyz","key":"kw_live_not_real","rate_limit_rpm":60,)"
    R"("created_at":"2026-11-20T11:00:00.000Z","last_used_at":null,"expires_at":null,)"
    R"("secrets":[{"id":"abc","display":"kw_live_abc…wxyz","last_used_at":null,"ends_at":null}]})";

std::string page(std::string_view key, std::string_view next) {
    return std::string(R"({"object":"list","data":[)") + std::string(key) +
           R"(],"has_more":true,"next":)" + std::string(next) + "}";
}

TEST_F(KeysTest, ListWalksEveryPage) {
    will_answer(200, page(R"({"id":"key_1","name":"a","status":"active"})", R"("cur/sor")"));
    will_answer(200, page(R"({"id":"key_2","name":"b","status":"revoked"})", "null"));
    EXPECT_EQ(run({"keys", "list", "--status", "active"}), 0);
    ASSERT_EQ(sent_.size(), 2U);
    EXPECT_EQ(sent_[0].line, "GET /v1/keys?limit=100&status=active");
    EXPECT_EQ(sent_[1].line, "GET /v1/keys?limit=100&status=active&after=cur%2Fsor");
    EXPECT_NE(out_.find("key_1"), out_.npos);
    EXPECT_NE(out_.find("key_2"), out_.npos);
    EXPECT_EQ(out_.find('\033'), out_.npos);
}

TEST_F(KeysTest, AListIsNarrowedAndSaysWhatToLookAt) {
    will_answer(
        200,
        page(R"({"id":"key_1","rotation":"overdue","unused":true,"expires_soon":true})", "null"));
    EXPECT_EQ(run({"keys", "list", "--rotation", "overdue", "--unused", "--expires-soon"}), 0);
    EXPECT_EQ(sent_[0].line,
              "GET /v1/keys?limit=100&rotation=overdue&unused=true&expires_soon=true");
    EXPECT_NE(out_.find("rotation overdue, expires soon, unused\n"), out_.npos) << out_;
}

TEST_F(KeysTest, AListIsSearched) {
    will_answer(200, page(R"({"id":"key_1"})", "null"));
    EXPECT_EQ(run({"keys", "list", "--search", "a b&c"}), 0);
    EXPECT_EQ(sent_[0].line, "GET /v1/keys?limit=100&search=a%20b%26c");
}

TEST_F(KeysTest, ShowSaysFromWhereEachSecretIsUsed) {
    will_answer(200, R"({"id":"key_1","secrets":[{"display":"kw_a","last_used_at":"T","ends_at":"E",
        "networks":[{"network":"192.0.2.0/24"},{"network":"2001:db8:1::/48"}]}]})");
    EXPECT_EQ(run({"keys", "show", "key_1"}), 0);
    EXPECT_NE(out_.find("kw_a  used T  from 192.0.2.0/24, 2001:db8:1::/48  ends E"), out_.npos);
}

TEST_F(KeysTest, ListIsOneArrayInJson) {
    will_answer(200, page(R"({"id":"key_1"})", R"("c")"));
    will_answer(200, page(R"({"id":"key_2"})", "null"));
    EXPECT_EQ(run({"keys", "list", "--json"}), 0);
    const Json list = Json::parse(out_);
    ASSERT_EQ(list["data"].size(), 2U);
    EXPECT_EQ(list["data"][1]["id"], "key_2");
}

TEST_F(KeysTest, NoKeysIsASentence) {
    will_answer(200, R"({"object":"list","data":[],"has_more":false,"next":null})");
    EXPECT_EQ(run({"keys", "list"}), 0);
    EXPECT_EQ(out_, "No keys yet: keywarden keys create NAME makes one.\n");
}

TEST_F(KeysTest, ATeamIsShownByItsName) {
    will_answer(200, R"({"id":"key_1","name":"ci","team":{"id":"team_1","name":"default"}})");
    EXPECT_EQ(run({"whoami"}), 0);
    EXPECT_NE(out_.find("default (team_1)"), out_.npos) << out_;
    EXPECT_EQ(out_.find('{'), out_.npos) << out_;
}

TEST_F(KeysTest, TheSecretAloneGoesToStandardOutput) {
    will_answer(201, kMade);
    EXPECT_EQ(run({"keys", "create", "ci"}), 0);
    EXPECT_EQ(out_, "kw_live_not_real\n");
    EXPECT_NE(err_.find("shown this once"), err_.npos);
    EXPECT_EQ(err_.find("kw_live_not_real"), err_.npos);
    EXPECT_EQ(sent_[0].line, "POST /v1/keys");
    EXPECT_EQ(Json::parse(sent_[0].body), (Json{{"name", "ci"}}));
}

TEST_F(KeysTest, CreateSendsWhatWasAskedFor) {
    will_answer(201, kMade);
    EXPECT_EQ(run({"keys",
                   "create",
                   "ci",
                   "--kind",
                   "inference",
                   "--rate-limit-rpm",
                   "7",
                   "--expires-at",
                   "2027-01-31T00:00:00Z",
                   "--format",
                   "orqen",
                   "--test",
                   "--rotate-every",
                   "90d",
                   "--description",
                   "d"}),
              0);
    EXPECT_EQ(Json::parse(sent_[0].body),
              (Json{{"name", "ci"},
                    {"kind", "inference"},
                    {"rate_limit_rpm", 7},
                    {"expires_at", "2027-01-31T00:00:00Z"},
                    {"format", "orqen"},
                    {"environment", "test"},
                    {"rotate_every", "90d"},
                    {"description", "d"}}));
}

TEST_F(KeysTest, ANumberThatIsNoneIsRefusedBeforeAnythingIsSent) {
    for (const char* text : {"many", "7x", "99999999999999999999"}) {
        EXPECT_EQ(run({"keys", "create", "ci", "--rate-limit-rpm", text}), kExitBadInput);
        EXPECT_NE(err_.find("--rate-limit-rpm: expected a whole number"), err_.npos);
    }
    EXPECT_TRUE(sent_.empty());
}

TEST_F(KeysTest, ShowPrintsWhatIsKnownAndNoSecret) {
    will_answer(200, kMade);
    EXPECT_EQ(run({"keys", "show", "key_1/../x"}), 0);
    EXPECT_EQ(sent_[0].line, "GET /v1/keys/key_1%2F%2E%2E%2Fx");
    EXPECT_NE(out_.find("kw_live_abc…wxyz"), out_.npos);
    EXPECT_EQ(out_.find("last_used_at"), out_.npos) << "null is left out";
}

TEST_F(KeysTest, RotatingSendsTheGraceAndShowsTheNewSecret) {
    will_answer(200, kMade);
    EXPECT_EQ(run({"keys", "rotate", "key_1", "--grace", "1h"}), 0);
    EXPECT_EQ(sent_[0].line, "POST /v1/keys/key_1/rotate");
    EXPECT_EQ(Json::parse(sent_[0].body), (Json{{"grace", "1h"}}));
    EXPECT_EQ(out_, "kw_live_not_real\n");
    EXPECT_NE(err_.find("end 1h after the first use of this one"), err_.npos) << err_;
    EXPECT_EQ(run({"keys", "rotate", "key_1"}), 0);
    EXPECT_NE(err_.find("end 24h after the first use of this one"), err_.npos) << err_;
    EXPECT_EQ(run({"keys", "rotate", "key_1", "--emergency", "--yes"}), 0);
    EXPECT_NE(err_.find("have ended"), err_.npos) << err_;
}

TEST_F(KeysTest, AnEmergencyTakesNoGrace) {
    const auto words = {"keys", "rotate", "key_1", "--emergency", "--yes", "--grace", "1h"};
    EXPECT_EQ(run({words.begin(), words.end()}), kExitBadInput);
    EXPECT_NE(err_.find("--grace"), err_.npos) << err_;
    EXPECT_TRUE(sent_.empty());
}

TEST_F(KeysTest, AnEmptyIdIsRefusedBeforeAnythingIsSent) {
    for (const char* command :
         {"show", "rotate", "disable", "enable", "quarantine", "release", "revoke"}) {
        EXPECT_EQ(run({"keys", command, ""}), kExitBadInput) << command;
        EXPECT_TRUE(err_.starts_with("INVALID_REQUEST: the ID is empty\n")) << err_;
    }
    EXPECT_TRUE(sent_.empty());
}

TEST_F(KeysTest, WhoamiSaysWhatIsLeftAndWhoTheOperatorIs) {
    const auto whoami = [&](const std::string& limit) {
        answers_.clear();
        will_answer(200, R"({"id":"key_1","object":"api_key","limits":[)" + limit + "]}");
        EXPECT_EQ(run({"whoami"}), 0);
        return out_;
    };
    EXPECT_NE(whoami(R"({"name":"rpm","limit":60,"remaining":60,"reset_seconds":0,"source":"key"})")
                  .find("rpm  60 of 60 left (key)\n"),
              out_.npos);
    EXPECT_NE(whoami(
                  R"({"name":"rpm","limit":60,"remaining":58,"reset_seconds":61,
                "source":"plan","default":true})")
                  .find("rpm  58 of 60 left, all of it in 61 s (default of the plan)\n"),
              out_.npos);
    answers_.clear();
    will_answer(200, R"({"id":"user_1","object":"operator","limits":[]})");
    EXPECT_EQ(run({"whoami"}), 0);
    EXPECT_TRUE(out_.starts_with("caller  the operator, over the socket\n")) << out_;
}

TEST_F(KeysTest, ShowSaysWhereEachListAndLimitComesFrom) {
    will_answer(200,
                R"({"id":"key_1","policy":{"models":{"deny":["x"]}},"limits":[
        {"name":"body_bytes","limit":9,"remaining":null,"reset_seconds":null,"source":"team"}],
        "lists":{"models":[{"source":"plan","deny":["o1","o3"]},
                           {"source":"key","allow":["gpt-*"],"deny":["gpt-4"]}],
                 "providers":[{"source":"app","allow":[]}]}})");
    EXPECT_EQ(run({"keys", "show", "key_1"}), 0);
    EXPECT_EQ(out_,
              "id          key_1\n"
              "models      all but not o1, o3 (plan)\n"
              "models      gpt-* but not gpt-4 (key)\n"
              "providers   none (app)\n"
              "body_bytes  at most 9 (team)\n");
}

TEST_F(KeysTest, CreateSendsAPolicy) {
    will_answer(201, kMade);
    EXPECT_EQ(run({"keys",
                   "create",
                   "ci",
                   "--model",
                   "gpt-*",
                   "--model=o1",
                   "--deny-model",
                   "o1-*",
                   "--endpoint",
                   "/v1/chat/*",
                   "--deny-endpoint",
                   "/v1/x",
                   "--provider",
                   "a",
                   "--deny-provider",
                   "b",
                   "--privacy-class",
                   "zdr",
                   "--ip-range",
                   "10.0.0.0/8",
                   "--deny-ip-range",
                   "10.1.0.0/16",
                   "--tool",
                   "github_*",
                   "--deny-tool",
                   "github_delete",
                   "--limit",
                   "requests_per_day=5000",
                   "--limit",
                   "burst=5",
                   "--rate-limit-rpm",
                   "9",
                   "--app",
                   "app_1",
                   "--user",
                   "user_1",
                   "--not-before",
                   "2027-01-01T00:00:00Z",
                   "--tool-selection",
                   "on",
                   "--keep-tools-max",
                   "20",
                   "--pin-tool",
                   "search",
                   "--tag",
                   "a",
                   "--tag",
                   "b"}),
              0);
    EXPECT_EQ(Json::parse(sent_[0].body), Json::parse(R"({"name":"ci","app":"app_1","user":"user_1",
        "not_before":"2027-01-01T00:00:00Z","rate_limit_rpm":9,"tags":["a","b"],"policy":{
        "models":{"allow":["gpt-*","o1"],"deny":["o1-*"]},
        "endpoints":{"allow":["/v1/chat/*"],"deny":["/v1/x"]},
        "providers":{"allow":["a"],"deny":["b"]},"privacy_classes":{"allow":["zdr"]},
        "ip_ranges":{"allow":["10.0.0.0/8"],"deny":["10.1.0.0/16"]},
        "tools":{"allow":["github_*"],"deny":["github_delete"]},
        "tool_selection":{"mode":"on","keep_max":20,"pinned":["search"]},
        "limits":{"requests_per_day":5000,"burst":5}}})"));
}

TEST_F(KeysTest, NoToolsIsAnEmptyList) {
    will_answer(200, R"({"id":"key_1","name":"ci"})");
    EXPECT_EQ(run({"keys", "update", "key_1", "--no-tools"}), 0) << err_;
    EXPECT_EQ(Json::parse(sent_[0].body), Json::parse(R"({"policy":{"tools":{"allow":[]}}})"));
}

TEST_F(KeysTest, UpdateSendsOnlyWhatWasSaid) {
    will_answer(200, R"({"id":"key_1","name":"new"})");
    EXPECT_EQ(run({"keys",
                   "update",
                   "key_1",
                   "--name",
                   "new",
                   "--clear",
                   "expires_at",
                   "--clear",
                   "models",
                   "--clear",
                   "limits.burst",
                   "--limit",
                   "requests_per_day=7"}),
              0);
    EXPECT_EQ(sent_[0].line, "PATCH /v1/keys/key_1");
    EXPECT_EQ(Json::parse(sent_[0].body), Json::parse(R"({"name":"new","expires_at":null,
        "policy":{"models":null,"limits":{"burst":null,"requests_per_day":7}}})"));
    EXPECT_EQ(out_, "key_1 \"new\" is changed.\n");
}

TEST_F(KeysTest, ALimitOrChangeThatIsNoneIsRefusedBeforeAnythingIsSent) {
    EXPECT_EQ(run({"keys", "update", "key_1"}), kExitBadInput);
    EXPECT_NE(err_.find("nothing to change"), err_.npos);
    for (const char* limit : {"requests_per_day", "=5", "requests_per_day=many", "burst="}) {
        EXPECT_EQ(run({"keys", "create", "ci", "--limit", limit}), kExitBadInput) << limit;
        EXPECT_NE(err_.find("--limit: expected"), err_.npos);
    }
    EXPECT_TRUE(sent_.empty());
}

TEST_F(KeysTest, WarningsGoToStandardError) {
    will_answer(201, R"({"id":"key_1","name":"ci","key":"kw_x",
        "warnings":["'models': 'o9' fits no \u001b model that there is."]})");
    EXPECT_EQ(run({"keys", "create", "ci", "--model", "o9"}), 0);
    EXPECT_EQ(out_, "kw_x\n");
    EXPECT_NE(err_.find("warning: 'models': 'o9' fits no ? model that there is.\n"), err_.npos);
}

TEST_F(KeysTest, DisableAndEnableNeedNoQuestion) {
    will_answer(200, R"({"id":"key_1","name":"ci","status":"disabled"})");
    EXPECT_EQ(run({"keys", "disable", "key_1"}), 0);
    EXPECT_EQ(sent_[0].line, "POST /v1/keys/key_1/disable");
    EXPECT_EQ(out_, "key_1 \"ci\" is disabled.\n");
    EXPECT_EQ(run({"keys", "enable", "key_1", "--json"}), 0);
    EXPECT_EQ(sent_[1].line, "POST /v1/keys/key_1/enable");
    EXPECT_EQ(Json::parse(out_)["id"], "key_1");
}

TEST_F(KeysTest, QuarantineAndReleaseSayWhatTheyDid) {
    will_answer(200, R"({"id":"key_1","name":"ci","status":"quarantined"})");
    EXPECT_EQ(run({"keys", "quarantine", "key_1"}), 0);
    EXPECT_EQ(sent_[0].line, "POST /v1/keys/key_1/quarantine");
    EXPECT_EQ(out_, "key_1 \"ci\" is quarantined.\n");
    EXPECT_EQ(run({"keys", "release", "key_1"}), 0);
    EXPECT_EQ(sent_[1].line, "POST /v1/keys/key_1/release");
    EXPECT_EQ(out_, "key_1 \"ci\" is released.\n");
}

TEST_F(KeysTest, WhatCannotBeUndoneIsAskedFor) {
    will_answer(200, R"({"id":"key_1","name":"ci","status":"revoked"})");
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"keys", "revoke", "key_1"},
          std::vector<std::string>{"keys", "rotate", "key_1", "--emergency"}}) {
        in_is_terminal_ = false;
        EXPECT_EQ(run(words), kExitBadInput) << "nobody to ask";
        EXPECT_NE(err_.find("--yes"), err_.npos);
        in_is_terminal_ = true;
        EXPECT_EQ(run(words, "n\n"), kExitBadInput);
        EXPECT_EQ(run(words, ""), kExitBadInput);
        EXPECT_TRUE(sent_.empty());
        EXPECT_EQ(run(words, "y\n"), 0);
        EXPECT_EQ(sent_.size(), 1U);
        sent_.clear();
    }
    in_is_terminal_ = false;
    EXPECT_EQ(run({"keys", "revoke", "key_1", "--yes"}), 0);
    EXPECT_EQ(sent_[0].line, "DELETE /v1/keys/key_1");
}

TEST_F(KeysTest, ColourIsForTerminalsThatWantIt) {
    will_answer(200, page(R"({"id":"key_1"})", "null"));
    out_is_terminal_ = true;
    EXPECT_EQ(run({"keys", "list"}), 0);
    EXPECT_NE(out_.find("\033[1m"), out_.npos);
    environment_.variables["NO_COLOR"] = "1";
    EXPECT_EQ(run({"keys", "list"}), 0);
    EXPECT_EQ(out_.find('\033'), out_.npos);
}

TEST_F(KeysTest, ANameCannotDriveTheTerminal) {
    will_answer(200, page(R"({"id":"key_1","name":"\u001b[2J\u009b2J\nforged"})", "null"));
    EXPECT_EQ(run({"keys", "list"}), 0);
    EXPECT_EQ(out_.find('\033'), out_.npos);
    EXPECT_EQ(out_.find("\xC2\x9B"), out_.npos);
    EXPECT_NE(out_.find("?[2J?2J forged"), out_.npos);
}

}  // namespace
}  // namespace keywarden
