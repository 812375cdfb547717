// Teams, apps, members, plans, users, and the log of who changed what, over the API.
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "admin/api_fixture.h"
#include "base/crypto.h"
#include "domain/audit.h"

namespace keywarden {
namespace {

class AccountApi : public ApiFixture {
protected:
    Reply del(std::string_view path) { return send(Method::Delete, path); }
    Reply change(std::string_view path, std::string body, std::vector<Header> headers = {}) {
        return send(Method::Patch, path, std::move(body), std::move(headers));
    }
    std::string app(const std::string& name) {
        return post("/v1/account/apps", Json({{"name", name}}).dump()).json()["id"];
    }
    Json member(const std::string& email, const std::string& role) {
        const Json body = {{"email", email}, {"role", role}};
        const Reply reply = post("/v1/account/members", body.dump());
        EXPECT_EQ(reply.status, 201) << reply.body;
        return reply.json();
    }
    /// What the log's newest row calls the change.
    std::string last_action() {
        return get("/v1/account/audit?limit=1").json()["data"][0]["action"];
    }
};

TEST_F(AccountApi, TellsOfTheTeamAndItsPlan) {
    const Json team = get("/v1/account").json();
    EXPECT_EQ(team["id"], "team_1");
    EXPECT_EQ(team["plan"]["name"], "Default");
    EXPECT_EQ(team["active_keys_max"], kRoomy.active_keys_max);
    EXPECT_EQ(get("/v1/account").header("ETag"), "\"1\"");
    const Json small = get("/api/account").json();
    EXPECT_EQ(small["name"], "First");
    EXPECT_TRUE(small["createdAt"].is_number_integer());
    EXPECT_EQ(get("/api/status").json()["status"], "ok");
}

TEST_F(AccountApi, AppsAreMadeRenamedAndDeleted) {
    EXPECT_EQ(get("/api/apps").body, "[]");
    const std::string id = app("dev");
    EXPECT_EQ(last_action(), "app.create");
    EXPECT_EQ(get("/v1/account/apps").json()["data"][0]["name"], "dev");
    EXPECT_EQ(get("/api/apps").json()[0]["id"], id);
    EXPECT_EQ(post("/v1/account/apps", R"({"name":"dev"})").code(), "invalid_request");
    EXPECT_EQ(change("/v1/account/apps/" + id, R"({"name":"prod"})").json()["version"], 2);
    EXPECT_EQ(change("/v1/account/apps/" + id, R"({"name":"x"})", {{"If-Match", "\"1\""}}).code(),
              "version_mismatch");
    EXPECT_EQ(get("/v1/account/apps/" + id).json()["name"], "prod");
    EXPECT_EQ(del("/v1/account/apps/" + id).json()["deleted"], true);
    EXPECT_EQ(last_action(), "app.delete");
    EXPECT_EQ(get("/v1/account/apps/" + id).code(), "not_found");
}

TEST_F(AccountApi, SaysWhichFieldOfAnAppIsWrong) {
    EXPECT_EQ(post("/v1/account/apps", "{}").code(), "invalid_request");
    EXPECT_EQ(post("/v1/account/apps", R"({"name":" "})").code(), "invalid_request");
    EXPECT_EQ(post("/v1/account/apps", R"({"name":7})").code(), "invalid_request");
    const Reply typo = post("/v1/account/apps", R"({"nmae":"dev"})");
    EXPECT_EQ(typo.code(), "unknown_field");
    EXPECT_NE(typo.body.find("'name'"), std::string::npos);
}

TEST_F(AccountApi, AnotherTeamsAppIsNotThere) {
    const std::string id = app("dev");
    be_operator("team_2");
    EXPECT_EQ(get("/v1/account/apps/" + id).code(), "not_found");
    EXPECT_EQ(change("/v1/account/apps/" + id, R"({"name":"x"})").code(), "not_found");
    EXPECT_EQ(del("/v1/account/apps/" + id).code(), "not_found");
    EXPECT_EQ(post("/v1/keys", R"({"name":"k","app":")" + id + "\"}").code(), "invalid_request");
}

TEST_F(AccountApi, AKeyBelongsToAnAppAndMakesOnlyKeysOfIt) {
    const std::string id = app("dev");
    const std::string other = app("prod");
    const Json key = make_key(R"({"app":")" + id + "\"}");
    EXPECT_EQ(key["app"], id);
    EXPECT_EQ(del("/v1/account/apps/" + id).code(), "invalid_request") << "it has a key";
    be(key["key"].get<std::string>());
    const Json child = make_key();
    EXPECT_EQ(child["app"], id) << "what is not named is inherited";
    const std::string elsewhere = R"({"name":"k","app":")" + other + "\"}";
    EXPECT_EQ(post("/v1/keys", elsewhere).code(), "insufficient_scope");
    EXPECT_EQ(patch(child["id"].get<std::string>(), R"({"app":null})").code(),
              "insufficient_scope");
    be_operator();
    EXPECT_TRUE(patch(child["id"].get<std::string>(), R"({"app":null})").json()["app"].is_null());
}

