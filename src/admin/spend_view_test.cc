// Which budgets bind a key, and what a call that nobody has made would meet of money.
#include "admin/spend_view.h"

#include <string>

#include "admin/money_fixture.h"

namespace keywarden {
namespace {

class Exhausted : public MoneyFixture {
protected:
    void budget(const std::string& body) {
        const Reply reply = post("/v1/account/budgets", body);
        ASSERT_EQ(reply.status, 201) << reply.body;
    }
    std::string names(std::string_view path) {
        std::string out;
        for (const Json& each : get(path).json()["data"]) {
            out += each["name"].get<std::string>() + " ";
        }
        return out;
    }
    Json step(const Json& answer, std::string_view rule) {
        for (const Json& each : answer["steps"]) {
            if (each["rule"] == rule) return each;
        }
        return {};
    }
};

TEST_F(Exhausted, AKeyWhoseBudgetIsUsedUpSaysSo) {
    const std::string used = make_id(R"({"name":"used"})");
    const std::string other = make_id(R"({"name":"other"})");
    const std::string told = make_id(R"({"name":"told"})");
    make_id(R"({"name":"idle"})");
    for (const std::string& id : {used, told}) {
        budget(R"({"name":"b","amount_usd":"1","scope":"key","target":")" + id +
               "\",\"blocks\":" + (id == used ? "true}" : "false}"));
        made(call(id, kDollar));
    }
    made(call(other, kDollar));
    EXPECT_EQ(get(path_of(used)).json()["status"], "exhausted");
    EXPECT_EQ(get(path_of(told)).json()["status"], "active") << "it only tells";
    EXPECT_EQ(names("/v1/keys?status=exhausted"), "used ");
    EXPECT_EQ(names("/v1/keys?status=active"), "idle told other ");
    EXPECT_EQ(names("/v1/keys"), "idle told other used ");
    EXPECT_EQ(names("/v1/keys?status=active&limit=2"), "idle told ");
    EXPECT_EQ(names("/v1/keys?status=exhausted&limit=1"), "used ");
    EXPECT_EQ(revoke(used).json()["status"], "revoked");
    EXPECT_EQ(names("/v1/keys?status=exhausted"), "");
}

TEST_F(Exhausted, ABudgetOfTheTeamExhaustsAllItsKeysAndOneOfAModelNone) {
    make_id(R"({"name":"a"})");
    made(call("", kDollar));
    budget(R"({"name":"m","amount_usd":"1","scope":"model","target":"gpt-4o"})");
    EXPECT_EQ(names("/v1/keys?status=exhausted"), "");
    budget(R"({"name":"t","amount_usd":"1"})");
    EXPECT_EQ(names("/v1/keys?status=exhausted"), "a ");
    clock_.advance(std::chrono::days(40));
    EXPECT_EQ(names("/v1/keys?status=exhausted"), "") << "another month";
}

TEST_F(Exhausted, AKeySeesTheBudgetsThatBindItWithWhatIsLeft) {
    const Json parent = make_key(R"({"name":"parent","tags":["blue"]})");
    const std::string parent_id = parent["id"];
    const std::string other = make_id(R"({"name":"other"})");
    budget(R"({"name":"mine","amount_usd":"5","scope":"key","target":")" + parent_id + "\"}");
    budget(R"({"name":"not mine","amount_usd":"5","scope":"key","target":")" + other + "\"}");
    budget(R"({"name":"blue","amount_usd":"5","scope":"tag","target":"blue"})");
    budget(R"({"name":"model","amount_usd":"5","scope":"model","target":"gpt-4o"})");
    budget(R"({"name":"all","amount_usd":"5"})");
    CallRecord blue = call(parent_id, kDollar);
    blue.tags = {"blue"};
    made(blue);
    be(parent["key"].get<std::string>());
    const auto bound = [&] {
        std::string out;
        for (const Json& each : get("/v1/key").json()["budgets"]) {
            out += each["name"].get<std::string>() + " " +
                   each["state"]["remaining_usd"].get<std::string>() + ", ";
        }
        return out;
    };
    EXPECT_EQ(bound(), "mine 4.00, blue 4.00, all 4.00, model 4.00, ");
    const Json child = make_key(R"({"name":"child"})");
    be(child["key"].get<std::string>());
    EXPECT_EQ(bound(), "mine 4.00, blue 4.00, all 4.00, model 4.00, ")
        << "those of the key that made it, and of its tags";
    be_operator();
    EXPECT_EQ(get("/v1/key").json()["budgets"], Json::array());
    EXPECT_EQ(get(path_of(other)).json()["budgets"].size(), 3U);
}

