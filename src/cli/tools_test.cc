#include <string>

#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

class ToolsCommand : public CommandLineTest {
protected:
    static constexpr const char* kHealth = R"({"object":"tools_health",
        "since":"2026-11-20T12:00:00.000Z","calls":9,"calls_with_tool_calls":4,"missed_calls":1,
        "recall_basis_points":7500,"data":[
          {"name":"search","offered":9,"forwarded":9,"left_out":0,"called":3,"missed":0,
           "description":null},
          {"name":"shell","offered":9,"forwarded":2,"left_out":7,"called":1,"missed":1,
           "description":"missing"}],
        "colliding":[{"tools":["a","b"],"similarity_percent":87}]})";

    void expect_said(std::initializer_list<const char*> all) {
        for (const char* said : all) EXPECT_NE(out_.find(said), std::string::npos) << said << out_;
    }
};

TEST_F(ToolsCommand, TopShowsWhatIsCalled) {
    will_answer(200, kHealth);
    EXPECT_EQ(run({"tools", "top"}), 0) << err_;
    EXPECT_EQ(sent_[0].line, "GET /v1/account/tools/health");
    expect_said({"recall 75.0 %", "search  3", "shell   1"});
}

TEST_F(ToolsCommand, HealthShowsWhatIsWrong) {
    will_answer(200, kHealth);
    EXPECT_EQ(run({"tools", "health"}), 0) << err_;
    expect_said({"it has no description", "called 1 times though it was left out", "87 %"});
    EXPECT_EQ(out_.find("search"), std::string::npos) << "nothing is wrong with it";
}

TEST_F(ToolsCommand, ExplainSendsTheRequestAsItIs) {
    will_answer(200, R"({"outcome":"selected","says":"tools were chosen","kept":1,"offered":2,
        "data":[{"name":"a","kept":true,"place":1,"score":2,"says":"its score is among the best"},
                {"name":"b","kept":false,"place":null,"score":null,"says":"left out"}]})");
    EXPECT_EQ(run({"tools", "explain", "-", "--endpoint", "/v1/messages", "--key", "key_1"},
                  R"({"tools":[]})"),
              0)
        << err_;
    EXPECT_EQ(sent_[0].line, "POST /v1/account/tools/explain?endpoint=%2Fv1%2Fmessages&key=key_1");
    EXPECT_EQ(sent_[0].body, R"({"tools":[]})");
    expect_said({"selected: 1 of 2 tools would go on.", "a     yes", "b     no"});
}

}  // namespace
}  // namespace keywarden
