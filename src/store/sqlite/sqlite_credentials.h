// Providers' credentials in SQLite.
#pragma once

#include <memory>

#include "store/credential_store.h"
#include "store/sqlite/connection.h"

namespace keywarden {

/// Both connections must outlive it.
std::unique_ptr<CredentialStore> make_sqlite_credentials(Connection& writer, Connection& reader);

}  // namespace keywarden
