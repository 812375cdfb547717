#include "providers/provider.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <set>
#include <utility>

#include "domain/public_address.h"
#include "providers/aws_signature.h"
#include "providers/bedrock.h"

namespace keywarden {
namespace {

constexpr std::string_view kSandboxName = "sandbox";
constexpr std::string_view kOurPrefix = "/v1";

constexpr CredentialField kAnthropicKey = {.name = "x-api-key", .before = ""};
constexpr CredentialField kAzureKey = {.name = "api-key", .before = ""};
constexpr std::string_view kAzure = "azure";
constexpr std::string_view kRerank = "/v1/rerank";

/// Of our endpoints, those that Azure's dated versions have at a deployment. Source: openai-python,
/// lib/azure.py.
constexpr std::array<std::string_view, 8> kAtDeployments = {"/v1/completions",
                                                            "/v1/chat/completions",
                                                            "/v1/embeddings",
                                                            "/v1/audio/transcriptions",
                                                            "/v1/audio/translations",
                                                            "/v1/audio/speech",
                                                            "/v1/images/generations",
                                                            "/v1/images/edits"};

bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// For a config that is wrong: `name` is safe to show once it has been checked.
std::unexpected<Error> bad(std::string_view name, const std::string& what) {
    return fail(ErrorCode::InvalidConfig, "Provider '" + std::string(name) + "': " + what);
}

/// Errors: InvalidConfig. Bedrock's address follows from its region.
Result<std::string> base_url_of(const ProviderConfig& config, Dialect dialect) {
    if (!config.base_url.empty()) return config.base_url;
    if (dialect == Dialect::Bedrock) return bedrock_url(config.region);
    const KnownProvider* const known = known_as(config);
    if (known != nullptr && known->name == kAzure) {
        return bad(config.name,
                   "base_url is missing: the address of your resource, such as "
                   "'https://NAME.openai.azure.com'.");
    }
    if (known != nullptr) return std::string(known->base_url);
    return bad(config.name, "base_url is missing, and this name has no known address.");
}

Result<void> check_region(const ProviderConfig& config, Dialect dialect) {
    if (dialect != Dialect::Bedrock) {
        if (config.region.empty()) return {};
        return bad(config.name, "region is for providers that speak Bedrock's dialect.");
    }
    if (is_aws_region(config.region)) return {};
    return bad(config.name, "region must be a region of AWS, such as 'eu-central-1'.");
}

Result<void> check_kind(const ProviderConfig& config) {
    const KnownProvider* const known = known_as(config);
    if (!config.kind.empty() && known == nullptr) {
        return bad(config.name, "kind must be a known provider, such as 'azure' or 'groq'.");
    }
    const std::string& version = config.api_version;
    if (version.empty()) return {};
    if (known == nullptr || known->name != kAzure) {
        return bad(config.name, "api_version is for Azure OpenAI.");
    }
    const bool is_date = version.starts_with("20") && std::ranges::all_of(version, is_name_char);
    if (is_date && version.size() <= kProviderNameMax) return {};
    return bad(config.name,
               "api_version must be a dated one, such as '2024-10-21'; without it, the v1 API is "
               "asked.");
}

Result<Url> read_base(const ProviderConfig& config, Dialect dialect) {
    TRY(const std::string text, base_url_of(config, dialect));
    auto url = parse_url(text);
    if (!url) return bad(config.name, "base_url: " + url.error().message);
    if (!url->tls && !is_private_host(url->host) && config.networks.empty()) {
        return bad(config.name,
                   "base_url must begin with https:// (http:// is for this machine and private "
                   "networks).");
    }
    return url;
}

/// A literal address need not be looked up to be refused.
Result<void> check_address(const Provider& provider) {
    const std::optional<IpAddress> literal = parse_ip(provider.base.host);
    if (!literal || may_reach(provider, *literal)) return {};
    return bad(provider.name,
               "base_url: the address is not public; where it is meant, say so with networks.");
}

Dialect dialect_of(const ProviderConfig& config) {
    const KnownProvider* const known = known_as(config);
    return config.dialect.value_or(known != nullptr ? known->dialect : Dialect::OpenAi);
}

/// `known`: which one it is, or null.
std::string path_prefix_of(const Provider& provider, const KnownProvider* known) {
    const std::string& path = provider.base.path;
    if (provider.dialect == Dialect::Bedrock) return path;
    if (known != nullptr && known->name == kAzure && (path.empty() || path == "/openai")) {
        return provider.api_version.empty() ? "/openai/v1" : "/openai";
    }
    const bool has_version =
        provider.dialect == Dialect::OpenAi ? !path.empty() : path.ends_with(kOurPrefix);
    return has_version ? path : path + std::string(kOurPrefix);
}

/// What is known of it. `known` may be null.
void take_over(const KnownProvider* known, Provider& provider) {
    provider.path_prefix = path_prefix_of(provider, known);
    if (provider.dialect == Dialect::Anthropic) provider.credential = kAnthropicKey;
    if (known == nullptr || provider.dialect != Dialect::OpenAi) return;
    provider.quirks = known->quirks;
    if (known->name == kAzure) provider.credential = kAzureKey;
}

Result<std::vector<ProviderModel>> read_models(ProviderConfig& config) {
    if (config.models.size() > kProviderModelsMax) {
        return bad(config.name, "has too many models.");
    }
    std::set<std::string> seen;
    for (ProviderModel& model : config.models) {
        if (model.upstream_id.empty()) model.upstream_id = model.id;
        for (const std::string& id : {model.id, model.upstream_id}) {
            if (id.empty() || id.size() > kModelIdMax || !std::ranges::all_of(id, is_visible)) {
                return bad(config.name,
                           "a model id must have 1 to 256 visible characters without spaces.");
            }
        }
        if (!seen.insert(model.id).second) {
            return bad(config.name, "the model '" + model.id + "' is there twice.");
        }
    }
    return std::move(config.models);
}

}  // namespace

Result<Provider> open_provider(ProviderConfig config) {
    if (config.name.empty() || config.name.size() > kProviderNameMax ||
        !std::ranges::all_of(config.name, is_name_char)) {
        return fail(ErrorCode::InvalidConfig,
                    "A provider's name must have 1 to 64 characters of a-z, 0-9, '_' and '-'.");
    }
    Provider provider;
    provider.privacy = config.privacy;
    provider.timeouts = config.timeouts;
    if (config.name == kSandboxName) {
        const bool is_elsewhere = !config.base_url.empty() || !config.kind.empty();
        if (is_elsewhere || !config.api_version.empty() || !config.api_key.empty()) {
            return bad(config.name, "it is built in and takes no kind, no base_url and no key.");
        }
        provider.kind = ProviderKind::Sandbox;
    } else {
        TRY_VOID(check_kind(config));
        provider.dialect = dialect_of(config);
        TRY_VOID(check_region(config, provider.dialect));
        TRY(provider.base, read_base(config, provider.dialect));
        provider.region = config.region;
        provider.api_version = config.api_version;
        provider.networks = std::move(config.networks);
        take_over(known_as(config), provider);
    }
    const std::string_view key = config.api_key.reveal();
    if (!std::ranges::all_of(key, is_visible)) {
        return bad(config.name, "the API key has a space or a control character in it.");
    }
    if (provider.dialect == Dialect::Bedrock) {
        const auto read = read_aws_credential(key);
        if (!read) return bad(config.name, read.error().message);
    }
    TRY(provider.models, read_models(config));
    provider.name = std::move(config.name);
    if (provider.kind == ProviderKind::Http) TRY_VOID(check_address(provider));
    if (!key.empty()) provider.api_key = {std::move(config.api_key), provider.origin()};
    return provider;
}

bool may_reach(const Provider& provider, IpAddress address) {
    if (std::ranges::any_of(provider.networks,
                            [&](const IpRange& network) { return network.contains(address); })) {
        return true;
    }
    if (provider.base.tls && is_public(address)) return true;
    return is_private_host(provider.base.host) && is_of_ones_own(address);
}

std::optional<Dialect> dialect_named(std::string_view name) {
    if (name == "openai") return Dialect::OpenAi;
    if (name == "anthropic") return Dialect::Anthropic;
    if (name == "bedrock") return Dialect::Bedrock;
    return std::nullopt;
}

std::string upstream_path(const Provider& provider, std::string_view path) {
    assert(path.starts_with("/v1/"));
    if (path == kRerank && !provider.quirks.rerank_path.empty()) {
        return std::string(provider.quirks.rerank_path);
    }
    return provider.path_prefix + std::string(path.substr(kOurPrefix.size()));
}

std::string deployment_path(const Provider& provider,
                            std::string_view path,
                            std::string_view model) {
    assert(path.starts_with("/v1/") && !provider.api_version.empty());
    std::string out = provider.path_prefix;
    if (std::ranges::find(kAtDeployments, path) != kAtDeployments.end()) {
        out += "/deployments/" + aws_encoded(model);
    }
    out += path.substr(kOurPrefix.size());
    return out + "?api-version=" + provider.api_version;
}

}  // namespace keywarden
