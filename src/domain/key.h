// API keys as the gateway's rules see them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/crypto.h"
#include "base/units.h"
#include "domain/key_kind.h"
#include "domain/network_prefix.h"
#include "domain/permission.h"
#include "domain/policy.h"

namespace keywarden {

/// What a person decided. What the clock decides is KeyState.
enum class KeyStatus : uint8_t { Active, Disabled, Quarantined, Revoked, kCount };

/// What a caller meets at one moment.
enum class KeyState : uint8_t { Active, Disabled, Quarantined, Revoked, Pending, Expired, kCount };

/// One version of a key's secret. The secret itself is nowhere: only its hash.
struct KeySecret {
    std::string id;       // the id segment of the format, or one of ours where it has none
    std::string format;   // the name of its key format
    Digest digest{};      // what the format's hash rule makes of the secret
    std::string display;  // prefix + id or first characters + "…" + last 4
    TimePoint created_at{};
    std::optional<Nanos> grace{};        // set by a rotation on the secrets before it: rotation.h
    std::optional<TimePoint> ends_at{};  // from this moment on the secret is dead
    bool ended = false;                  // it is dead for good, whatever a clock says later
    std::optional<TimePoint> first_used_at{};
    std::optional<TimePoint> last_used_at{};
    std::vector<SecretNetwork> networks{};  // it was used from, the latest first
};

/// A key: an entity with an id, a policy, and a history. Rotation keeps all of it.
struct Key {
    std::string id;
    std::string team_id;
    std::string name;  // 1 to 100 characters
    std::string description{};
    std::string created_by{};    // the id of a user (the operator's, over the socket), or of a key
    std::string app_id{};        // of the team; empty: none
    std::string user_id{};       // whose it is: it acts with their role; empty: an owner's
    std::string maker_key_id{};  // the key that made it, whose policy narrows it; empty: none
    KeyKind kind = KeyKind::Full;
    KeyStatus status = KeyStatus::Active;
    std::optional<TimePoint> not_before{};
    std::optional<TimePoint> expires_at{};
    std::optional<Nanos> rotate_every{};      // how old its owner wants a secret to be; a reminder
    std::optional<int64_t> rate_limit_rpm{};  // requests a minute; absent: the instance's default
    Policy policy{};  // without requests_per_minute, which has a field above
    std::vector<std::pair<std::string, std::string>> metadata{};
    std::vector<std::string> tags{};
    TimePoint created_at{};
    TimePoint updated_at{};
    std::optional<TimePoint> revoked_at{};
    int64_t version = 1;               // counts changes; its ETag
    std::vector<KeySecret> secrets{};  // newest first; at most kLiveSecretsMax live ones
};

inline constexpr size_t kLiveSecretsMax = 3;
inline constexpr size_t kSecretsKeptMax = 10;  // live and dead; the oldest dead ones are forgotten
inline constexpr size_t kKeyIdMax = 24;        // characters of a key's id
inline constexpr int64_t kRateLimitRpmMax = 1'000'000;
inline constexpr Nanos kGraceMax = std::chrono::hours(24 * 90);

std::string_view name(KeyStatus status);  // "active", …
std::string_view name(KeyState state);
std::optional<KeyStatus> key_status_of(std::string_view text);
std::optional<KeyState> key_state_of(std::string_view text);

/// The key's policy with its requests a minute among the limits.
Policy whole_policy(const Key& key);
/// Takes such a policy over into the key.
void set_policy(Key& key, Policy whole);

/// Revoked beats quarantined beats disabled beats expired beats pending.
/// `expires_at` itself is expired; `not_before` itself is not pending.
KeyState state_at(const Key& key, TimePoint now);

struct KeyLifetime {
    std::optional<TimePoint> not_before{};
    std::optional<TimePoint> expires_at{};
};
KeyState state_at(KeyStatus status, KeyLifetime lifetime, TimePoint now);

/// False from `ends_at` on, and for good once that was seen.
bool is_live(const KeySecret& secret, TimePoint now);

/// Whether a key of that kind holds the permission. One table, in permission.cc.
bool holds(KeyKind kind, Permission permission);

}  // namespace keywarden
