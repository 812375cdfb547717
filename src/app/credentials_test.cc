#include "app/credentials.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/test_folder.h"
#include "store/open.h"

namespace keywarden {
namespace {

constexpr std::string_view kFernetKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

class CredentialsOfTheApp : public testing::Test {
protected:
    std::string file_with(const std::string& text) const {
        const std::string path = folder_.path() + "/file";
        std::ofstream(path) << text;
        return path;
    }
    static std::string refusal(std::string_view reference, const Environment& environment = {}) {
        const auto resolved = resolve_reference(reference, environment, "");
        EXPECT_FALSE(resolved);
        return resolved ? "" : resolved.error().message;
    }

    test::Folder folder_;
};

TEST_F(CredentialsOfTheApp, AReferenceIsReadWhereItPoints) {
    const Environment environment{{{"MINE", "sk-of-the-variable"}}};
    EXPECT_EQ(resolve_reference("env:MINE", environment, "")->reveal(), "sk-of-the-variable");
    const std::string path = file_with("sk-of-the-file\n");
    EXPECT_EQ(resolve_reference("file:" + path, {}, "")->reveal(), "sk-of-the-file");
}

TEST_F(CredentialsOfTheApp, WhatIsWrongWithAReferenceIsSaidAndNoValue) {
    EXPECT_TRUE(refusal("env:MINE").contains("MINE"));
    EXPECT_TRUE(refusal("file:/not/there").contains("/not/there"));
    const std::string two = "file:" + file_with("sk-two words");
    EXPECT_FALSE(refusal(two).contains("sk-two"));
    EXPECT_TRUE(refusal("vault:secret/openai#key").contains("VAULT_ADDR"));
    EXPECT_TRUE(refusal("vault:secret/openai#key",
                        {{{"VAULT_ADDR", "http://vault.example.com"}, {"VAULT_TOKEN", "t"}}})
                    .contains("https"));
    EXPECT_TRUE(refusal("cmd:id").contains("runs no programs"));
}

TEST_F(CredentialsOfTheApp, TheFormIsWhatTheSettingsSay) {
    std::vector<Secret> masters;
    masters.emplace_back(std::string(64, 'm'));
    Settings settings = default_settings();
    EXPECT_EQ(vault_keys(settings, masters)->form, SealForm::Envelope);
    settings.vault_form = "fernet";
    EXPECT_EQ(vault_keys(settings, masters).error().code, ErrorCode::InvalidConfig);
    settings.vault_fernet_keys_file = file_with(std::string(kFernetKey) + "\n");
    const auto keys = vault_keys(settings, masters);
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->form, SealForm::Fernet);
    EXPECT_FALSE(keys->fernet.empty());
    settings.vault_fernet_keys_file = file_with("no key");
    EXPECT_EQ(vault_keys(settings, masters).error().code, ErrorCode::InvalidConfig);
}

TEST_F(CredentialsOfTheApp, WhatCannotBeUsedIsToldOnce) {
    ManualClock clock;
    const auto store = open_store("memory:").value();
    ASSERT_TRUE(store->accounts().create_team({.id = "team_a", .name = "A"}, {.tenant = "test"}));
    const auto open = [&](char master) {
        CredentialParts parts{
            .store = &store->credentials(),
            .clock = &clock,
            .origins = {{"openai", {.tls = true, .host = "api.openai.com", .port = 443}}}};
        parts.keys.masters.emplace_back(std::string(64, master));
        auto directory = std::make_unique<CredentialDirectory>(std::move(parts));
        EXPECT_TRUE(directory->load());
        return directory;
    };
    {
        const auto directory = open('a');
        for (const char* const team : {"", "team_a"}) {
            ASSERT_TRUE(directory->create(
                {.id = std::string("cred_") + team, .team_id = team, .provider = "openai"},
                Secret(std::string("sk-fake")),
                {.tenant = "test"}));
        }
        CredentialAlarms alarms(*directory, store->usage(), "team_op");
        ASSERT_TRUE(alarms.write());
        EXPECT_TRUE(store->usage().list_events("team_a", {})->items.empty());
    }
    for (int start = 0; start < 2; ++start) {
        const auto directory = open('b');
        CredentialAlarms alarms(*directory, store->usage(), "team_op");
        ASSERT_TRUE(alarms.write());
        for (const char* const team : {"team_a", "team_op"}) {
            const auto events = store->usage().list_events(team, {})->items;
            ASSERT_EQ(events.size(), 1U) << team;
            EXPECT_EQ(events.front().kind, "provider_credential.unusable");
            EXPECT_FALSE(events.front().body.contains("sk-fake"));
        }
    }
}

}  // namespace
}  // namespace keywarden
