// Budgets over the API.
#include <string>

#include "admin/money_fixture.h"

namespace keywarden {
namespace {

constexpr const char* kBudgets = "/v1/account/budgets";

class BudgetApi : public MoneyFixture {
protected:
    std::string budget(const std::string& body) {
        const Reply reply = post(kBudgets, body);
        EXPECT_EQ(reply.status, 201) << reply.body;
        return reply.status == 201 ? reply.json()["id"].get<std::string>() : "";
    }
    static std::string path(const std::string& id, const std::string& action = {}) {
        return std::string(kBudgets) + "/" + id + action;
    }
    Json state(const std::string& id) { return get(path(id)).json()["state"]; }
    /// Whether a call of the key may hold so much.
    bool fits(std::string_view key, NanoUsd amount) {
        const SpendGate gate(
            *spend_, {.team_id = "team_1", .key_id = key, .model = "openai/gpt-4o"}, clock_.now());
        return !gate.find_denial(amount);
    }
};

TEST_F(BudgetApi, ANameAndAnAmountAreEnough) {
    const Reply reply = post(kBudgets, R"({"name":"All","amount_usd":"10"})");
    ASSERT_EQ(reply.status, 201) << reply.body;
    const Json made = reply.json();
    EXPECT_EQ(made["scope"], "team");
    EXPECT_EQ(made["period"], "month");
    EXPECT_EQ(made["blocks"], true);
    EXPECT_EQ(made["thresholds"], Json({50, 75, 100}));
    EXPECT_TRUE(made["target"].is_null());
    EXPECT_TRUE(made["raise"].is_null());
    EXPECT_EQ(made["state"]["remaining_usd"], "10.00");
    EXPECT_EQ(reply.header("ETag"), "\"1\"");
    EXPECT_EQ(reply.header("Location"), path(made["id"]));
    EXPECT_EQ(last_action(), "budget.create");
    EXPECT_EQ(get(kBudgets).json()["data"][0], made);
}

TEST_F(BudgetApi, ItMeetsTheNextCallAndWhatWasSpentBefore) {
    const std::string key = make_id(R"({"name":"ci"})");
    made(call(key, {4'000'000'000}));
    const std::string id =
        budget(R"({"name":"CI","scope":"key","target":")" + key + R"(","amount_usd":"5"})");
    EXPECT_EQ(get(path(id)).json()["target_name"], "ci");
    SpendHold held = hold(key, {250'000'000});
    const Json now = state(id);
    EXPECT_EQ(now["limit_usd"], "5.00");
    EXPECT_EQ(now["spent_usd"], "4.00");
    EXPECT_EQ(now["held_usd"], "0.25");
    EXPECT_EQ(now["remaining_usd"], "0.75");
    EXPECT_EQ(now["percent"], 80);
    EXPECT_EQ(now["resets_at"].get<std::string>().substr(7), "-01T00:00:00.000Z");
    EXPECT_TRUE(fits(key, {750'000'000}));
    EXPECT_FALSE(fits(key, {750'000'001}));
    EXPECT_EQ(change(path(id), R"({"amount_usd":"6"})").status, 200);
    EXPECT_TRUE(fits(key, {1'750'000'000}));
    EXPECT_EQ(change(path(id), R"({"blocks":false})").status, 200);
    EXPECT_TRUE(fits(key, {90'000'000'000}));
    EXPECT_EQ(change(path(id), R"({"blocks":true})").json()["version"], 4);
    EXPECT_EQ(del(path(id)).json()["deleted"], true);
    EXPECT_TRUE(fits(key, {90'000'000'000}));
    EXPECT_EQ(last_action(), "budget.delete");
    EXPECT_EQ(get(path(id)).code(), "not_found");
}

TEST_F(BudgetApi, ARaiseHoldsUntilItEnds) {
    const std::string id = budget(R"({"name":"All","amount_usd":"10","period":"total"})");
    const std::string until = format_iso8601(clock_.now() + std::chrono::hours(2));
    const Reply raised = post(path(id, "/raise"), R"({"amount_usd":"5","until":")" + until + "\"}");
    ASSERT_EQ(raised.status, 200) << raised.body;
    EXPECT_EQ(raised.json()["raise"], Json({{"amount_usd", "5.00"}, {"until", until}}));
    EXPECT_EQ(raised.json()["amount_usd"], "10.00");
    EXPECT_EQ(state(id)["limit_usd"], "15.00");
    EXPECT_TRUE(state(id)["resets_at"].is_null());
    EXPECT_TRUE(fits("", {15'000'000'000}));
    EXPECT_EQ(last_action(), "budget.raise");
    clock_.advance(std::chrono::hours(3));
    EXPECT_TRUE(get(path(id)).json()["raise"].is_null()) << "it has ended by itself";
    EXPECT_FALSE(fits("", {15'000'000'000}));
    const std::string later = format_iso8601(clock_.now() + std::chrono::hours(2));
    ASSERT_EQ(post(path(id, "/raise"), R"({"amount_usd":"1","until":")" + later + "\"}").status,
              200);
    EXPECT_TRUE(del(path(id, "/raise")).json()["raise"].is_null());
    EXPECT_EQ(state(id)["limit_usd"], "10.00");
}

TEST_F(BudgetApi, ARaiseNeedsAnAmountAndAnEndToCome) {
    const std::string id = budget(R"({"name":"All","amount_usd":"10"})");
    const auto wrong = [&](std::string body) {
        return post(path(id, "/raise"), std::move(body)).json()["param"];
    };
    EXPECT_EQ(wrong(R"({"until":"2199-01-01"})"), "amount_usd");
    EXPECT_EQ(wrong(R"({"amount_usd":"5"})"), "until");
    EXPECT_EQ(wrong(R"({"amount_usd":"5","until":"2020-01-01"})"), "until");
    EXPECT_EQ(wrong(R"({"amount_usd":"5","until":"soon"})"), "until");
    EXPECT_EQ(post(path(id, "/raise"), R"({"amount_usd":"0","until":"2199-01-01"})").code(),
              "invalid_request");
    EXPECT_EQ(get(path(id)).json()["version"], 1);
}

TEST_F(BudgetApi, ATargetMustBeThere) {
    const std::string key = make_id();
    const std::string app = post("/v1/account/apps", R"({"name":"dev"})").json()["id"];
    const auto tried = [&](const std::string& scope, const std::string& target) {
        Json body = {{"name", "b"}, {"amount_usd", "1"}, {"scope", scope}};
        if (!target.empty()) body["target"] = target;
        const Reply reply = post(kBudgets, body.dump());
        return reply.status == 201 ? reply.json()["target"] : reply.json()["param"];
    };
    EXPECT_EQ(tried("key", key), key);
    EXPECT_EQ(tried("key", "key_none"), "target");
    EXPECT_EQ(tried("key", ""), "target");
    EXPECT_EQ(tried("app", app), app);
    EXPECT_EQ(tried("app", key), "target");
    EXPECT_EQ(tried("model", "gpt-4o"), "openai/gpt-4o");
    EXPECT_EQ(tried("model", "fast"), "groq/llama") << "an alias is what it stands for";
    EXPECT_EQ(tried("model", "gpt-nine"), "target");
    EXPECT_EQ(tried("tag", "blue"), "blue");
    EXPECT_EQ(tried("team", "team_1"), "target");
    EXPECT_EQ(tried("plan", "plan_default"), "scope") << "for operators";
    be_operator("team_2");
    EXPECT_EQ(tried("key", key), "target") << "another team's";
}

TEST_F(BudgetApi, SaysWhichFieldIsWrong) {
    const auto wrong = [&](std::string body) {
        return post(kBudgets, std::move(body)).json()["param"];
    };
    EXPECT_EQ(wrong(R"({"amount_usd":"1"})"), "name");
    EXPECT_EQ(wrong(R"({"name":"b"})"), "amount_usd");
    EXPECT_EQ(wrong(R"({"name":"b","amount_usd":"-1"})"), "amount_usd");
    EXPECT_EQ(wrong(R"({"name":"b","amount_usd":1})"), "amount_usd");
    EXPECT_EQ(wrong(R"({"name":"b","amount_usd":"1","period":"year"})"), "period");
    EXPECT_EQ(wrong(R"({"name":"b","amount_usd":"1","thresholds":[0]})"), "thresholds");
    EXPECT_EQ(wrong(R"({"name":"b","amount_usd":"1","thresholds":[50,50]})"), "thresholds");
    EXPECT_EQ(wrong(R"({"name":"b","amount_usd":"1","thresholds":[1,2,3,4,5,6,7,8,9]})"),
              "thresholds");
    EXPECT_EQ(wrong(R"({"name":"b","amount_usd":"1","blocks":"yes"})"), "blocks");
    EXPECT_EQ(wrong(R"({"name":"b","amount":"1"})"), "amount");
    const std::string id = budget(R"({"name":"b","amount_usd":"1","thresholds":[90,10]})");
    EXPECT_EQ(get(path(id)).json()["thresholds"], Json({10, 90})) << "in whatever order";
    EXPECT_EQ(change(path(id), R"({"period":"day"})").code(), "unknown_field");
    EXPECT_EQ(change(path(id), R"({"amount_usd":"0"})").code(), "invalid_request");
    EXPECT_EQ(change(path(id), R"({"name":"c"})", {{"If-Match", "\"7\""}}).code(),
              "version_mismatch");
    EXPECT_EQ(send(Method::Delete, path(id), {}, {{"If-Match", "\"7\""}}).code(),
              "version_mismatch");
}

TEST_F(BudgetApi, AnotherTeamsBudgetIsNotThere) {
    const std::string id = budget(R"({"name":"b","amount_usd":"1"})");
    be_operator("team_2");
    EXPECT_EQ(get(path(id)).code(), "not_found");
    EXPECT_EQ(change(path(id), R"({"name":"c"})").code(), "not_found");
    EXPECT_EQ(del(path(id)).code(), "not_found");
    EXPECT_EQ(post(path(id, "/raise"), R"({"amount_usd":"1","until":"2199-01-01"})").code(),
              "not_found");
    EXPECT_EQ(get(kBudgets).json()["data"].size(), 0U);
}

TEST_F(BudgetApi, AKeyDoesNotLoosenWhatBindsIt) {
    const Json own = make_key(R"({"name":"own"})");
    const std::string own_id = own["id"];
    const std::string app = post("/v1/account/apps", R"({"name":"dev"})").json()["id"];
    const Json of_app = make_key(R"({"name":"of app","tags":["blue"],"app":")" + app + "\"}");
    const std::string on_key =
        budget(R"({"name":"b","amount_usd":"1","scope":"key","target":")" + own_id + "\"}");
    const std::string on_app =
        budget(R"({"name":"b","amount_usd":"1","scope":"app","target":")" + app + "\"}");
    const std::string on_tag =
        budget(R"({"name":"b","amount_usd":"1","scope":"tag","target":"blue"})");
    const std::string on_team = budget(R"({"name":"b","amount_usd":"1"})");
    const std::string raise = R"({"amount_usd":"9","until":"2199-01-01"})";
    be(own["key"].get<std::string>());
    EXPECT_EQ(change(path(on_key), R"({"amount_usd":"9"})").code(), "insufficient_scope");
    EXPECT_EQ(post(path(on_key, "/raise"), raise).code(), "insufficient_scope");
    EXPECT_EQ(del(path(on_key, "/raise")).code(), "insufficient_scope");
    EXPECT_EQ(del(path(on_key)).code(), "insufficient_scope");
    EXPECT_EQ(change(path(on_app), R"({"name":"c"})").status, 200) << "it binds others";
    EXPECT_EQ(change(path(on_team), R"({"amount_usd":"2"})").status, 200) << "an owner's";
    const Json child = make_key(R"({"name":"child"})");
    be(child["key"].get<std::string>());
    EXPECT_EQ(change(path(on_key), R"({"amount_usd":"9"})").code(), "insufficient_scope")
        << "of the key that made it";
    be(of_app["key"].get<std::string>());
    EXPECT_EQ(del(path(on_app)).code(), "insufficient_scope");
    EXPECT_EQ(del(path(on_tag)).code(), "insufficient_scope");
    EXPECT_EQ(change(path(on_key), R"({"amount_usd":"9"})").status, 200);
    EXPECT_EQ(state(on_key)["limit_usd"], "9.00");
}

TEST_F(BudgetApi, ABudgetOfAPlanHoldsForEachOfItsTeams) {
    const Reply reply = post("/v1/admin/budgets",
                             R"({"name":"Free","scope":"plan","target":"plan_default",
                                 "amount_usd":"2"})");
    ASSERT_EQ(reply.status, 201) << reply.body;
    EXPECT_TRUE(reply.json()["state"].is_null()) << "each team has its own";
    const std::string id = reply.json()["id"];
    made(call("", kDollar));
    const Json seen = get(kBudgets).json()["data"][0];
    EXPECT_EQ(seen["id"], id);
    EXPECT_EQ(seen["state"]["spent_usd"], "1.00");
    EXPECT_FALSE(fits("", {1'000'000'001}));
    EXPECT_EQ(change(path(id), R"({"amount_usd":"9"})").code(), "not_found") << "not the team's";
    EXPECT_EQ(get("/v1/admin/budgets").json()["data"].size(), 1U);
    EXPECT_EQ(change("/v1/admin/budgets/" + id, R"({"amount_usd":"3"})").status, 200);
    EXPECT_TRUE(fits("", {2'000'000'000}));
    const std::string other = post("/v1/admin/plans", R"({"name":"paid"})").json()["id"];
    ASSERT_EQ(change("/v1/admin/teams/team_1", R"({"plan":")" + other + "\"}").status, 200);
    EXPECT_EQ(get(kBudgets).json()["data"].size(), 0U);
    EXPECT_TRUE(fits("", {9'000'000'000})) << "on another plan";
    be_operator("team_2");
    EXPECT_EQ(get(kBudgets).json()["data"][0]["state"]["spent_usd"], "0.00");
    EXPECT_EQ(del("/v1/admin/budgets/" + id).status, 200);
    EXPECT_EQ(get(kBudgets).json()["data"].size(), 0U);
    EXPECT_EQ(post("/v1/admin/budgets", R"({"name":"x","scope":"team","amount_usd":"2"})")
                  .json()["param"],
              "scope");
    EXPECT_EQ(post("/v1/admin/budgets", R"({"name":"x","target":"plan_9","amount_usd":"2"})")
                  .json()["param"],
              "target");
}

TEST_F(BudgetApi, ATagCountsFromTheMomentThatAKeyHasIt) {
    const std::string id = budget(R"({"name":"b","amount_usd":"1","scope":"tag","target":"blue"})");
    const std::string key = make_id(R"({"name":"k","tags":["blue"]})");
    EXPECT_FALSE(fits(key, {2'000'000'000}));
    ASSERT_EQ(patch(key, R"({"tags":["red"]})").status, 200);
    EXPECT_TRUE(fits(key, {2'000'000'000}));
    ASSERT_EQ(patch(key, R"({"tags":["blue","red"]})").status, 200);
    EXPECT_FALSE(fits(key, {2'000'000'000}));
}

TEST_F(BudgetApi, ToTakeAKeyOutOfABudgetIsToLoosenIt) {
    const std::string app = post("/v1/account/apps", R"({"name":"dev"})").json()["id"];
    const std::string user =
        post("/v1/account/members", R"({"email":"a@example.com","role":"member"})").json()["user"];
    const std::string tagged = make_id(R"({"tags":["blue","free"]})");
    const std::string of_app = make_id(Json({{"app", app}}).dump());
    const std::string theirs = make_id(Json({{"user", user}, {"tags", {"blue", "free"}}}).dump());
    const Json member = make_key(Json({{"user", user}, {"kind", "management"}}).dump());
    const Json owner = make_key();
    const Json bound = make_key(Json({{"app", app}}).dump());
    budget(R"({"name":"b","amount_usd":"1","scope":"tag","target":"blue"})");
    budget(Json({{"name", "b"}, {"amount_usd", "1"}, {"scope", "app"}, {"target", app}}).dump());

    be(member["key"].get<std::string>());
    const Reply refused = patch(theirs, R"({"tags":["free"]})");
    EXPECT_EQ(refused.code(), "insufficient_scope") << "a member writes no budgets";
    EXPECT_EQ(refused.json()["param"], "tags");
    EXPECT_EQ(patch(theirs, R"({"tags":["blue","new"]})").status, 200) << "no budget is on 'free'";
    be(bound["key"].get<std::string>());
    EXPECT_EQ(patch(of_app, R"({"app":null})").json()["param"], "app") << "it binds the caller";
    be(owner["key"].get<std::string>());
    EXPECT_EQ(patch(of_app, R"({"app":null})").status, 200);
    EXPECT_EQ(patch(tagged, R"({"tags":[]})").status, 200);
    be_operator();
    EXPECT_EQ(patch(theirs, R"({"tags":[]})").status, 200);
}

}  // namespace
}  // namespace keywarden
