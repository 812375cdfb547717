// Identity providers as the configuration names them, opened with their secrets.
#pragma once

#include <memory>
#include <string>

#include "app/configuration.h"
#include "base/result.h"
#include "base/url.h"
#include "cli/environment.h"
#include "console/single_sign_on.h"

namespace keywarden {

/// What can be said without asking anybody: shape, names and issuers that are there twice.
/// Errors: InvalidConfig.
Result<void> check_sign_in_providers(const Configuration& configuration);

/// All of them; null where there is none. Asks none of them: one that is down is told of when
/// somebody signs in. `default_team`: what the team "default" of the configuration is.
/// Errors: InvalidConfig; also when a secret that is named is not there.
Result<std::unique_ptr<SingleSignOn>> open_single_sign_on(const Configuration& configuration,
                                                          const Environment& environment,
                                                          const std::string& default_team);

/// One of them. `ca_file`: its authorities, in place of the system's.
/// Errors: InvalidConfig.
Result<std::unique_ptr<IdentityProvider>> open_identity_provider(
    const SignInProviderSettings& settings,
    const Environment& environment,
    const std::string& ca_file,
    const std::string& default_team);

}  // namespace keywarden
