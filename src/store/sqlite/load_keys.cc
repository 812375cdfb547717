#include "store/sqlite/load_keys.h"

#include <cstring>
#include <deque>
#include <fmt/core.h>
#include <string>
#include <unordered_map>
#include <vector>

namespace keywarden {
namespace {

std::unexpected<Error> damaged(int64_t n) {
    return fail(ErrorCode::StoreUnavailable,
                "The database is damaged: restore a backup.",
                fmt::format("key number {} cannot be read", n));
}

/// Team ids by their number.
using TeamNames = std::unordered_map<int64_t, std::string>;

Result<TeamNames> read_teams(Database& database) {
    TeamNames names;
    Query query(database, "SELECT n, id FROM teams");
    while (true) {
        TRY(const bool row, query.next());
        if (!row) return names;
        names.emplace(query.integer(0), query.text(1));
    }
}

/// The secrets, in the order of their keys.
class SecretRows {
public:
    explicit SecretRows(Database& database)
        : query_(database,
                 "SELECT key, digest, created_at, grace, ends_at, first_used_at IS NOT NULL "
                 "FROM secrets ORDER BY key, seq DESC") {}

    /// Fills `secrets` with those of key number `n`.
    /// Requires: `n` grows from call to call.
    Result<void> take(int64_t n, std::vector<HotSecret>& secrets) {
        secrets.clear();
        while (true) {
            if (!at_row_) {
                if (ended_) return {};
                TRY(at_row_, query_.next());
                ended_ = !at_row_;
                if (ended_) return {};
            }
            const int64_t key = query_.integer(0);
            if (key > n) return {};
            at_row_ = false;
            if (key < n) continue;
            HotSecret& secret = secrets.emplace_back();
            const std::span<const uint8_t> digest = query_.bytes(1);
            if (digest.size() != secret.digest.size()) return damaged(n);
            std::memcpy(secret.digest.data(), digest.data(), digest.size());
            secret.created_at = query_.moment(2);
            if (!query_.is_null(3)) secret.grace = std::chrono::milliseconds(query_.integer(3));
            secret.ends_at = query_.maybe_moment(4);
            secret.used = query_.integer(5) != 0;
        }
    }

private:
    Query query_;
    bool at_row_ = false;
    bool ended_ = false;
};

}  // namespace

Result<void> load_keys(Database& database, const std::function<void(const HotKey&)>& each) {
    TRY(const TeamNames teams, read_teams(database));
    SecretRows secret_rows(database);
    std::vector<HotSecret> secrets;
    Query query(database,
                "SELECT n, id, team, kind, status, not_before, expires_at, rate_limit_rpm, version "
                "FROM keys ORDER BY n");
    while (true) {
        TRY(const bool row, query.next());
        if (!row) return {};
        const int64_t n = query.integer(0);
        const int64_t kind = query.integer(3);
        const int64_t status = query.integer(4);
        if (kind < 0 || kind >= static_cast<int64_t>(KeyKind::kCount)) return damaged(n);
        if (status < 0 || status >= static_cast<int64_t>(KeyStatus::kCount)) return damaged(n);
        const auto team = teams.find(query.integer(2));
        if (team == teams.end()) return damaged(n);
        TRY_VOID(secret_rows.take(n, secrets));
        each({.id = query.text(1),
              .team_id = team->second,
              .kind = static_cast<KeyKind>(kind),
              .status = static_cast<KeyStatus>(status),
              .not_before = query.maybe_moment(5),
              .expires_at = query.maybe_moment(6),
              .rate_limit_rpm = query.maybe_integer(7),
              .version = query.integer(8),
              .secrets = secrets});
    }
}

}  // namespace keywarden
