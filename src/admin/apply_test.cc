// Policy as a document: what it makes of an instance, and that nothing is half-applied.
#include <string>
#include <vector>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

/// A document in the order in which it is written.
Json doc(std::string_view text) { return Json::parse(text); }

class Apply : public ApiFixture {
protected:
    void SetUp() override {
        ApiFixture::SetUp();
        context_->models = &models_;
    }

    Reply ask(const Json& document, Json more = Json::object()) {
        more["document"] = document;
        return post("/v1/admin/apply", more.dump());
    }
    Json look(const Json& document, Json more = Json::object()) {
        more["dry_run"] = true;
        const Reply reply = ask(document, std::move(more));
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.json();
    }
    Json apply(const Json& document, Json more = Json::object()) {
        const Reply reply = ask(document, std::move(more));
        EXPECT_EQ(reply.status, 200) << reply.body;
        return reply.json();
    }
    Json exported() { return get("/v1/admin/export").json(); }

    /// "create key First/ci": what is done, in the order in which it is.
    static std::vector<std::string> lines(const Json& answer) {
        std::vector<std::string> out;
        for (const Json& change : answer.at("changes")) {
            std::string line = change["action"].get<std::string>() + " ";
            line += change["type"].get<std::string>() + " ";
            if (change.contains("team")) line += change["team"].get<std::string>() + "/";
            out.push_back(line + change["name"].get<std::string>());
        }
        return out;
    }

    /// The param of a refusal that changed nothing.
    std::string wrong_at(const Json& document, Json more = Json::object()) {
        const std::string before = exported().dump();
        const Reply reply = ask(document, std::move(more));
        EXPECT_GE(reply.status, 400) << reply.body;
        EXPECT_EQ(exported().dump(), before) << "half-applied";
        message_ = reply.json().value("detail", "");
        return reply.json().value("param", "");
    }

    const Catalogue models_ =
        Catalogue::open({{.name = "sandbox"}, {.name = "openai", .models = {{"m-1", "m-1"}}}}, {})
            .value();
    std::string message_;
};

const std::string_view kWhole = R"({
  "version": 1, "providers": ["openai"],
  "plans": [{"name": "Pro", "active_keys_max": 50,
             "policy": {"limits": {"requests_per_minute": 600}}}],
  "users": [{"email": "ann@example.com", "name": "Ann"}],
  "teams": [{"name": "Search", "plan": "Pro", "state": "active",
    "policy": {"models": {"deny": ["gpt-4*"]}},
    "members": [{"email": "ann@example.com", "role": "owner"},
                {"email": "bob@example.com", "role": "member"}],
    "apps": [{"name": "staging", "policy": {"limits": {"requests_per_day": 100}}}],
    "keys": [{"name": "bob's", "maker": "ci", "user": "bob@example.com"},
             {"name": "ci", "app": "staging", "kind": "inference", "rate_limit_rpm": 30,
              "tags": ["a", "b"], "metadata": {"z": "1", "a": "2"},
              "toollist": {"allowed": ["x"]}, "environment": "test",
              "expires_at": "2099-01-01T00:00:00Z"},
             {"name": "off", "status": "disabled", "format": "orqen",
              "policy": {"models": {"allow": ["sandbox"]}}}]}]})";

TEST_F(Apply, MakesWhatTheDocumentSaysAndASecondTimeNothing) {
    const Json made = apply(doc(kWhole));
    EXPECT_EQ(lines(made),
              (std::vector<std::string>{"create plan Pro",
                                        "create user ann@example.com",
                                        "create user bob@example.com",
                                        "create team Search",
                                        "create member Search/ann@example.com",
                                        "create member Search/bob@example.com",
                                        "create app Search/staging",
                                        "create key Search/ci",
                                        "create key Search/off",
                                        "create key Search/bob's"}));
    EXPECT_EQ(made["applied"], true);
    ASSERT_EQ(made["created_keys"].size(), 3U);
    const Json again = apply(doc(kWhole));
    EXPECT_EQ(again["changes"].size(), 0U) << again.dump(1);
    EXPECT_EQ(again["created_keys"].size(), 0U) << "a secret is shown once";
}

