// A team is renamed by its owner, left by its members, and closed: what stops, and what stays.
#include <string>
#include <vector>

#include "admin/money_fixture.h"
#include "domain/web_session.h"

namespace keywarden {
namespace {

class TeamLife : public MoneyFixture {
protected:
    std::string member(const std::string& email, const std::string& role) {
        const Json body = {{"email", email}, {"role", role}};
        const Reply reply = post("/v1/account/members", body.dump());
        EXPECT_EQ(reply.status, 201) << reply.body;
        return reply.json()["user"];
    }
    /// Somebody who has signed in, and looks at team_1.
    void be_person(std::string_view user) { caller_ = {.team_id = "team_1", .user_id = user}; }

    std::string state_of_keys(const Json& key) {
        const auto caller = directory_->authenticate(key["key"].get<std::string>(), clock_.now());
        return caller ? std::string(name(directory_->read_policy(*caller).team_state())) : "none";
    }
    Reply close(std::string_view name = "First") {
        return post("/v1/account/close", Json({{"name", name}}).dump());
    }
    void bill(const std::string& terms) {
        ASSERT_EQ(change("/v1/admin/teams/team_1/billing", terms).status, 200);
    }
};

TEST_F(TeamLife, AnOwnerRenamesTheTeam) {
    const std::string ann = member("ann@example.test", "owner");
    be_person(ann);
    const Reply renamed = change("/v1/account", R"({"name":"Search"})", {{"If-Match", "\"1\""}});
    EXPECT_EQ(renamed.json()["name"], "Search") << renamed.body;
    EXPECT_EQ(renamed.header("ETag"), "\"2\"");
    EXPECT_EQ(get("/v1/account").json()["name"], "Search");
    const Json row = get("/v1/account/audit?limit=1").json()["data"][0];
    EXPECT_EQ(row["action"], "team.update");
    EXPECT_EQ(row["actor"]["id"], ann);
    EXPECT_EQ(change("/v1/account", R"({"name":"x"})", {{"If-Match", "\"1\""}}).code(),
              "version_mismatch");
}

TEST_F(TeamLife, AnOwnerChangesNothingOfTheTeamButItsName) {
    for (const char* body : {R"({"plan":"plan_default"})",
                             R"({"state":"active"})",
                             R"({"policy":{}})",
                             R"({"name":"x","active_keys_max":9})"}) {
        EXPECT_EQ(change("/v1/account", body).code(), "unknown_field") << body;
    }
    for (const char* body : {R"({"name":""})", R"({"name":7})", R"({"name":null})", "[]", ""}) {
        EXPECT_EQ(change("/v1/account", body).code(), "invalid_request") << body;
    }
    EXPECT_EQ(get("/v1/account").json()["version"], 1);
}

TEST_F(TeamLife, WhoeverLeavesIsGoneAtOnceAndTheLogSaysThatItWasThey) {
    member("ann@example.test", "owner");
    const std::string bob = member("bob@example.test", "viewer");
    be_person(bob);
    const Reply left = post("/v1/account/leave", "");
    EXPECT_EQ(left.json()["removed"], true) << left.body;
    EXPECT_EQ(left.json()["user"], bob);
    EXPECT_EQ(directory_->policies().find_member("team_1", bob), nullptr);
    EXPECT_EQ(post("/v1/account/leave", "").code(), "not_found") << "once";
    be_operator();
    const Json row = get("/v1/account/audit?limit=1").json()["data"][0];
    EXPECT_EQ(row["action"], "member.leave");
    EXPECT_EQ(row["actor"]["id"], bob);
    EXPECT_EQ(get("/v1/account/members").json()["data"].size(), 1U);
}

TEST_F(TeamLife, KeysOfWhoLeftHoldNothingMore) {
    member("ann@example.test", "owner");
    const std::string bob = member("bob@example.test", "member");
    const Json key = make_key(R"({"user":")" + bob + "\"}");
    be_person(bob);
    ASSERT_EQ(post("/v1/account/leave", "").status, 200);
    const auto caller = directory_->authenticate(key["key"].get<std::string>(), clock_.now());
    ASSERT_TRUE(caller);
    EXPECT_EQ(directory_->read_policy(*caller).maker(), std::nullopt);
}

TEST_F(TeamLife, TheLastOwnerDoesNotLeave) {
    const std::string ann = member("ann@example.test", "owner");
    be_person(ann);
    EXPECT_EQ(post("/v1/account/leave", "").code(), "invalid_request");
    be_operator();
    member("bob@example.test", "owner");
    be_person(ann);
    EXPECT_EQ(post("/v1/account/leave", "").status, 200);
}

TEST_F(TeamLife, OnlyWhoIsAMemberLeaves) {
    EXPECT_EQ(post("/v1/account/leave", "").code(), "session_required") << "nobody in particular";
    const std::string ann = member("ann@example.test", "owner");
    caller_ = {.team_id = "team_2", .user_id = ann, .is_operator = true};
    EXPECT_EQ(post("/v1/account/leave", "").code(), "not_found");
    be_person(ann);
    EXPECT_EQ(post("/v1/account/leave", R"({"user":"user_1"})").code(), "unknown_field");
}

TEST_F(TeamLife, SaysWhatClosingStopsAndWhatItKeeps) {
    member("ann@example.test", "owner");
    make_key();
    revoke(make_id());
    ASSERT_EQ(
        post("/v1/account/invitations", R"({"email":"b@example.test","role":"viewer"})").status,
        201);
    ASSERT_EQ(credit("12.50").status, 201);
    const Json told = get("/v1/account/close").json();
    EXPECT_EQ(told["stops"], Json({{"keys", 1}, {"members", 1}, {"invitations", 1}}));
    EXPECT_EQ(told["keeps"], Json({"audit", "ledger", "usage"}));
    EXPECT_EQ(told["balance_usd"], "12.50");
    EXPECT_EQ(told["obstacles"], Json::array());
    EXPECT_EQ(told["team"], Json({{"id", "team_1"}, {"name", "First"}, {"state", "active"}}));
    EXPECT_EQ(get("/v1/account").json()["state"], "active") << "nothing has happened";
}

TEST_F(TeamLife, KeysOfAClosedTeamAreRefusedFromTheNextCallOn) {
    const std::string ann = member("ann@example.test", "owner");
    const Json key = make_key();
    EXPECT_EQ(state_of_keys(key), "active");
    be_person(ann);
    const Reply closed = close();
    EXPECT_EQ(closed.json()["state"], "closed") << closed.body;
    EXPECT_EQ(state_of_keys(key), "closed");
    EXPECT_EQ(last_action(), "team.close");
    const auto refused = check_team(TeamState::Closed);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::AccountInactive);
}

