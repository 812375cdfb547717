// What the gateway needs from a database. Implementations: one folder each, opened by open.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "domain/audit.h"
#include "domain/key.h"
#include "domain/key_notice.h"
#include "domain/policy.h"
#include "store/account_store.h"
#include "store/credential_store.h"
#include "store/sign_in_store.h"
#include "store/usage_store.h"

namespace keywarden {

/// How many keys a team may have, and how fast it may make them, where its plan does not say.
struct KeyCaps {
    int64_t active_keys_max = 10;
    int64_t creations_per_hour_max = 5;
};

/// What is kept of a request that carried an Idempotency-Key, for 24 hours.
struct IdempotencyRecord {
    std::string scope;  // team, and route
    std::string key;
    Digest request_digest{};
    int status = 0;      // 0: still in flight
    std::string body{};  // never a secret: the replay of a creation shows none
    TimePoint created_at{};
};

/// What a change of a key is held to, and what is written with it in one transaction. Of the audit
/// entry only the actor, the action, where it came from, and the differences are looked at.
struct KeyTerms {
    KeyCaps caps{};
    TimePoint now{};
    const IdempotencyRecord* answer = nullptr;  // to a reserved Idempotency-Key
    bool rate_holds = true;  // false: only the cap is looked at, not how fast keys are made
    AuditEntry audit{.actor = {"system", "gateway"}};
};

/// One page of a list. `next` is empty on the last page.
struct KeyPage {
    std::vector<Key> keys;
    std::string next;
};

inline constexpr size_t kKeySearchMax = 400;

struct KeyQuery {
    std::string team_id;
    std::string after{};              // the `next` of the page before; empty: from the newest
    size_t limit = 20;                // 1 to 100
    std::optional<KeyState> state{};  // only keys that are in it at `now`
    // Of what domain/key_notice.h says with `notice` at `now`:
    std::optional<RotationState> rotation{};
    bool unused = false;        // only those
    bool expires_soon = false;  // only those
    /// In the name, the id, or how a secret is shown; ASCII letters in either case. Empty: all
    /// keys. At most kKeySearchMax bytes.
    std::string search{};
    KeyNotice notice{};
    TimePoint now{};
};

/// When a secret was used, gathered off the way of a call and written in batches.
struct SecretUse {
    Digest digest{};  // of the secret
    TimePoint at{};
    NetworkPrefix network{};  // from where; none: not said
};

/// What the directory in memory needs of a secret, and of a key: plain columns.
struct HotSecret {
    Digest digest{};
    TimePoint created_at{};
    std::optional<Nanos> grace{};
    std::optional<TimePoint> ends_at{};
    bool used = false;
    bool ended = false;  // for good
};

struct HotKey {
    std::string_view id;
    std::string_view team_id;
    std::string_view app_id{};        // empty: none
    std::string_view user_id{};       // with whose role it acts; empty: with an owner's
    std::string_view maker_key_id{};  // the key that made it; empty: none
    KeyKind kind = KeyKind::Full;
    KeyStatus status = KeyStatus::Active;
    std::optional<TimePoint> not_before{};
    std::optional<TimePoint> expires_at{};
    std::optional<int64_t> rate_limit_rpm{};
    const Policy* policy = nullptr;  // null: none of its own
    int64_t version = 1;
    std::span<const HotSecret> secrets{};  // newest first
    std::span<const std::string> tags{};
};

/// Moments are kept in whole milliseconds, rounded down.
/// Safe to call from any thread. Every call either happened or did not: none half-applies.
/// Every query has the team in its condition. Errors of all: StoreUnavailable.
class Store {
public:
    virtual ~Store() = default;

    /// A value by name: what the instance must remember (its id, its operator, its first key).
    /// Errors: NotFound.
    virtual Result<std::string> get_setting(std::string_view name) = 0;
    virtual Result<void> put_setting(std::string_view name, std::string_view value) = 0;

    /// Teams, plans, apps, people, and the audit log. Lives as long as the store.
    virtual AccountStore& accounts() = 0;

    /// Calls, and what they cost. Lives as long as the store.
    virtual UsageStore& usage() = 0;

    /// Providers' credentials, sealed. Lives as long as the store.
    virtual CredentialStore& credentials() = 0;

    /// Passwords, sessions, and links of people. Lives as long as the store.
    virtual SignInStore& sign_ins() = 0;