TEST_F(Apply, WarnsOfPatternsThatFitNothing) {
    const std::string_view text = R"({"plans":[{"name":"P","policy":{"models":{"deny":["gtp-*"]}}}],
        "teams":[{"name":"T","plan":"P","policy":{"providers":{"deny":["opnai"]}},
        "apps":[{"name":"a","policy":{"limits":{"requests_per_day":9}}}],
        "keys":[{"name":"k","policy":{"models":{"allow":["gtp-4"]}}}]}]})";
    const Json warnings({"plan P: 'models': 'gtp-*' fits no model that there is.",
                         "team T: 'providers': 'opnai' fits no provider that there is.",
                         "key k: 'models': 'gtp-4' fits no model that there is."});
    EXPECT_EQ(ask(doc(text), {{"dry_run", true}}).json()["warnings"], warnings);
    EXPECT_EQ(apply(doc(text))["warnings"], warnings);
    EXPECT_FALSE(apply(doc(text)).contains("warnings")) << "nothing of it is new";
}

TEST_F(Apply, AllOfItHoldsAtTheNextRequest) {
    const Json made = apply(doc(kWhole));
    const auto secret = [&](size_t i) { return made["created_keys"][i]["key"].get<std::string>(); };
    const auto ci = directory_->authenticate(secret(0), clock_.now());
    ASSERT_TRUE(ci);
    EXPECT_TRUE(secret(0).starts_with("kw_test_"));
    EXPECT_TRUE(secret(1).starts_with("sk-orq-"));
    EXPECT_EQ(directory_->authenticate(secret(1), clock_.now()).error().code,
              ErrorCode::DisabledApiKey);
    {
        const PolicyReading reading = directory_->read_policy(*ci);
        EXPECT_FALSE(decide(reading.chain(), {.model = "gpt-4o"}).allowed);
        EXPECT_TRUE(decide(reading.chain(), {.model = "sandbox"}).allowed);
    }
    apply(doc(R"({"teams":[{"name":"Search","plan":"Pro","state":"suspended",
                  "members":[{"email":"bob@example.com","role":"viewer"}]}]})"));
    const PolicyReading reading = directory_->read_policy(*ci);
    EXPECT_EQ(reading.team_state(), TeamState::Suspended);
    EXPECT_TRUE(decide(reading.chain(), {.model = "gpt-4o"}).allowed) << "its policy went";
    const auto bob = directory_->authenticate(secret(2), clock_.now());
    EXPECT_EQ(bob->key_id(), made["created_keys"][2]["id"].get<std::string>());
}

TEST_F(Apply, SettingsAndModelsAreOfTheInstance) {
    const Json document = doc(R"({"settings":{"policy":{"limits":{"requests_per_minute":1000}},
        "key_defaults":{"requests_per_minute":30}},
        "models":[{"id":"m-1","limits":{"concurrent_requests":3}}]})");
    EXPECT_EQ(lines(apply(document)),
              (std::vector<std::string>{"update settings instance", "create model openai/m-1"}));
    EXPECT_EQ(look(document)["changes"].size(), 0U);
    EXPECT_EQ(get("/v1/admin/settings").json()["key_defaults"]["requests_per_minute"], 30);
    EXPECT_EQ(exported()["models"][0]["id"], "openai/m-1") << "by one name of several";
    EXPECT_EQ(wrong_at(doc(R"({"plans":[{"name":"P","policy":
                  {"limits":{"requests_per_minute":1001}}}]})")),
              "plans[0].policy.limits.requests_per_minute");
    EXPECT_EQ(wrong_at(doc(R"({"models":[{"id":"m-2"}]})")), "models[0].id");
    EXPECT_EQ(wrong_at(doc(R"({"models":[{"id":"m-1"},{"id":"openai/m-1"}]})")), "models[1].id");
    EXPECT_EQ(wrong_at(doc(R"({"settings":{"polcy":{}}})")), "settings.polcy");
    EXPECT_EQ(wrong_at(doc(R"({"settings":{"policy":{"limits":{"requests_per_minute":5}},
                  "key_defaults":{"requests_per_minute":6}}})")),
              "settings.key_defaults.requests_per_minute");
    EXPECT_EQ(lines(look(doc(R"({"models":[],"settings":{}})"))),
              std::vector<std::string>{"update settings instance"});
    EXPECT_EQ(lines(apply(doc(R"({"models":[],"settings":{}})"), {{"prune", true}})),
              (std::vector<std::string>{"update settings instance", "update model openai/m-1"}));
    EXPECT_EQ(exported()["models"].size(), 0U);
    EXPECT_EQ(exported()["settings"].size(), 0U);
}

