// What models cost: told, set by operators, in force at once, and in the log.
#include <string>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

class Prices : public ApiFixture {
protected:
    Reply put(std::string_view model, std::string_view body) {
        return send(Method::Put, "/v1/admin/prices/" + std::string(model), std::string(body));
    }
    Reply reset(std::string_view model) {
        return send(Method::Delete, "/v1/admin/prices/" + std::string(model));
    }
    Json price(std::string_view model) {
        return get("/v1/admin/prices/" + std::string(model)).json();
    }
    static std::string outcome(const Reply& reply) {
        if (reply.status < 400) return std::to_string(reply.status);
        return reply.code() + " " + reply.json().value("param", "");
    }
    const PriceTable& table() { return *(table_ = context_->prices->table()); }

private:
    std::shared_ptr<const PriceTable> table_;
};

TEST_F(Prices, AreTheBooksAtFirst) {
    const Json gpt = price("openai/gpt-4o");
    EXPECT_EQ(gpt["object"], "price");
    EXPECT_EQ(gpt["model"], "gpt-4o");
    EXPECT_EQ(gpt["origin"], "book");
    EXPECT_EQ(gpt["vendor"], "openai");
    EXPECT_EQ(gpt["input"], "2.50");
    EXPECT_EQ(gpt["cached_input"], "1.25");
    EXPECT_EQ(gpt["output_tokens_max"], 16'384);
    EXPECT_EQ(gpt["version"], 0);
    EXPECT_EQ(price("gpt-4o")["vendor"], "openai") << "whatever a client calls it";
    EXPECT_EQ(price("deepseek/deepseek-flash")["vendor"], "deepseek")
        << "of a provider that is not configured";
}

TEST_F(Prices, OfAModelThatHasNoneAreNotFound) {
    EXPECT_EQ(outcome(get("/v1/admin/prices/groq/no-such-model")), "not_found ");
    EXPECT_EQ(outcome(get("/v1/admin/prices/nobody/nothing")), "model_not_found model");
}

TEST_F(Prices, ThatAreSetHoldAtOnceForCallsToCome) {
    const auto before = context_->prices->table();
    const Reply set = put("openai/gpt-4o", R"({"input":"2","output":"8","cached_input":"1"})");
    ASSERT_EQ(set.status, 200) << set.body;
    EXPECT_EQ(set.json(), Json::parse(R"({"object":"price","model":"openai/gpt-4o",
        "origin":"operator","input":"2.00","output":"8.00","cached_input":"1.00","version":1})"));
    EXPECT_EQ(table().find("openai", "gpt-4o-2024-08-06")->price.input, 2'000'000'000);
    EXPECT_EQ(before->find("openai", "gpt-4o")->price.input, 2'500'000'000) << "calls that run";
    EXPECT_EQ(price("gpt-4o")["origin"], "operator");
    EXPECT_EQ(price("gpt-4o")["output_tokens_max"], 16'384) << "a bound that was not set";
    ASSERT_EQ(put("gpt-4o", R"({"input":"3","output":"3"})").status, 200);
    EXPECT_EQ(price("gpt-4o")["input"], "2.00") << "the provider's own comes first";
    EXPECT_EQ(price("groq/gpt-4o")["input"], "3.00");
}

TEST_F(Prices, AreSetWhole) {
    ASSERT_EQ(put("gpt-4o", R"({"input":"2","output":"8","cached_input":"1"})").status, 200);
    ASSERT_EQ(put("gpt-4o", R"({"input":"2","output":"8"})").status, 200);
    EXPECT_FALSE(price("gpt-4o").contains("cached_input"));
}

TEST_F(Prices, GoBackToTheBooks) {
    ASSERT_EQ(put("gpt-4o", R"({"input":"2","output":"8"})").status, 200);
    const Reply gone = reset("gpt-4o");
    EXPECT_EQ(gone.json(), Json::parse(R"({"object":"price","model":"gpt-4o","deleted":true,
                                          "version":2})"));
    EXPECT_EQ(price("gpt-4o")["input"], "2.50");
    EXPECT_EQ(outcome(reset("gpt-4o")), "not_found ");
}

TEST_F(Prices, MayBeForWhateverAProviderHas) {
    ASSERT_EQ(put("groq/%2A", R"({"input":"0","output":"0"})").status, 200);
    EXPECT_EQ(price("groq/anything")["model"], "groq/*");
    EXPECT_EQ(price("groq/anything")["input"], "0.00");
    EXPECT_EQ(price("groq/llama")["model"], "groq/*") << "which the groq of this test calls so";
    EXPECT_EQ(price("openai/gpt-4o")["model"], "gpt-4o");
}

TEST_F(Prices, MistakesAreNamedAndChangeNothing) {
    EXPECT_EQ(outcome(put("gpt-4o", R"({"input":"1","outptu":"2"})")), "unknown_field outptu");
    EXPECT_NE(put("gpt-4o", R"({"input":"1","outptu":"2"})").body.find("'output'"),
              std::string::npos);
    EXPECT_EQ(outcome(put("gpt-4o", R"({"input":"1"})")), "invalid_request output");
    EXPECT_EQ(outcome(put("gpt-4o", R"({"input":"1","output":2.5})")), "invalid_request output");
    EXPECT_EQ(outcome(put("gpt-4o", R"({"input":"1","output":"-2"})")), "invalid_request output");
    EXPECT_EQ(outcome(put("gpt-4o", "[]")), "invalid_request ");
    EXPECT_EQ(outcome(put("gpt-4o", "")), "invalid_request ");
    EXPECT_EQ(outcome(put(std::string(257, 'm'), R"({"input":"1","output":"2"})")),
              "invalid_request model");
    EXPECT_EQ(outcome(put("a%20b", R"({"input":"1","output":"2"})")), "invalid_request model");
    EXPECT_EQ(table().version(), 0);
}

TEST_F(Prices, AllOfThemAreWhatWasSetAndTheBookWithItsDateAndSources) {
    ASSERT_EQ(put("own/llama", R"({"input":"1","output":"2"})").status, 200);
    const Json all = get("/v1/admin/prices").json();
    EXPECT_EQ(all["data"][0]["model"], "own/llama");
    EXPECT_EQ(all["data"][0]["origin"], "operator");
    EXPECT_EQ(all["data"].size(), 1 + built_in_price_book().entries.size());
    EXPECT_EQ(all["version"], 1);
    EXPECT_EQ(all["book"]["date"], built_in_price_book().date);
    for (const Json& vendor : all["book"]["vendors"]) EXPECT_NE(vendor["source"], "");
}

TEST_F(Prices, EveryChangeIsARowOfTheInstancesLog) {
    ASSERT_EQ(put("gpt-4o", R"({"input":"2","output":"8"})").status, 200);
    ASSERT_EQ(put("gpt-4o", R"({"input":"2","output":"9"})").status, 200);
    ASSERT_EQ(reset("gpt-4o").status, 200);
    const Json rows = get("/v1/admin/audit?limit=3").json()["data"];
    EXPECT_EQ(rows[0]["action"], "price.delete");
    EXPECT_EQ(rows[1]["action"], "price.update");
    EXPECT_EQ(rows[1]["target"], Json({{"id", "gpt-4o"}, {"type", "model"}}));
    EXPECT_NE(dump(rows[1]).find("\"8.00\""), std::string::npos) << dump(rows[1]);
    EXPECT_NE(dump(rows[1]).find("\"9.00\""), std::string::npos);
    EXPECT_EQ(dump(rows[1]).find("\"2.00\""), std::string::npos) << "only what differs";
}

TEST_F(Prices, AreToldToWhoeverMayReadTheTeam) {
    ASSERT_EQ(put("groq/llama-3.3", R"({"input":"0.59","output":"0.79"})").status, 200);
    be(make_key(R"({"kind":"management"})")["key"].get<std::string>());
    const Json listed = get("/v1/account/prices").json();
    EXPECT_EQ(listed["version"], 1);
    Json by_model = Json::object();
    for (const Json& row : listed["data"]) by_model[row["model"].get<std::string>()] = row;
    EXPECT_EQ(by_model["gpt-4o"]["provider"], "openai");
    EXPECT_EQ(by_model["gpt-4o"]["input"], "2.50");
    EXPECT_EQ(by_model["llama"]["input"], "0.59") << "by what the provider calls it";
    EXPECT_EQ(by_model["fast"]["input"], "0.59") << "an alias";
    be_operator();
    ASSERT_EQ(put("groq/llama", R"({"input":"0.50","output":"0.79"})").status, 200);
    EXPECT_EQ(price("fast")["input"], "0.50") << "by what it is called here, before that";
    EXPECT_EQ(by_model["groq/gpt-4o"],
              Json::parse(R"({"object":"price","model":"groq/gpt-4o","provider":"groq",
                              "priced":false})"));
}

}  // namespace
}  // namespace keywarden
