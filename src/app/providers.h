// Providers as the configuration names them, opened with their credentials.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "base/result.h"
#include "base/secret.h"
#include "cli/environment.h"
#include "net/resolver.h"
#include "providers/provider.h"

namespace keywarden {

/// Every provider of the configuration, in its order, and the sandbox behind them.
/// Errors: InvalidConfig; also when a credential that is named is not there.
Result<std::vector<Provider>> open_providers(const Configuration& configuration,
                                             const Environment& environment);

/// One of them, with its credential.
/// Errors: as open_providers.
Result<Provider> open_configured(const ProviderSettings& settings, const Environment& environment);

/// A resolver's, by which nobody gets to a provider but where may_reach lets its calls go: that of
/// every client that is for providers. `providers` must outlive it.
ResolverOptions reaching(std::span<const Provider> providers);

/// What can be said without credentials: shape, addresses, names that are there twice.
/// Errors: InvalidConfig.
Result<void> check_providers(const Configuration& configuration);

/// The credential that the provider names, or that a known one has by custom; empty: none is sent.
/// Errors: InvalidConfig when it is named and not there, or is not one word.
Result<Secret> credential_of(const ProviderSettings& provider, const Environment& environment);

/// The text of a file of keys. Errors: InvalidConfig when it cannot be read, or is over 8 KiB.
Result<Secret> read_text_file(const std::string& path);

/// Who else can read the provider's key file, in words; empty when nobody can. It is not refused:
/// secrets that Docker and Kubernetes mount are such files, in a container where nobody else is.
std::string why_others_read_key(const ProviderSettings& provider);

}  // namespace keywarden
