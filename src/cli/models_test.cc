#include "cli/session_fixture.h"

namespace keywarden {
namespace {

class Models : public CommandLineTest {
protected:
    static constexpr const char* kListed =
        R"({"object":"list","data":[
            {"id":"gpt-4o","object":"model","owned_by":"openai"},
            {"id":"house","object":"model","owned_by":"keywarden",
             "route":{"strategy":"fallback","targets":["gpt-4o","groq/llama"]}}]})";
};

TEST_F(Models, AreListedWithRoutesAmongThem) {
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"models"}, {"models", "list"}}) {
        out_.clear();
        will_answer(200, kListed);
        EXPECT_EQ(run(command), 0) << err_;
        EXPECT_EQ(sent_.back().line, "GET /v1/models");
        EXPECT_NE(out_.find("gpt-4o  openai"), out_.npos) << out_;
        EXPECT_NE(out_.find("house   keywarden"), out_.npos) << out_;
    }
}

TEST_F(Models, OneIsShownWithWhereItGoes) {
    will_answer(200,
                R"({"id":"own/house","object":"model","owned_by":"keywarden",
                    "route":{"strategy":"weighted","targets":["gpt-4o","groq/llama"]}})");
    EXPECT_EQ(run({"models", "show", "own/house"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "GET /v1/models/own/house");
    EXPECT_NE(out_.find("strategy  weighted"), out_.npos) << out_;
    EXPECT_NE(out_.find("targets   gpt-4o, groq/llama"), out_.npos) << out_;
}

TEST_F(Models, OneIsShownWithWhatItTakesAndCosts) {
    will_answer(200,
                R"({"id":"gpt-4o","object":"model","owned_by":"openai","privacy":"zdr",
                    "context_window":128000,"max_output_tokens":16384,
                    "price":{"currency":"USD","input":"2.5","cached_input":"1.25",
                             "output":"10"}})");
    EXPECT_EQ(run({"models", "show", "gpt-4o"}), 0) << err_;
    EXPECT_NE(out_.find("zdr"), out_.npos) << out_;
    EXPECT_NE(out_.find("128000"), out_.npos) << out_;
    EXPECT_NE(out_.find("16384"), out_.npos) << out_;
    EXPECT_NE(out_.find("input, $ per million tokens  2.5\n"), out_.npos) << out_;
    EXPECT_NE(out_.find("1.25"), out_.npos) << out_;
}

TEST_F(Models, OnesPriceIsThatOfPrices) {
    will_answer(200,
                R"({"object":"list","data":[{"object":"price","model":"gpt-4o","provider":"openai",
                    "priced":true,"input":"2.50","output":"10.00"}]})");
    EXPECT_EQ(run({"models", "price", "gpt-4o"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "GET /v1/account/prices");
    EXPECT_NE(out_.find("2.50"), out_.npos) << out_;
}

TEST_F(Models, RoutesAreThoseThatGoToSeveral) {
    will_answer(200, kListed);
    EXPECT_EQ(run({"routes"}), 0) << err_;
    EXPECT_NE(out_.find("house  fallback  gpt-4o, groq/llama"), out_.npos) << out_;
    EXPECT_EQ(out_.find("openai"), out_.npos) << out_;
    out_.clear();
    EXPECT_EQ(run({"routes", "--json"}), 0) << err_;
    EXPECT_NE(out_.find("\"house\""), out_.npos) << out_;
    EXPECT_EQ(out_.find("openai"), out_.npos) << out_;
}

TEST_F(Models, WithoutRoutesThereIsAWordOnHowToMakeOne) {
    will_answer(200, R"({"object":"list","data":[{"id":"gpt-4o","owned_by":"openai"}]})");
    EXPECT_EQ(run({"routes"}), 0) << err_;
    EXPECT_NE(out_.find("There are no routes"), out_.npos) << out_;
}

}  // namespace
}  // namespace keywarden
