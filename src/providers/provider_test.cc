#include "providers/provider.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

Provider open(const std::string& name, const std::string& base_url, const std::string& key = "") {
    Result<Provider> provider =
        open_provider({.name = name, .base_url = base_url, .api_key = Secret(key)});
    EXPECT_TRUE(provider) << (provider ? "" : provider.error().message);
    return provider ? std::move(*provider) : Provider{};
}

std::string refusal(ProviderConfig config) {
    const Result<Provider> provider = open_provider(std::move(config));
    if (provider) return "accepted";
    EXPECT_EQ(provider.error().code, ErrorCode::InvalidConfig);
    return provider.error().message;
}

TEST(Provider, AKnownNameNeedsNothingButItsKey) {
    const Provider groq = open("groq", "", "not-a-real-key");
    EXPECT_EQ(groq.kind, ProviderKind::Http);
    EXPECT_EQ(groq.base.host, "api.groq.com");
    EXPECT_TRUE(groq.base.tls);
    EXPECT_EQ(groq.api_key.reveal_to(groq.origin()).value(), "not-a-real-key");
    EXPECT_EQ(upstream_path(groq, "/v1/chat/completions"), "/openai/v1/chat/completions");
}

TEST(Provider, EveryKnownAddressOpensAndIsHttpsUnlessItIsThisMachine) {
    for (const KnownProvider& known : known_providers()) {
        SCOPED_TRACE(known.name);
        const bool is_aws = known.dialect == Dialect::Bedrock;
        const bool is_azure = known.name == "azure";  // where each customer has a host
        const Provider provider =
            open_provider({.name = std::string(known.name),
                           .base_url = is_azure ? "https://mine.openai.azure.com" : "",
                           .region = is_aws ? "eu-central-1" : ""})
                .value();
        EXPECT_TRUE(provider.base.tls || provider.base.host == "127.0.0.1");
        EXPECT_EQ(known.api_key_env.empty(), !provider.base.tls);
        EXPECT_EQ(find_known_provider(known.name), &known);
    }
    EXPECT_EQ(find_known_provider("groqq"), nullptr);
    EXPECT_EQ(find_known_provider(""), nullptr);
    EXPECT_EQ(find_known_provider("zzz"), nullptr);
}

TEST(Provider, TheBaseUrlIsTheOneOfAnOpenAiSdk) {
    struct Row {
        std::string base_url;
        std::string path;
    };
    for (const Row& row : std::vector<Row>{
             {"https://api.example.com/v1", "/v1/chat/completions"},
             {"https://api.example.com/v1/", "/v1/chat/completions"},
             {"https://api.example.com/openai/v1", "/openai/v1/chat/completions"},
             {"https://api.example.com/v1beta/openai/", "/v1beta/openai/chat/completions"},
             {"https://api.example.com", "/v1/chat/completions"},
             {"https://api.example.com/", "/v1/chat/completions"},
         }) {
        EXPECT_EQ(upstream_path(open("mine", row.base_url), "/v1/chat/completions"), row.path)
            << row.base_url;
    }
}

/// Where a provider at `base_url` may be, in the networks.
std::string reached(const std::string& base_url, std::vector<IpRange> networks = {}) {
    const auto provider =
        open_provider({.name = "mine", .base_url = base_url, .networks = std::move(networks)});
    if (!provider) return "refused";
    std::string out;
    for (const char* address : {"8.8.8.8",
                                "127.0.0.1",
                                "10.1.2.3",
                                "169.254.169.254",
                                "fd00:ec2::254",
                                "2002:7f00:1::"}) {
        if (may_reach(*provider, parse_ip(address).value())) out += std::string(address) + " ";
    }
    return out;
}

TEST(Provider, IsReachedWhereItsAddressSaysAndNowhereElse) {
    EXPECT_EQ(reached("https://api.example.com"), "8.8.8.8 ");
    EXPECT_EQ(reached("https://llm.internal"), "8.8.8.8 127.0.0.1 10.1.2.3 ");
    EXPECT_EQ(reached("http://vllm:8000"), "127.0.0.1 10.1.2.3 ") << "no http over the internet";
    EXPECT_EQ(reached("https://api.example.com", {*IpRange::parse("10.0.0.0/8")}),
              "8.8.8.8 10.1.2.3 ");
    EXPECT_EQ(reached("http://api.example.com", {*IpRange::parse("10.0.0.0/8")}), "10.1.2.3 ");
}