TEST_F(Apply, ATeamSaysWhatItsKeysStartWith) {
    const Json document =
        doc(R"({"teams":[{"name":"Search","key_defaults":{"requests_per_day":50}}]})");
    apply(document);
    EXPECT_EQ(look(document)["changes"].size(), 0U);
    const auto search = [this] {
        for (const Json& team : exported()["teams"]) {
            if (team["name"] == "Search") return team;
        }
        return Json();
    };
    EXPECT_EQ(search()["key_defaults"], Json({{"requests_per_day", 50}}));
    for (const char* body :
         {R"({"settings":{"policy":{"limits":{"requests_per_day":49}}},
              "teams":[{"name":"Search","key_defaults":{"requests_per_day":50}}]})",
          R"({"plans":[{"name":"P","policy":{"limits":{"requests_per_day":49}}}],
              "teams":[{"name":"Search","plan":"P","key_defaults":{"requests_per_day":50}}]})",
          R"({"teams":[{"name":"Search","policy":{"limits":{"requests_per_day":49}},
              "key_defaults":{"requests_per_day":50}}]})"}) {
        EXPECT_EQ(wrong_at(doc(body)), "teams[0].key_defaults.requests_per_day") << body;
    }
    apply(doc(R"({"teams":[{"name":"Search"}]})"));
    EXPECT_FALSE(search().contains("key_defaults")) << "what a file does not say is not so";
}

TEST_F(Apply, AnExportMadeElsewhereIsTheSameByteForByte) {
    apply(doc(kWhole));
    apply(doc(R"({"settings":{"key_defaults":{"requests_per_minute":30}},
        "models":[{"id":"m-1","limits":{"concurrent_requests":3}}],
        "plans":[{"name":"Free","key_defaults":{"requests_per_minute":3}}]})"));
    make_id(R"({"name":"first"})");
    make_id(R"({"name":"second","description":"d","rotate_every":"30d"})");
    send(Method::Patch, "/v1/admin/plans/plan_default", R"({"name":"Basic"})");
    const std::string first = get("/v1/admin/export").body;
    EXPECT_EQ(look(doc(first))["changes"].size(), 0U) << "what is so needs no change";
    SetUp();  // another instance
    apply(doc(first));
    EXPECT_EQ(get("/v1/admin/export").body, first);
}

TEST_F(Apply, ThingsOfOneNameGoByTheirIds) {
    const std::string one = make_id(R"({"name":"twin"})");
    const std::string other = make_id(R"({"name":"twin"})");
    const std::string first = get("/v1/admin/export").body;
    EXPECT_NE(first.find(one), std::string::npos);
    EXPECT_EQ(look(doc(first))["changes"].size(), 0U);
    EXPECT_EQ(wrong_at(doc(R"({"teams":[{"name":"First","keys":[{"name":"twin"}]}]})")),
              "teams[0].keys[0].name");
    EXPECT_NE(message_.find(other), std::string::npos) << message_;
    SetUp();
    apply(doc(first));
    EXPECT_EQ(get("/v1/admin/export").body, first);
    EXPECT_TRUE(store_->get_key("team_1", one)) << "with its id";
}

TEST_F(Apply, AnIdRenames) {
    const std::string id = make_id(R"({"name":"old"})");
    Json document = doc(R"({"teams":[{"id":"team_1","name":"Renamed","keys":[
        {"name":"new"},{"name":"old"}]}]})");
    document["teams"][0]["keys"][0]["id"] = id;
    EXPECT_EQ(lines(apply(document)),
              (std::vector<std::string>{
                  "update team First", "update key Renamed/old", "create key Renamed/old"}));
    EXPECT_EQ(store_->get_key("team_1", id)->name, "new");
}

