#include <string>

#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

class Teams : public CommandLineTest {
protected:
    static constexpr const char* kTeam =
        R"({"id":"team_1","object":"team","name":"Search","plan":{"id":"plan_1","name":"Standard"},
            "state":"active","created_at":"2026-01-01T00:00:00Z","policy":{},
            "key_defaults":{"requests_per_minute":30},"active_keys_max":10,
            "creations_per_hour_max":5,"version":1})";
    static constexpr const char* kClosing =
        R"({"object":"team_closing","team":{"id":"team_1","name":"Search","state":"active"},
            "stops":{"keys":12,"members":4,"invitations":1},"keeps":["audit","ledger","usage"],
            "balance_usd":"2.5","obstacles":[]})";
};

TEST_F(Teams, AreListed) {
    will_answer(
        200,
        std::string(R"({"object":"list","data":[)") + kTeam + R"(],"has_more":false,"next":null})");
    EXPECT_EQ(run({"teams", "list"}), 0) << err_;
    EXPECT_TRUE(sent_[0].line.starts_with("GET /v1/admin/teams")) << sent_[0].line;
    EXPECT_NE(out_.find("Standard"), out_.npos) << out_;
}

TEST_F(Teams, TheOwnOneIsShownWithoutAnId) {
    will_answer(200, kTeam);
    EXPECT_EQ(run({"teams", "show"}), 0) << err_;
    EXPECT_EQ(sent_[0].line, "GET /v1/account");
    EXPECT_NE(out_.find("requests_per_minute 30"), out_.npos) << out_;
    EXPECT_EQ(run({"teams", "show", "team_1"}), 0) << err_;
    EXPECT_EQ(sent_[1].line, "GET /v1/admin/teams/team_1");
}

TEST_F(Teams, AreMadeAndRenamed) {
    will_answer(201, kTeam);
    EXPECT_EQ(run({"teams", "create", "Search", "--plan", "plan_1"}), 0) << err_;
    EXPECT_EQ(Json::parse(sent_[0].body), Json({{"name", "Search"}, {"plan", "plan_1"}}));
    EXPECT_EQ(run({"teams", "rename", "team_1", "Find"}), 0) << err_;
    EXPECT_EQ(sent_[1].line, "PATCH /v1/admin/teams/team_1");
    EXPECT_EQ(Json::parse(sent_[1].body), Json({{"name", "Find"}}));
}

TEST_F(Teams, SayWhatTheirKeysStartWith) {
    will_answer(200, kTeam);
    EXPECT_EQ(run({"teams",
                   "defaults",
                   "--limit",
                   "requests_per_minute=30",
                   "--clear",
                   "requests_per_day"}),
              0)
        << err_;
    EXPECT_EQ(sent_[0].line, "PATCH /v1/account/key-defaults");
    EXPECT_EQ(Json::parse(sent_[0].body),
              Json::parse(R"({"requests_per_minute":30,"requests_per_day":null})"));
    EXPECT_EQ(run({"teams", "defaults", "team_1", "--limit", "burst=3"}), 0) << err_;
    EXPECT_EQ(sent_[1].line, "PATCH /v1/admin/teams/team_1");
    EXPECT_EQ(Json::parse(sent_[1].body), Json::parse(R"({"key_defaults":{"burst":3}})"));
    EXPECT_EQ(run({"teams", "defaults"}), kExitBadInput);
    EXPECT_EQ(run({"teams", "defaults", "--limit", "burst"}), kExitBadInput);
    EXPECT_EQ(sent_.size(), 2U);
}

TEST_F(Teams, ClosingSaysWhatStopsAndAsks) {
    will_answer(200, kClosing);
    in_is_terminal_ = true;
    EXPECT_EQ(run({"teams", "close", "team_1"}, "n\n"), kExitBadInput);
    EXPECT_NE(err_.find("12 active keys stop"), err_.npos) << err_;
    EXPECT_NE(err_.find("ledger (balance 2.5 dollars)"), err_.npos) << err_;
    EXPECT_EQ(sent_.size(), 1U) << "only asked";
    will_answer(200, kTeam);
    EXPECT_EQ(run({"teams", "close", "team_1", "--yes"}), 0) << err_;
    EXPECT_EQ(sent_.back().line, "POST /v1/admin/teams/team_1/close");
}

TEST_F(Teams, ClosingSendsTheNameThatItWasToldOf) {
    will_answer(200, kClosing);
    will_answer(200, kTeam);
    EXPECT_EQ(run({"teams", "close", "team_1", "--yes"}), 0) << err_;
    EXPECT_EQ(Json::parse(sent_[1].body), Json({{"name", "Search"}}));
}

TEST_F(Teams, WhatIsInTheWayIsSaid) {
    Json closing = Json::parse(kClosing);
    closing["obstacles"].push_back({{"code", "negative_balance"},
                                    {"message", "The balance is -1.5 dollars: settle it first."}});
    will_answer(200, closing.dump());
    EXPECT_EQ(run({"teams", "close", "team_1", "--yes"}), kExitBadInput);
    EXPECT_NE(err_.find("settle it first"), err_.npos) << err_;
    EXPECT_EQ(sent_.size(), 1U);
}

TEST_F(Teams, AreOpenedAgain) {
    will_answer(200, kTeam);
    EXPECT_EQ(run({"teams", "reopen", "team_1"}), 0) << err_;
    EXPECT_EQ(Json::parse(sent_[0].body), Json({{"state", "active"}}));
    EXPECT_EQ(run({"teams", "close", ""}), kExitBadInput);
}

}  // namespace
}  // namespace keywarden
