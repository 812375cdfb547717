#include "cli/command.h"

#include <set>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

const Command& command(std::string_view name) {
    for (const Command& each : all_commands()) {
        if (each.name == name) return each;
    }
    ADD_FAILURE() << "no command " << name;
    return all_commands().front();
}

std::string message_of(const std::vector<std::string>& words) {
    const auto found = find_command(words);
    return found ? std::string(found->command->name) : found.error().message;
}

TEST(Command, IsFoundByItsFirstWords) {
    EXPECT_EQ(message_of({"keys", "create", "ci"}), "keys create");
    EXPECT_EQ(message_of({"version", "--json"}), "version");
    EXPECT_EQ(find_command(std::vector<std::string>{"keys", "list", "x"})->words, 2U);
}

TEST(Command, AMistypedOneIsToldTheNearest) {
    EXPECT_EQ(message_of({"whoam"}), "there is no command 'whoam'; did you mean 'whoami'?");
    EXPECT_EQ(message_of({"keys", "creat", "x"}),
              "there is no command 'keys creat'; did you mean 'keys create'?");
    EXPECT_EQ(message_of({"keys"}),
              "'keys' takes one of: list, create, import, show, update, rotate, disable, enable, "
              "quarantine, "
              "release, revoke");
    EXPECT_EQ(message_of({"xyzzy", "now"}), "there is no command 'xyzzy'");
    EXPECT_EQ(message_of({"--json"}), "no command was given");
}

TEST(Command, OptionsStandAnywhereAndTakeTheirValueEitherWay) {
    const std::vector<std::string> words = {
        "--kind", "inference", "ci", "--description=a=b", "--json"};
    const auto arguments = parse_arguments(command("keys create"), words);
    ASSERT_TRUE(arguments) << arguments.error().message;
    EXPECT_EQ(arguments->values, std::vector<std::string>{"ci"});
    EXPECT_EQ(arguments->get("kind"), "inference");
    EXPECT_EQ(arguments->get("description"), "a=b");
    EXPECT_TRUE(arguments->has("json"));
    EXPECT_FALSE(arguments->has("test"));
}

TEST(Command, ADashAloneAndWhatFollowsTwoAreValues) {
    const std::vector<std::string> words = {"-", "--", "--model", "-x"};
    const auto arguments = parse_arguments(command("chat"), words);
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->values, (std::vector<std::string>{"-", "--model", "-x"}));
}

struct Misuse {
    std::string_view name;
    std::vector<std::string> words;
    std::string_view message;
};

TEST(Command, MisuseIsSaidInOneLine) {
    const Misuse cases[] = {
        {"whoami", {"--jsn"}, "'keywarden whoami' takes no '--jsn'; did you mean '--json'?"},
        {"whoami", {"-j"}, "'keywarden whoami' takes no '-j'"},
        {"whoami", {"--json=1"}, "--json takes no value"},
        {"keys create", {"x", "--kind"}, "--kind needs a value: KIND"},
        {"keys create", {}, "usage: keywarden keys create NAME"},
        {"keys create", {"a", "b"}, "usage: keywarden keys create NAME"},
        {"version", {"now"}, "usage: keywarden version"},
    };
    for (const Misuse& each : cases) {
        const auto arguments = parse_arguments(command(each.name), each.words);
        ASSERT_FALSE(arguments) << each.message;
        EXPECT_EQ(arguments.error().code, ErrorCode::InvalidRequest);
        EXPECT_EQ(arguments.error().message, each.message);
    }
}

TEST(Command, HelpNeedsNoArguments) {
    for (const char* word : {"--help", "-h"}) {
        const std::vector<std::string> words = {word};
        const auto arguments = parse_arguments(command("keys create"), words);
        ASSERT_TRUE(arguments);
        EXPECT_TRUE(arguments->has("help"));
    }
}

TEST(Command, EveryRowIsWholeAndThereOnce) {
    std::set<std::string_view> names;
    for (const Command& each : all_commands()) {
        EXPECT_TRUE(names.insert(each.name).second) << each.name;
        EXPECT_TRUE(each.sentence.ends_with('.')) << each.name;
        EXPECT_LE(each.arguments_min, each.arguments_max);
        std::set<std::string_view> options;
        for (const Option& option : each.options) {
            EXPECT_TRUE(options.insert(option.name).second) << option.name;
            EXPECT_TRUE(option.sentence.ends_with('.') || option.sentence.ends_with("24h."));
        }
        EXPECT_NE(usage_of(each).find("usage: keywarden " + std::string(each.name)),
                  std::string::npos);
        EXPECT_NE(usage().find(each.name), std::string::npos);
    }
}

}  // namespace
}  // namespace keywarden
