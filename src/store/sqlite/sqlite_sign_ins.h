// Passwords, sessions, and links of people in SQLite.
#pragma once

#include <memory>

#include "store/sign_in_store.h"
#include "store/sqlite/connection.h"

namespace keywarden {

/// Both connections must outlive it.
std::unique_ptr<SignInStore> make_sqlite_sign_ins(Connection& writer, Connection& reader);

}  // namespace keywarden
