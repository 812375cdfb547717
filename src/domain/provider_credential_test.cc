#include "domain/provider_credential.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr std::string_view kValue = "sk-fake-0123456789abcdef-wxyz";

TEST(ProviderCredential, APreviewIsTheFirstThreeAndTheLastFour) {
    EXPECT_EQ(preview_of(kValue), "sk-…wxyz");
    EXPECT_EQ(preview_of("12345678901234567890"), "123…7890");
}

TEST(ProviderCredential, OfAShortOneNothingIsShown) {
    for (size_t length = 0; length < 20; ++length) {
        EXPECT_EQ(preview_of(std::string(length, 'k')), "…") << length;
    }
}

TEST(ProviderCredential, AValueIsOneVisibleWord) {
    EXPECT_TRUE(check_credential_value(kValue));
    EXPECT_TRUE(check_credential_value(std::string(8192, 'k')));
    for (const std::string& value : {std::string(),
                                     std::string("two words"),
                                     std::string("line\r\nX-Injected: 1"),
                                     std::string("k\0k", 3),
                                     std::string("ключ"),
                                     std::string(8193, 'k')}) {
        const auto checked = check_credential_value(value);
        ASSERT_FALSE(checked);
        if (!value.empty()) EXPECT_FALSE(checked.error().message.contains(value));
    }
}

TEST(ProviderCredential, BoundsAreNamed) {
    const auto param = [](auto change) {
        ProviderCredential credential{.provider = "openai"};
        change(credential);
        const auto checked = check_credential(credential);
        return checked ? std::string("fine") : checked.error().param;
    };
    EXPECT_EQ(param([](ProviderCredential&) {}), "fine");
    EXPECT_EQ(param([](ProviderCredential& c) { c.name = ""; }), "name");
    EXPECT_EQ(param([](ProviderCredential& c) { c.name = "Not This"; }), "name");
    EXPECT_EQ(param([](ProviderCredential& c) { c.name = std::string(65, 'n'); }), "name");
    EXPECT_EQ(param([](ProviderCredential& c) { c.weight = 0; }), "weight");
    EXPECT_EQ(param([](ProviderCredential& c) { c.weight = 1001; }), "weight");
    EXPECT_EQ(param([](ProviderCredential& c) { c.cooldown = Nanos(-1); }), "cooldown_s");
    EXPECT_EQ(param([](ProviderCredential& c) { c.cooldown = std::chrono::hours(25); }),
              "cooldown_s");
    EXPECT_EQ(param([](ProviderCredential& c) { c.reference = std::string(513, 'r'); }),
              "reference");
}

TEST(ProviderCredential, TheAuditLogIsToldNoSecret) {
    const ProviderCredential credential{
        .provider = "openai", .sealed = "SEALED", .preview = preview_of(kValue)};
    for (const auto& [name, value] : audit_facts(credential)) {
        const auto* const text = std::get_if<std::string>(&value);
        if (text != nullptr) EXPECT_FALSE(text->contains("SEALED")) << name;
    }
}

TEST(ProviderCredential, AReferenceNamesWhereAValueIs) {
    EXPECT_EQ(parse_reference("env:OPENAI_API_KEY")->rest, "OPENAI_API_KEY");
    EXPECT_EQ(parse_reference("file:/run/secrets/key")->rest, "/run/secrets/key");
    const auto vault = parse_reference("vault:secret/team/openai#api_key");
    ASSERT_TRUE(vault);
    EXPECT_EQ(vault->kind, ReferenceKind::Vault);
    EXPECT_EQ(vault->rest, "secret/team/openai");
    EXPECT_EQ(vault->field, "api_key");
    for (const char* text : {"",
                             "env:",
                             "env",
                             "file:relative",
                             "vault:secret/x",
                             "vault:secret#f",
                             "vault:/x#f",
                             "vault:secret/#f",
                             "vault:secret/../sys#f",
                             "vault:secret/x?y#f",
                             "http://x",
                             "sk-fake",
                             "env:A B"}) {
        EXPECT_FALSE(parse_reference(text)) << text;
    }
}

TEST(ProviderCredential, ACommandIsRefusedByName) {
    const auto refused = parse_reference("cmd:cat /etc/passwd");
    ASSERT_FALSE(refused);
    const auto named = parse_reference("cmd:security");
    ASSERT_FALSE(named);
    EXPECT_TRUE(named.error().message.contains("runs no programs"));
}

TEST(ProviderCredential, OriginsAreWrittenWithTheirPort) {
    EXPECT_EQ(text_of({.tls = true, .host = "api.example.com", .port = 443}),
              "https://api.example.com:443");
    EXPECT_EQ(text_of({.host = "::1", .port = 8000}), "http://[::1]:8000");
}

}  // namespace
}  // namespace keywarden
