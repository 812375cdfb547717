// Every key's hot record in memory, and the one way to change a key.
//
// Reads on the way of a call touch only memory. A change is written to the store first, then
// applied here, and only then answered: from that moment every request on every open connection
// meets it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "domain/audit_facts.h"
#include "domain/caller.h"
#include "domain/key.h"
#include "domain/key_format.h"
#include "domain/rotation.h"
#include "store/hot_table.h"
#include "store/policy_directory.h"
#include "store/store.h"

namespace keywarden {

/// What keys fall back to, and how many a team may have.
struct KeyDefaults {
    std::string format = "keywarden";  // of new secrets
    int64_t rate_limit_rpm = 60;       // 1 to kRateLimitRpmMax
    KeyCaps caps{};
    KeyNotice notice{};
    size_t secrets_max = HotTable::kSecretsMax;  // of all teams, in memory
};

/// A key just made or rotated: the only moment its secret exists outside its owner.
struct MintedKey {
    Key key;
    Secret secret;
};

/// The key of a secret that matched, whatever state it is in.
struct PresentedKey {
    Caller caller{};
    uint32_t secret = 0;    // of the table in memory
    Result<void> usable{};  // or what `authenticate` would say
};

/// The answer that is kept for the Idempotency-Key of a request that makes or rotates `key`, if it
/// has one. The store writes it in the transaction of the change.
using AnswerOf = std::function<std::optional<IdempotencyRecord>(const Key& key)>;

/// Changes of keys that are stored together (see KeyDirectory::together). No key comes twice.
class KeyBatch;
class SpendDirectory;

/// Threads: any, for every function.
class KeyDirectory {
public:
    /// Reads every key of the store into memory. 10^6 keys in under a second.
    /// `store`, `formats`, and `clock` must outlive the directory.
    static Result<std::unique_ptr<KeyDirectory>> load(Store& store,
                                                      const KeyFormats& formats,
                                                      KeyDefaults defaults,
                                                      const Clock& clock);
    ~KeyDirectory();

    // ---- the way of a call: memory only, no allocation --------------------------------------

    /// Checks a presented secret at `now`, and notes that it was used, and from which network.
    ///
    /// Malformed, unknown, and wrong ones fail alike and take the same time. What is wrong with a
    /// key is said only once its secret has matched.
    /// Errors: InvalidApiKey; ExpiredApiKey (also an ended secret, and one before not_before),
    /// RevokedApiKey, DisabledApiKey, KeyQuarantined; AuthUnavailable when the key is not known
    /// here and the store could not be asked lately.
    Result<Caller> authenticate(std::string_view presented,
                                TimePoint now,
                                NetworkPrefix network = {});

    /// As authenticate, for who asks on behalf of another service: tells whose key it is, even
    /// where it may not be used, and notes nothing. Errors: InvalidApiKey, AuthUnavailable.
    Result<PresentedKey> look_at(std::string_view presented, TimePoint now) const;
    /// Notes that the key was used.
    void note_use(const PresentedKey& key, TimePoint now);

    /// A key of the store as it would be found by its newest secret.
    /// Errors: NotFound where it is not in memory.
    Result<PresentedKey> look_at(const Key& key, TimePoint now);

    /// What holds for the caller now: state, role, policies, and limits.
    /// Requires: the caller came from `authenticate`: it is no operator.
    PolicyReading read_policy(const Caller& caller, ModelName model = {});

    // ---- changes: they write to the store, so they may block ---------------------------------
    // `by` stands in the row of the audit log that each change is one transaction with. Left out,
    // it is the gateway itself.

    /// Mints a secret and stores the key. `key` has its id, team, name, and policy; the directory
    /// fills in secrets, times, and version. `format` empty: the default one. `test` picks the
    /// format's test environment, where it has one.
    /// Errors: those of Store::create_key; ApiKeyLimitReached when the instance is full;
    /// InvalidRequest for a format that cannot be minted.
    Result<MintedKey> create(Key key,
                             std::string_view format,
                             bool test,
                             const AnswerOf& answer_of = {},
                             const ChangedBy& by = {});

    /// Errors: InvalidRequest when imported keys are not accepted here.
    Result<void> check_imports() const;
    /// Whether some key of the instance has, or had, that secret.
    bool knows(const Digest& digest) const;

    /// Stores a key whose secret exists already, elsewhere: `digest` is its SHA-256, `display` how
    /// it is shown. `key` as for `create`.
    /// Errors: those of Store::create_key and check_imports; ApiKeyLimitReached when the instance
    /// is full.
    Result<Key> import(Key key,
                       const Digest& digest,
                       std::string display,
                       const ChangedBy& by = {});

    /// Reads the key, lets `change` alter it, and stores it with the next version.
    /// `expected_version` empty: whatever is there. Retries a few times when others race.
    /// Errors: NotFound, VersionMismatch, and whatever `change` returns (then nothing happened).
    Result<Key> change(std::string_view team_id,
                       std::string_view key_id,
                       std::optional<int64_t> expected_version,
                       const std::function<Result<void>(Key&)>& change,
                       const ChangedBy& by = {});

    /// Adds a secret; the old ones live on as `rotation` says. At most kLiveSecretsMax live ones.
    /// Errors: NotFound, VersionMismatch, RevokedApiKey, InvalidRequest (too many live secrets),
    /// ApiKeyLimitReached when the instance is full.
    Result<MintedKey> rotate(std::string_view team_id,
                             std::string_view key_id,
                             std::optional<int64_t> expected_version,
                             Rotation rotation,
                             const AnswerOf& answer_of = {},
                             const ChangedBy& by = {});

    /// Runs `changes`, which makes and changes keys by what it is given, and whatever else of the
    /// store (see Store::together). All of it is stored, then all keys are applied here; or
    /// nothing. How fast keys are made is not looked at: a person has said which ones. Errors:
    /// those of `changes` and of the changes in it.
    Result<void> together(const std::function<Result<void>(KeyBatch& batch)>& changes);

    // ---- upkeep: called about once a second by a thread that may block -----------------------

    /// Writes uses noted since the last time, starts graces that a first use set going, makes ends
    /// that have come final, and asks the store whether it is there.
    Result<void> write_uses();

    /// From now on `spend` knows the tags of all keys and the plans of all teams, as they are now
    /// and whenever one changes. Null: nobody does any more. Threads: any.
    void tell(SpendDirectory* spend);

    /// Teams, plans, apps, and what is counted. Whoever changes one in the store puts it in there.
    PolicyDirectory& policies();
    Store& store();
    const KeyDefaults& defaults() const;
    const KeyFormats& formats() const;

    KeyDirectory(const KeyDirectory&) = delete;
    KeyDirectory& operator=(const KeyDirectory&) = delete;

private:
    friend class KeyBatch;
    class Impl;
    explicit KeyDirectory(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

inline constexpr size_t kKeysTogetherMax = 1'000;  // made and changed

class KeyBatch {
public:
    /// As of KeyDirectory; a maker may be a key that was made just before.
    Result<MintedKey> create(Key key, std::string_view format, bool test, const ChangedBy& by);
    Result<Key> change(std::string_view team_id,
                       std::string_view key_id,
                       const std::function<Result<void>(Key&)>& change,
                       const ChangedBy& by);

private:
    friend class KeyDirectory;
    explicit KeyBatch(KeyDirectory::Impl& directory) : directory_(directory) {}
    Result<void> check_size() const;

    KeyDirectory::Impl& directory_;
    std::vector<Key> stored_{};
};

}  // namespace keywarden