    /// Runs `changes`: whatever it changes here, of keys, of accounts, and of money, all happens,
    /// or none.
    ///
    /// Other threads' changes wait until it is done. It may not see yet what it changed itself.
    /// Once one of its changes has failed, the later ones fail with the same error, and nothing
    /// happens, whatever it returns. Within another it is a part of that one.
    /// Requires: `changes` calls only what comes with a row of the audit log, put_setting, and what
    /// reads.
    /// Errors: whatever `changes`, or the first change that failed in it, returned.
    virtual Result<void> together(const std::function<Result<void>()>& changes) = 0;

    // Each change of a key is one transaction with its row of the audit log.

    /// Adds the key with its secrets, if the team's plan, or else the caps, allow one more.
    ///
    /// The cap is looked at before the rate. Revoked and expired keys do not count as active; every
    /// creation of the last hour counts for the rate.
    /// Errors: NotFound (no such team), ApiKeyLimitReached, KeyCreationRateExceeded (with
    /// retry_after), InvalidRequest when an id or a digest is there already, or when the team has
    /// no such app or maker, or the instance no such user; IdempotencyInProgress when
    /// `terms.answer` is to a reservation that another has taken over.
    virtual Result<void> create_key(const Key& key, const KeyTerms& terms) = 0;

    /// Errors: NotFound, also for another team's key.
    virtual Result<Key> get_key(std::string_view team_id, std::string_view key_id) = 0;

    /// Newest first.
    /// Errors: InvalidRequest when `after` is not a cursor of ours.
    virtual Result<KeyPage> list_keys(const KeyQuery& query) = 0;

    /// How many of the team's keys are neither revoked nor expired at `now`; 0 where there is no
    /// team.
    virtual Result<int64_t> count_active_keys(std::string_view team_id, TimePoint now) = 0;

    /// Replaces the key and its secrets, if its version is still `key.version - 1`.
    ///
    /// A key that becomes active by it (an expired one that is given more time) needs its place
    /// under the cap like a new one. It is no creation, so it takes nothing from the rate.
    ///
    /// What record_uses and end_secrets wrote meanwhile stays: a secret's uses only move forward,
    /// its end only moves earlier, and what has ended has ended.
    /// Who made it, and whose it is, stay as they are.
    /// Errors: NotFound, VersionMismatch, ApiKeyLimitReached, InvalidRequest when a digest is
    /// another key's, or the team has no such app; IdempotencyInProgress, as above.
    virtual Result<void> update_key(const Key& key, const KeyTerms& terms) = 0;

    /// Every key of every team, in no order, for the directory in memory. What `each` is given
    /// lives for that call. 10^6 keys in well under a second on SQLite.
    virtual Result<void> for_each_hot_key(const std::function<void(const HotKey&)>& each) = 0;

    /// Sets last_used_at, never backwards, and first_used_at where it is empty. The first use of a
    /// secret starts the grace of the older ones, as note_use (domain/rotation.h) says; networks
    /// are kept as note_network says, and forgotten with their secret. Unknown digests are skipped.
    virtual Result<void> record_uses(std::span<const SecretUse> uses) = 0;

    /// Marks secrets whose end has been seen: they stay dead, whatever a clock says later. Unknown
    /// digests are skipped.
    virtual Result<void> end_secrets(std::span<const Digest> digests) = 0;

    /// Reserves an Idempotency-Key: returns nothing when it was free (and now is in flight), or the
    /// record that is there. Records older than 24 hours count as free. So does one still in flight
    /// after `kIdempotencyFlightMax`, and what was in flight when the store was closed.
    virtual Result<std::optional<IdempotencyRecord>> begin_idempotent(
        const IdempotencyRecord& record) = 0;
    /// Writes the answer to one that is in flight, where it was no one change that it answers: by
    /// itself, or within together() with what it answers.
    /// Errors: IdempotencyInProgress when another has taken it over.
    virtual Result<void> answer_idempotent(const IdempotencyRecord& answer) = 0;
    /// Frees one that is still in flight: what it was reserved for did not happen. What does
    /// happen writes its answer in its own transaction (see KeyTerms).
    virtual Result<void> free_idempotent(const IdempotencyRecord& record) = 0;
};

inline constexpr Nanos kIdempotencyKept = std::chrono::hours(24);
inline constexpr Nanos kIdempotencyFlightMax = std::chrono::minutes(2);

}  // namespace keywarden
