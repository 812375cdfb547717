#include "store/sqlite/migrations.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "store/sqlite/sign_in_schema.h"

namespace keywarden {
namespace {

/// "Kwrd": how `file` and we know a database of ours.
constexpr int64_t kApplicationId = 0x4b777264;

// Moments are milliseconds since 1970. Kinds and statuses are the numbers of their enums.
// `n` counts up in the order of creation. What the directory loads stands in plain columns,
// before the texts; `doc` is JSON.
constexpr const char* kKeys = R"sql(
CREATE TABLE settings(
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE teams(
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    name       TEXT NOT NULL
) STRICT;

CREATE TABLE keys(
    n              INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    team           INTEGER NOT NULL REFERENCES teams(n),
    kind           INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    not_before     INTEGER,
    expires_at     INTEGER,
    rate_limit_rpm INTEGER,
    version        INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    revoked_at     INTEGER,
    name           TEXT NOT NULL,
    doc            TEXT NOT NULL
) STRICT;
CREATE INDEX keys_of_team ON keys(team, n);
CREATE INDEX keys_created ON keys(team, created_at);
CREATE INDEX keys_alive ON keys(team, expires_at) WHERE status <> 3;

CREATE TABLE secrets(
    key           INTEGER NOT NULL REFERENCES keys(n),
    seq           INTEGER NOT NULL,
    digest        BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    created_at    INTEGER NOT NULL,
    grace         INTEGER,
    ends_at       INTEGER,
    first_used_at INTEGER,
    last_used_at  INTEGER,
    id            TEXT NOT NULL,
    format        TEXT NOT NULL,
    display       TEXT NOT NULL,
    PRIMARY KEY (key, seq DESC)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency(
    scope          TEXT NOT NULL,
    key            TEXT NOT NULL,
    request_digest BLOB NOT NULL,
    status         INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    body           TEXT NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency(created_at);
)sql";

// What is empty in a plan is as the configuration says; so the plan that every team is on says
// nothing, and all stays as it was. A key that a key made says so in its doc.
constexpr const char* kTeams = R"sql(
CREATE TABLE plans(
    n                      INTEGER PRIMARY KEY,
    id                     TEXT NOT NULL UNIQUE,
    name                   TEXT NOT NULL UNIQUE,
    policy                 TEXT NOT NULL,
    key_defaults           TEXT NOT NULL,
    active_keys_max        INTEGER,
    creations_per_hour_max INTEGER,
    version                INTEGER NOT NULL
) STRICT;
INSERT INTO plans(n, id, name, policy, key_defaults, version)
    VALUES (1, 'plan_default', 'Default', '{}', '{}', 1);

ALTER TABLE teams ADD COLUMN plan INTEGER REFERENCES plans(n);
ALTER TABLE teams ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE teams ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';
ALTER TABLE teams ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
UPDATE teams SET plan = 1;

CREATE TABLE apps(
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    team       INTEGER NOT NULL REFERENCES teams(n),
    name       TEXT NOT NULL,
    policy     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    UNIQUE (team, name)
) STRICT;

CREATE TABLE users(
    n           INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    email       TEXT NOT NULL COLLATE NOCASE,
    name        TEXT NOT NULL,
    is_operator INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_email ON users(email) WHERE email <> '';

CREATE TABLE members(
    team       INTEGER NOT NULL REFERENCES teams(n),
    user       INTEGER NOT NULL REFERENCES users(n),
    role       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (team, user)
) STRICT, WITHOUT ROWID;

ALTER TABLE keys ADD COLUMN app INTEGER REFERENCES apps(n);
ALTER TABLE keys ADD COLUMN user INTEGER REFERENCES users(n);
ALTER TABLE keys ADD COLUMN maker_key INTEGER REFERENCES keys(n);
ALTER TABLE keys ADD COLUMN policy TEXT;
CREATE INDEX keys_of_app ON keys(app) WHERE app IS NOT NULL;
UPDATE keys SET maker_key = maker.n FROM keys AS maker
    WHERE maker.id = json_extract(keys.doc, '$.created_by') AND maker.team = keys.team;

CREATE TABLE audit(
    tenant    TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    action    TEXT NOT NULL,
    canonical TEXT NOT NULL,
    chain     BLOB NOT NULL CHECK (length(chain) = 32),
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_is_not_altered BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
    BEGIN SELECT raise(ABORT, 'the audit log is only added to'); END;
)sql";

// A grace that no first use has begun gets its end now, so that the upgrade cuts nobody off.
constexpr const char* kLifecycle = R"sql(
ALTER TABLE keys ADD COLUMN rotate_every INTEGER;
ALTER TABLE secrets ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
UPDATE secrets SET ends_at = CAST(unixepoch() AS INTEGER) * 1000 + 90 * 86400000 + grace
    WHERE grace IS NOT NULL AND ends_at IS NULL;

CREATE TABLE secret_networks(
    digest       BLOB NOT NULL,
    network      INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (digest, network)
) STRICT, WITHOUT ROWID;
CREATE INDEX secret_networks_age ON secret_networks(last_used_at);
)sql";

// Money is nano-dollars. Texts that come again and again are a number of `words`, which also names
// teams, keys, and apps, so that what is deleted keeps its past; the empty one is 0. Sums that no
// longer fit fail, since STRICT takes no number that is not whole.
//
// `call_blocks` has each call that was let through, many in one row, as call_code.h writes them;
// `call_places` says in which of them a key, app, model, … has calls that ended between two
// moments. `rollup_parts` sums them finely, by hour in UTC (grain 0) and by day (1); `rollups` sums
// those further: dim 0 by day, 1 to 4 by day and key, app, model, provider, 5 by hour. `spend` has
// what an account has spent in its newest day, week, and month, in all, and of that in pruned rows.
constexpr const char* kUsage = R"sql(
CREATE TABLE words(
    n    INTEGER PRIMARY KEY,
    word TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO words(n, word) VALUES (0, '');

CREATE TABLE call_sessions(
    n    INTEGER PRIMARY KEY,
    team INTEGER NOT NULL,
    id   TEXT NOT NULL,
    UNIQUE (team, id)
) STRICT;

CREATE TABLE key_sessions(
    team     INTEGER NOT NULL,
    key      INTEGER NOT NULL,
    session  INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (team, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_blocks(
    n     INTEGER PRIMARY KEY,
    team  INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    rows  BLOB NOT NULL
) STRICT;

CREATE TABLE call_places(
    team     INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    target   INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    block    INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    PRIMARY KEY (team, kind, target, last_at, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_parts(
    team         INTEGER NOT NULL,
    grain        INTEGER NOT NULL,
    start        INTEGER NOT NULL,
    key          INTEGER NOT NULL,
    app          INTEGER NOT NULL,
    provider     INTEGER NOT NULL,
    model        INTEGER NOT NULL,
    calls        INTEGER NOT NULL,
    failed       INTEGER NOT NULL,
    input        INTEGER NOT NULL,
    cached_input INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    reasoning    INTEGER NOT NULL,
    unpriced     INTEGER NOT NULL,
    cost         INTEGER NOT NULL,
    PRIMARY KEY (team, grain, start, key, app, provider, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollups(
    team         INTEGER NOT NULL,
    dim          INTEGER NOT NULL,
    start        INTEGER NOT NULL,
    target       INTEGER NOT NULL,
    calls        INTEGER NOT NULL,
    failed       INTEGER NOT NULL,
    input        INTEGER NOT NULL,
    cached_input INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    reasoning    INTEGER NOT NULL,
    unpriced     INTEGER NOT NULL,
    cost         INTEGER NOT NULL,
    PRIMARY KEY (team, dim, start, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE spend(
    team        INTEGER NOT NULL,
    scope       INTEGER NOT NULL,
    target      INTEGER NOT NULL,
    day_start   INTEGER NOT NULL,
    day         INTEGER NOT NULL,
    week_start  INTEGER NOT NULL,
    week        INTEGER NOT NULL,
    month_start INTEGER NOT NULL,
    month       INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    pruned      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (team, scope, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE credit(
    team          INTEGER PRIMARY KEY,
    credited      INTEGER NOT NULL DEFAULT 0,
    spent         INTEGER NOT NULL DEFAULT 0,
    pruned_until  INTEGER NOT NULL DEFAULT 0,
    mode          INTEGER NOT NULL DEFAULT 0,
    credit_limit  INTEGER NOT NULL DEFAULT 0,
    unpriced      INTEGER NOT NULL DEFAULT 0,
    markup        INTEGER NOT NULL DEFAULT 0,
    clamps_output INTEGER NOT NULL DEFAULT 0,
    time_zone     TEXT NOT NULL DEFAULT 'UTC',
    version       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE ledger(
    n      INTEGER PRIMARY KEY,
    id     TEXT NOT NULL UNIQUE,
    team   INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX ledger_of_team ON ledger(team);
CREATE TRIGGER ledger_is_not_altered BEFORE UPDATE ON ledger
    BEGIN SELECT raise(ABORT, 'the ledger is only added to'); END;
CREATE TRIGGER ledger_is_not_shortened BEFORE DELETE ON ledger
    BEGIN SELECT raise(ABORT, 'the ledger is only added to'); END;

CREATE TABLE budgets(
    n            INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    team         INTEGER NOT NULL,
    name         TEXT NOT NULL,
    scope        INTEGER NOT NULL,
    target       TEXT NOT NULL,
    amount       INTEGER NOT NULL,
    period       INTEGER NOT NULL,
    blocks       INTEGER NOT NULL,
    thresholds   BLOB NOT NULL,
    raise_amount INTEGER,
    raise_until  INTEGER,
    created_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL
) STRICT;
CREATE INDEX budgets_of_team ON budgets(team);

CREATE TABLE prices(
    model   TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    price   TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE journal_positions(
    segment TEXT PRIMARY KEY,
    offset  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_events(
    n      INTEGER PRIMARY KEY,
    id     TEXT NOT NULL UNIQUE,
    team   INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    target TEXT NOT NULL,
    at     INTEGER NOT NULL,
    body   TEXT NOT NULL
) STRICT;
CREATE INDEX usage_events_of_team ON usage_events(team);
)sql";

// Since when a secret is used from a network; 0 where that was not written down yet. What a plan
// says of spikes. Where events go; `team` is a word, the empty one for the operator's.
constexpr const char* kSpikes = R"sql(
ALTER TABLE secret_networks ADD COLUMN first_used_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE plans ADD COLUMN spikes TEXT NOT NULL DEFAULT '{}';

CREATE TABLE webhooks(
    n            INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    team         INTEGER NOT NULL,
    url          TEXT NOT NULL,
    events       TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    rotated_at   INTEGER,
    created_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    cursor       INTEGER NOT NULL,
    failures     INTEGER NOT NULL DEFAULT 0,
    next_at      INTEGER NOT NULL DEFAULT 0,
    delivered    INTEGER NOT NULL DEFAULT 0,
    given_up     INTEGER NOT NULL DEFAULT 0,
    delivered_at INTEGER,
    last_error   TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX webhooks_of_team ON webhooks(team);
)sql";

// Of the operator where the team is empty. `sealed` and `wrapped` are bytes of store/vault.h.
constexpr const char* kVault = R"sql(
CREATE TABLE provider_credentials(
    n              INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    team           TEXT NOT NULL,
    provider       TEXT NOT NULL,
    name           TEXT NOT NULL,
    weight         INTEGER NOT NULL,
    cooldown       INTEGER NOT NULL,
    is_enabled     INTEGER NOT NULL,
    origin         TEXT NOT NULL,
    reference      TEXT NOT NULL,
    sealed         BLOB NOT NULL,
    data_key       INTEGER NOT NULL,
    secret_version INTEGER NOT NULL,
    preview        TEXT NOT NULL,
    tested_at      INTEGER,
    test_status    INTEGER,
    created_at     INTEGER NOT NULL,
    secret_at      INTEGER NOT NULL,
    version        INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX provider_credentials_of_team ON provider_credentials(team, provider, name);

CREATE TABLE data_keys(
    team    TEXT NOT NULL,
    version INTEGER NOT NULL,
    master  TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (team, version)
) STRICT, WITHOUT ROWID;
)sql";

// What happens while it is paused waits for it.
constexpr const char* kPausedWebhooks = R"sql(
ALTER TABLE webhooks ADD COLUMN is_paused INTEGER NOT NULL DEFAULT 0;
)sql";

// By a digest of their Idempotency-Key: the latest ones only.
constexpr const char* kRepeatableCalls = R"sql(
CREATE TABLE repeatable_calls(
    n        INTEGER PRIMARY KEY,
    key      BLOB NOT NULL UNIQUE CHECK (length(key) = 16),
    call     BLOB NOT NULL CHECK (length(call) = 16),
    ended_at INTEGER NOT NULL
) STRICT;
)sql";

// Lists of tools were exact names in a key's doc, and are patterns in its policy, as every scope's
// are. What no provider takes for a name, and could not be read as such a pattern, is left behind.
constexpr const char* kToolLists = R"sql(
UPDATE keys SET policy = json_set(coalesce(policy, '{}'), '$.tools.allow', json((
        SELECT json_group_array(value) FROM json_each(doc, '$.tools_allowed')
        WHERE length(CAST(value AS BLOB)) <= 128 AND value NOT GLOB '*[*?]*')))
    WHERE json_type(doc, '$.tools_allowed') = 'array';
UPDATE keys SET policy = json_set(coalesce(policy, '{}'), '$.tools.deny', json((
        SELECT json_group_array(value) FROM json_each(doc, '$.tools_denied')
        WHERE length(CAST(value AS BLOB)) <= 128 AND value NOT GLOB '*[*?]*')))
    WHERE json_type(doc, '$.tools_denied') = 'array';
UPDATE keys SET doc = json_remove(doc, '$.tools_allowed', '$.tools_denied')
    WHERE doc LIKE '%"tools_%';
)sql";

// A team says what its keys start with, as its plan does; one that says nothing leaves all as it
// was.
constexpr const char* kTeamKeyDefaults = R"sql(
ALTER TABLE teams ADD COLUMN key_defaults TEXT NOT NULL DEFAULT '{}';
)sql";

// How many tools a key's calls keep became a part of its policy; and what is saved by keeping few
// is summed.
constexpr const char* kToolSelection = R"sql(
UPDATE keys SET policy = json_set(coalesce(policy, '{}'), '$.tool_selection',
        json_object('keep_max', json_extract(doc, '$.k_target_override')))
    WHERE json_type(doc, '$.k_target_override') = 'integer';
UPDATE keys SET doc = json_remove(doc, '$.k_target_override')
    WHERE doc LIKE '%"k_target_%';

ALTER TABLE rollup_parts ADD COLUMN tools_saved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollups ADD COLUMN tools_saved INTEGER NOT NULL DEFAULT 0;
)sql";

// How well the selection of tools does for each key, counted from its rows of calls as they come:
// `missed` in millionths.
constexpr const char* kToolTrials = R"sql(
CREATE TABLE tool_trials (
    team   TEXT NOT NULL,
    key    TEXT NOT NULL,
    calls  INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    PRIMARY KEY (team, key)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array kMigrations = {
    Migration{"keys", kKeys},
    Migration{"teams", kTeams},
    Migration{"lifecycle", kLifecycle},
    Migration{"usage", kUsage},
    Migration{"spikes and webhooks", kSpikes},
    Migration{"vault", kVault},
    Migration{"paused webhooks", kPausedWebhooks},
    Migration{"repeatable calls", kRepeatableCalls},
    Migration{"sign-ins", kSignIns},
    Migration{"tool lists", kToolLists},
    Migration{"identities", kIdentities},
    Migration{"team key defaults", kTeamKeyDefaults},
    Migration{"passkeys", kPasskeys},
    Migration{"tool selection", kToolSelection},
    Migration{"tool trials", kToolTrials},
};

Result<int64_t> pragma(Database& database, const char* sql) {
    Query query(database, sql);
    TRY(const bool row, query.next());
    return row ? query.integer(0) : 0;
}

std::unexpected<Error> no_backup(const std::string& path) {
    return fail(ErrorCode::StoreUnavailable,
                "The database cannot be backed up before its schema changes.",
                fmt::format("{}: {}", path, std::strerror(errno)));
}

/// Copies the database beside itself. A copy that is there already was whole, and stays.
Result<void> back_up(Database& database, const std::string& backup) {
    if (::access(backup.c_str(), F_OK) == 0) return {};
    const std::string unfinished = backup + ".tmp";
    ::unlink(unfinished.c_str());
    const int file = ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return no_backup(unfinished);
    const auto copied = Query(database, "VACUUM INTO ?1", unfinished).run();
    const bool safe = copied && ::fsync(file) == 0;
    ::close(file);
    if (!copied) return copied;
    if (!safe || std::rename(unfinished.c_str(), backup.c_str()) != 0) return no_backup(backup);
    return {};
}

Result<void> run_step(Database& database, const Migration& step, size_t number) {
    TRY(Transaction transaction, Transaction::begin(database));
    TRY_VOID(database.run(step.sql));
    TRY_VOID(database.run(fmt::format(
        "PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, number)));
    return transaction.commit();
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Result<void> migrate(Database& database,
                     const std::string& path,
                     std::span<const Migration> steps) {
    TRY(const int64_t version, pragma(database, "PRAGMA user_version"));
    TRY(const int64_t application, pragma(database, "PRAGMA application_id"));
    TRY(const int64_t tables, pragma(database, "SELECT count(*) FROM sqlite_schema"));
    const auto done = static_cast<size_t>(version);
    if (tables > 0 && application != kApplicationId) {
        return fail(ErrorCode::StoreUnavailable,
                    "The database belongs to another program.",
                    fmt::format("{}: application_id {}", path, application));
    }
    if (done > steps.size()) {
        return fail(ErrorCode::StoreUnavailable,
                    fmt::format("The database was written by a newer version of Keywarden (schema "
                                "{}; this one knows {}). Install that version, or restore the "
                                "backup made before the upgrade.",
                                done,
                                steps.size()),
                    path);
    }
    if (done > 0 && done < steps.size()) {
        TRY_VOID(back_up(database, fmt::format("{}.before-v{}", path, steps.size())));
    }
    for (size_t i = done; i < steps.size(); ++i) TRY_VOID(run_step(database, steps[i], i + 1));
    return {};
}

}  // namespace keywarden
