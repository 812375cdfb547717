// A key as rows of SQLite, and back.
#pragma once

#include "base/result.h"
#include "domain/key.h"
#include "store/sqlite/database.h"

namespace keywarden {

/// The tags in a key's document. Returns: false when it cannot be read.
bool read_tags(std::string_view doc, std::vector<std::string>& tags);

/// What a SELECT of keys must name for read_key, in this order, and from which tables.
#define KEYWARDEN_KEY_COLUMNS_                                                          \
    "k.n, k.id, t.id, k.kind, k.status, k.not_before, k.expires_at, k.rate_limit_rpm, " \
    "k.version, k.created_at, k.updated_at, k.revoked_at, k.name, k.doc, k.policy, "    \
    "a.id, u.id, m.id, k.rotate_every FROM keys k JOIN teams t ON t.n = k.team "        \
    "LEFT JOIN apps a ON a.n = k.app LEFT JOIN users u ON u.n = k.user "                \
    "LEFT JOIN keys m ON m.n = k.maker_key "

/// The key in the query's row, without its secrets.
/// Errors: StoreUnavailable when the row is none that write_key wrote.
Result<Key> read_key(const Query& row);

/// The secrets of key number `n`, newest first.
Result<std::vector<KeySecret>> read_secrets(Database& database, int64_t n);

/// The number of a key, or nothing when the team has none of that id.
Result<std::optional<int64_t>> find_key(Database& database,
                                        std::string_view team_id,
                                        std::string_view key_id);

// Both are part of the caller's transaction.
// Errors: InvalidRequest when the team has no such app, user, or maker.
Result<void> insert_key(Database& database, const Key& key, int64_t team);
Result<void> update_key_row(Database& database, const Key& key, int64_t n);

/// Whether any of the key's digests belongs to a key other than number `n`.
Result<bool> has_taken_digest(Database& database, const Key& key, int64_t n);

}  // namespace keywarden
