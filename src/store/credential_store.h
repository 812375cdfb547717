// What the store keeps of providers' credentials: sealed, with the wrapped keys that seal them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/audit.h"
#include "domain/provider_credential.h"

namespace keywarden {

/// A team's data key, wrapped by a master key. See store/vault.h.
struct DataKey {
    std::string team_id{};  // empty: the operator's
    int64_t version = 0;
    std::string master{};   // which master key wraps it
    std::string wrapped{};  // raw bytes

    friend bool operator==(const DataKey&, const DataKey&) = default;
};

/// As AccountStore: each change comes with its row of the audit log, an update is taken if the
/// version that is there is one less, every query has the team in its condition.
/// Safe to call from any thread. Every call either happened or did not.
/// Errors of all: StoreUnavailable, NotFound, VersionMismatch; InvalidRequest beyond
/// kCredentialsMax, for a name that the team has at that provider already, and for no such team.
class CredentialStore {
public:
    virtual ~CredentialStore() = default;

    virtual Result<void> create_credential(const ProviderCredential& credential,
                                           const AuditEntry& audit) = 0;
    virtual Result<void> update_credential(const ProviderCredential& credential,
                                           const AuditEntry& audit) = 0;
    virtual Result<void> delete_credential(std::string_view team_id,
                                           std::string_view id,
                                           const AuditEntry& audit) = 0;
    virtual Result<ProviderCredential> get_credential(std::string_view team_id,
                                                      std::string_view id) = 0;
    /// All of a team's, oldest first; the operator's for an empty id.
    virtual Result<std::vector<ProviderCredential>> list_credentials(std::string_view team_id) = 0;
    /// Of every team, oldest first.
    virtual Result<std::vector<ProviderCredential>> all_credentials() = 0;

    /// Writes the row alone: for what is done to the keys, beside the store.
    virtual Result<void> tell(const AuditEntry& audit) = 0;

    // What a rotation changes: how values are sealed, never what they are. No version counts it.

    virtual Result<std::vector<DataKey>> list_data_keys() = 0;
    /// Errors: InvalidRequest when the team has one of that version.
    virtual Result<void> add_data_key(const DataKey& key) = 0;
    /// Takes `sealed` and `data_key` over, if the value is still the one that was sealed
    /// (`secret_version`). False: it is another one, or has gone.
    virtual Result<bool> reseal(const ProviderCredential& credential) = 0;
    /// Forgets a data key that no credential names. One that is named stays.
    virtual Result<void> forget_data_key(std::string_view team_id, int64_t version) = 0;
};

}  // namespace keywarden
