// The configuration as a whole: settings and providers, and where each value came from.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/settings.h"
#include "base/error_body.h"
#include "base/result.h"
#include "cli/environment.h"
#include "console/identity_provider.h"
#include "domain/catalogue.h"
#include "domain/ip_range.h"
#include "domain/policy.h"
#include "providers/provider.h"

namespace keywarden {

struct ModelSettings {
    std::string id;        // what a client asks for
    std::string upstream;  // what the provider calls it
};

/// One [[provider]] of the file. Credentials are named here, never held.
struct ProviderSettings {
    std::string name;
    std::string kind{};                // which known provider it is; empty: as its name says
    std::string base_url{};            // empty: the known provider's own
    std::string region{};              // of AWS, for Bedrock
    std::string api_version{};         // of Azure
    std::string api_key_env{};         // the variable that holds the key, or
    std::string api_key_file{};        // the file that does; neither: see credential_of
    std::optional<Dialect> dialect{};  // none: the known provider's own, or OpenAI's
    PrivacyClass privacy = PrivacyClass::Standard;
    std::vector<IpRange> networks{};
    ProviderTimeouts timeouts{};
    std::vector<ModelSettings> models{};
    std::string place{};  // "keywarden.toml:12"
};

struct AliasSettings {
    std::string id;
    std::string model;
    std::string place{};
};

/// One [[route]] of the file.
struct RouteSettings {
    ModelRoute route;
    std::string place{};
};

/// One [[sign_in.provider]] of the file. Its secret is named here, never held.
struct SignInProviderSettings {
    IdentityProviderTerms terms{};
    std::string client_secret_env{};   // the variable that holds it, or
    std::string client_secret_file{};  // the file that does; neither: a public client
    std::string place{};
};

/// A field of [[provider]], [[route]], or [[sign_in.provider]], for the reference and for the error
/// about an unknown one.
struct ProviderField {
    std::string_view name;
    std::string_view kind;
    std::string_view sentence;
};
std::span<const ProviderField> provider_fields();
std::span<const ProviderField> route_fields();
std::span<const ProviderField> sign_in_provider_fields();

struct Configuration {
    Settings settings = default_settings();
    /// Beside all_settings(): "default", "keywarden.toml:3", "KEYWARDEN_LOG_LEVEL", "--listen".
    std::vector<std::string> origins = std::vector<std::string>(all_settings().size(), "default");
    std::vector<ProviderSettings> providers{};
    std::vector<AliasSettings> aliases{};
    std::vector<RouteSettings> routes{};
    std::vector<SignInProviderSettings> sign_in_providers{};
};

struct ConfigurationSources {
    std::string file{};                                        // empty: there is none
    std::vector<std::pair<std::string, std::string>> flags{};  // a setting's name and its value
};

/// Defaults, then the file, then the environment, then the flags: the later wins.
///
/// Only KEYWARDEN_ names that begin like a section ("KEYWARDEN_SERVER_…") must be settings: others
/// belong to the command line, to a provider's key, or to Kubernetes, which makes some up.
/// Errors: InvalidConfig, which says where, what was expected, what came, and for an unknown name
/// the nearest known one.
Result<Configuration> load_configuration(const ConfigurationSources& sources,
                                         const Environment& environment);

/// The file alone, on top of what is in `configuration`: the one place that knows TOML.
Result<void> read_configuration_file(const std::string& file, Configuration& configuration);

/// What one value alone cannot show: that they fit each other.
/// Errors: InvalidConfig.
Result<void> check_configuration(const Configuration& configuration);

/// "10.0.0.0/8, 192.0.2.1"; empty: none.
/// Errors: InvalidConfig.
Result<std::vector<IpRange>> parse_networks(std::string_view text);

/// "127.0.0.1:8080", "[::1]:8080", "localhost:8080".
struct ListenAddress {
    std::string host;  // a numeric address, without brackets
    uint16_t port = 0;
    bool is_loopback = false;
};
/// Errors: InvalidConfig.
Result<ListenAddress> parse_listen(std::string_view text);

}  // namespace keywarden