TEST_F(AccountApi, MembersComeChangeAndGo) {
    const Json owner = member("ann@example.test", "owner");
    const Json viewer = member("bob@example.test", "viewer");
    const std::string bob = "/v1/account/members/" + viewer["user"].get<std::string>();
    EXPECT_EQ(get("/v1/account/members").json()["data"].size(), 2U);
    EXPECT_EQ(change(bob, R"({"role":"admin"})").json()["role"], "admin");
    EXPECT_EQ(last_action(), "member.update");
    EXPECT_EQ(del(bob).json()["removed"], true);
    EXPECT_EQ(del(bob).code(), "not_found");
    const std::string ann = "/v1/account/members/" + owner["user"].get<std::string>();
    EXPECT_EQ(change(ann, R"({"role":"viewer"})").code(), "invalid_request") << "the last owner";
    EXPECT_EQ(del(ann).code(), "invalid_request");
    be_operator("team_2");
    EXPECT_EQ(change(ann, R"({"role":"owner"})").code(), "not_found");
    EXPECT_EQ(del(ann).code(), "not_found");
}

TEST_F(AccountApi, AMemberIsAddedOnceAndByAnEmail) {
    const Json first = member("ann@example.test", "owner");
    EXPECT_EQ(post("/v1/account/members", R"({"email":"ANN@example.test","role":"admin"})").code(),
              "invalid_request");
    for (const char* body : {R"({"email":"ann","role":"admin"})",
                             R"({"email":"a b@c.d","role":"admin"})",
                             R"({"email":"a@b@c","role":"admin"})",
                             R"({"email":"b@example.test"})",
                             R"({"role":"admin"})",
                             R"({"email":"b@example.test","role":"god"})"}) {
        EXPECT_EQ(post("/v1/account/members", body).code(), "invalid_request") << body;
    }
    be_operator("team_2");
    EXPECT_EQ(member("ann@example.test", "viewer")["user"], first["user"])
        << "one person, two teams";
}

TEST_F(AccountApi, NobodyGivesARoleThatHoldsMoreThanTheirOwn) {
    const Json ann = member("ann@example.test", "owner");
    const Json bob = member("bob@example.test", "admin");
    const Json key = make_key();
    Key adopted = *store_->get_key("team_1", key["id"].get<std::string>());
    adopted.id = "key_of_bob";
    adopted.user_id = bob["user"];
    adopted.secrets.clear();
    ASSERT_TRUE(store_->create_key(adopted, {kRoomy, clock_.now()}));
    caller_ = {.team_id = "team_1"};
    std::ranges::copy(adopted.id, caller_.key_id_text.begin());
    EXPECT_EQ(post("/v1/account/members", R"({"email":"c@example.test","role":"owner"})").code(),
              "team_access_denied");
    const std::string path = "/v1/account/members/" + ann["user"].get<std::string>();
    EXPECT_EQ(change(path, R"({"role":"viewer"})").code(), "team_access_denied");
    EXPECT_EQ(del(path).code(), "team_access_denied");
    member("c@example.test", "viewer");
    const Json child = make_key();
    EXPECT_EQ(store_->get_key("team_1", child["id"].get<std::string>())->user_id,
              bob["user"].get<std::string>())
        << "what bob's key makes is bob's";
    EXPECT_EQ(store_->get_key("team_1", child["id"].get<std::string>())->maker_key_id, adopted.id);
}

