// Teams, plans, apps, people, and the audit log in SQLite.
#pragma once

#include <memory>

#include "store/account_store.h"
#include "store/sqlite/connection.h"

namespace keywarden {

/// Both connections must outlive it.
std::unique_ptr<AccountStore> make_sqlite_accounts(Connection& writer, Connection& reader);

}  // namespace keywarden
