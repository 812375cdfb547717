#include "app/providers.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <set>

namespace keywarden {
namespace {

constexpr std::streamsize kKeyFileBytesMax = 8'192;
constexpr std::string_view kSandbox = "sandbox";

std::unexpected<Error> wrong(const ProviderSettings& provider,
                             std::string_view field,
                             std::string_view what) {
    return fail(Error{.code = ErrorCode::InvalidConfig,
                      .message = fmt::format("{}: provider '{}': {}{}{}",
                                             provider.place,
                                             provider.name,
                                             field,
                                             field.empty() ? "" : ": ",
                                             what),
                      .param = "provider"});
}

Result<Provider> open_one(const ProviderSettings& settings, Secret credential) {
    ProviderConfig config{
        .name = settings.name, .base_url = settings.base_url, .api_key = std::move(credential)};
    for (const ModelSettings& model : settings.models) {
        config.models.push_back({model.id, model.upstream});
    }
    auto opened = open_provider(std::move(config));
    if (!opened) return wrong(settings, {}, opened.error().message);
    return std::move(*opened);
}

/// The file's text without the white space around it.
Result<Secret> read_key_file(const ProviderSettings& provider) {
    std::ifstream file(provider.api_key_file, std::ios::binary);
    std::string text(static_cast<size_t>(kKeyFileBytesMax), '\0');
    file.read(text.data(), kKeyFileBytesMax);
    text.resize(static_cast<size_t>(file.gcount()));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
        text.pop_back();
    }
    if (text.empty()) {
        return wrong(provider,
                     "api_key_file",
                     fmt::format("{} cannot be read, or is empty", provider.api_key_file));
    }
    return Secret(std::move(text));
}

}  // namespace

Result<Secret> credential_of(const ProviderSettings& provider, const Environment& environment) {
    if (!provider.api_key_file.empty()) return read_key_file(provider);
    if (!provider.api_key_env.empty()) {
        const std::string_view value = environment.get(provider.api_key_env);
        if (!value.empty()) return Secret(std::string(value));
        return wrong(provider,
                     "api_key_env",
                     fmt::format("the variable {} is not set", provider.api_key_env));
    }
    const KnownProvider* known = find_known_provider(provider.name);
    if (known == nullptr || known->api_key_env.empty()) return Secret();
    return Secret(std::string(environment.get(known->api_key_env)));
}

Result<std::vector<Provider>> open_providers(const Configuration& configuration,
                                             const Environment& environment) {
    std::vector<Provider> out;
    bool has_sandbox = false;
    for (const ProviderSettings& settings : configuration.providers) {
        TRY(Secret credential, credential_of(settings, environment));
        TRY(Provider provider, open_one(settings, std::move(credential)));
        has_sandbox = has_sandbox || provider.kind == ProviderKind::Sandbox;
        out.push_back(std::move(provider));
    }
    if (!has_sandbox) {
        TRY(Provider sandbox, open_provider({.name = std::string(kSandbox)}));
        out.push_back(std::move(sandbox));
    }
    return out;
}

Result<void> check_providers(const Configuration& configuration) {
    std::set<std::string_view> names;
    for (const ProviderSettings& provider : configuration.providers) {
        if (!provider.api_key_env.empty() && !provider.api_key_file.empty()) {
            return wrong(provider, {}, "api_key_env and api_key_file exclude each other");
        }
        TRY_VOID(open_one(provider, Secret()));
        if (!names.insert(provider.name).second) {
            return wrong(provider, {}, "there are two of that name");
        }
    }
    return {};
}

}  // namespace keywarden
