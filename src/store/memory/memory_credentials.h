// Providers' credentials in memory.
#pragma once

#include <functional>
#include <vector>

#include "store/credential_store.h"
#include "store/memory/memory_accounts.h"

namespace keywarden {

class MemoryCredentials final : public CredentialStore {
public:
    MemoryCredentials(MemoryLog& log, const MemoryAccounts& accounts)
        : log_(log), accounts_(accounts) {}

    /// What makes everything that comes with a row of the audit log as it is now again.
    std::function<void()> way_back();

    Result<void> create_credential(const ProviderCredential& credential,
                                   const AuditEntry& audit) override;
    Result<void> update_credential(const ProviderCredential& credential,
                                   const AuditEntry& audit) override;
    Result<void> delete_credential(std::string_view team_id,
                                   std::string_view id,
                                   const AuditEntry& audit) override;
    Result<ProviderCredential> get_credential(std::string_view team_id,
                                              std::string_view id) override;
    Result<std::vector<ProviderCredential>> list_credentials(std::string_view team_id) override;
    Result<std::vector<ProviderCredential>> all_credentials() override;
    Result<void> tell(const AuditEntry& audit) override;
    Result<std::vector<DataKey>> list_data_keys() override;
    Result<void> add_data_key(const DataKey& key) override;
    Result<bool> reseal(const ProviderCredential& credential) override;
    Result<void> forget_data_key(std::string_view team_id, int64_t version) override;

private:
    ProviderCredential* find(std::string_view team_id, std::string_view id);

    MemoryLog& log_;
    const MemoryAccounts& accounts_;
    std::vector<ProviderCredential> credentials_;  // oldest first
    std::vector<DataKey> keys_;
};

}  // namespace keywarden