TEST_F(Apply, WhatADocumentLeavesOutOfAThingIsAsOfANewOneButItsStatus) {
    apply(doc(kWhole));
    const Json looked = look(doc(R"({"teams":[{"name":"Search","keys":[
        {"name":"ci"},{"name":"off"}]}]})"));
    EXPECT_EQ(lines(looked),
              (std::vector<std::string>{
                  "update team Search", "update key Search/ci", "update key Search/off"}));
    std::vector<std::string> fields;
    for (const Json& each : looked["changes"][1]["fields"]) fields.push_back(each["field"]);
    EXPECT_EQ(fields,
              (std::vector<std::string>{
                  "expires_at", "rate_limit_rpm", "app", "metadata", "tags", "policy.tools.allow"}))
        << "kind, environment, maker: decided once. Status: not a document's unless it says so";
    const Json& app = looked["changes"][1]["fields"][2];
    EXPECT_EQ(app["before"], "staging") << "a name, not an id";
    EXPECT_EQ(app["after"], nullptr);
    EXPECT_EQ(looked["changes"][2]["fields"].size(), 1U) << "the policy, not the status";
}

TEST_F(Apply, WhatIsNotInItStaysAndWithPruneEnds) {
    apply(doc(kWhole));
    clock_.advance(std::chrono::seconds(1));
    const Json less = doc(R"({"teams":[{"name":"Search","plan":"Pro",
        "policy":{"models":{"deny":["gpt-4*"]}},
        "members":[{"email":"ann@example.com","role":"owner"}],"apps":[],"keys":[]}]})");
    EXPECT_EQ(look(less)["changes"].size(), 0U);
    const std::vector<std::string> ends = {"revoke key Search/bob's",
                                           "revoke key Search/off",
                                           "revoke key Search/ci",
                                           "delete app Search/staging",
                                           "remove member Search/bob@example.com"};
    EXPECT_EQ(lines(look(less, {{"prune", true}})), ends);
    EXPECT_EQ(lines(apply(less, {{"prune", true}})), ends);
    const Json after = exported();
    EXPECT_EQ(after["teams"].size(), 3U) << "a team is never pruned";
    EXPECT_EQ(after["teams"][2]["keys"].size(), 0U);
    EXPECT_EQ(lines(apply(less, {{"prune", true}})), std::vector<std::string>());
    const Json silent = doc(R"({"teams":[{"name":"Search","plan":"Pro",
        "policy":{"models":{"deny":["gpt-4*"]}}}]})");
    EXPECT_EQ(look(silent, {{"prune", true}})["changes"].size(), 0U)
        << "a list that is not there names nothing, and ends nothing";
}

TEST_F(Apply, WhatWasAgreedToIsWhatIsApplied) {
    const Json document = doc(R"({"teams":[{"name":"First","keys":[
        {"name":"ci","description":"new"}]}]})");
    const std::string id = make_id(R"({"name":"ci","description":"old"})");
    const std::string digest = look(document)["digest"];
    EXPECT_EQ(look(document)["digest"], digest) << "the same each time";
    make_id(R"({"name":"another"})");
    EXPECT_EQ(look(document)["digest"], digest) << "what it does not touch is none of its concern";
    patch(id, R"({"description":"somebody else's"})");
    const Reply moved = ask(document, {{"expected", digest}});
    EXPECT_EQ(moved.code(), "version_mismatch");
    EXPECT_EQ(store_->get_key("team_1", id)->description, "somebody else's");
    apply(document, {{"expected", look(document)["digest"]}});
    EXPECT_EQ(store_->get_key("team_1", id)->description, "new");
    EXPECT_EQ(ask(document, {{"expected", digest}}).code(), "version_mismatch") << "and only once";
}

TEST_F(Apply, EachChangeHasItsRowAndNoSecretIsInOne) {
    const Json made = apply(doc(kWhole));
    size_t rows = 0;
    for (const std::string& tenant : *store_->accounts().audit_tenants()) {
        for (const AuditRow& row : *store_->accounts().read_audit({.tenant = tenant})) {
            rows += row.canonical.find("\"request_id\":\"r\"") != std::string::npos ? 1 : 0;
            for (const Json& key : made["created_keys"]) {
                EXPECT_EQ(row.canonical.find(key["key"].get<std::string>()), std::string::npos);
            }
        }
    }
    EXPECT_EQ(rows, made["changes"].size());
    EXPECT_EQ(get("/v1/admin/export").body.find("digest"), std::string::npos);
    for (const Json& key : made["created_keys"]) {
        const std::string secret = key["key"];
        EXPECT_EQ(get("/v1/admin/export").body.find(secret), std::string::npos);
    }
}

