#include "store/sqlite/sqlite_store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <map>
#include <mutex>
#include <string>
#include <unistd.h>
#include <utility>

#include "store/key_rules.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/database.h"
#include "store/sqlite/key_rows.h"
#include "store/sqlite/load_keys.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/secret_networks.h"
#include "store/sqlite/sqlite_accounts.h"
#include "store/sqlite/sqlite_credentials.h"
#include "store/sqlite/sqlite_sign_ins.h"
#include "store/sqlite/sqlite_usage.h"

namespace keywarden {
namespace {

/// So many lapsed Idempotency-Keys go at each answer to one: more than come, so they stay few.
constexpr int64_t kPrunedAtOnce = 100;

Result<std::optional<int64_t>> find_team(Database& database, std::string_view id) {
    Query query(database, "SELECT n FROM teams WHERE id = ?1", id);
    TRY(const bool row, query.next());
    if (!row) return std::optional<int64_t>();
    return std::optional(query.integer(0));
}

Result<KeyCounts> count_keys(Database& database, int64_t team, TimePoint now) {
    KeyCounts counts;
    Query active(database,
                 "SELECT count(*) FROM keys WHERE team = ?1 AND status <> 3 "
                 "AND (expires_at IS NULL OR expires_at > ?2)",
                 team,
                 now);
    TRY(bool row, active.next());
    if (row) counts.active = active.integer(0);
    Query created(database,
                  "SELECT count(*), min(created_at) FROM keys WHERE team = ?1 AND created_at > ?2",
                  team,
                  now - kCreationWindow);
    TRY(row, created.next());
    if (row) counts.created = created.integer(0);
    if (row) counts.created_first = created.maybe_moment(1);
    return counts;
}

Result<void> note_use(Database& database, const SecretUse& use) {
    TRY_VOID(Query(database,
                   "UPDATE secrets SET first_used_at = ?2 "
                   "WHERE digest = ?1 AND first_used_at IS NULL",
                   use.digest,
                   use.at)
                 .run());
    if (database.changes() > 0) {
        TRY_VOID(Query(database,
                       "UPDATE secrets SET ends_at = min("
                       "ifnull(secrets.ends_at, max(?2, used.created_at) + secrets.grace), "
                       "max(?2, used.created_at) + secrets.grace) FROM secrets AS used "
                       "WHERE used.digest = ?1 AND secrets.key = used.key "
                       "AND secrets.seq < used.seq AND secrets.grace IS NOT NULL",
                       use.digest,
                       use.at)
                     .run());
    }
    return Query(database,
                 "UPDATE secrets SET last_used_at = ?2 "
                 "WHERE digest = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
                 use.digest,
                 use.at)
        .run();
}

/// The terms with the caps of the team's plan.
Result<KeyTerms> with_plan(Database& database, int64_t team, KeyTerms terms) {
    Query query(database,
                "SELECT p.active_keys_max, p.creations_per_hour_max FROM teams t "
                "JOIN plans p ON p.n = t.plan WHERE t.n = ?1",
                team);
    TRY(const bool row, query.next());
    if (!row) return terms;
    const Plan plan{.active_keys_max = query.maybe_integer(0),
                    .creations_per_hour_max = query.maybe_integer(1)};
    terms.caps = caps_of(&plan, terms.caps);
    return terms;
}

class SqliteStore final : public Store {
public:
    SqliteStore(std::unique_ptr<Database> writer, std::unique_ptr<Database> reader) {
        writer_.database = std::move(writer);
        reader_.database = std::move(reader);
    }

    Result<std::string> get_setting(std::string_view name) override {
        const std::lock_guard lock(reader_.mutex);
        Query query(*reader_.database, "SELECT value FROM settings WHERE name = ?1", name);
        TRY(const bool row, query.next());
        if (!row) return fail(ErrorCode::NotFound, "There is no such setting.");
        return std::string(query.text(0));
    }

    Result<void> put_setting(std::string_view name, std::string_view value) override {
        const std::lock_guard lock(writer_.mutex);
        return Query(*writer_.database,
                     "INSERT INTO settings(name, value) VALUES (?1, ?2) "
                     "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                     name,
                     value)
            .run();
    }

    AccountStore& accounts() override { return *accounts_; }
    UsageStore& usage() override { return *usage_; }
    CredentialStore& credentials() override { return *credentials_; }
    SignInStore& sign_ins() override { return *sign_ins_; }

    /// The part of it that is made on the writer.
    Result<void> open_usage(const std::string& path) {
        TRY(usage_, make_sqlite_usage(writer_, path));
        return {};
    }

    Result<void> together(const std::function<Result<void>()>& changes) override {
        return keywarden::together(writer_, changes);
    }

