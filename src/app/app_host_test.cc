#include "app/app_host.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/id.h"

namespace keywarden {
namespace {

Arguments with(std::vector<std::pair<std::string, std::string>> options) {
    return {.options = std::move(options)};
}

TEST(SourcesOf, FlagsBecomeTheSettingsTheyStandFor) {
    const auto sources = sources_of(with({{"config", "a.toml"},
                                          {"listen", "127.0.0.1:1"},
                                          {"threads", "3"},
                                          {"data-dir", "d"},
                                          {"set", "log.level=debug"},
                                          {"set", "tls.key=a=b"},
                                          {"json", ""}}),
                                    {{{"KEYWARDEN_CONFIG", "b.toml"}}});
    ASSERT_TRUE(sources);
    EXPECT_EQ(sources->file, "a.toml");
    using Flags = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(sources->flags,
              (Flags{{"server.listen", "127.0.0.1:1"},
                     {"server.threads", "3"},
                     {"data_dir", "d"},
                     {"log.level", "debug"},
                     {"tls.key", "a=b"}}));
    EXPECT_EQ(sources_of({}, {{{"KEYWARDEN_CONFIG", "b.toml"}}})->file, "b.toml");
}

TEST(SourcesOf, AFlagWithoutItsValueIsNamed) {
    const auto sources = sources_of(with({{"set", "log.level"}}), {});
    ASSERT_FALSE(sources);
    EXPECT_EQ(sources.error().message, "--set: expected NAME=VALUE, got 'log.level'");
}

TEST(SourcesOf, EveryFlagOfASettingIsAnOptionOfServe) {
    for (const Command& command : all_commands()) {
        if (command.name != "serve") continue;
        for (const SettingRow& row : all_settings()) {
            const bool is_there =
                row.flag.empty() || std::ranges::find(command.options, row.flag, &Option::name) !=
                                        command.options.end();
            EXPECT_TRUE(is_there) << row.flag;
        }
    }
}

class AppHostTest : public testing::Test {
protected:
    AppHostTest() : path_(testing::TempDir() + new_id("host")) {}
    ~AppHostTest() override { std::filesystem::remove_all(path_); }

    Result<void> init(std::ostream& out, bool as_json = false) {
        AppHost host(environment_);
        std::istringstream in;
        std::ostringstream err;
        Terminal terminal{.in = in, .out = out, .err = err};
        Arguments arguments = with({{"data-dir", path_}});
        if (as_json) arguments.options.emplace_back("json", "");
        return host.init(arguments, terminal);
    }
    std::string init(bool as_json = false) {
        std::ostringstream out;
        const auto done = init(out, as_json);
        EXPECT_TRUE(done) << done.error().message;
        return out.str();
    }

    std::string path_;
    Environment environment_;
};

TEST_F(AppHostTest, InitPrintsTheFirstKeyOnce) {
    const std::string first = init();
    EXPECT_NE(first.find("kw_live_"), first.npos);
    EXPECT_NE(first.find("\ncurl http://127.0.0.1:8080/v1/chat/completions "), first.npos);
    EXPECT_EQ(init(), "");
}

TEST_F(AppHostTest, ADatabaseThatCannotBeReadIsAStartThatFailedAndNamesTheFile) {
    init();
    std::ofstream(path_ + "/keywarden.db") << "this is no database";
    std::filesystem::remove(path_ + "/keywarden.db-wal");
    std::ostringstream out;
    const auto failed = init(out);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::StartupFailed) << "to try again would not help";
    EXPECT_TRUE(failed.error().message.starts_with(path_ + "/keywarden.db: "))
        << failed.error().message;
}

TEST_F(AppHostTest, InitAnswersWithJsonWhenAskedTo) {
    const std::string first = init(true);
    EXPECT_TRUE(first.starts_with(R"({"id":"key_)")) << first;
    EXPECT_NE(first.find(R"(","key":"kw_live_)"), first.npos);
}

TEST_F(AppHostTest, AKeyThatCouldNotBePrintedIsPrintedNextTime) {
    std::ostringstream broken;
    broken.setstate(std::ios::badbit);
    const auto failed = init(broken);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::StartupFailed);
    EXPECT_NE(init().find("kw_live_"), std::string::npos);
}

TEST_F(AppHostTest, ConfigShowMasksCredentials) {
    const std::string file = path_ + ".toml";
    std::ofstream(file) << "[[provider]]\nname = \"openai\"\nmodels = [\"gpt-4o\"]\n"
                           "[aliases]\nsmall = \"gpt-4o\"\n";
    environment_.variables["OPENAI_API_KEY"] = "not-a-real-key";
    AppHost host(environment_);
    const auto shown = host.show_configuration(with({{"config", file}}));
    std::filesystem::remove(file);
    ASSERT_TRUE(shown) << shown.error().message;
    const auto value_of = [&](std::string_view name) -> std::string {
        const auto found = std::ranges::find(*shown, name, &ShownSetting::name);
        return found == shown->end() ? "not shown" : found->value;
    };
    EXPECT_EQ(value_of("provider.openai"), "1 model, credential ********");
    EXPECT_EQ(value_of("aliases.small"), "gpt-4o");
    EXPECT_EQ(value_of("server.listen"), "127.0.0.1:8080");
    for (const ShownSetting& each : *shown) {
        EXPECT_EQ(each.value.find("not-a-real-key"), std::string::npos);
    }
}

TEST_F(AppHostTest, ConfigCheckRefusesWhatServeWould) {
    const std::string file = path_ + ".toml";
    AppHost host(environment_);
    const auto check = [&](const std::string& text) -> std::string {
        std::ofstream(file) << text;
        const auto checked = host.check_configuration(with({{"config", file}}));
        std::filesystem::remove(file);
        return checked ? "" : checked.error().message;
    };
    EXPECT_EQ(check("[aliases]\nsmall = \"sandbox\"\n"), "");
    EXPECT_NE(check("[[provider]]\nname = \"openai\"\napi_key_env = \"KW_NOT_SET\"\n")
                  .find("the variable KW_NOT_SET is not set"),
              std::string::npos);
    EXPECT_NE(check("[[provider]]\nname = \"openai\"\napi_key_file = \"/nowhere\"\n")
                  .find("cannot read /nowhere"),
              std::string::npos);
    EXPECT_NE(check("[tls]\ncertificate = \"/nowhere\"\nkey = \"/nowhere\"\n"), "");
    EXPECT_NE(check("[aliases]\nsmall = \"mine/model\"\n"), "");
    const auto route = [&](const std::string& targets) {
        return check(
            "[[provider]]\nname = \"openai\"\n[[provider]]\nname = \"anthropic\"\n"
            "[[route]]\nname = \"house\"\ntargets = [" +
            targets + "]\n");
    };
    EXPECT_EQ(route(R"("openai/a", "anthropic/b", "sandbox")"), "");
    EXPECT_NE(route(R"("nobody/a")").find("no provider's model"), std::string::npos);
}

TEST_F(AppHostTest, DoctorSaysWhatIsWrongWithTheConfiguration) {
    AppHost host(environment_);
    const auto findings = host.examine(with({{"set", "log.level=loud"}}));
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].grade, Finding::Grade::Bad);
    EXPECT_NE(findings[0].found.find("log.level"), std::string::npos);
    EXPECT_FALSE(findings[0].advice.empty());
}

}  // namespace
}  // namespace keywarden