TEST_F(TeamLife, WhatAClosedTeamWasIsKept) {
    const Json key = make_key();
    ASSERT_EQ(credit("12.50").status, 201);
    const std::string id = key["id"];
    made(call(id, NanoUsd{5}));
    const size_t rows = get("/v1/account/audit?limit=100").json()["data"].size();
    ASSERT_EQ(close().status, 200);
    EXPECT_EQ(get("/v1/account/audit?limit=100").json()["data"].size(), rows + 1);
    EXPECT_EQ(get("/v1/account/ledger").json()["data"].size(), 1U);
    EXPECT_EQ(get("/v1/account/usage/summary").json()["calls"], 1);
    EXPECT_EQ(get("/v1/keys/" + id).json()["status"], "active") << "as it was";
}

TEST_F(TeamLife, InvitationsToAClosedTeamEnd) {
    ASSERT_EQ(
        post("/v1/account/invitations", R"({"email":"b@example.test","role":"viewer"})").status,
        201);
    ASSERT_EQ(close().status, 200);
    EXPECT_EQ(get("/v1/account/invitations").json()["data"], Json::array());
    EXPECT_EQ(last_action(), "invitation.delete");
}

TEST_F(TeamLife, OnlyWhoNamesTheTeamClosesIt) {
    EXPECT_EQ(post("/v1/account/close", "{}").json()["param"], "name");
    EXPECT_EQ(close("first").json()["param"], "name");
    EXPECT_EQ(post("/v1/account/close", R"({"name":"First","force":true})").code(),
              "unknown_field");
    EXPECT_EQ(get("/v1/account").json()["state"], "active");
}