TEST_F(Apply, ManyKeysMayBeMadeButNotMoreThanThePlanAllows) {
    start({.caps = {.active_keys_max = 6, .creations_per_hour_max = 2}});
    Json document = doc(R"({"teams":[{"name":"First","keys":[]}]})");
    Json& keys = document["teams"][0]["keys"];
    for (int i = 0; i < 6; ++i) keys.push_back({{"name", "k" + std::to_string(i)}});
    EXPECT_EQ(apply(document)["created_keys"].size(), 6U) << "how fast they come is not asked";
    keys.push_back({{"name", "one more"}});
    wrong_at(document);
    EXPECT_EQ(ask(document).code(), "api_key_limit_reached");
    for (Json& key : keys) key["name"] = "n" + key["name"].get<std::string>();
    keys.erase(keys.begin());
    EXPECT_EQ(apply(document, {{"prune", true}})["created_keys"].size(), 6U)
        << "those that end leave their places";
}

TEST_F(Apply, AnExpiryThatHasComeSinceIsNoMistake) {
    const Json document = doc(R"({"teams":[{"name":"First","keys":[
        {"name":"brief","expires_at":"2099-01-01T00:00:00Z"}]}]})");
    apply(document);
    clock_.advance(std::chrono::days(365 * 100));
    EXPECT_EQ(look(document)["changes"].size(), 0U);
    EXPECT_EQ(exported()["teams"][0]["keys"].size(), 0U) << "what has expired is history";
    EXPECT_EQ(
        look(doc(R"({"teams":[{"name":"First","keys":[]}]})"), {{"prune", true}})["changes"].size(),
        0U);
    EXPECT_EQ(wrong_at(doc(R"({"teams":[{"name":"First","keys":[
                  {"name":"brief","expires_at":"2098-01-01T00:00:00Z"}]}]})")),
              "teams[0].keys[0].expires_at");
}

struct Wrong {
    std::string_view document;
    std::string_view param;
    std::string_view says = "";
};

