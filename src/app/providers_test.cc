#include "app/providers.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/id.h"
#include "net/blocking_client.h"
#include "net/test_name_server.h"
#include "net/test_peer.h"

namespace keywarden {
namespace {

constexpr std::string_view kFakeKey = "not-a-real-key";

Configuration with(ProviderSettings provider) {
    Configuration out;
    provider.place = "keywarden.toml:1";
    out.providers.push_back(std::move(provider));
    return out;
}

std::string key_of(const Provider& provider) {
    return std::string(provider.api_key.reveal_to(provider.origin()).value());
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
    EXPECT_EQ(key_of(providers->front()), kFakeKey);
}

TEST(Providers, AKnownOneHasAVariableByCustom) {
    const auto providers =
        open_providers(with({.name = "openai"}), {{{"OPENAI_API_KEY", std::string(kFakeKey)}}});
    ASSERT_TRUE(providers);
    EXPECT_FALSE(providers->front().api_key.empty());
    const auto without = open_providers(with({.name = "openai"}), {});
    ASSERT_TRUE(without);
    EXPECT_TRUE(without->front().api_key.empty());
}

TEST(Providers, AKindBringsItsAddressAndItsVariable) {
    const auto providers =
        open_providers(with({.name = "fast", .kind = "groq"}),
                       {{{"GROQ_API_KEY", std::string(kFakeKey)}, {"FAST_API_KEY", "another"}}});
    ASSERT_TRUE(providers);
    EXPECT_EQ(providers->front().name, "fast");
    EXPECT_EQ(key_of(providers->front()), kFakeKey);
    EXPECT_EQ(providers->front().origin().host, "api.groq.com");
    const auto unknown = open_providers(with({.name = "fast", .kind = "grok"}), {});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(
        unknown.error().message,
        "keywarden.toml:1: Provider 'fast': kind must be a known provider, such as 'azure' or "
        "'groq'.");
}

TEST(Providers, BedrockFindsItsKeysWhereAwssOwnSdksDo) {
    const ProviderSettings bedrock{.name = "bedrock", .region = "eu-central-1"};
    const auto key = [&](std::map<std::string, std::string, std::less<>> variables) {
        const auto providers = open_providers(with(bedrock), {std::move(variables)});
        if (!providers) return providers.error().message;
        const Provider& first = providers->front();
        return first.api_key.empty() ? "none" : key_of(first);
    };
    EXPECT_EQ(key({}), "none");
    EXPECT_EQ(key({{"AWS_ACCESS_KEY_ID", "AKIA"}, {"AWS_SECRET_ACCESS_KEY", "s/+"}}), "AKIA:s/+");
    EXPECT_EQ(key({{"AWS_ACCESS_KEY_ID", "ASIA"},
                   {"AWS_SECRET_ACCESS_KEY", "s"},
                   {"AWS_SESSION_TOKEN", "t=="}}),
              "ASIA:s:t==");
    EXPECT_EQ(key({{"AWS_BEARER_TOKEN_BEDROCK", "ABSK"}, {"AWS_ACCESS_KEY_ID", "AKIA"}}), "ABSK");
    EXPECT_NE(key({{"AWS_ACCESS_KEY_ID", "AKIA"}}).find("belong together"), std::string::npos);
}

TEST(Providers, ANamedVariableThatIsNotSetStopsTheStart) {
    const auto providers = open_providers(with({.name = "openai", .api_key_env = "MINE"}), {});
    ASSERT_FALSE(providers);
    EXPECT_EQ(providers.error().code, ErrorCode::InvalidConfig);
    EXPECT_EQ(providers.error().message,
              "keywarden.toml:1: provider 'openai': api_key_env: the variable MINE is not set");
}

class KeyFile : public testing::Test {
protected:
    ~KeyFile() override { std::filesystem::remove_all(path_); }

    void write(std::string_view text) const { std::ofstream(path_, std::ios::binary) << text; }

    Result<std::vector<Provider>> open() const {
        return open_providers(with({.name = "openai", .api_key_file = path_}), {});
    }
    /// What opening it says after its place.
    std::string complaint() const {
        const auto opened = open();
        if (opened) return "none";
        EXPECT_EQ(opened.error().code, ErrorCode::InvalidConfig);
        const std::string begin = "keywarden.toml:1: provider 'openai': api_key_file: ";
        EXPECT_TRUE(opened.error().message.starts_with(begin)) << opened.error().message;
        return opened.error().message.substr(begin.size());
    }