// Who has the role signs in, and makes keys by it that nothing binds.
TEST_F(AccountApi, ANarrowedKeyGivesNoRoleThatMakesKeys) {
    const std::string bob = member("bob@example.test", "viewer")["user"];
    const Json open = make_key();
    const Json narrow = make_key(R"({"policy":{"models":{"allow":["gpt-*"]}}})");
    be(narrow["key"].get<std::string>());
    const std::string body = R"({"email":"me2@example.test","role":"owner"})";
    EXPECT_EQ(post("/v1/account/members", body).code(), "insufficient_scope");
    EXPECT_EQ(post("/v1/account/invitations", body).code(), "insufficient_scope");
    EXPECT_EQ(change("/v1/account/members/" + bob, R"({"role":"admin"})").code(),
              "insufficient_scope");
    const std::string viewer = R"({"email":"v@example.test","role":"viewer"})";
    EXPECT_EQ(post("/v1/account/invitations", viewer).status, 201);
    EXPECT_EQ(del("/v1/account/members/" + bob).status, 200) << "that gives nobody anything";
    be(open["key"].get<std::string>());
    EXPECT_EQ(post("/v1/account/invitations", body).status, 201);
}

TEST_F(AccountApi, NobodyReplacesAnInvitationToARoleAboveTheirs) {
    const Json bob = member("bob@example.test", "admin");
    ASSERT_EQ(
        post("/v1/account/invitations", R"({"email":"a@example.test","role":"owner"})").status,
        201);
    const std::string user = bob["user"];
    caller_ = {.team_id = "team_1", .user_id = user};
    EXPECT_EQ(
        post("/v1/account/invitations", R"({"email":"a@example.test","role":"viewer"})").code(),
        "team_access_denied");
}

// Nobody has proved that the email is theirs.
TEST_F(AccountApi, WhoSignsInIsInvitedAndNotAdded) {
    const std::string ann = member("ann@example.test", "owner")["user"];
    ASSERT_TRUE(store_->sign_ins().put_sign_in({.user_id = ann, .password_hash = "$argon2id$..."},
                                               {.tenant = "test"}));
    const Reply refused =
        post("/v1/admin/teams/team_2/members", R"({"email":"ann@example.test","role":"owner"})");
    EXPECT_EQ(refused.code(), "invalid_request") << refused.body;
    EXPECT_EQ(refused.json()["param"], "email");
    const Reply applied =
        post("/v1/admin/apply",
             R"({"dry_run":true,"document":{"version":1,"teams":[{"name":"Other",)"
             R"("members":[{"email":"ann@example.test","role":"owner"}]}]}})");
    EXPECT_EQ(applied.json()["param"], "teams[0].members[0].email") << applied.body;
}

TEST_F(AccountApi, AMembersKeyWritesOnlyTheMembersKeys) {
    const std::string user = member("mia@example.test", "member")["user"];
    const std::string others = make_id();
    EXPECT_EQ(post("/v1/keys", R"({"name":"k","user":"user_none"})").code(), "invalid_request");
    const Json key = make_key(R"({"user":")" + user + "\"}");
    EXPECT_EQ(key["user"], user);
    const std::string owner = member("ann@example.test", "owner")["user"];
    be(key["key"].get<std::string>());
    EXPECT_EQ(patch(others, R"({"name":"mine now"})").code(), "team_access_denied");
    EXPECT_EQ(revoke(others).code(), "team_access_denied");
    for (const char* action : {"/rotate", "/disable", "/enable"}) {
        EXPECT_EQ(post(path_of(others, action), "{}").code(), "team_access_denied") << action;
    }
    EXPECT_EQ(post("/v1/keys", R"({"name":"k","user":")" + owner + "\"}").code(),
              "team_access_denied");
    const std::string own = make_id();
    EXPECT_EQ(get(path_of(own)).json()["user"], user);
    EXPECT_EQ(patch(own, R"({"name":"new"})").status, 200);
    EXPECT_EQ(patch(own, R"({"user":null})").code(), "invalid_request") << "it stays theirs";
    EXPECT_EQ(revoke(own).status, 200);
}

