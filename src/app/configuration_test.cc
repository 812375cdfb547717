#include "app/configuration.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/id.h"

namespace keywarden {
namespace {

/// A file that goes away with the test.
class TemporaryFile {
public:
    explicit TemporaryFile(std::string_view text)
        : path_(testing::TempDir() + new_id("keywarden") + ".toml") {
        std::ofstream(path_) << text;
    }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

struct Given {
    std::string_view file{};
    std::map<std::string, std::string, std::less<>> environment{};
    std::vector<std::pair<std::string, std::string>> flags{};
};

/// The configuration, or the message without the folder of the temporary file.
struct Loaded {
    Result<Configuration> result;
    std::string message;
};
Loaded load(const Given& given) {
    const TemporaryFile file(given.file);
    auto result = load_configuration(
        {.file = given.file.empty() ? std::string() : file.path(), .flags = given.flags},
        Environment{given.environment});
    std::string message = result ? "" : result.error().message;
    if (const size_t at = message.find(file.path()); at != message.npos) {
        message.replace(at, file.path().size(), "FILE");
    }
    if (!result) EXPECT_EQ(result.error().code, ErrorCode::InvalidConfig);
    return {std::move(result), std::move(message)};
}

std::string origin_of(const Configuration& configuration, std::string_view name) {
    const auto index = find_setting(name) - all_settings().data();
    return configuration.origins.at(static_cast<size_t>(index));
}

TEST(Configuration, HasDefaultsWhenNothingIsSaid) {
    const Loaded loaded = load({});
    ASSERT_TRUE(loaded.result) << loaded.message;
    EXPECT_EQ(loaded.result->settings.listen, "127.0.0.1:8080");
    EXPECT_EQ(origin_of(*loaded.result, "server.listen"), "default");
}

TEST(Configuration, TheLaterSourceWins) {
    const Loaded loaded = load({.file = "[server]\nlisten = \"127.0.0.1:1\"\nthreads = 2\n"
                                        "[log]\nlevel = \"debug\"\n",
                                .environment = {{"KEYWARDEN_SERVER_LISTEN", "127.0.0.1:2"},
                                                {"KEYWARDEN_LOG_LEVEL", "error"}},
                                .flags = {{"server.listen", "127.0.0.1:3"}}});
    ASSERT_TRUE(loaded.result) << loaded.message;
    EXPECT_EQ(loaded.result->settings.listen, "127.0.0.1:3");
    EXPECT_EQ(origin_of(*loaded.result, "server.listen"), "--listen");
    EXPECT_EQ(loaded.result->settings.log_level, "error");
    EXPECT_EQ(origin_of(*loaded.result, "log.level"), "KEYWARDEN_LOG_LEVEL");
    EXPECT_EQ(loaded.result->settings.threads, 2);
    EXPECT_TRUE(origin_of(*loaded.result, "server.threads").ends_with(".toml:3"));
}

TEST(Configuration, ReadsProvidersAndAliases) {
    const Loaded loaded = load({.file = R"(
[[provider]]
name = "openai"
api_key_env = "MY_KEY"
models = ["gpt-4o", { id = "small", upstream = "gpt-4o-mini" }]

[[provider]]
name = "own"
dialect = "anthropic"
base_url = "http://127.0.0.1:9/v1"

[aliases]
default = "gpt-4o"
)"});
    ASSERT_TRUE(loaded.result) << loaded.message;
    const auto& providers = loaded.result->providers;
    ASSERT_EQ(providers.size(), 2U);
    EXPECT_EQ(providers[0].api_key_env, "MY_KEY");
    ASSERT_EQ(providers[0].models.size(), 2U);
    EXPECT_EQ(providers[0].models[0].upstream, "gpt-4o");
    EXPECT_EQ(providers[0].models[1].upstream, "gpt-4o-mini");
    EXPECT_EQ(providers[0].dialect, std::nullopt);
    EXPECT_EQ(providers[1].dialect, Dialect::Anthropic);
    EXPECT_EQ(providers[1].base_url, "http://127.0.0.1:9/v1");
    ASSERT_EQ(loaded.result->aliases.size(), 1U);
    EXPECT_EQ(loaded.result->aliases[0].id, "default");
    EXPECT_EQ(loaded.result->aliases[0].model, "gpt-4o");
}

TEST(Configuration, ReadsRoutesAndTheTimesOfAProvider) {
    const Loaded loaded = load({.file = R"(
[[provider]]
name = "openai"
first_byte_timeout = "20s"
total_timeout = "2m"

[[route]]
name = "house"
strategy = "weighted"
resend = true
targets = ["gpt-4o", { model = "groq/llama", weight = 3 }]
)"});
    ASSERT_TRUE(loaded.result) << loaded.message;
    const ProviderTimeouts& timeouts = loaded.result->providers[0].timeouts;
    EXPECT_EQ(timeouts.first_byte, Nanos(std::chrono::seconds(20)));
    EXPECT_EQ(timeouts.total, Nanos(std::chrono::minutes(2)));
    EXPECT_EQ(timeouts.connect, std::nullopt);
    ASSERT_EQ(loaded.result->routes.size(), 1U);
    const ModelRoute& route = loaded.result->routes[0].route;
    EXPECT_EQ(route.id, "house");
    EXPECT_EQ(route.strategy, RouteStrategy::Weighted);
    EXPECT_TRUE(route.resends);
    ASSERT_EQ(route.targets.size(), 2U);
    EXPECT_EQ(route.targets[0].weight, 1);
    EXPECT_EQ(route.targets[1].model, "groq/llama");
    EXPECT_EQ(route.targets[1].weight, 3);
}

struct WrongFile {
    std::string_view file;
    std::string_view message;
};

TEST(Configuration, AWrongFileIsNamedWithLineAndWhatWasExpected) {
    constexpr WrongFile kCases[] = {
        {"[server]\nlisten = 8080", "FILE:2: server.listen: expected text, got 8080"},
        {"[server]\n\nthreads = \"two\"",
         "FILE:3: server.threads: expected a whole number from 0 to 256, got the text 'two'"},
        {"[server]\nthreads = 1000",
         "FILE:2: server.threads: expected a whole number from 0 to 256, got '1000'"},
        {"[server]\nthreads = 1.5",
         "FILE:2: server.threads: expected a whole number from 0 to 256, got a number with a "
         "fraction, or a date"},
        {"[prices]\nestimate_input_usd_per_million = 0.075",
         "FILE:2: prices.estimate_input_usd_per_million: expected dollars from 0 to 1000000, such "
         "as \"0.075\", got a number with a fraction, or a date"},
        {"[server]\nlisten = \"here\"",
         "FILE:2: server.listen: expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, got "
         "'here'"},
        {"[server]\nlisen = \"127.0.0.1:1\"",
         "FILE:2: server.lisen: there is no such setting; did you mean 'server.listen'?"},
        {"[sever]\nlisten = \"127.0.0.1:1\"", "FILE:1: sever: there is no such setting"},
        {"server = 1", "FILE:1: server: expected a section with settings in it, got 1"},
        {"[log]\nlevel = \"loud\"",
         "FILE:2: log.level: expected one of debug, info, warning, error, off, got 'loud'"},
        {"[keys]\nformats = \"orqen\"",
         "FILE:2: keys.formats: expected a list of keywarden, orqen, orbitkit, orgn, opaque, got "
         "the text 'orqen'"},
        {"[keys]\nformats = [\"orqen\", 1]",
         "FILE:2: keys.formats: expected a list of texts, got 1"},
        {"[keys]\nformats = [\"orqen\"]",
         "default: keys.default_format: 'keywarden' is not among keys.formats (orqen)"},
        {"[tls]\ncertificate = \"a.pem\"", "FILE:2: tls.certificate: tls.key must be set with it"},
        {"[tls]\nkey = \"a.pem\"", "FILE:2: tls.key: tls.certificate must be set with it"},
        {"[provider]\nname = \"a\"",
         "FILE:1: provider: expected [[provider]], with two brackets, got a table"},
        {"[[provider]]\nbase_url = \"http://127.0.0.1/v1\"",
         "FILE:1: provider.name: it is required, and missing"},
        {"[[provider]]\nname = \"openai\"\napi_key = \"k\"",
         "FILE:3: provider.api_key: there is no such field; did you mean 'api_key_env'?"},
        {"[[provider]]\nname = \"openai\"\nxyzzy = \"k\"",
         "FILE:3: provider.xyzzy: there is no such field; there are name, kind, base_url, "
         "api_version, api_key_env, api_key_file, dialect, region, privacy_class, networks, "
         "connect_timeout, first_byte_timeout, idle_timeout, total_timeout, models"},
        {"[[provider]]\nname = \"openai\"\ndialect = \"gemini\"",
         "FILE:3: provider.dialect: expected openai, anthropic, or bedrock, got the text 'gemini'"},
        {"[[provider]]\nname = \"bedrock\"",
         "FILE:1: Provider 'bedrock': region must be a region of AWS, such as 'eu-central-1'."},
        {"[[provider]]\nname = \"groq\"\nregion = \"us-east-1\"",
         "FILE:1: Provider 'groq': region is for providers that speak Bedrock's dialect."},
        {"[[provider]]\nname = \"openai\"\nnetworks = [\"10.1.2.3/8\"]",
         "FILE:3: provider.networks: '10.1.2.3/8' has bits set beyond its prefix: did you "
         "mean '10.0.0.0/8'?"},
        {"[[provider]]\nname = \"openai\"\nnetworks = \"10.0.0.0/8\"",
         "FILE:3: provider.networks: expected a list of networks, got the text '10.0.0.0/8'"},
        {"[[provider]]\nname = \"openai\"\nprivacy_class = \"secret\"",
         "FILE:3: provider.privacy_class: expected standard, zdr, or tee, got the text 'secret'"},
        {"[route]\nname = \"house\"",
         "FILE:1: route: expected [[route]], with two brackets, got a table"},
        {"[[route]]\nname = \"house\"", "FILE:1: route.targets: it is required, and missing"},
        {"[[route]]\nname = \"house\"\ntargets = [1]",
         "FILE:3: route.targets: expected a model's id, or a table with model and weight, got 1"},
        {"[[route]]\nname = \"house\"\ntargets = [\"a\"]\nstrategy = \"best\"",
         "FILE:4: route.strategy: expected fallback, or weighted, got the text 'best'"},
        {"[[route]]\nname = \"house\"\ntargets = [\"a\"]\nresend = 1",
         "FILE:4: route.resend: expected true or false, got 1"},
        {"[[route]]\nname = \"house\"\ntargets = [{ model = \"a\", weight = \"2\" }]",
         "FILE:3: route.targets.weight: expected a whole number, got the text '2'"},
        {"[[provider]]\nname = \"openai\"\nidle_timeout = \"2h\"",
         "FILE:3: provider.idle_timeout: expected a duration from 100ms to 1h, got '2h'"},
        {"[[provider]]\nname = \"openai\"\nidle_timeout = 5",
         "FILE:3: provider.idle_timeout: expected a duration from 100ms to 1h, got 5"},
        {"[server]\ntrusted_proxies = \"10.0.0.0/8, 10.1.2.3/8\"",
         "FILE:2: server.trusted_proxies: '10.1.2.3/8': '10.1.2.3/8' has bits set beyond its "
         "prefix: "
         "did you mean '10.0.0.0/8'?"},
        {"[[provider]]\nname = \"openai\"\nbase_ulr = \"k\"",
         "FILE:3: provider.base_ulr: there is no such field; did you mean 'base_url'?"},
        {"[[provider]]\nname = \"openai\"\nmodels = [1]",
         "FILE:3: provider.models: expected a model's id, or a table with id and upstream, got 1"},
        {"[[provider]]\nname = \"openai\"\n[[provider]]\nname = \"openai\"",
         "FILE:3: provider 'openai': there are two of that name"},
        {"[[provider]]\nname = \"openai\"\napi_key_env = \"A\"\napi_key_file = \"b\"",
         "FILE:1: provider 'openai': api_key_env and api_key_file exclude each other"},
        {"[aliases]\na = 1", "FILE:2: aliases.a: expected text that is not empty, got 1"},
    };
    for (const WrongFile& each : kCases) {
        const Loaded loaded = load({.file = each.file});
        EXPECT_FALSE(loaded.result) << each.file;
        EXPECT_EQ(loaded.message, each.message);
    }
}

TEST(Configuration, AFileThatIsNoTomlIsNamedWithItsLine) {
    const Loaded loaded = load({.file = "[server]\nlisten = \n"});
    EXPECT_FALSE(loaded.result);
    EXPECT_TRUE(loaded.message.starts_with("FILE:2: ")) << loaded.message;
}

TEST(Configuration, AFileThatIsNotThereIsNamed) {
    const auto loaded = load_configuration({.file = "/nowhere/k.toml"}, {});
    ASSERT_FALSE(loaded);
    EXPECT_TRUE(loaded.error().message.starts_with("/nowhere/k.toml: ")) << loaded.error().message;
}

TEST(Configuration, AWrongVariableIsNamed) {
    EXPECT_EQ(load({.environment = {{"KEYWARDEN_LOG_LEVEL", "loud"}}}).message,
              "KEYWARDEN_LOG_LEVEL: log.level: expected one of debug, info, warning, error, off, "
              "got 'loud'");
    EXPECT_EQ(load({.environment = {{"KEYWARDEN_SERVER_LISEN", "x"}}}).message,
              "environment: KEYWARDEN_SERVER_LISEN: there is no such setting; did you mean "
              "'KEYWARDEN_SERVER_LISTEN'?");
}

TEST(Configuration, VariablesThatOthersMakeUpAreLeftAlone) {
    // What Kubernetes sets for a service called "keywarden", and what the command line reads.
    EXPECT_TRUE(load({.environment = {{"KEYWARDEN_PORT", "tcp://10.0.0.1:80"},
                                      {"KEYWARDEN_SERVICE_HOST", "10.0.0.1"},
                                      {"KEYWARDEN_PORT_8080_TCP_ADDR", "10.0.0.1"},
                                      {"KEYWARDEN_API_KEY", "k"}}})
                    .result);
}

TEST(Configuration, AWrongFlagIsNamed) {
    EXPECT_EQ(load({.flags = {{"server.threads", "many"}}}).message,
              "--threads: server.threads: expected a whole number from 0 to 256, got 'many'");
    EXPECT_EQ(load({.flags = {{"log.levle", "info"}}}).message,
              "--set: log.levle: there is no such setting; did you mean 'log.level'?");
}

TEST(Configuration, ListeningBeyondLoopbackNeedsTlsOrTheSettingThatSaysSo) {
    const auto listen = std::pair<std::string, std::string>("server.listen", "0.0.0.0:80");
    const Loaded refused = load({.flags = {listen}});
    EXPECT_NE(refused.message.find("server.allow_plaintext_beyond_loopback"), std::string::npos);
    EXPECT_TRUE(
        load({.flags = {listen, {"server.allow_plaintext_beyond_loopback", "true"}}}).result);
    EXPECT_TRUE(load({.flags = {listen, {"tls.certificate", "c"}, {"tls.key", "k"}}}).result);
}

struct ListenCase {
    std::string_view text;
    std::string_view host;  // empty: refused
    uint16_t port;
    bool is_loopback;
};

TEST(Configuration, ReadsWhereToListen) {
    constexpr ListenCase kCases[] = {
        {"127.0.0.1:8080", "127.0.0.1", 8080, true},
        {"127.8.0.1:1", "127.8.0.1", 1, true},
        {"localhost:0", "127.0.0.1", 0, true},
        {"[::1]:65535", "::1", 65535, true},
        {"0.0.0.0:80", "0.0.0.0", 80, false},
        {"[::]:80", "::", 80, false},
        {"10.0.0.1:80", "10.0.0.1", 80, false},
        {":80", "", 0, false},
        {"127.0.0.1", "", 0, false},
        {"127.0.0.1:", "", 0, false},
        {"127.0.0.1:65536", "", 0, false},
        {"127.0.0.1:80x", "", 0, false},
        {"::1:80", "", 0, false},
        {"example.com:80", "", 0, false},
    };
    for (const ListenCase& each : kCases) {
        const auto parsed = parse_listen(each.text);
        ASSERT_EQ(parsed.has_value(), !each.host.empty()) << each.text;
        if (!parsed) continue;
        EXPECT_EQ(parsed->host, each.host);
        EXPECT_EQ(parsed->port, each.port);
        EXPECT_EQ(parsed->is_loopback, each.is_loopback) << each.text;
    }
}

}  // namespace
}  // namespace keywarden
