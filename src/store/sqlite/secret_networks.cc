#include "store/sqlite/secret_networks.h"

#include <algorithm>

namespace keywarden {

Result<std::vector<SecretNetwork>> read_networks(Database& database, const Digest& digest) {
    Query query(
        database,
        "SELECT network, last_used_at, first_used_at FROM secret_networks WHERE digest = ?1 "
        "ORDER BY last_used_at DESC, network",
        digest);
    std::vector<SecretNetwork> networks;
    while (true) {
        TRY(const bool row, query.next());
        if (!row) return networks;
        networks.push_back({.network = {static_cast<uint64_t>(query.integer(0))},
                            .last_used_at = query.moment(1),
                            .first_used_at = query.moment(2)});
    }
}

Result<void> note_network_row(Database& database, const SecretUse& use) {
    if (!use.network) return {};
    TRY_VOID(Query(database,
                   "INSERT INTO secret_networks(digest, network, last_used_at, first_used_at) "
                   "SELECT digest, ?2, ?3, ?3 FROM secrets WHERE digest = ?1 "
                   "ON CONFLICT(digest, network) DO UPDATE "
                   "SET last_used_at = max(last_used_at, excluded.last_used_at), "
                   "first_used_at = min(first_used_at, excluded.first_used_at)",
                   use.digest,
                   static_cast<int64_t>(use.network.value),
                   use.at)
                 .run());
    return Query(database,
                 "DELETE FROM secret_networks WHERE digest = ?1 AND network NOT IN "
                 "(SELECT network FROM secret_networks WHERE digest = ?1 "
                 "ORDER BY last_used_at DESC, network LIMIT ?2)",
                 use.digest,
                 static_cast<int64_t>(kNetworksKeptMax))
        .run();
}

Result<void> prune_networks(Database& database, TimePoint now) {
    return Query(
               database, "DELETE FROM secret_networks WHERE last_used_at < ?1", now - kNetworksKept)
        .run();
}

Result<void> forget_networks(Database& database,
                             const std::vector<KeySecret>& stored,
                             const std::vector<KeySecret>& next) {
    for (const KeySecret& secret : stored) {
        if (std::ranges::find(next, secret.digest, &KeySecret::digest) != next.end()) continue;
        TRY_VOID(
            Query(database, "DELETE FROM secret_networks WHERE digest = ?1", secret.digest).run());
    }
    return {};
}

}  // namespace keywarden
