// Every key's hot columns out of SQLite, as fast as it reads.
#pragma once

#include <functional>

#include "base/result.h"
#include "store/sqlite/database.h"
#include "store/store.h"

namespace keywarden {

/// Walks keys and secrets side by side, each once and in the order in which they lie in the file: a
/// join would look up every key's secrets from the root of their tree. A second thread reads the
/// secrets, so two connections are needed.
/// Requires: nobody writes meanwhile, so that both are of one moment.
Result<void> load_keys(Database& keys_from,
                       Database& secrets_from,
                       const std::function<void(const HotKey&)>& each);

}  // namespace keywarden