    Result<void> create_key(const Key& key, const KeyTerms& terms) override {
        const AuditEntry audit = audit_of(key, terms, "key.create");
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto team, find_team(database, key.team_id));
            if (!team) return no_such_team();
            TRY(const KeyCounts counts, count_keys(database, *team, terms.now));
            TRY(const KeyTerms planned, with_plan(database, *team, terms));
            TRY_VOID(check_caps(counts, planned));
            TRY(const bool id_taken, is_taken(key.id));
            TRY(const bool digest_taken, has_taken_digest(database, key, -1));
            if (id_taken || digest_taken) return key_exists();
            TRY_VOID(insert_key(database, key, *team));
            return note_answer(terms.answer);
        });
    }

    Result<Key> get_key(std::string_view team_id, std::string_view key_id) override {
        const std::lock_guard lock(reader_.mutex);
        Database& database = *reader_.database;
        // One transaction, so that a key and its secrets are of one moment.
        TRY_VOID(Query(database, "BEGIN").run());
        Result<Key> key = read_one(team_id, key_id);
        TRY_VOID(Query(database, "COMMIT").run());
        return key;
    }

    Result<KeyPage> list_keys(const KeyQuery& query) override {
        const std::lock_guard lock(reader_.mutex);
        Database& database = *reader_.database;
        TRY_VOID(Query(database, "BEGIN").run());
        Result<KeyPage> page = read_page(query);
        TRY_VOID(Query(database, "COMMIT").run());
        return page;
    }

    Result<int64_t> count_active_keys(std::string_view team_id, TimePoint now) override {
        const std::lock_guard lock(reader_.mutex);
        TRY(const auto team, find_team(*reader_.database, team_id));
        if (!team) return 0;
        TRY(const KeyCounts counts, count_keys(*reader_.database, *team, now));
        return counts.active;
    }

    Result<void> update_key(const Key& key, const KeyTerms& terms) override {
        const AuditEntry audit = audit_of(key, terms, "key.update");
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const auto n, find_key(database, key.team_id, key.id));
            if (!n) return no_such_key();
            TRY(const bool current, has_version(*n, key.version - 1));
            if (!current) return version_mismatch();
            TRY(const bool digest_taken, has_taken_digest(database, key, *n));
            if (digest_taken) return key_exists();
            if (is_active(key, terms.now)) TRY_VOID(check_place(*n, terms));
            Key next = key;
            TRY(const std::vector<KeySecret> stored, read_secrets(database, *n));
            keep_uses(stored, next.secrets);
            TRY_VOID(forget_networks(database, stored, next.secrets));
            TRY_VOID(update_key_row(database, next, *n));
            return note_answer(terms.answer);
        });
    }

    Result<void> for_each_hot_key(const std::function<void(const HotKey&)>& each) override {
        const std::scoped_lock lock(writer_.mutex, reader_.mutex);
        return load_keys(*reader_.database, *writer_.database, each);
    }

    Result<void> record_uses(std::span<const SecretUse> uses) override {
        if (uses.empty()) return {};
        const std::lock_guard lock(writer_.mutex);
        TRY(Transaction transaction, Transaction::begin(*writer_.database));
        TimePoint latest{};
        for (const SecretUse& use : uses) {
            TRY_VOID(note_use(*writer_.database, use));
            TRY_VOID(note_network_row(*writer_.database, use));
            latest = std::max(latest, use.at);
        }
        TRY_VOID(prune_networks(*writer_.database, latest));
        return transaction.commit();
    }

    Result<void> end_secrets(std::span<const Digest> digests) override {
        if (digests.empty()) return {};
        const std::lock_guard lock(writer_.mutex);
        Database& database = *writer_.database;
        TRY(Transaction transaction, Transaction::begin(database));
        for (const Digest& digest : digests) {
            TRY_VOID(
                Query(database, "UPDATE secrets SET ended = 1 WHERE digest = ?1", digest).run());
        }
        return transaction.commit();
    }

    Result<std::optional<IdempotencyRecord>> begin_idempotent(
        const IdempotencyRecord& record) override {
        const std::lock_guard lock(writer_.mutex);
        TRY(std::optional<IdempotencyRecord> found, find_idempotent(record));
        if (found && !has_lapsed(*found, record.created_at)) return found;
        std::erase_if(in_flight_, [&](const auto& flight) {
            return has_lapsed(flight.second, record.created_at);
        });
        IdempotencyRecord begun = record;
        begun.status = 0;
        begun.created_at = in_millis(record.created_at);
        const auto [at, is_new] = in_flight_.try_emplace({record.scope, record.key}, begun);
        if (is_new) return std::optional<IdempotencyRecord>();
        return std::optional(at->second);
    }

    Result<void> answer_idempotent(const IdempotencyRecord& record) override {
        const std::lock_guard lock(writer_.mutex);
        const Result<void> noted = note_answer(&record);
        if (writer_.together && *writer_.together) writer_.together = noted;
        return noted;
    }

    Result<void> free_idempotent(const IdempotencyRecord& record) override {
        const std::lock_guard lock(writer_.mutex);
        const auto flight = in_flight_.find({record.scope, record.key});
        if (flight != in_flight_.end() && is_answer_to(record, flight->second)) {
            in_flight_.erase(flight);
        }
        return {};
    }