TEST_F(AccountApi, ARoleHoldsForEveryKeyOfTheUserAtOnce) {
    const std::string user = member("mia@example.test", "member")["user"];
    const Json key = make_key(R"({"user":")" + user + "\"}");
    be(key["key"].get<std::string>());
    const auto role = [&] { return directory_->read_policy(caller_).maker(); };
    const Caller mia = caller_;
    EXPECT_EQ(role(), Role::Member);
    be_operator();
    ASSERT_EQ(change("/v1/account/members/" + user, R"({"role":"viewer"})").status, 200);
    caller_ = mia;
    EXPECT_EQ(role(), Role::Viewer);
    be_operator();
    member("ann@example.test", "owner");
    ASSERT_EQ(del("/v1/account/members/" + user).status, 200);
    caller_ = mia;
    EXPECT_EQ(role(), std::nullopt) << "they have left";
}

TEST_F(AccountApi, PlansHoldForTheirTeamsAtOnce) {
    const Json plan = post("/v1/admin/plans", R"({"name":"Small","active_keys_max":1})").json();
    const std::string path = "/v1/admin/plans/" + plan["id"].get<std::string>();
    EXPECT_EQ(plan["creations_per_hour_max"], nullptr);
    EXPECT_EQ(change("/v1/admin/teams/team_1", R"({"plan":"plan_none"})").code(),
              "invalid_request");
    const Reply moved =
        change("/v1/admin/teams/team_1", R"({"plan":")" + plan["id"].get<std::string>() + "\"}");
    EXPECT_EQ(moved.json()["active_keys_max"], 1);
    make_key();
    EXPECT_EQ(post("/v1/keys", R"({"name":"k"})").code(), "api_key_limit_reached");
    EXPECT_EQ(change(path, R"({"active_keys_max":2})").status, 200);
    make_key();
    EXPECT_EQ(change(path, R"({"active_keys_max":0})").code(), "invalid_request");
    EXPECT_EQ(change(path, R"({"active_keys_max":1000001})").code(), "invalid_request");
    EXPECT_EQ(change(path, R"({"active_key_max":1})").code(), "unknown_field");
    EXPECT_EQ(change(path, "{}", {{"If-Match", "\"1\""}}).code(), "version_mismatch");
    EXPECT_EQ(get("/v1/admin/plans").json()["data"].size(), 2U);
    EXPECT_EQ(get("/v1/admin/audit?limit=1").json()["data"][0]["action"], "plan.update");
}

TEST_F(AccountApi, APlanSaysWhatIsASpike) {
    const Json plan = post("/v1/admin/plans",
                           R"({"name":"P","spikes":{"spend_floor_usd":"7.5","action":"none"}})")
                          .json();
    EXPECT_EQ(plan["spikes"], Json({{"spend_floor_usd", "7.50"}, {"action", "none"}}));
    const std::string path = "/v1/admin/plans/" + plan["id"].get<std::string>();
    const auto spikes = [&](const std::string& text) {
        return change(path, R"({"spikes":)" + text + "}");
    };
    EXPECT_EQ(spikes(R"({"factor":0,"refusals":9,"action":null})").json()["spikes"],
              Json({{"factor", 0}, {"spend_floor_usd", "7.50"}, {"refusals", 9}}));
    EXPECT_EQ(spikes(R"({"factor":1001})").json()["param"], "spikes.factor");
    EXPECT_EQ(spikes(R"({"factor_elsewhere":0})").json()["param"], "spikes.factor_elsewhere");
    EXPECT_EQ(spikes(R"({"token_floor":1.5})").json()["param"], "spikes.token_floor");
    EXPECT_EQ(spikes(R"({"spend_floor_usd":"-1"})").json()["param"], "spikes.spend_floor_usd");
    EXPECT_EQ(spikes(R"({"spend_floor_usd":"1000001"})").json()["param"], "spikes.spend_floor_usd");
    EXPECT_EQ(spikes(R"({"action":"shout"})").json()["param"], "spikes.action");
    EXPECT_EQ(spikes(R"({"fctor":1})").json()["suggestion"], "factor");
    EXPECT_EQ(spikes("[]").json()["param"], "spikes");
    EXPECT_EQ(get(path).json()["spikes"]["refusals"], 9);
    EXPECT_EQ(spikes("null").json()["spikes"], Json::object());
}

