// Rows of providers' credentials: reading them, for the store and for `keywarden doctor`.
#pragma once

#include <string_view>
#include <vector>

#include "store/credential_store.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// Of every team, oldest first.
Result<std::vector<ProviderCredential>> all_credential_rows(Database& database);
Result<std::vector<ProviderCredential>> list_credential_rows(Database& database,
                                                             std::string_view team_id);
Result<ProviderCredential> get_credential_row(Database& database,
                                              std::string_view team_id,
                                              std::string_view id);
Result<std::vector<DataKey>> list_data_key_rows(Database& database);

}  // namespace keywarden