    // NOLINTNEXTLINE(readability-identifier-naming): tests read it
    const std::string path_ = testing::TempDir() + new_id("provider");
};

TEST_F(KeyFile, IsReadWithoutTheWhiteSpaceAroundTheKey) {
    const std::string key(kFakeKey);
    for (const std::string& text :
         {key, key + "\n", "\n \t" + key + "\r\n\r\n", key + std::string(4000, ' ')}) {
        write(text);
        const auto providers = open();
        ASSERT_TRUE(providers) << providers.error().message;
        EXPECT_EQ(key_of(providers->front()), key);
    }
}

TEST_F(KeyFile, MayBeAsLargeAsItsBoundAndNoLarger) {
    write(std::string(8192, 'k'));
    EXPECT_EQ(key_of(open()->front()).size(), 8192U);
    write(std::string(8193, 'k'));
    EXPECT_EQ(complaint(), path_ + " is larger than 8192 bytes: that is no key");
}

TEST_F(KeyFile, SaysWhatIsWrongWithIt) {
    EXPECT_EQ(complaint(), "cannot read " + path_ + ": No such file or directory");
    for (const char* empty : {"", "\n", " \t\r\n"}) {
        write(empty);
        EXPECT_EQ(complaint(), path_ + " is empty");
    }
    write("OPENAI_API_KEY = " + std::string(kFakeKey));
    EXPECT_EQ(complaint(), path_ + " holds more than one word; it must hold the key alone");
    write("one\ntwo\n");
    EXPECT_EQ(complaint(), path_ + " holds more than one word; it must hold the key alone");
    for (const std::string& text :
         {std::string("a\0b", 3), "\xEF\xBB\xBF" + std::string(kFakeKey)}) {
        write(text);
        EXPECT_EQ(complaint(),
                  path_ + " holds a character that no key has (is it saved as plain text?)");
    }
    std::filesystem::remove(path_);
    std::filesystem::create_directory(path_);
    EXPECT_EQ(complaint(), "cannot read " + path_ + ": Is a directory");
}

TEST_F(KeyFile, IsSpokenOfWhenEveryUserCanReadIt) {
    using std::filesystem::perms;
    const ProviderSettings provider{.name = "openai", .api_key_file = path_};
    EXPECT_EQ(why_others_read_key(provider), "");
    write(kFakeKey);
    std::filesystem::permissions(path_, perms(0640));
    EXPECT_EQ(why_others_read_key(provider), "") << "a group is somebody's choice";
    std::filesystem::permissions(path_, perms(0644));
    EXPECT_EQ(why_others_read_key(provider),
              path_ + " has mode 0644, so every user of this machine can read the key");
    EXPECT_TRUE(open()) << "as Docker and Kubernetes mount them";
    EXPECT_EQ(why_others_read_key({.name = "openai"}), "");
}

TEST(Providers, AVariableHoldsOneWordAsWell) {
    const Environment padded{{{"MINE", " " + std::string(kFakeKey) + "\n"}}};
    const auto providers = open_providers(with({.name = "openai", .api_key_env = "MINE"}), padded);
    ASSERT_TRUE(providers) << providers.error().message;
    EXPECT_EQ(key_of(providers->front()), kFakeKey);
    const Environment two{{{"OPENAI_API_KEY", "two words"}}};
    EXPECT_EQ(open_providers(with({.name = "openai"}), two).error().message,
              "keywarden.toml:1: provider 'openai': name: the variable OPENAI_API_KEY holds more "
              "than one word; it must hold the key alone");
}

TEST(Providers, WhatIsWrongWithOneIsSaidOnce) {
    EXPECT_EQ(check_providers(with({.name = "mine"})).error().message,
              "keywarden.toml:1: Provider 'mine': base_url is missing, and this name has no known "
              "address.");
}

/// The client's calls go where its name stands for, which is this machine.
class Destination : public testing::Test {
protected:
    /// What becomes of a call to a provider with that host.
    std::string call(const std::string& scheme,
                     const std::string& host,
                     std::vector<IpRange> networks = {}) {
        const Provider provider =
            open_provider({.name = "mine",
                           .base_url = scheme + "://" + host + ":" + std::to_string(canary_.port()),
                           .networks = std::move(networks)})
                .value();
        BlockingClientOptions options{.resolver = reaching({&provider, 1})};
        options.resolver.servers = names_.address();
        const auto client = BlockingClient::make(provider.origin(), options).value();
        const auto answer = client->call({});
        return answer ? "answered" : answer.error().detail;
    }

    static Task<void> answer(Exchange* exchange) {
        ++heard;
        exchange->start(200);
        co_await exchange->send("hello");
    }

    // NOLINTNEXTLINE(readability-identifier-naming): tests read it
    static inline std::atomic<int> heard = 0;

private:
    test::NameServer names_{0};
    test::TestServer canary_{answer};
};

TEST_F(Destination, APublicNameThatStandsForThisMachineGetsNoPacket) {
    heard = 0;
    const std::string refusal = "known.test is at an address that may not be reached";
    EXPECT_EQ(call("https", "known.test"), refusal);
    EXPECT_EQ(call("http", "known.test", {*IpRange::parse("10.0.0.0/8")}), refusal);
    EXPECT_EQ(heard, 0);
    EXPECT_EQ(call("http", "known.test", {*IpRange::parse("127.0.0.0/8")}), "answered");
    EXPECT_EQ(call("http", "127.0.0.1"), "answered");
    EXPECT_EQ(call("http", "localhost"), "answered");
    EXPECT_EQ(heard, 3);
}

TEST_F(Destination, OfAnotherProviderIsNobodyElses) {
    const Provider one = open_provider({.name = "one", .base_url = "http://127.0.0.1:1"}).value();
    const ResolverOptions options = reaching({&one, 1});
    EXPECT_TRUE(options.may_reach("127.0.0.1", *parse_address("127.0.0.1", 1)));
    EXPECT_FALSE(options.may_reach("127.0.0.1", *parse_address("127.0.0.1", 2)));
    EXPECT_FALSE(options.may_reach("known.test", *parse_address("127.0.0.1", 1)));
    EXPECT_FALSE(options.may_reach("127.0.0.1", *unix_address("/tmp/x")));
}

TEST(Providers, AnUnknownOneNeedsAnAddress) {
    EXPECT_FALSE(check_providers(with({.name = "mine"})));
    EXPECT_TRUE(check_providers(with({.name = "mine", .base_url = "http://127.0.0.1:1/v1"})));
}

}  // namespace
}  // namespace keywarden
