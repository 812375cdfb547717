// Every key and secret in memory, found by digest without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "domain/caller.h"
#include "domain/key.h"
#include "store/hot_chunks.h"
#include "store/policy_directory.h"
#include "store/sightings.h"
#include "store/store.h"

namespace keywarden {

/// What a caller meets of a key: one consistent copy.
struct HotPolicy {
    KeyKind kind = KeyKind::Full;
    KeyStatus status = KeyStatus::Active;
    KeyLifetime lifetime{};
    int64_t rate_limit_rpm = 0;  // its own; 0: none
};

/// Readers never wait and never lock: records stay where they are, the index is replaced as a whole
/// when it grows, and a policy is read again if it changed meanwhile (a sequence lock). Writers
/// take turns. A key's record is 128 bytes, a secret's 48, its place in the index 8 to 16.
///
/// Nothing is ever removed: a revoked key must say that it is revoked.
class HotTable {
public:
    /// A secret's number: stays the same while the process lives.
    static constexpr uint32_t kNone = UINT32_MAX;

    /// So many keys or secrets more are taken after has_room() has said no: for changes that had
    /// asked before it did, and must not be in the store alone.
    static constexpr size_t kReserve = 1024;
    static constexpr size_t kSecretsMax = HotChunks<int>::kSizeMax - 2 - kReserve;

    /// Requires: `secrets_max` is no more than kSecretsMax.
    /// `policies` must outlive it.
    explicit HotTable(PolicyDirectory& policies, size_t secrets_max = kSecretsMax);
    ~HotTable();
    HotTable(const HotTable&) = delete;
    HotTable& operator=(const HotTable&) = delete;

    // ---- readers: any thread, no lock, no allocation -----------------------------------------

    /// The secret with that digest, or kNone. Compares in constant time.
    uint32_t find(const Digest& digest) const;
    HotPolicy policy(uint32_t secret) const;
    /// From when on the secret is dead; nothing when that is not set.
    std::optional<TimePoint> ends_at(uint32_t secret) const;
    Caller caller(uint32_t secret, const HotPolicy& policy) const;

    /// Remembers that the secret was refused because its end had come: it stays dead, whatever the
    /// clock says from now on.
    void note_ended(uint32_t secret);

    /// Remembers, to the second, that the secret was used. A first use starts the graces of the
    /// key's older secrets.
    void note_use(uint32_t secret, TimePoint now);

    /// Remembers, to the second, from which network; see Sightings.
    void note_network(uint32_t secret, NetworkPrefix network, TimePoint now);

    /// What to read the key's policies and limits by.
    ReadingKey reading_key(const Caller& caller);

    // ---- writers: any thread, one after the other --------------------------------------------

    /// Whether one key or secret more may be made. To be asked before the store is.
    bool has_room() const;

    /// Puts the key in, or brings it up to date. An older version than the one here is ignored, so
    /// that writers who race may apply in any order. What adds no secret needs no room: a key can
    /// always be revoked.
    /// Errors: ApiKeyLimitReached when the reserve is used up as well.
    Result<void> apply(const HotKey& key);

    /// Puts in what a key that is here says, because it has made another one.
    void note_maker(const HotKey& key);

    /// As apply, for a key that is not here: many of them, and at the end the index at once.
    Result<void> load(const HotKey& key);
    void finish_loading();

    /// The secrets used since the last call. A batch that could not be written goes back in.
    std::vector<SecretUse> collect_uses();
    void restore_uses(std::span<const SecretUse> uses);

    /// Secrets whose end has come by `now` and which `ended` was not told of yet. They stay dead,
    /// whatever the clock says later. Looks at kTurnsASweep of them, and goes on there next time.
    struct Ended {
        uint32_t turn;
        Digest digest;
    };
    std::vector<Ended> sweep_ended(TimePoint now);
    /// The store knows of them now.
    void ended(std::span<const Ended> secrets);

    static constexpr uint32_t kTurnsASweep = 65'536;

    size_t bytes_used() const;

private:
    struct Record;
    struct Secret;
    struct Turn;
    struct Index;

    size_t most_used() const;
    Result<void> check_room(const HotKey& key) const;
    Secret& secret(uint32_t number) const;
    uint32_t owner(uint32_t number) const;
    uint32_t add_record(const HotKey& key);
    void set_policy(Record& record, const HotKey& key);
    void set_rules(Record& record, const HotKey& key);
    uint32_t add_secret(const HotSecret& secret, uint32_t record, bool is_first);
    void set_turn(uint32_t number, const HotKey& key, size_t place, uint32_t older);
    size_t secret_count() const { return size_t{records_.size()} + further_.size(); }
    void publish(uint32_t number);
    void grow_index(size_t places);
    void mark_used(uint32_t secret);

    PolicyDirectory& policies_;
    const size_t secrets_max_;
    HotChunks<Record> records_;
    HotChunks<Secret> further_;  // secrets of keys that have one already
    HotChunks<Turn> turns_;
    Sightings sightings_;
    std::atomic<Index*> index_;
    std::atomic<uint32_t> used_head_;  // secrets to be written, a list through them

    mutable std::mutex writers_;
    uint32_t swept_ = 0;                           // turns that the last sweep has come to
    std::vector<std::unique_ptr<Index>> indexes_;  // the last is in use; readers may be in any
};

}  // namespace keywarden
