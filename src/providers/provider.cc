#include "providers/provider.h"

#include <algorithm>
#include <cassert>
#include <set>
#include <utility>

namespace keywarden {
namespace {

constexpr std::string_view kSandboxName = "sandbox";
constexpr std::string_view kOurPrefix = "/v1";

/// Only those that a provider can be told to speak.
constexpr CredentialField kBearer = {.name = "Authorization", .before = "Bearer "};
constexpr CredentialField kApiKey = {.name = "x-api-key", .before = ""};

bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// For a config that is wrong: `name` is safe to show once it has been checked.
std::unexpected<Error> bad(std::string_view name, const std::string& what) {
    return fail(ErrorCode::InvalidConfig, "Provider '" + std::string(name) + "': " + what);
}

Result<Url> read_base(const ProviderConfig& config) {
    const KnownProvider* known = find_known_provider(config.name);
    if (config.base_url.empty() && known == nullptr) {
        return bad(config.name, "base_url is missing, and this name has no known address.");
    }
    auto url = parse_url(config.base_url.empty() ? known->base_url : config.base_url);
    if (!url) return bad(config.name, "base_url: " + url.error().message);
    if (!url->tls && !is_private_host(url->host)) {
        return bad(config.name,
                   "base_url must begin with https:// (http:// is for this machine and private "
                   "networks).");
    }
    return url;
}

Dialect dialect_of(const ProviderConfig& config) {
    const KnownProvider* known = find_known_provider(config.name);
    return config.dialect.value_or(known != nullptr ? known->dialect : Dialect::OpenAi);
}

std::string path_prefix_of(const Provider& provider) {
    const std::string& path = provider.base.path;
    const bool has_version =
        provider.dialect == Dialect::OpenAi ? !path.empty() : path.ends_with(kOurPrefix);
    return has_version ? path : path + std::string(kOurPrefix);
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
    if (config.name == kSandboxName) {
        if (!config.base_url.empty() || !config.api_key.empty()) {
            return bad(config.name, "it is built in and takes no base_url and no key.");
        }
        provider.kind = ProviderKind::Sandbox;
    } else {
        TRY(provider.base, read_base(config));
        provider.dialect = dialect_of(config);
        provider.path_prefix = path_prefix_of(provider);
    }
    const std::string_view key = config.api_key.reveal();
    if (!std::ranges::all_of(key, is_visible)) {
        return bad(config.name, "the API key has a space or a control character in it.");
    }
    TRY(provider.models, read_models(config));
    if (!key.empty()) provider.api_key = {std::move(config.api_key), provider.origin()};
    provider.name = std::move(config.name);
    return provider;
}

CredentialField credential_field(Dialect dialect) {
    return dialect == Dialect::Anthropic ? kApiKey : kBearer;
}

std::optional<Dialect> dialect_named(std::string_view name) {
    if (name == "openai") return Dialect::OpenAi;
    if (name == "anthropic") return Dialect::Anthropic;
    return std::nullopt;
}

std::string upstream_path(const Provider& provider, std::string_view path) {
    assert(path.starts_with("/v1/"));
    return provider.path_prefix + std::string(path.substr(kOurPrefix.size()));
}

}  // namespace keywarden
