// From which networks a secret was used, as rows: at most kNetworksKeptMax each, for kNetworksKept.
#pragma once

#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "domain/key.h"
#include "store/sqlite/database.h"
#include "store/store.h"

namespace keywarden {

/// The latest first.
Result<std::vector<SecretNetwork>> read_networks(Database& database, const Digest& digest);

// All are part of the caller's transaction.

/// Nothing where the use names no network, or its secret is unknown.
Result<void> note_network_row(Database& database, const SecretUse& use);
/// Forgets those that nobody has come from lately.
Result<void> prune_networks(Database& database, TimePoint now);
/// Forgets those of secrets that `next` no longer has.
Result<void> forget_networks(Database& database,
                             const std::vector<KeySecret>& stored,
                             const std::vector<KeySecret>& next);

}  // namespace keywarden
