#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

class Prices : public CommandLineTest {
protected:
    void be_operator() {
        socket_ = "/data/keywarden.sock";
        environment_.variables.erase("KEYWARDEN_API_KEY");
        environment_.variables["KEYWARDEN_DATA_DIR"] = "/data";
    }

    static constexpr const char* kListed =
        R"({"object":"list","version":3,"data":[
            {"object":"price","model":"gpt-4o","provider":"openai","priced":true,"input":"2.50",
             "cached_input":"1.25","output":"10.00","output_tokens_max":16384},
            {"object":"price","model":"own/llama","provider":"own","priced":false}]})";
    static constexpr const char* kOne =
        R"({"object":"price","model":"gpt-4o","origin":"book","vendor":"openai","input":"2.50",
            "output":"10.00","context_tokens_max":128000,"note":"A note.","version":3})";
};

TEST_F(Prices, AreATableOfWhatTheModelsCost) {
    will_answer(200, kListed);
    EXPECT_EQ(run({"prices"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "GET /v1/account/prices");
    EXPECT_NE(out_.find("gpt-4o     openai    2.50       1.25        10.00"), out_.npos) << out_;
    EXPECT_NE(out_.find("own/llama  own       -          -           -"), out_.npos) << out_;
}

TEST_F(Prices, SayWhatTheTeamPaysOnTop) {
    Json listed = Json::parse(kListed);
    listed["markup_basis_points"] = 1205;
    will_answer(200, listed.dump());
    EXPECT_EQ(run({"prices"}), 0) << err_;
    EXPECT_NE(out_.find("Your team pays 12.05 % on top.\n"), out_.npos) << out_;
    listed["markup_basis_points"] = 0;
    answers_.clear();
    will_answer(200, listed.dump());
    EXPECT_EQ(run({"prices"}), 0) << err_;
    EXPECT_EQ(out_.find("on top"), out_.npos) << out_;
}

TEST_F(Prices, OfOneModelAreAllThatItsPriceSays) {
    will_answer(200, kListed);
    EXPECT_EQ(run({"prices", "gpt-4o"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "GET /v1/account/prices");
    EXPECT_NE(out_.find("output_tokens_max  16384"), out_.npos) << out_;
    EXPECT_EQ(out_.find("own"), out_.npos);
    EXPECT_NE(run({"prices", "gpt-5"}), 0);
    EXPECT_NE(err_.find("keywarden models"), err_.npos) << err_;
}

TEST_F(Prices, ForTheOperatorSayWhichOneHolds) {
    be_operator();
    will_answer(200, kOne);
    EXPECT_EQ(run({"prices", "openai/gpt-4o"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "GET /v1/admin/prices/openai/gpt-4o");
    EXPECT_EQ(sent_.at(0).unix_socket, socket_);
    EXPECT_NE(out_.find("origin              book"), out_.npos) << out_;
    EXPECT_NE(out_.find("note                A note."), out_.npos) << out_;
    EXPECT_EQ(run({"prices", "--all"}), 0) << err_;
    EXPECT_EQ(sent_.at(1).line, "GET /v1/admin/prices");
}

TEST_F(Prices, InJsonAreWhatTheGatewaySaid) {
    will_answer(200, kListed);
    EXPECT_EQ(run({"prices", "--json"}), 0);
    EXPECT_EQ(Json::parse(out_), Json::parse(kListed));
    EXPECT_EQ(run({"prices", "gpt-4o", "--json"}), 0);
    EXPECT_EQ(Json::parse(out_), Json::parse(kListed)["data"][0]);
}

TEST_F(Prices, AreSetFieldByField) {
    be_operator();
    will_answer(200, kOne);
    EXPECT_EQ(
        run({"prices", "set", "ollama/*", "input=0", "output=0.075", "output_tokens_max=4096"}), 0)
        << err_;
    EXPECT_EQ(sent_.at(0).line, "PUT /v1/admin/prices/ollama/%2A");
    EXPECT_EQ(Json::parse(sent_.at(0).body),
              Json::parse(R"({"input":"0","output":"0.075","output_tokens_max":4096})"));
}

TEST_F(Prices, WhatCannotBeSetIsSaidAndNotSent) {
    be_operator();
    EXPECT_EQ(run({"prices", "set", "gpt-4o", "input"}), kExitBadInput);
    EXPECT_NE(err_.find("FIELD=AMOUNT"), err_.npos) << err_;
    EXPECT_EQ(run({"prices", "set", "gpt-4o", "=1"}), kExitBadInput);
    EXPECT_EQ(run({"prices", "set", "gpt-4o", "output_tokens_max=many"}), kExitBadInput);
    EXPECT_EQ(run({"prices", "set", "gpt-4o"}), kExitBadInput);
    EXPECT_TRUE(sent_.empty());
}

TEST_F(Prices, AFieldThatIsUnknownIsTheGatewaysToName) {
    be_operator();
    will_answer(400, R"({"code":"unknown_field","title":"x","detail":"Did you mean 'input'?"})");
    EXPECT_NE(run({"prices", "set", "gpt-4o", "inptu=1"}), 0);
    EXPECT_EQ(Json::parse(sent_.at(0).body), Json::parse(R"({"inptu":"1"})"));
    EXPECT_NE(err_.find("Did you mean 'input'?"), err_.npos) << err_;
}

TEST_F(Prices, GoBackToTheBook) {
    be_operator();
    will_answer(200, R"({"object":"price","model":"gpt-4o","deleted":true,"version":4})");
    EXPECT_EQ(run({"prices", "reset", "gpt-4o"}), 0) << err_;
    EXPECT_EQ(sent_.at(0).line, "DELETE /v1/admin/prices/gpt-4o");
    EXPECT_EQ(out_, "The price of gpt-4o is set no more.\n");
}

}  // namespace
}  // namespace keywarden
