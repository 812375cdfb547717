// The steps of the schema that are about people who sign in.
#pragma once

namespace keywarden {

// Of cookies and links there are digests; of passwords what Argon2id made of them.
inline constexpr const char* kSignIns = R"sql(
ALTER TABLE users ADD COLUMN is_disabled INTEGER NOT NULL DEFAULT 0;

CREATE TABLE sign_ins(
    user           INTEGER PRIMARY KEY REFERENCES users(n),
    password       TEXT NOT NULL,
    totp           BLOB NOT NULL,
    totp_confirmed INTEGER NOT NULL,
    totp_step      INTEGER NOT NULL,
    recovery_codes BLOB NOT NULL
) STRICT;

CREATE TABLE sessions(
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    digest     BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    user       INTEGER NOT NULL REFERENCES users(n),
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    network    INTEGER NOT NULL
) STRICT;

CREATE TABLE sign_in_links(
    id         TEXT PRIMARY KEY,
    digest     BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    purpose    INTEGER NOT NULL,
    user       TEXT NOT NULL,
    email      TEXT NOT NULL COLLATE NOCASE,
    team       TEXT NOT NULL,
    role       INTEGER NOT NULL,
    maker_type TEXT NOT NULL,
    maker      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    UNIQUE (purpose, user, email, team)
) STRICT, WITHOUT ROWID;
)sql";

// Issuer and subject name somebody at an identity provider, and nothing else does.
inline constexpr const char* kIdentities = R"sql(
CREATE TABLE identities(
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    user       INTEGER NOT NULL REFERENCES users(n),
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    email      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;
CREATE INDEX identities_user ON identities(user);

ALTER TABLE sessions ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN provider_session TEXT NOT NULL DEFAULT '';
)sql";

// What authenticators keep the other half of.
inline constexpr const char* kPasskeys = R"sql(
CREATE TABLE passkeys(
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    user       INTEGER NOT NULL REFERENCES users(n),
    name       TEXT NOT NULL,
    credential BLOB NOT NULL UNIQUE,
    public_key BLOB NOT NULL,
    algorithm  TEXT NOT NULL,
    sign_count INTEGER NOT NULL,
    rp_id      TEXT NOT NULL,
    transports TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX passkeys_user ON passkeys(user);
)sql";

}  // namespace keywarden
