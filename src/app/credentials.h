// The vault of a gateway that serves: its keys, what references name, and what somebody must hear.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/configuration.h"
#include "app/instance.h"
#include "base/bound_secret.h"
#include "base/result.h"
#include "cli/environment.h"
#include "providers/provider.h"
#include "store/credential_directory.h"

namespace keywarden {

/// The keys of the vault: the instance's master keys, and those of Fernet where a file names any.
/// Errors: InvalidConfig (the file; the form is fernet, and there is none).
Result<VaultKeys> vault_keys(const Settings& settings, std::span<const Secret> masters);

/// What `env:`, `file:` and `vault:` name. A Vault (or OpenBao) is at VAULT_ADDR, and is shown
/// VAULT_TOKEN. Takes a few seconds at most.
/// Errors: InvalidRequest, saying what is wrong and nothing of the value.
Result<Secret> resolve_reference(std::string_view reference,
                                 const Environment& environment,
                                 const std::string& ca_file);

/// Everything that is set, in force. What cannot be used is no error: see CredentialAlarms.
/// `instance` must outlive it. Errors: InvalidConfig, StoreUnavailable.
Result<std::unique_ptr<CredentialDirectory>> open_credentials(const Settings& settings,
                                                              const Environment& environment,
                                                              Instance& instance,
                                                              std::span<const Provider> providers);

/// Asks one of the providers for its models with that credential: with which status it answers.
/// Errors: NotFound when there is no such provider; those of ask_provider.
Result<int> ask_with(std::span<const Provider> providers,
                     const std::string& name,
                     const BoundSecret& credential,
                     const std::string& ca_file);

/// Says in the log, and as an event of its team ("provider_credential.unusable"), which credentials
/// cannot be used. Threads: one at a time.
class CredentialAlarms {
public:
    /// The operator's are told to the team `operator_team`. Both must outlive it.
    CredentialAlarms(CredentialDirectory& directory, UsageStore& store, std::string operator_team);

    /// Tells what was found since the last time. Errors: the store's; the rest comes again.
    Result<void> write();

private:
    CredentialDirectory& directory_;
    UsageStore& store_;
    std::string operator_team_;
    std::vector<CredentialProblem> waiting_;
};

}  // namespace keywarden