TEST_F(TeamLife, ATeamThatOwesIsNotClosed) {
    ASSERT_EQ(credit("1").status, 201);
    made(call(make_id(), NanoUsd{2'500'000'000}));
    EXPECT_EQ(get("/v1/account/close").json()["obstacles"], Json::array())
        << "nothing was agreed on: what it spends is only counted";
    bill(R"({"mode":"postpaid","credit_limit_usd":"10"})");
    EXPECT_EQ(get("/v1/account/close").json()["obstacles"][0]["code"], "negative_balance");
    const Reply refused = close();
    EXPECT_EQ(refused.code(), "invalid_request");
    EXPECT_NE(refused.body.find("-1.5"), std::string::npos) << refused.body;
    EXPECT_EQ(get("/v1/account").json()["state"], "active");
    ASSERT_EQ(credit("1.5").status, 201);
    EXPECT_EQ(close().status, 200);
}

TEST_F(TeamLife, TheGatewaysOwnTeamStays) {
    context_->home_team_id = "team_1";
    EXPECT_EQ(get("/v1/account/close").json()["obstacles"][0]["code"], "home_team");
    EXPECT_EQ(close().code(), "invalid_request");
}

TEST_F(TeamLife, AnOperatorClosesATeamAndOpensItAgain) {
    const Json key = make_key();
    const std::string path = "/v1/admin/teams/team_1";
    EXPECT_EQ(get(path + "/close").json()["stops"]["keys"], 1);
    ASSERT_EQ(post(path + "/close", R"({"name":"First"})").status, 200);
    const Reply again = post(path + "/close", R"({"name":"First"})");
    EXPECT_EQ(again.json()["version"], 2) << "it is closed: " << again.body;
    EXPECT_EQ(change(path, R"({"state":"closed"})").json()["param"], "state");
    EXPECT_EQ(post("/v1/admin/teams", R"({"name":"n","state":"closed"})").json()["param"], "state");
    ASSERT_EQ(change(path, R"({"state":"active"})").status, 200);
    EXPECT_EQ(state_of_keys(key), "active");
    EXPECT_EQ(post("/v1/admin/teams/team_none/close", R"({"name":"First"})").code(), "not_found");
}

TEST_F(TeamLife, AClosedTeamIsGivenNothingNew) {
    ASSERT_EQ(close().status, 200);
    const std::string path = "/v1/admin/teams/team_1";
    for (const auto& [route, body] :
         {std::pair{"/keys", R"({"name":"late"})"},
          {"/keys/import", R"({"keys":[{"name":"late"}]})"},
          {"/members", R"({"email":"l@example.test","role":"viewer"})"}}) {
        const Reply refused = post(path + route, body);
        EXPECT_EQ(refused.code(), "invalid_request") << route;
        EXPECT_NE(refused.body.find("closed"), std::string::npos) << refused.body;
    }
    EXPECT_EQ(get("/v1/keys").json()["data"], Json::array());
    EXPECT_EQ(get("/v1/account/members").json()["data"], Json::array());
}

TEST_F(TeamLife, AClosedTeamStandsInNoFile) {
    ASSERT_EQ(close().status, 200);
    for (const Json& team : get("/v1/admin/export").json()["teams"]) {
        EXPECT_NE(team["name"], "First");
    }
}

TEST_F(TeamLife, AClosingThatCannotBeToldOfDoesNotHappen) {
    store_->is_down = true;
    EXPECT_EQ(close().code(), "store_unavailable");
    store_->is_down = false;
    EXPECT_EQ(get("/v1/account").json()["state"], "active");
}

}  // namespace
}  // namespace keywarden
