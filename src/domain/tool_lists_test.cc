#include "domain/tool_lists.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

std::vector<Glob> globs(std::initializer_list<std::string_view> texts) {
    std::vector<Glob> list;
    for (const std::string_view text : texts) list.push_back(Glob::parse_any(text).value());
    return list;
}

std::shared_ptr<const CompiledPolicy> shared(Policy policy) {
    return std::make_shared<const CompiledPolicy>(std::move(policy));
}

TEST(ToolLists, AllScopesMustLetAToolThrough) {
    const auto team = shared({.tools = {.deny = globs({"shell"})}});
    const auto app = shared({.models = {.deny = globs({"x"})}});
    const auto key = shared({.tools = {.allow = globs({"shell", "get_*"})}});
    const std::array chain = {PolicyLink{Scope::Team, team.get()},
                              PolicyLink{Scope::App, app.get()},
                              PolicyLink{Scope::Key, key.get()}};
    const ToolLists lists(chain);
    EXPECT_TRUE(lists.decide({.name = "get_weather"}).allowed);
    EXPECT_EQ(lists.decide({.name = "shell"}).denied_by, Scope::Team);
    EXPECT_EQ(lists.decide({.name = "shell"}).verdict.entry, "shell");
    EXPECT_EQ(lists.decide({.name = "other"}).denied_by, Scope::Key);
    EXPECT_EQ(lists.decide({.name = "Get_weather"}).allowed, false);
    EXPECT_EQ(lists.first_scope(), Scope::Team) << "the app says nothing of tools";
    EXPECT_TRUE(ToolLists(std::span(chain).subspan(1, 1)).empty());
}

TEST(ToolLists, AListMayNameAnyNameOfATool) {
    const auto key =
        shared({.tools = {.allow = globs({"web_search", "bash"}), .deny = globs({"bash_old"})}});
    const std::array chain = {PolicyLink{Scope::Key, key.get()}};
    const ToolLists lists(chain);
    const std::array<std::string_view, 1> search = {"web_search"};
    EXPECT_TRUE(lists.decide({"web_search_preview", search}).allowed);
    EXPECT_FALSE(lists.decide({"web_search_preview"}).allowed);
    const std::array<std::string_view, 1> old = {"bash_old"};
    EXPECT_FALSE(lists.decide({"bash", old}).allowed);
}

TEST(ToolLists, ALongNameFitsNone) {
    const auto key = shared({.tools = {.allow = globs({"*"})}});
    const std::array chain = {PolicyLink{Scope::Key, key.get()}};
    const ToolLists lists(chain);
    EXPECT_TRUE(lists.decide({.name = std::string(kToolNameBytesMax, 'x')}).allowed);
    const std::string longer(kToolNameBytesMax + 1, 'x');
    EXPECT_FALSE(lists.decide({.name = longer}).allowed);
}

TEST(ToolLists, HoldWhatTheySaidWhateverIsChangedMeanwhile) {
    auto key = shared({.tools = {.allow = globs({"a"})}});
    const std::array chain = {PolicyLink{Scope::Key, key.get()}};
    const ToolLists lists(chain);
    key.reset();
    EXPECT_TRUE(lists.decide({.name = "a"}).allowed);
}

TEST(ToolLists, ADenialSaysWhoseListAndWhich) {
    const auto key = shared({.tools = {.deny = globs({"rm*"})}});
    const std::array chain = {PolicyLink{Scope::Key, key.get()}};
    const ToolLists lists(chain);
    const Error error = tool_denial(lists.decide({.name = "rm_all"}), "tool_choice");
    EXPECT_EQ(error.code, ErrorCode::ToolNotAllowed);
    EXPECT_EQ(error.param, "tool_choice");
    EXPECT_EQ(error.message, "The tool 'rm_all' is not allowed: the key's 'tools' deny it.");
}

TEST(Globs, OfToolsMayHaveAnyCharactersButControlOnes) {
    EXPECT_TRUE(Glob::parse_any("sëarch *").value().matches("sëarch it"));
    EXPECT_FALSE(Glob::parse("sëarch"));
    EXPECT_FALSE(Glob::parse_any("a\tb"));
    EXPECT_FALSE(Glob::parse_any("a\x7f"));
    EXPECT_FALSE(Glob::parse_any(""));
    EXPECT_FALSE(Glob::parse_any(std::string(kGlobBytesMax + 1, 'x')));
}

}  // namespace
}  // namespace keywarden
