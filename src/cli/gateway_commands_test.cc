#include <regex>

#include "cli/answer.h"
#include "cli/session_fixture.h"

namespace keywarden {
namespace {

using GatewayCommandsTest = CommandLineTest;

TEST_F(GatewayCommandsTest, ServeAndInitAreTheHosts) {
    EXPECT_EQ(run({"serve", "--listen", "127.0.0.1:1"}), 0);
    EXPECT_EQ(run({"init"}), 0);
    EXPECT_EQ(host_.asked, (std::vector<std::string>{"serve", "init"}));
}

TEST_F(GatewayCommandsTest, ConfigShowSaysWhereAValueComesFrom) {
    EXPECT_EQ(run({"config", "show"}), 0);
    EXPECT_NE(out_.find("log.level  debug  KEYWARDEN_LOG_LEVEL"), out_.npos) << out_;
    EXPECT_EQ(run({"config", "show", "--json"}), 0);
    EXPECT_EQ(Json::parse(out_)[0]["origin"], "KEYWARDEN_LOG_LEVEL");
}

TEST_F(GatewayCommandsTest, AWrongConfigurationIsBadInput) {
    EXPECT_EQ(run({"config", "check"}), 0);
    host_.broken = true;
    EXPECT_EQ(run({"config", "check"}), kExitBadInput);
    EXPECT_TRUE(err_.starts_with("INVALID_CONFIG: keywarden.toml:3: server.x: wrong\n")) << err_;
    EXPECT_EQ(out_, "");
}

TEST_F(GatewayCommandsTest, DoctorFailsOnlyWhenSomethingIsBad) {
    host_.findings = {{.grade = Finding::Grade::Good, .what = "disk", .found = "9 MB are free"},
                      {.grade = Finding::Grade::Warning,
                       .what = "gateway",
                       .found = "none runs",
                       .advice = "Start it."}};
    EXPECT_EQ(run({"doctor"}), 0);
    EXPECT_NE(out_.find("good     disk"), out_.npos) << out_;
    EXPECT_NE(out_.find("Start it."), out_.npos);
    host_.findings.push_back({.grade = Finding::Grade::Bad, .what = "clock"});
    EXPECT_EQ(run({"doctor", "--json"}), kExitFailed);
    EXPECT_EQ(Json::parse(out_)["ok"], false);
    EXPECT_EQ(Json::parse(out_)["findings"][1]["grade"], "warning");
}

TEST_F(GatewayCommandsTest, ModelsAreATableOrTheListAsItCame) {
    will_answer(200, R"({"object":"list","data":[{"id":"gpt-4o","owned_by":"openai"},{"id":7}]})");
    EXPECT_EQ(run({"models"}), 0);
    EXPECT_NE(out_.find("gpt-4o  openai"), out_.npos) << out_;
    EXPECT_EQ(run({"models", "--json"}), 0);
    EXPECT_EQ(Json::parse(out_)["data"].size(), 2U);
}

TEST_F(GatewayCommandsTest, VersionIsForPeopleAndMachines) {
    EXPECT_EQ(run({"version"}), 0);
    EXPECT_TRUE(std::regex_match(out_, std::regex(R"(keywarden \d+\.\d+\.\d+\n)"))) << out_;
    EXPECT_EQ(run({"--version"}), 0);
    EXPECT_TRUE(out_.starts_with("keywarden "));
    EXPECT_EQ(run({"version", "--json"}), 0);
    EXPECT_TRUE(Json::parse(out_)["version"].is_string());
}

TEST_F(GatewayCommandsTest, CompletionKnowsEveryCommandAndOption) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        EXPECT_EQ(run({"completion", shell}), 0);
        for (const Command& command : all_commands()) {
            const std::string_view last = command.name.substr(command.name.rfind(' ') + 1);
            EXPECT_NE(out_.find(last), out_.npos) << shell << " " << command.name;
        }
        EXPECT_NE(out_.find("rate-limit-rpm"), out_.npos) << shell;
    }
    EXPECT_EQ(run({"completion", "tcsh"}), kExitBadInput);
}

}  // namespace
}  // namespace keywarden
