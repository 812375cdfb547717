// [[sign_in.provider]]: what a block may say, and what it may not.
#include "app/identity_providers.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/id.h"

namespace keywarden {
namespace {

constexpr std::string_view kBlock =
    "[[sign_in.provider]]\nname = \"corp\"\nissuer = \"https://id.example.com\"\n"
    "client_id = \"keywarden\"\n";

Result<Configuration> load(const std::string& text) {
    const std::string path = testing::TempDir() + new_id("keywarden") + ".toml";
    std::ofstream(path) << text;
    auto out = load_configuration({.file = path}, {});
    std::filesystem::remove(path);
    return out;
}

/// The message about a block with these lines more; empty: it is taken.
std::string message(const std::string& more) {
    const auto loaded = load(std::string(kBlock) + more);
    return loaded ? "" : loaded.error().message;
}

TEST(SignInProvider, IsReadAsItStands) {
    const auto loaded = load(
        std::string(kBlock) +
        "label = \"Corp\"\nscopes = [\"openid\", \"groups\"]\nalgorithms = [\"EdDSA\", \"PS256\"]\n"
        "max_age = \"1h\"\nnetworks = [\"10.0.0.0/8\"]\nprovision = true\n"
        "domains = [\"example.com\"]\nteam = \"default\"\nrole = \"viewer\"\n"
        "groups_claim = \"roles\"\ngroups = [{ group = \"a\", team = \"t\", role = \"admin\" }, "
        "{ group = \"b\", operator = true }]\n"
        "[sign_in]\npublic_url = \"https://keys.example.com/kw\"\n");
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->settings.public_url, "https://keys.example.com/kw");
    ASSERT_EQ(loaded->sign_in_providers.size(), 1U);
    const IdentityProviderTerms& terms = loaded->sign_in_providers.front().terms;
    EXPECT_EQ(terms.label, "Corp");
    EXPECT_EQ(terms.algorithms, (std::vector{JwsAlgorithm::EdDsa, JwsAlgorithm::Ps256}));
    EXPECT_EQ(terms.age_max, Nanos(std::chrono::hours(1)));
    EXPECT_EQ(terms.networks.size(), 1U);
    EXPECT_TRUE(terms.provisions);
    EXPECT_EQ(terms.role, Role::Viewer);
    EXPECT_EQ(terms.groups_claim, "roles");
    ASSERT_EQ(terms.groups.size(), 2U);
    EXPECT_EQ(terms.groups[0].role, Role::Admin);
    EXPECT_TRUE(terms.groups[1].team_id.empty());
}

TEST(SignInProvider, SaysNothingByDefaultThatLetsAnybodyIn) {
    const auto loaded = load(std::string(kBlock));
    ASSERT_TRUE(loaded) << loaded.error().message;
    const IdentityProviderTerms& terms = loaded->sign_in_providers.front().terms;
    EXPECT_FALSE(terms.provisions);
    EXPECT_TRUE(terms.groups.empty());
    EXPECT_EQ(terms.algorithms, (std::vector{JwsAlgorithm::Rs256, JwsAlgorithm::Es256}));
}

TEST(SignInProvider, WhatDoesNotFitIsSaidWithItsPlace) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"isuer = \"x\"", "did you mean 'issuer'?"},
        {"algorithms = [\"none\"]", "some of RS256, PS256, ES256, EdDSA"},
        {"algorithms = [\"HS256\"]", "some of RS256, PS256, ES256, EdDSA"},
        {"algorithms = []", "expected at least one"},
        {"scopes = [\"email\"]", "'openid' must be among them"},
        {"provision = true", "it needs 'domains'"},
        {"role = \"operator\"", "owner, admin, member, or viewer"},
        {"max_age = \"1s\"", "a duration from"},
        {"groups = [{ group = \"a\" }]", "expected a team with a role, or operator = true alone"},
        {"groups = [{ group = \"a\", team = \"t\" }]", "expected a team with a role"},
        {"groups = [{ group = \"a\", team = \"t\", role = \"admin\", operator = true }]",
         "operator = true alone"},
        {"groups = [{ group = \"a\", operator = false }]", "operator = true alone"},
        {"client_secret_env = \"A\"\nclient_secret_file = \"b\"", "exclude each other"},
        {std::string(kBlock), "there are two of that name"},
        {"[[sign_in.provider]]\nname = \"two\"\nissuer = \"https://id.example.com\"\n"
         "client_id = \"x\"",
         "there are two of that issuer"},
        {"[sign_in]\npublic_url = \"keys.example.com\"", "sign_in.public_url"},
        {"[sign_in]\npublic_urls = \"x\"", "did you mean"},
    };
    for (const auto& [lines, expected] : cases) {
        EXPECT_NE(message(lines).find(expected), std::string::npos) << lines << "\n"
                                                                    << message(lines);
    }
}

TEST(SignInProvider, ItsIssuerIsHttpsButOnThisMachine) {
    const auto with = [](const std::string& issuer) {
        const auto loaded = load(
            "[[sign_in.provider]]\nname = \"corp\"\nclient_id = \"x\"\n"
            "issuer = \"" +
            issuer + "\"\n");
        return loaded ? "" : loaded.error().message;
    };
    for (const char* issuer : {"https://id.example.com/realms/a", "http://127.0.0.1:3000"}) {
        EXPECT_EQ(with(issuer), "") << issuer;
    }
    for (const char* issuer :
         {"http://id.example.com", "id.example.com", "https://a:b@id.example.com", ""}) {
        EXPECT_NE(with(issuer), "") << issuer;
    }
}

TEST(SignInProvider, ASecretThatIsNamedAndNotThereStopsTheStart) {
    const auto loaded = load(std::string(kBlock) + "client_secret_env = \"CORP_SECRET\"\n");
    ASSERT_TRUE(loaded);
    EXPECT_EQ(open_single_sign_on(*loaded, {}, "team_1").error().code, ErrorCode::InvalidConfig);
    const auto opened =
        open_single_sign_on(*loaded, {{{"CORP_SECRET", "a-test-secret-of-nobody"}}}, "team_1");
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ((*opened)->providers.size(), 1U);
    EXPECT_EQ((*opened)->find("corp")->terms().label, "corp");
    EXPECT_EQ((*opened)->find("other"), nullptr);
    EXPECT_EQ((*opened)->of_issuer("https://id.example.com/"), nullptr);
}

TEST(SignInProvider, WithoutOneThereIsNothing) {
    EXPECT_EQ(*open_single_sign_on({}, {}, "team_1"), nullptr);
}

}  // namespace
}  // namespace keywarden
