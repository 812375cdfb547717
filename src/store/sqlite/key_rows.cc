#include "store/sqlite/key_rows.h"

#include <algorithm>
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "store/account_rules.h"
#include "store/key_rules.h"
#include "store/policy_json.h"
#include "store/sqlite/secret_networks.h"

namespace keywarden {
namespace {

using Json = nlohmann::json;

std::unexpected<Error> damaged(std::string_view key_id) {
    return fail(ErrorCode::StoreUnavailable,
                "The database is damaged: restore a backup.",
                fmt::format("key {} cannot be read", key_id));
}

/// What is never searched for.
std::string write_doc(const Key& key) {
    Json doc = {{"created_by", key.created_by}};
    if (!key.description.empty()) doc["description"] = key.description;
    if (!key.metadata.empty()) doc["metadata"] = key.metadata;
    if (!key.tags.empty()) doc["tags"] = key.tags;
    return doc.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool read_doc(std::string_view text, Key& key) {
    try {
        const Json doc = Json::parse(text);
        key.created_by = doc.at("created_by").get<std::string>();
        key.description = doc.value("description", "");
        key.metadata = doc.value("metadata", decltype(key.metadata)());
        key.tags = doc.value("tags", decltype(key.tags)());
        return true;
    } catch (const Json::exception&) {
        return false;
    }
}

/// With the rate, which a burst needs beside it.
std::optional<std::string> write_policy(const Key& key) {
    if (key.policy == Policy()) return std::nullopt;
    return policy_json(whole_policy(key));
}

/// The number of what a key names, or nothing when it names nothing.
Result<std::optional<int64_t>> number_of(Query&& query,
                                         std::string_view id,
                                         std::string_view what) {
    if (id.empty()) return std::optional<int64_t>();
    TRY(const bool row, query.next());
    if (!row) return no_such_part(what);
    return std::optional(query.integer(0));
}

Result<std::optional<int64_t>> find_app(Database& database, const Key& key, int64_t team) {
    return number_of(
        Query(database, "SELECT n FROM apps WHERE id = ?1 AND team = ?2", key.app_id, team),
        key.app_id,
        "app");
}

Result<std::optional<int64_t>> find_user(Database& database, const Key& key) {
    return number_of(
        Query(database, "SELECT n FROM users WHERE id = ?1", key.user_id), key.user_id, "user");
}

Result<std::optional<int64_t>> find_maker(Database& database, const Key& key, int64_t team) {
    return number_of(
        Query(database, "SELECT n FROM keys WHERE id = ?1 AND team = ?2", key.maker_key_id, team),
        key.maker_key_id,
        "maker");
}

Result<int64_t> team_of(Database& database, int64_t n) {
    Query query(database, "SELECT team FROM keys WHERE n = ?1", n);
    TRY(const bool row, query.next());
    if (!row) return no_such_key();
    return query.integer(0);
}

std::optional<int64_t> millis_of(std::optional<Nanos> span) {
    if (!span) return std::nullopt;
    return std::chrono::floor<std::chrono::milliseconds>(*span).count();
}

Result<void> insert_secrets(Database& database, const Key& key, int64_t n) {
    auto seq = static_cast<int64_t>(key.secrets.size());  // the newest has the greatest
    for (const KeySecret& secret : key.secrets) {
        TRY_VOID(Query(database,
                       "INSERT INTO secrets(key, seq, digest, created_at, grace, ends_at, "
                       "first_used_at, last_used_at, id, format, display, ended) "
                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                       n,
                       seq--,
                       secret.digest,
                       secret.created_at,
                       millis_of(secret.grace),
                       secret.ends_at,
                       secret.first_used_at,
                       secret.last_used_at,
                       secret.id,
                       secret.format,
                       secret.display,
                       int64_t{secret.ended})
                     .run());
    }
    return {};
}

}  // namespace

bool read_tags(std::string_view doc, std::vector<std::string>& tags) {
    try {
        tags = Json::parse(doc).value("tags", std::vector<std::string>());
        return true;
    } catch (const Json::exception&) {
        return false;
    }
}

Result<Key> read_key(const Query& row) {
    Key key;
    key.id = row.text(1);
    key.team_id = row.text(2);
    const int64_t kind = row.integer(3);
    const int64_t status = row.integer(4);
    if (kind < 0 || kind >= static_cast<int64_t>(KeyKind::kCount)) return damaged(key.id);
    if (status < 0 || status >= static_cast<int64_t>(KeyStatus::kCount)) return damaged(key.id);
    key.kind = static_cast<KeyKind>(kind);
    key.status = static_cast<KeyStatus>(status);
    key.not_before = row.maybe_moment(5);
    key.expires_at = row.maybe_moment(6);
    key.rate_limit_rpm = row.maybe_integer(7);
    key.version = row.integer(8);
    key.created_at = row.moment(9);
    key.updated_at = row.moment(10);
    key.revoked_at = row.maybe_moment(11);
    key.name = row.text(12);
    if (!read_doc(row.text(13), key)) return damaged(key.id);
    if (!row.is_null(14) && !patch_policy(key.policy, row.text(14))) return damaged(key.id);
    key.policy.limits[LimitKind::RequestsPerMinute].reset();
    key.app_id = row.text(15);
    key.user_id = row.text(16);
    key.maker_key_id = row.text(17);
    if (!row.is_null(18)) key.rotate_every = std::chrono::milliseconds(row.integer(18));
    return key;
}

Result<std::vector<KeySecret>> read_secrets(Database& database, int64_t n) {
    Query query(database,
                "SELECT digest, created_at, grace, ends_at, first_used_at, last_used_at, id, "
                "format, display, ended FROM secrets WHERE key = ?1 ORDER BY seq DESC",
                n);
    std::vector<KeySecret> secrets;
    while (true) {
        TRY(const bool row, query.next());
        if (!row) return secrets;
        KeySecret secret;
        const std::span<const uint8_t> digest = query.bytes(0);
        if (digest.size() != secret.digest.size()) return damaged(query.text(6));
        std::ranges::copy(digest, secret.digest.begin());
        secret.created_at = query.moment(1);
        if (!query.is_null(2)) secret.grace = std::chrono::milliseconds(query.integer(2));
        secret.ends_at = query.maybe_moment(3);
        secret.first_used_at = query.maybe_moment(4);
        secret.last_used_at = query.maybe_moment(5);
        secret.id = query.text(6);
        secret.format = query.text(7);
        secret.display = query.text(8);
        secret.ended = query.integer(9) != 0;
        TRY(secret.networks, read_networks(database, secret.digest));
        secrets.push_back(std::move(secret));
    }
}

Result<std::optional<int64_t>> find_key(Database& database,
                                        std::string_view team_id,
                                        std::string_view key_id) {
    Query query(database,
                "SELECT n FROM keys WHERE id = ?1 AND team = (SELECT n FROM teams WHERE id = ?2)",
                key_id,
                team_id);
    TRY(const bool row, query.next());
    if (!row) return std::optional<int64_t>();
    return std::optional(query.integer(0));
}

Result<void> insert_key(Database& database, const Key& key, int64_t team) {
    TRY(const auto app, find_app(database, key, team));
    TRY(const auto user, find_user(database, key));
    TRY(const auto maker, find_maker(database, key, team));
    Query query(database,
                "INSERT INTO keys(id, team, kind, status, not_before, expires_at, rate_limit_rpm, "
                "version, created_at, updated_at, revoked_at, name, doc, policy, app, user, "
                "maker_key, rotate_every) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
                "?12, ?13, ?14, ?15, ?16, ?17, ?18) RETURNING n",
                key.id,
                team,
                static_cast<int64_t>(key.kind),
                static_cast<int64_t>(key.status),
                key.not_before,
                key.expires_at,
                key.rate_limit_rpm,
                key.version,
                key.created_at,
                key.updated_at,
                key.revoked_at,
                key.name,
                write_doc(key),
                write_policy(key),
                app,
                user,
                maker,
                millis_of(key.rotate_every));
    TRY_VOID(query.run());
    return insert_secrets(database, key, query.integer(0));
}

Result<void> update_key_row(Database& database, const Key& key, int64_t n) {
    TRY(const int64_t team, team_of(database, n));
    TRY(const auto app, find_app(database, key, team));
    TRY_VOID(Query(database,
                   "UPDATE keys SET kind = ?2, status = ?3, not_before = ?4, expires_at = ?5, "
                   "rate_limit_rpm = ?6, version = ?7, updated_at = ?8, revoked_at = ?9, "
                   "name = ?10, doc = ?11, policy = ?12, app = ?13, rotate_every = ?14 "
                   "WHERE n = ?1",
                   n,
                   static_cast<int64_t>(key.kind),
                   static_cast<int64_t>(key.status),
                   key.not_before,
                   key.expires_at,
                   key.rate_limit_rpm,
                   key.version,
                   key.updated_at,
                   key.revoked_at,
                   key.name,
                   write_doc(key),
                   write_policy(key),
                   app,
                   millis_of(key.rotate_every))
                 .run());
    TRY_VOID(Query(database, "DELETE FROM secrets WHERE key = ?1", n).run());
    return insert_secrets(database, key, n);
}

Result<bool> has_taken_digest(Database& database, const Key& key, int64_t n) {
    for (const KeySecret& secret : key.secrets) {
        Query query(database, "SELECT key FROM secrets WHERE digest = ?1", secret.digest);
        TRY(const bool row, query.next());
        if (row && query.integer(0) != n) return true;
    }
    return false;
}

}  // namespace keywarden