TEST_F(Exhausted, ExplainTellsOfBudgetsAndTheBalanceAndTakesNothing) {
    const std::string id = make_id();
    const auto explain = [&](int tokens) {
        return post("/v1/explain",
                    Json({{"key", id}, {"model", "gpt-4o"}, {"tokens_out", tokens}}).dump())
            .json();
    };
    EXPECT_TRUE(step(explain(10), "balance").is_null()) << "nothing bounds it";
    budget(R"({"name":"tight","amount_usd":"0.01","scope":"key","target":")" + id + "\"}");
    budget(R"({"name":"roomy","amount_usd":"100"})");
    const Json fits = explain(10);
    EXPECT_TRUE(fits["allowed"]) << fits.dump();
    EXPECT_EQ(fits["request"]["held_usd"], "0.0001");
    EXPECT_EQ(step(fits, "budget")["value"], "tight");
    EXPECT_EQ(step(fits, "budget")["allowed"], true);
    const Json refused = explain(2000);
    EXPECT_EQ(refused["allowed"], false);
    EXPECT_EQ(refused["code"], "request_too_large") << "it alone is more than all of it";
    EXPECT_EQ(step(refused, "budget")["code"], "request_too_large");
    made(call(id, {9'950'000}));
    EXPECT_EQ(explain(10)["code"], "budget_exceeded");
    EXPECT_EQ(get(path_of(id)).json()["budgets"][0]["state"]["held_usd"], "0.00");
    ASSERT_EQ(change("/v1/admin/teams/team_1/billing", R"({"mode":"prepaid"})").status, 200);
    const Json broke = explain(10);
    EXPECT_EQ(step(broke, "balance")["code"], "insufficient_credits") << broke.dump();
    EXPECT_EQ(step(broke, "balance")["value"], "$-0.00995");
}

TEST_F(Exhausted, ExplainHoldsWhatACallWouldHold) {
    const std::string id = make_id();
    const auto held = [&](Json question) {
        question["key"] = id;
        question["model"] = "gpt-4o";
        return post("/v1/explain", question.dump()).json()["request"]["held_usd"];
    };
    // 2.50 and 10.00 dollars a million; each byte of a body may be a token.
    EXPECT_EQ(held({{"body_bytes", 400}, {"tokens_out", 10}}), "0.0011");
    EXPECT_EQ(held({{"tokens_in", 100}, {"tokens_out", 10}}), "0.0011");
    EXPECT_EQ(held({{"body_bytes", 400}, {"tokens_in", 1}, {"tokens_out", 10}}), "0.0011");
    EXPECT_EQ(held({{"body_bytes", 400}}), "0.16484") << "as much as the model writes";
    EXPECT_EQ(held({{"body_bytes", 400}, {"endpoint", "/v1/embeddings"}, {"tokens_out", 10}}),
              "0.001");
    ASSERT_EQ(change("/v1/admin/teams/team_1/billing", R"({"markup_basis_points":10000})").status,
              200);
    EXPECT_EQ(held({{"body_bytes", 400}, {"tokens_out", 10}}), "0.0022");
    EXPECT_EQ(get("/v1/account/prices").json()["markup_basis_points"], 10000);
}

TEST_F(Exhausted, ExplainTellsOfAModelThatHasNoPrice) {
    const std::string id = make_id();
    const auto explain = [&] {
        return post("/v1/explain", R"({"key":")" + id + R"(","model":"groq/llama"})").json();
    };
    EXPECT_TRUE(step(explain(), "price").is_null());
    EXPECT_TRUE(explain()["allowed"]);
    ASSERT_EQ(change("/v1/admin/teams/team_1/billing", R"({"unpriced":"block"})").status, 200);
    EXPECT_EQ(explain()["code"], "model_not_allowed");
}

}  // namespace
}  // namespace keywarden