TEST(Provider, ALiteralAddressIsPublicPrivateOrSaid) {
    for (const char* address : {"https://169.254.169.254",
                                "https://0.0.0.0",
                                "https://[fe80::1]",
                                "https://[2002:7f00:1::]",
                                "https://[64:ff9b::7f00:1]",
                                "https://[fd00:ec2::254]",
                                "https://192.0.2.1",
                                "http://8.8.8.8",
                                "http://100.100.100.200"}) {
        EXPECT_EQ(reached(address), "refused") << address;
    }
    for (const char* address :
         {"http://127.0.0.1:8000", "http://[::1]:8000", "http://10.1.2.3", "https://8.8.8.8"}) {
        EXPECT_NE(reached(address), "refused") << address;
    }
    EXPECT_EQ(reached("http://169.254.169.254", {*IpRange::parse("169.254.169.254")}),
              "169.254.169.254 ");
}

TEST(Provider, AServerOfYourOwnNeedsNoKey) {
    EXPECT_TRUE(open("mine", "http://127.0.0.1:9000").api_key.empty());
}

TEST(Provider, AnthropicsAddressIsWithoutItsVersion) {
    const Provider known = open("anthropic", "", "not-a-real-key");
    EXPECT_EQ(known.dialect, Dialect::Anthropic);
    EXPECT_EQ(known.base.host, "api.anthropic.com");
    EXPECT_EQ(upstream_path(known, "/v1/messages"), "/v1/messages");
    for (const auto& [address, path] : {std::pair{"https://a.example/", "/v1/messages"},
                                        std::pair{"https://a.example/v1", "/v1/messages"},
                                        std::pair{"https://a.example/x", "/x/v1/messages"},
                                        std::pair{"https://a.example/x/v1", "/x/v1/messages"}}) {
        const Result<Provider> other =
            open_provider({.name = "mine", .base_url = address, .dialect = Dialect::Anthropic});
        ASSERT_TRUE(other) << address;
        EXPECT_EQ(upstream_path(*other, "/v1/messages"), path) << address;
    }
}

TEST(Provider, EachDialectCarriesItsCredentialInAFieldOfItsOwn) {
    const auto field = [](ProviderConfig config) {
        config.base_url = "http://127.0.0.1:9";
        const Provider provider = open_provider(std::move(config)).value();
        return std::string(provider.credential.name) + ": " +
               std::string(provider.credential.before);
    };
    EXPECT_EQ(field({.name = "mine"}), "Authorization: Bearer ");
    EXPECT_EQ(field({.name = "mine", .dialect = Dialect::Anthropic}), "x-api-key: ");
    EXPECT_EQ(field({.name = "anthropic"}), "x-api-key: ");
    EXPECT_EQ(field({.name = "anthropic", .dialect = Dialect::OpenAi}), "Authorization: Bearer ");
    EXPECT_EQ(field({.name = "mine", .kind = "azure"}), "api-key: ");
    EXPECT_EQ(field({.name = "azure"}), "api-key: ");
    EXPECT_EQ(field({.name = "azure", .dialect = Dialect::Anthropic}), "x-api-key: ");
    EXPECT_EQ(dialect_named("openai"), Dialect::OpenAi);
    EXPECT_EQ(dialect_named("anthropic"), Dialect::Anthropic);
    EXPECT_EQ(dialect_named("problem"), std::nullopt);
}

TEST(Provider, AKindGivesAnyNameWhatIsKnownOfIt) {
    const Provider second = open_provider({.name = "groq-eu", .kind = "groq"}).value();
    EXPECT_EQ(second.name, "groq-eu");
    EXPECT_EQ(second.base.host, "api.groq.com");
    EXPECT_EQ(open_provider({.name = "claude", .kind = "anthropic"}).value().dialect,
              Dialect::Anthropic);
    EXPECT_EQ(open_provider({.name = "groq", .kind = "mistral"}).value().base.host,
              "api.mistral.ai");
    EXPECT_TRUE(refusal({.name = "mine", .kind = "groqq"}).contains("kind must be"));
    EXPECT_TRUE(refusal({.name = "sandbox", .kind = "groq"}).contains("built in"));
    EXPECT_TRUE(refusal({.name = "mine", .kind = "bedrock"}).contains("region"));
}