TEST_F(AccountApi, ANewTeamGetsItsOwnerAndItsFirstKey) {
    const Json team = post("/v1/admin/teams", R"({"name":"Search"})").json();
    const std::string path = "/v1/admin/teams/" + team["id"].get<std::string>();
    EXPECT_EQ(get(path).json()["name"], "Search");
    EXPECT_EQ(get("/v1/admin/teams").json()["data"][0]["id"], team["id"]);
    const Reply owner =
        post(path + "/members", R"({"email":"ann@example.test","role":"owner","name":"Ann"})");
    EXPECT_EQ(owner.status, 201) << owner.body;
    const std::string user = "/v1/admin/users/" + owner.json()["user"].get<std::string>();
    EXPECT_EQ(get(user).json()["name"], "Ann");
    EXPECT_EQ(change(user, R"({"email":"a@example.test"})").json()["email"], "a@example.test");
    EXPECT_EQ(get("/v1/admin/users").json()["data"].size(), 1U);

    const Reply key = post(path + "/keys", R"({"name":"first"})");
    ASSERT_EQ(key.status, 201) << key.body;
    const std::string id = key.json()["id"];
    EXPECT_EQ(key.header("Location"), "/v1/keys/" + id);
    EXPECT_EQ(get(path_of(id)).code(), "not_found") << "it is the other team's";
    be(key.json()["key"].get<std::string>());
    EXPECT_EQ(get(path_of(id)).status, 200);
    EXPECT_EQ(get("/v1/account").json()["name"], "Search");
    EXPECT_EQ(get("/v1/account/members").json()["data"][0]["email"], "a@example.test");
    be_operator();
    EXPECT_EQ(post("/v1/admin/teams/team_none/keys", R"({"name":"k"})").code(), "not_found");
    EXPECT_EQ(
        post("/v1/admin/teams/team_none/members", R"({"email":"x@example.test","role":"owner"})")
            .code(),
        "not_found");
}

TEST_F(AccountApi, ANewNameLetsNobodyInAgain) {
    ASSERT_TRUE(store_->accounts().create_user(
        {.id = "user_x", .email = "x@example.test", .name = "X"}, {.tenant = "instance"}));
    const std::string user = "/v1/admin/users/user_x";
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(change(user, R"({"is_disabled":false})").status, 200);
        std::thread other([&] { (void)change(user, R"({"name":"Y"})"); });
        EXPECT_EQ(change(user, R"({"is_disabled":true})").status, 200);
        other.join();
        ASSERT_EQ(get(user).json()["is_disabled"], true);
    }
}

TEST_F(AccountApi, TheSameIdempotencyKeyInTwoTeamsIsTwo) {
    const std::vector<Header> once = {{"Idempotency-Key", "same"}};
    const Json one = post("/v1/admin/teams/team_1/keys", R"({"name":"k"})", once).json();
    const Json two = post("/v1/admin/teams/team_2/keys", R"({"name":"k"})", once).json();
    EXPECT_NE(one["id"], two["id"]);
    EXPECT_FALSE(two["key"].is_null());
}

// ---- policies ----------------------------------------------------------------------------------

TEST_F(AccountApi, ATeamsPolicyIsInForceWhenItIsAnswered) {
    const Json key = make_key();
    const Reply changed = change("/v1/account/policy",
                                 R"({"models":{"deny":["gpt-4*"]},"limits":{"burst":5,
                                     "requests_per_minute":9}})");
    ASSERT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(changed.json()["policy"]["limits"]["requests_per_minute"], 9);
    EXPECT_EQ(get("/v1/account").json()["policy"], changed.json()["policy"]);
    EXPECT_EQ(last_action(), "team.policy");
    be(key["key"].get<std::string>());
    {
        const PolicyReading reading = directory_->read_policy(caller_);
        EXPECT_FALSE(decide(reading.chain(), {.model = "gpt-4o"}).allowed);
        EXPECT_TRUE(decide(reading.chain(), {.model = "o1"}).allowed);
        EXPECT_EQ(tightest(reading.limits())[LimitKind::RequestsPerMinute].value, 9);
    }
    EXPECT_EQ(change("/v1/account/policy", R"({"models":null,"limits":null})").status, 200);
    const PolicyReading reading = directory_->read_policy(caller_);
    EXPECT_TRUE(decide(reading.chain(), {.model = "gpt-4o"}).allowed);
}