private:
    // Those on the writer's side are called with its lock held, those on the reader's with its.

    Result<bool> is_taken(std::string_view key_id) {
        return Query(*writer_.database, "SELECT 1 FROM keys WHERE id = ?1", key_id).next();
    }

    Result<bool> has_version(int64_t n, int64_t version) {
        return Query(*writer_.database,
                     "SELECT 1 FROM keys WHERE n = ?1 AND version = ?2",
                     n,
                     version)
            .next();
    }

    /// Whether a key may be active: it is, or the cap allows one more.
    Result<void> check_place(int64_t n, const KeyTerms& terms) {
        Database& database = *writer_.database;
        Query inactive(database,
                       "SELECT team FROM keys WHERE n = ?1 AND (status = 3 OR expires_at <= ?2)",
                       n,
                       terms.now);
        TRY(const bool row, inactive.next());
        if (!row) return {};
        const int64_t team = inactive.integer(0);
        TRY(const KeyCounts counts, count_keys(database, team, terms.now));
        TRY(const KeyTerms planned, with_plan(database, team, terms));
        return check_cap(counts, planned.caps);
    }

    Result<void> note_answer(const IdempotencyRecord* answer) {
        if (answer == nullptr) return {};
        const auto flight = in_flight_.find({answer->scope, answer->key});
        if (flight == in_flight_.end() || !is_answer_to(*answer, flight->second)) {
            return reservation_lost();
        }
        in_flight_.erase(flight);  // the answer comes in its place, or nothing does
        TRY_VOID(prune_idempotent(answer->created_at));
        return Query(*writer_.database,
                     "INSERT OR REPLACE INTO idempotency(scope, key, request_digest, status, "
                     "created_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                     answer->scope,
                     answer->key,
                     answer->request_digest,
                     int64_t{answer->status},
                     answer->created_at,
                     answer->body)
            .run();
    }

    Result<Key> read_one(std::string_view team_id, std::string_view key_id) {
        Query query(*reader_.database,
                    "SELECT " KEYWARDEN_KEY_COLUMNS_ "WHERE k.id = ?1 AND t.id = ?2",
                    key_id,
                    team_id);
        TRY(const bool row, query.next());
        if (!row) return no_such_key();
        TRY(Key key, read_key(query));
        TRY(key.secrets, read_secrets(*reader_.database, query.integer(0)));
        return key;
    }

    Result<KeyPage> read_page(const KeyQuery& wanted) {
        Database& database = *reader_.database;
        TRY(const auto team, find_team(database, wanted.team_id));
        std::optional<int64_t> after = INT64_MAX;
        if (!wanted.after.empty()) {
            TRY(after, find_key(database, wanted.team_id, wanted.after));
            if (!after) return not_a_cursor();
        }
        const auto number = [](auto value) { return value ? static_cast<int64_t>(*value) : -1; };
        const KeyNotice& notice = wanted.notice;
        std::optional<TimePoint> unused_since;
        if (wanted.unused) unused_since = wanted.now - notice.unused_after;
        std::optional<TimePoint> expires_until;
        if (wanted.expires_soon) expires_until = wanted.now + notice.ahead;
        // The states that a person decides have the numbers of their statuses.
        static_assert(static_cast<int>(KeyState::Revoked) == static_cast<int>(KeyStatus::Revoked));
        static_assert(KeyState::Pending == KeyState{4} && KeyState::Expired == KeyState{5});
        // What is_wanted says (store/key_rules.h), in SQL.
        Query query(database,
                    "SELECT " KEYWARDEN_KEY_COLUMNS_
                    "WHERE k.team = ?1 AND k.n < ?2 AND (?3 < 0 OR ?3 = CASE "
                    "WHEN k.status <> 0 THEN k.status WHEN k.expires_at <= ?5 THEN 5 "
                    "WHEN k.not_before > ?5 THEN 4 ELSE 0 END) "
                    "AND ((?6 IS NULL AND ?7 IS NULL AND ?8 < 0) "
                    "OR (k.status <> 3 AND (k.expires_at IS NULL OR k.expires_at > ?5))) "
                    "AND (?6 IS NULL OR (k.created_at <= ?6 AND NOT EXISTS (SELECT 1 FROM secrets "
                    "s WHERE s.key = k.n AND s.last_used_at > ?6))) "
                    "AND (?7 IS NULL OR k.expires_at <= ?7) "
                    "AND (?8 < 0 OR (k.rotate_every IS NOT NULL AND ?8 = (SELECT CASE "
                    "WHEN ?5 >= s.created_at + k.rotate_every THEN 2 "
                    "WHEN ?5 >= s.created_at + k.rotate_every - min(?9, k.rotate_every / 4) THEN 1 "
                    "ELSE 0 END FROM secrets s WHERE s.key = k.n ORDER BY s.seq DESC LIMIT 1))) "
                    "AND (?10 = '' OR instr(lower(k.name), lower(?10)) "
                    "OR instr(lower(k.id), lower(?10)) "
                    "OR EXISTS (SELECT 1 FROM secrets s WHERE s.key = k.n "
                    "AND instr(lower(s.display), lower(?10)))) "
                    "ORDER BY k.n DESC LIMIT ?4",
                    team.value_or(-1),
                    *after,
                    number(wanted.state),
                    static_cast<int64_t>(wanted.limit + 1),
                    wanted.now,
                    unused_since,
                    expires_until,
                    number(wanted.rotation),
                    std::chrono::floor<std::chrono::milliseconds>(notice.ahead).count(),
                    wanted.search);
        KeyPage page;
        while (true) {
            TRY(const bool row, query.next());
            if (!row) return page;
            if (page.keys.size() == wanted.limit) {
                page.next = page.keys.back().id;
                return page;
            }
            TRY(Key key, read_key(query));
            TRY(key.secrets, read_secrets(database, query.integer(0)));
            page.keys.push_back(std::move(key));
        }
    }

    Result<void> prune_idempotent(TimePoint now) {
        return Query(*writer_.database,
                     "DELETE FROM idempotency WHERE (scope, key) IN (SELECT scope, key FROM "
                     "idempotency WHERE created_at <= ?1 ORDER BY created_at LIMIT ?2)",
                     now - kIdempotencyKept,
                     kPrunedAtOnce)
            .run();
    }

    Result<std::optional<IdempotencyRecord>> find_idempotent(const IdempotencyRecord& wanted) {
        Query query(*writer_.database,
                    "SELECT request_digest, status, body, created_at FROM idempotency "
                    "WHERE scope = ?1 AND key = ?2 AND status <> 0",
                    wanted.scope,
                    wanted.key);
        TRY(const bool row, query.next());
        if (!row) return std::optional<IdempotencyRecord>();
        IdempotencyRecord found{.scope = wanted.scope, .key = wanted.key};
        const std::span<const uint8_t> digest = query.bytes(0);
        if (digest.size() == found.request_digest.size()) {
            std::ranges::copy(digest, found.request_digest.begin());
        }
        found.status = static_cast<int>(query.integer(1));
        found.body = query.text(2);
        found.created_at = query.moment(3);
        return std::optional(std::move(found));
    }

    Connection writer_;
    Connection reader_;
    /// By scope and key. In memory alone: what runs for them ends with the process. On the writer's
    /// side.
    std::map<std::pair<std::string, std::string>, IdempotencyRecord> in_flight_;
    std::unique_ptr<AccountStore> accounts_ = make_sqlite_accounts(writer_, reader_);
    std::unique_ptr<CredentialStore> credentials_ = make_sqlite_credentials(writer_, reader_);
    std::unique_ptr<SignInStore> sign_ins_ = make_sqlite_sign_ins(writer_, reader_);
    std::unique_ptr<UsageStore> usage_;
};