TEST(Provider, AQuirkComesWithTheKindTheNameOrTheAddress) {
    const auto quirks = [](ProviderConfig config) {
        const Result<Provider> provider = open_provider(std::move(config));
        EXPECT_TRUE(provider) << (provider ? "" : provider.error().message);
        return provider ? provider->quirks : Quirks{};
    };
    const std::string mine = "http://127.0.0.1:9/v1";
    EXPECT_FALSE(quirks({.name = "mistral"}).takes_stream_options);
    EXPECT_FALSE(quirks({.name = "mistral", .base_url = mine}).takes_stream_options);
    EXPECT_FALSE(quirks({.name = "m", .kind = "mistral", .base_url = mine}).takes_stream_options);
    EXPECT_FALSE(
        quirks({.name = "m", .base_url = "https://api.mistral.ai/v1"}).takes_stream_options);
    EXPECT_TRUE(quirks({.name = "m", .base_url = mine}).takes_stream_options);
    EXPECT_TRUE(quirks({.name = "m", .base_url = "https://api.mistral.ai.example/v1"})
                    .takes_stream_options);
    EXPECT_TRUE(quirks({.name = "mistral", .dialect = Dialect::Anthropic}).takes_stream_options)
        << "it speaks another dialect";
    EXPECT_TRUE(
        quirks({.name = "o", .base_url = "https://api.openai.com/v1"}).wants_max_completion_tokens);
    EXPECT_TRUE(quirks({.name = "o", .base_url = "https://mine.openai.azure.com/openai/v1"})
                    .wants_max_completion_tokens);
    EXPECT_FALSE(quirks({.name = "vllm"}).wants_max_completion_tokens);
}

TEST(Provider, WhatIsSaidOfAQuirkHasASource) {
    for (const KnownProvider& known : known_providers()) {
        const Quirks& quirks = known.quirks;
        const bool has_some = !quirks.knows_max_completion_tokens ||
                              quirks.wants_max_completion_tokens || !quirks.takes_stream_options ||
                              !quirks.knows_developer || !quirks.rerank_path.empty();
        EXPECT_EQ(has_some, !known.source.empty()) << known.name;
        EXPECT_FALSE(quirks.wants_max_completion_tokens && !quirks.knows_max_completion_tokens);
        EXPECT_TRUE(!has_some || known.dialect == Dialect::OpenAi) << known.name;
    }
}