TEST_F(Apply, SaysWhereADocumentIsWrong) {
    apply(doc(kWhole));
    const std::vector<Wrong> wrongs = {
        {R"([])", "document"},
        {R"({"version":2})", "version"},
        {R"({"teems":[]})", "teems", "'teams'"},
        {R"({"teams":{}})", "teams"},
        {R"({"teams":[7]})", "teams[0]"},
        {R"({"teams":[{"plan":"Pro"}]})", "teams[0].name", "required"},
        {R"({"teams":[{"name":"Search","plan":"Por"}]})", "teams[0].plan", "'Pro'"},
        {R"({"teams":[{"name":"Search","kyes":[]}]})", "teams[0].kyes", "'keys'"},
        {R"({"teams":[{"name":"Search","keys":null}]})", "teams[0].keys", "[]"},
        {R"({"teams":[{"name":"A"},{"name":"A"}]})", "teams[1].name", "twice"},
        {R"({"teams":[{"id":"nonsense","name":"A"}]})", "teams[0].id"},
        {R"({"providers":["opnai"]})", "providers[0]", "'openai'"},
        {R"({"plans":[{"name":"P","active_keys_max":"5"}]})", "plans[0].active_keys_max"},
        {R"({"plans":[{"name":"P","policy":{"limits":{"requests_per_minut":1}}}]})",
         "plans[0].policy.limits.requests_per_minut",
         "requests_per_minute"},
        {R"({"users":[{"email":"a@x"},{"email":"A@x"}]})", "users[1].email", "twice"},
        {R"({"users":[{"email":"a@x","is_disabled":true}]})", "users[0].is_disabled"},
        {R"({"teams":[{"name":"T","members":[{"email":"a@x"}]}]})", "teams[0].members[0].role"},
        {R"({"teams":[{"name":"T","members":[{"email":"a@x","role":"boss"}]}]})",
         "teams[0].members[0].role"},
        {R"({"teams":[{"name":"Search","plan":"Pro","policy":{"limits":
             {"requests_per_minute":601}}}]})",
         "teams[0].policy.limits.requests_per_minute",
         "600"},
        {R"({"teams":[{"name":"Search","plan":"Pro","apps":[{"name":"x","policy":
             {"limits":{"requests_per_minute":601}}}]}]})",
         "teams[0].apps[0].policy.limits.requests_per_minute"},
        {R"({"teams":[{"name":"Search","plan":"Pro","keys":[{"name":"x","rate_limit_rpm":601}]}]})",
         "teams[0].keys[0].rate_limit_rpm"},
        {R"({"teams":[{"name":"T","keys":[{"name":"x","app":"stagin"}]}]})",
         "teams[0].keys[0].app"},
        {R"({"teams":[{"name":"T","keys":[{"name":"x","user":"nobody@x"}]}]})",
         "teams[0].keys[0].user"},
        {R"({"teams":[{"name":"T","keys":[{"name":"x","maker":"y"}]}]})", "teams[0].keys[0].maker"},
        {R"({"teams":[{"name":"T","keys":[{"name":"x","maker":"x"}]}]})",
         "teams[0].keys[0].maker",
         "circle"},
        {R"({"teams":[{"name":"T","keys":[{"name":"x","maker":"y"},{"name":"y","maker":"z"},
             {"name":"z","maker":"x"}]}]})",
         "teams[0].keys[0].maker",
         "circle"},
        {R"({"teams":[{"name":"T","keys":[{"name":"a"},{"name":"b","maker":"a"},
             {"name":"c","maker":"b"},{"name":"d","maker":"c"},{"name":"e","maker":"d"}]}]})",
         "teams[0].keys[4].maker",
         "generations"},
        {R"({"teams":[{"name":"T","keys":[{"name":"x","status":"revoked"}]}]})",
         "teams[0].keys[0].status",
         "--prune"},
        {R"({"teams":[{"name":"T","keys":[{"name":"x","expires_at":"2001-01-01T00:00:00Z"}]}]})",
         "teams[0].keys[0].expires_at",
         "future"},
        {R"({"teams":[{"name":"T","keys":[{"name":"x","format":"kewarden"}]}]})",
         "teams[0].keys[0].format"},
        {R"({"teams":[{"name":"Search","keys":[{"name":"ci","kind":"full"}]}]})",
         "teams[0].keys[0].kind",
         "cannot be changed"},
        {R"({"teams":[{"name":"Search","keys":[{"name":"ci","environment":"live"}]}]})",
         "teams[0].keys[0].environment"},
        {R"({"teams":[{"name":"Search","keys":[{"name":"ci","maker":"off"}]}]})",
         "teams[0].keys[0].maker"},
        {R"({"teams":[{"name":"Search","keys":[{"name":"off","user":"ann@example.com"}]}]})",
         "teams[0].keys[0].user"},
    };
    for (const Wrong& wrong : wrongs) {
        EXPECT_EQ(wrong_at(doc(wrong.document)), wrong.param) << wrong.document << message_;
        EXPECT_NE(message_.find(wrong.says), std::string::npos) << message_;
    }
    EXPECT_EQ(wrong_at(doc(R"({"teams":[{"name":"Search","apps":[]}]})"), {{"prune", true}}),
              "teams[0].apps")
        << "a key belongs to it";
}

TEST_F(Apply, AFailureOfTheLastStepLeavesNothing) {
    apply(doc(kWhole));
    // The owner goes after everything else was done, and may not.
    const Json document = doc(R"({"plans":[{"name":"New"}],"teams":[{"name":"Search","plan":"New",
        "members":[],"keys":[{"name":"fresh"}]}]})");
    wrong_at(document, {{"prune", true}});
    EXPECT_NE(message_.find("last owner"), std::string::npos) << message_;
    EXPECT_EQ(exported()["plans"].size(), 2U);
}

TEST_F(Apply, WhenTheStoreIsAwayNothingHappens) {
    store_->is_down = true;
    EXPECT_EQ(ask(doc(kWhole)).code(), "store_unavailable");
    store_->is_down = false;
    EXPECT_EQ(exported()["teams"].size(), 2U);
}

TEST_F(Apply, TheFirstOperatorIsCalledSo) {
    ASSERT_TRUE(store_->accounts().create_user(
        {.id = "user_operator", .name = "operator", .is_operator = true}, {.tenant = "test"}));
    ASSERT_TRUE(store_->accounts().put_member(
        {.team_id = "team_1", .user_id = "user_operator", .role = Role::Owner},
        {.tenant = "test"}));
    make_id(R"({"name":"mine","user":"user_operator"})");
    const Json document = exported();
    EXPECT_EQ(document["teams"][0]["keys"][0]["user"], "operator");
    EXPECT_EQ(document["teams"][0]["members"].size(), 0U) << "who has no email is in no file";
    EXPECT_EQ(look(document, {{"prune", true}})["changes"].size(), 0U);
}

}  // namespace
}  // namespace keywarden