TEST_F(AccountApi, APolicyThatIsWrongIsNamedAndChangesNothing) {
    const std::string before = get("/v1/account").body;
    for (const char* body : {R"({"modles":{}})",
                             R"({"models":{"allow":["a b"]}})",
                             R"({"limits":{"requests_per_minute":0}})",
                             R"({"limits":{"requests_per_minute":-5}})",
                             R"({"limits":{"requests_per_minute":99999999999999999999}})",
                             R"({"limits":{"burst":5}})",
                             R"({"ip_ranges":{"allow":["10.0.0.0/8","10.1.0.0/16"]}})",
                             R"({"ip_ranges":{"allow":["10.0.0.1/8"]}})",
                             R"({"tools":{"denied":["search"]}})",
                             R"({"tools":{"deny":["a\u0007b"]}})",
                             "[]"}) {
        EXPECT_EQ(change("/v1/account/policy", body).status, 400) << body;
    }
    EXPECT_EQ(get("/v1/account").body, before);
    const Reply typo = post("/v1/account/apps", R"({"name":"a","policy":{"modles":{}}})");
    EXPECT_EQ(typo.json()["param"], "policy.modles");
    EXPECT_NE(typo.body.find("'models'"), std::string::npos);
    EXPECT_EQ(change("/v1/account/policy", "{}", {{"If-Match", "\"9\""}}).code(),
              "version_mismatch");
}

TEST_F(AccountApi, NoScopeSetsALimitAboveTheWiderOnes) {
    ASSERT_EQ(
        change("/v1/admin/plans/plan_default", R"({"policy":{"limits":{"requests_per_day":100}}})")
            .status,
        200);
    const Reply above = change("/v1/account/policy", R"({"limits":{"requests_per_day":101}})");
    EXPECT_EQ(above.code(), "invalid_request");
    EXPECT_NE(above.body.find("plan"), std::string::npos) << "who sets it";
    ASSERT_EQ(change("/v1/account/policy", R"({"limits":{"requests_per_day":50}})").status, 200);
    EXPECT_EQ(
        post("/v1/account/apps", R"({"name":"a","policy":{"limits":{"requests_per_day":51}}})")
            .code(),
        "invalid_request");
    const std::string id = app("b");
    EXPECT_EQ(change("/v1/account/apps/" + id, R"({"policy":{"limits":{"requests_per_day":50}}})")
                  .json()["policy"]["limits"]["requests_per_day"],
              50);
    be(make_key(R"({"app":")" + id + "\"}")["key"].get<std::string>());
    const PolicyReading reading = directory_->read_policy(caller_);
    EXPECT_EQ(tightest(reading.limits())[LimitKind::RequestsPerDay].value, 50);
}

TEST_F(AccountApi, ASuspendedTeamIsSuspendedAtOnce) {
    const Json key = make_key();
    be(key["key"].get<std::string>());
    const Caller caller = caller_;
    be_operator();
    EXPECT_EQ(change("/v1/admin/teams/team_1", R"({"state":"paused"})").code(), "invalid_request");
    EXPECT_EQ(change("/v1/admin/teams/team_1", R"({"state":"suspended"})").json()["state"],
              "suspended");
    EXPECT_EQ(directory_->read_policy(caller).team_state(), TeamState::Suspended);
    EXPECT_EQ(change("/v1/admin/teams/team_1", R"({"state":"active"})").status, 200);
    EXPECT_EQ(directory_->read_policy(caller).team_state(), TeamState::Active);
}

// ---- the audit log -----------------------------------------------------------------------------

TEST_F(AccountApi, TheLogNamesTheKeyThatChangedAnother) {
    const Json maker = make_key();
    be(maker["key"].get<std::string>());
    const std::string id = make_id();
    ASSERT_EQ(patch(id, R"({"name":"new"})").status, 200);
    ASSERT_EQ(post(path_of(id, "/rotate"), "{}").status, 200);
    ASSERT_EQ(post(path_of(id, "/disable"), "{}").status, 200);
    ASSERT_EQ(revoke(id).status, 200);
    const Json rows = get("/v1/account/audit").json()["data"];
    const std::vector<std::string> actions = {
        "key.revoke", "key.disable", "key.rotate", "key.update", "key.create"};
    for (size_t i = 0; i < actions.size(); ++i) {
        EXPECT_EQ(rows[i]["action"], actions[i]);
        EXPECT_EQ(rows[i]["actor"]["id"], maker["id"]) << actions[i];
        EXPECT_EQ(rows[i]["target"]["id"], id);
        EXPECT_EQ(rows[i]["request_id"], "r");
    }
    EXPECT_EQ(rows[3]["diff"]["name"], Json({"test", "new"}));
    EXPECT_EQ(rows[5]["actor"]["type"], "user") << "the operator made the first";
}