TEST(Provider, AzureIsAskedByItsVersionOneOrByADatedOne) {
    const auto azure = [](const std::string& base_url, const std::string& version = "") {
        return open_provider(
                   {.name = "mine", .kind = "azure", .base_url = base_url, .api_version = version})
            .value();
    };
    for (const char* address : {"https://mine.openai.azure.com",
                                "https://mine.openai.azure.com/",
                                "https://mine.openai.azure.com/openai",
                                "https://mine.openai.azure.com/openai/v1/"}) {
        EXPECT_EQ(upstream_path(azure(address), "/v1/chat/completions"),
                  "/openai/v1/chat/completions");
    }
    const Provider dated = azure("https://mine.openai.azure.com", "2024-10-21");
    EXPECT_EQ(deployment_path(dated, "/v1/chat/completions", "gpt-4o"),
              "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
    EXPECT_EQ(deployment_path(dated, "/v1/embeddings", "a b/c?d"),
              "/openai/deployments/a%20b%2Fc%3Fd/embeddings?api-version=2024-10-21");
    EXPECT_EQ(deployment_path(dated, "/v1/responses", "gpt-4o"),
              "/openai/responses?api-version=2024-10-21");
    EXPECT_EQ(
        deployment_path(
            azure("https://gate.example/azure", "2025-04-01-preview"), "/v1/audio/speech", "tts"),
        "/azure/deployments/tts/audio/speech?api-version=2025-04-01-preview");

    EXPECT_TRUE(refusal({.name = "azure"}).contains("your resource"));
    EXPECT_TRUE(refusal({.name = "openai", .api_version = "2024-10-21"}).contains("for Azure"));
    for (const char* version : {"latest", "2024&x=1", "2024/10", "24-10-21", "2024-10-21 "}) {
        EXPECT_TRUE(refusal({.name = "azure",
                             .base_url = "https://mine.openai.azure.com",
                             .api_version = version})
                        .contains("dated"))
            << version;
    }
}

TEST(Provider, CohereRanksElsewhereThanItChats) {
    const Provider cohere = open("cohere", "");
    EXPECT_EQ(upstream_path(cohere, "/v1/rerank"), "/v1/rerank");
    EXPECT_EQ(upstream_path(cohere, "/v1/chat/completions"), "/compatibility/v1/chat/completions");
    EXPECT_EQ(upstream_path(open("together", ""), "/v1/rerank"), "/v1/rerank");
}

TEST(Provider, PlainHttpIsForThisMachineAndPrivateNetworks) {
    for (const char* address : {"http://localhost:1",
                                "http://10.1.2.3/v1",
                                "http://vllm:8000/v1",
                                "http://[::1]:8000",
                                "http://llm.internal"}) {
        EXPECT_EQ(refusal({.name = "mine", .base_url = address}), "accepted") << address;
    }
    for (const char* address : {"http://api.example.com/v1",
                                "http://8.8.8.8",
                                "http://172.32.0.1",
                                "http://169.254.169.254",
                                "http://[2001:db8::1]"}) {
        EXPECT_TRUE(refusal({.name = "mine", .base_url = address}).contains("https://")) << address;
    }
}

TEST(Provider, SaysWhatIsWrongAndNeverRepeatsTheAddressOrTheKey) {
    EXPECT_TRUE(refusal({.name = ""}).contains("name"));
    EXPECT_TRUE(refusal({.name = "Groq"}).contains("a-z"));
    EXPECT_TRUE(refusal({.name = "a/b"}).contains("a-z"));
    EXPECT_TRUE(refusal({.name = std::string(kProviderNameMax + 1, 'a')}).contains("64"));
    EXPECT_TRUE(refusal({.name = "mine"}).contains("base_url is missing"));
    const std::string address =
        refusal({.name = "mine", .base_url = "https://user:hunter2@example.com/v1"});
    EXPECT_TRUE(address.contains("user")) << address;
    EXPECT_FALSE(address.contains("hunter2"));
    const std::string key = refusal({.name = "openai", .api_key = Secret("sk-hun ter2\n")});
    EXPECT_TRUE(key.contains("space"));
    EXPECT_FALSE(key.contains("ter2"));
}

TEST(Provider, ModelsHaveOneNameEachAndAnUpstreamOne) {
    Result<Provider> provider = open_provider(
        {.name = "mine", .base_url = "http://localhost", .models = {{"a", ""}, {"b", "vendor/B"}}});
    ASSERT_TRUE(provider);
    EXPECT_EQ(provider->models[0].upstream_id, "a");
    EXPECT_EQ(provider->models[1].upstream_id, "vendor/B");
    const auto with = [](const std::string& id, const std::string& upstream) {
        return refusal({.name = "sandbox", .models = {{"x", ""}, {id, upstream}}});
    };
    EXPECT_TRUE(with("x", "y").contains("twice"));
    EXPECT_TRUE(with("", "y").contains("visible"));
    EXPECT_TRUE(with("a b", "").contains("visible"));
    EXPECT_TRUE(with("a", "b\n").contains("visible"));
    EXPECT_TRUE(with(std::string(kModelIdMax + 1, 'a'), "").contains("256"));
    EXPECT_EQ(with(std::string(kModelIdMax, 'a'), ""), "accepted");
}

TEST(Provider, TheSandboxIsBuiltIn) {
    Result<Provider> sandbox = open_provider({.name = "sandbox"});
    ASSERT_TRUE(sandbox);
    EXPECT_EQ(sandbox->kind, ProviderKind::Sandbox);
    EXPECT_TRUE(refusal({.name = "sandbox", .base_url = "http://localhost"}).contains("built in"));
    EXPECT_TRUE(refusal({.name = "sandbox", .api_key = Secret("x")}).contains("built in"));
}

}  // namespace
}  // namespace keywarden