std::string explain_open(int code) {
    switch (code) {
        case ENOENT:
            return "The database's folder does not exist.";
        case EACCES:
        case EPERM:
            return "The database may not be opened: check who owns the file and its mode.";
        case EROFS:
            return "The database is on a read-only file system.";
        case EISDIR:
            return "The database's path is a folder.";
        case ENOSPC:
        case EDQUOT:
            return "The disk is full.";
        default:
            return "The database cannot be opened.";
    }
}

/// Makes the file readable by its owner alone; SQLite gives its companions the same mode.
Result<void> ensure_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return fail(ErrorCode::StoreUnavailable,
                    explain_open(errno),
                    fmt::format("{}: {}", path, std::strerror(errno)));
    }
    ::close(file);
    return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path) {
    TRY_VOID(ensure_file(path));
    TRY(auto writer, Database::open(path, Database::Mode::ReadWrite));
    // Calls come in batches that touch the same pages again and again: these stay in memory (32 MB
    // at most), and the log is moved into the file only after as much.
    TRY_VOID(
        writer->run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                    "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 8000"));
    TRY_VOID(migrate(*writer, path, migrations()));
    TRY(auto reader, Database::open(path, Database::Mode::QueryOnly));
    auto store = std::make_unique<SqliteStore>(std::move(writer), std::move(reader));
    TRY_VOID(store->open_usage(path));
    return store;
}

}  // namespace keywarden
