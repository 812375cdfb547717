#include "app/providers.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/id.h"

namespace keywarden {
namespace {

constexpr std::string_view kFakeKey = "not-a-real-key";

Configuration with(ProviderSettings provider) {
    Configuration out;
    provider.place = "keywarden.toml:1";
    out.providers.push_back(std::move(provider));
    return out;
}

TEST(Providers, TheSandboxIsAlwaysThere) {
    const auto providers = open_providers({}, {});
    ASSERT_TRUE(providers);
    ASSERT_EQ(providers->size(), 1U);
    EXPECT_EQ(providers->front().kind, ProviderKind::Sandbox);
}

TEST(Providers, TheSandboxIsThereOnceWhenItIsConfigured) {
    const auto providers = open_providers(with({.name = "sandbox"}), {});
    ASSERT_TRUE(providers);
    EXPECT_EQ(providers->size(), 1U);
}

TEST(Providers, TakesTheCredentialOfTheVariableItNames) {
    const auto providers =
        open_providers(with({.name = "openai", .api_key_env = "MINE"}),
                       {{{"MINE", std::string(kFakeKey)}, {"OPENAI_API_KEY", "another"}}});
    ASSERT_TRUE(providers);
    EXPECT_EQ(providers->front().authorization.reveal(), "Bearer " + std::string(kFakeKey));
}

TEST(Providers, AKnownOneHasAVariableByCustom) {
    const auto providers =
        open_providers(with({.name = "openai"}), {{{"OPENAI_API_KEY", std::string(kFakeKey)}}});
    ASSERT_TRUE(providers);
    EXPECT_FALSE(providers->front().authorization.empty());
    const auto without = open_providers(with({.name = "openai"}), {});
    ASSERT_TRUE(without);
    EXPECT_TRUE(without->front().authorization.empty());
}

TEST(Providers, ANamedVariableThatIsNotSetStopsTheStart) {
    const auto providers = open_providers(with({.name = "openai", .api_key_env = "MINE"}), {});
    ASSERT_FALSE(providers);
    EXPECT_EQ(providers.error().code, ErrorCode::InvalidConfig);
    EXPECT_EQ(providers.error().message,
              "keywarden.toml:1: provider 'openai': api_key_env: the variable MINE is not set");
}

TEST(Providers, ReadsAKeyFileWithoutItsEndOfLine) {
    const std::string path = testing::TempDir() + new_id("provider");
    std::ofstream(path) << kFakeKey << "\n";
    const auto providers = open_providers(with({.name = "openai", .api_key_file = path}), {});
    std::filesystem::remove(path);
    ASSERT_TRUE(providers);
    EXPECT_EQ(providers->front().authorization.reveal(), "Bearer " + std::string(kFakeKey));
    const auto missing = open_providers(with({.name = "openai", .api_key_file = path}), {});
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find(path), std::string::npos);
}

TEST(Providers, AnUnknownOneNeedsAnAddress) {
    EXPECT_FALSE(check_providers(with({.name = "mine"})));
    EXPECT_TRUE(check_providers(with({.name = "mine", .base_url = "http://127.0.0.1:1/v1"})));
}

}  // namespace
}  // namespace keywarden