TEST_F(AccountApi, TheLogIsPagedAndEachTeamSeesItsOwn) {
    for (int i = 0; i < 5; ++i) make_id();
    const Json first = get("/v1/account/audit?limit=2").json();
    EXPECT_EQ(first["data"][0]["seq"], 4);
    EXPECT_EQ(first["has_more"], true);
    const Json second =
        get("/v1/account/audit?limit=3&after=" + first["next"].get<std::string>()).json();
    EXPECT_EQ(second["data"][0]["seq"], 2);
    EXPECT_EQ(second["has_more"], false);
    EXPECT_EQ(get("/v1/account/audit?after=x").code(), "invalid_request");
    EXPECT_EQ(get("/v1/account/audit?status=active").code(), "invalid_request");
    be_operator("team_2");
    EXPECT_TRUE(get("/v1/account/audit").json()["data"].empty());
}

TEST_F(AccountApi, AnExportCanBeVerifiedElsewhere) {
    for (int i = 0; i < 3; ++i) make_id();
    const Reply reply = get("/v1/account/audit/export");
    EXPECT_EQ(reply.header("Content-Type"), "application/x-ndjson");
    AuditVerifier verifier("team_1");
    size_t start = 0;
    int64_t seq = 0;
    while (start < reply.body.size()) {
        const size_t end = reply.body.find('\n', start);
        const Json line = Json::parse(reply.body.substr(start, end - start));
        const AuditRow row = {.seq = seq, .canonical = line["canonical"]};
        const AuditHead head = chained(verifier.head(), row.canonical);
        EXPECT_EQ(line["chain"], to_hex(head.chain)) << "row " << seq;
        ASSERT_TRUE(verifier.add({seq, row.canonical, head.chain}));
        start = end + 1;
        ++seq;
    }
    EXPECT_EQ(seq, 3);
    EXPECT_NE(get("/v1/account/audit/export?from=2").body.find("\"seq\\\":2"), std::string::npos);
    EXPECT_EQ(get("/v1/account/audit/export?from=3").body, "");
    EXPECT_EQ(get("/v1/account/audit/export?from=-1").code(), "invalid_request");
}

TEST_F(AccountApi, TheInstancesLogIsAChainOfItsOwn) {
    make_id();
    ASSERT_EQ(post("/v1/admin/plans", R"({"name":"P"})").status, 201);
    ASSERT_EQ(post("/v1/admin/plans", R"({"name":"Q"})").status, 201);
    const std::string log = get("/v1/admin/audit/export").body;
    AuditVerifier verifier("instance");
    size_t rows = 0;
    for (size_t start = 0; start < log.size(); ++rows) {
        const size_t end = log.find('\n', start);
        const Json line = Json::parse(log.substr(start, end - start));
        const AuditRow row = {.seq = verifier.head().next_seq, .canonical = line["canonical"]};
        const Digest chain = chained(verifier.head(), row.canonical).chain;
        EXPECT_EQ(line["chain"], to_hex(chain));
        ASSERT_TRUE(verifier.add({row.seq, row.canonical, chain}));
        start = end + 1;
    }
    EXPECT_EQ(rows, 2U);
    EXPECT_EQ(log.find("key.create"), std::string::npos) << "a team's changes are the team's";
}

TEST_F(AccountApi, NoSecretIsInTheLog) {
    const Json key = make_key();
    const Json rotated = post(path_of(key["id"].get<std::string>(), "/rotate"), "{}").json();
    const std::string log = get("/v1/account/audit/export").body;
    for (const Json& secret : {key["key"], rotated["key"]}) {
        EXPECT_EQ(log.find(secret.get<std::string>()), std::string::npos);
        EXPECT_EQ(log.find(secret.get<std::string>().substr(21, 40)), std::string::npos);
    }
}

}  // namespace
}  // namespace keywarden
