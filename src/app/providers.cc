#include "app/providers.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include "providers/bedrock.h"

namespace keywarden {
namespace {

constexpr size_t kKeyFileBytesMax = 8'192;
constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
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
    ProviderConfig config{.name = settings.name,
                          .kind = settings.kind,
                          .base_url = settings.base_url,
                          .api_key = std::move(credential),
                          .region = settings.region,
                          .api_version = settings.api_version,
                          .dialect = settings.dialect,
                          .privacy = settings.privacy,
                          .networks = settings.networks,
                          .timeouts = settings.timeouts};
    for (const ModelSettings& model : settings.models) {
        config.models.push_back({model.id, model.upstream});
    }
    auto opened = open_provider(std::move(config));
    if (opened) return std::move(*opened);
    Error error = std::move(opened).error();  // which names the provider
    error.message = fmt::format("{}: {}", settings.place, error.message);
    return fail(std::move(error));
}

/// A provider's key as people write it down: one word, maybe with white space around it.
Result<Secret> read_key(const ProviderSettings& provider,
                        std::string_view field,
                        std::string_view place,
                        std::string_view text) {
    const size_t start = text.find_first_not_of(kWhiteSpace);
    if (start == text.npos) return wrong(provider, field, fmt::format("{} is empty", place));
    text = text.substr(start, text.find_last_not_of(kWhiteSpace) + 1 - start);
    if (text.find_first_of(kWhiteSpace) != text.npos) {
        return wrong(provider,
                     field,
                     fmt::format("{} holds more than one word; it must hold the key alone", place));
    }
    if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; })) {
        return wrong(provider,
                     field,
                     fmt::format("{} holds a character that no key has (is it saved as plain "
                                 "text?)",
                                 place));
    }
    return Secret(std::string(text));
}

/// The file's bytes, to one more than there may be; nothing, with errno, when it cannot be read.
std::optional<std::string> read_bytes(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::nullopt;
    std::string text(kKeyFileBytesMax + 1, '\0');
    size_t length = 0;
    ssize_t got = 0;
    do {
        got = ::read(file, text.data() + length, text.size() - length);
        if (got > 0) length += static_cast<size_t>(got);
    } while ((got > 0 && length < text.size()) || (got < 0 && errno == EINTR));
    const int error = errno;
    ::close(file);
    errno = error;
    if (got < 0) return std::nullopt;
    text.resize(length);
    return text;
}

Result<Secret> read_variable(const ProviderSettings& provider,
                             std::string_view field,
                             std::string_view name,
                             const Environment& environment) {
    return read_key(provider, field, fmt::format("the variable {}", name), environment.get(name));
}

Result<Secret> read_key_file(const ProviderSettings& provider) {
    std::optional<std::string> text = read_bytes(provider.api_key_file);
    if (!text) {
        return wrong(
            provider,
            "api_key_file",
            fmt::format("cannot read {}: {}", provider.api_key_file, std::strerror(errno)));
    }
    Result<Secret> key = text->size() <= kKeyFileBytesMax
                             ? read_key(provider, "api_key_file", provider.api_key_file, *text)
                             : wrong(provider,
                                     "api_key_file",
                                     fmt::format("{} is larger than {} bytes: that is no key",
                                                 provider.api_key_file,
                                                 kKeyFileBytesMax));
    explicit_bzero(text->data(), text->size());
    return key;
}

}  // namespace

namespace {

/// As AWS's own SDKs find them: the pair, and the token of a session. Empty where there is none.
Result<Secret> read_aws_keys(const ProviderSettings& provider, const Environment& environment) {
    const auto variable = [&](std::string_view name) -> Result<Secret> {
        if (environment.get(name).empty()) return Secret();
        return read_variable(provider, "name", name, environment);
    };
    TRY(const Secret id, variable("AWS_ACCESS_KEY_ID"));
    TRY(const Secret secret, variable("AWS_SECRET_ACCESS_KEY"));
    TRY(const Secret token, variable("AWS_SESSION_TOKEN"));
    if (id.empty() && secret.empty()) return Secret();
    if (id.empty() || secret.empty()) {
        return wrong(provider,
                     "name",
                     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together, and one is not "
                     "set");
    }
    return aws_credential({.access_key_id = id.reveal(),
                           .secret_access_key = secret.reveal(),
                           .session_token = token.reveal()});
}

}  // namespace

Result<Secret> credential_of(const ProviderSettings& provider, const Environment& environment) {
    if (!provider.api_key_file.empty()) return read_key_file(provider);
    if (!provider.api_key_env.empty()) {
        if (environment.get(provider.api_key_env).empty()) {
            return wrong(provider,
                         "api_key_env",
                         fmt::format("the variable {} is not set", provider.api_key_env));
        }
        return read_variable(provider, "api_key_env", provider.api_key_env, environment);
    }
    const KnownProvider* known =
        find_known_provider(provider.kind.empty() ? provider.name : provider.kind);
    if (known == nullptr || known->api_key_env.empty()) return Secret();
    if (environment.get(known->api_key_env).empty()) {
        const bool is_aws = known->dialect == Dialect::Bedrock;
        return is_aws ? read_aws_keys(provider, environment) : Secret();
    }
    return read_variable(provider, "name", known->api_key_env, environment);
}

Result<Secret> read_text_file(const std::string& path) {
    std::optional<std::string> text = read_bytes(path);
    if (!text) {
        return fail(ErrorCode::InvalidConfig,
                    fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    }
    Secret out(std::move(*text));
    if (out.reveal().size() <= kKeyFileBytesMax) return out;
    return fail(ErrorCode::InvalidConfig, fmt::format("{} is too large", path));
}

std::string why_others_read_key(const ProviderSettings& provider) {
    struct stat facts{};
    if (provider.api_key_file.empty()) return {};
    if (::stat(provider.api_key_file.c_str(), &facts) != 0) return {};
    if ((facts.st_mode & S_IROTH) == 0) return {};
    return fmt::format("{} has mode {:04o}, so every user of this machine can read the key",
                       provider.api_key_file,
                       facts.st_mode & 07777U);
}

Result<Provider> open_configured(const ProviderSettings& settings, const Environment& environment) {
    TRY(Secret credential, credential_of(settings, environment));
    return open_one(settings, std::move(credential));
}

Result<std::vector<Provider>> open_providers(const Configuration& configuration,
                                             const Environment& environment) {
    std::vector<Provider> out;
    bool has_sandbox = false;
    for (const ProviderSettings& settings : configuration.providers) {
        TRY(Provider provider, open_configured(settings, environment));
        has_sandbox = has_sandbox || provider.kind == ProviderKind::Sandbox;
        out.push_back(std::move(provider));
    }
    if (!has_sandbox) {
        TRY(Provider sandbox, open_provider({.name = std::string(kSandbox)}));
        out.push_back(std::move(sandbox));
    }
    return out;
}

ResolverOptions reaching(std::span<const Provider> providers) {
    return {.may_reach = [providers](std::string_view host, const SocketAddress& address) {
        const std::optional<IpAddress> ip = parse_ip(address.host());
        return ip && std::ranges::any_of(providers, [&](const Provider& provider) {
                   return provider.base.host == host && provider.base.port == address.port() &&
                          may_reach(provider, *ip);
               });
    }};
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
