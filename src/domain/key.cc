#include "domain/key.h"

#include <array>
#include <cstddef>
#include <utility>

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 3> kKinds = {"full", "inference", "management"};
constexpr std::array<std::string_view, 4> kStatuses = {
    "active", "disabled", "quarantined", "revoked"};
constexpr std::array<std::string_view, 6> kStates = {
    "active", "disabled", "quarantined", "revoked", "pending", "expired"};
static_assert(kKinds.size() == static_cast<size_t>(KeyKind::kCount));
static_assert(kStatuses.size() == static_cast<size_t>(KeyStatus::kCount));
static_assert(kStates.size() == static_cast<size_t>(KeyState::kCount));

template <class Enum, size_t kSize>
std::optional<Enum> find_name(const std::array<std::string_view, kSize>& names,
                              std::string_view text) {
    for (size_t i = 0; i < kSize; ++i) {
        if (names[i] == text) return static_cast<Enum>(i);
    }
    return std::nullopt;
}

}  // namespace

std::string_view name(KeyKind kind) { return kKinds.at(static_cast<size_t>(kind)); }
std::string_view name(KeyStatus status) { return kStatuses.at(static_cast<size_t>(status)); }
std::string_view name(KeyState state) { return kStates.at(static_cast<size_t>(state)); }

std::optional<KeyKind> key_kind_of(std::string_view text) {
    return find_name<KeyKind>(kKinds, text);
}

std::optional<KeyStatus> key_status_of(std::string_view text) {
    return find_name<KeyStatus>(kStatuses, text);
}

std::optional<KeyState> key_state_of(std::string_view text) {
    return find_name<KeyState>(kStates, text);
}

KeyState state_at(KeyStatus status, KeyLifetime lifetime, TimePoint now) {
    switch (status) {
        case KeyStatus::Revoked:
            return KeyState::Revoked;
        case KeyStatus::Quarantined:
            return KeyState::Quarantined;
        case KeyStatus::Disabled:
            return KeyState::Disabled;
        default:
            break;
    }
    if (lifetime.expires_at && now >= *lifetime.expires_at) return KeyState::Expired;
    if (lifetime.not_before && now < *lifetime.not_before) return KeyState::Pending;
    return KeyState::Active;
}

Policy whole_policy(const Key& key) {
    Policy whole = key.policy;
    whole.limits[LimitKind::RequestsPerMinute] = key.rate_limit_rpm;
    return whole;
}

void set_policy(Key& key, Policy whole) {
    key.policy = std::move(whole);
    key.rate_limit_rpm =
        std::exchange(key.policy.limits[LimitKind::RequestsPerMinute], std::nullopt);
}

KeyState state_at(const Key& key, TimePoint now) {
    return state_at(key.status, {key.not_before, key.expires_at}, now);
}

bool is_live(const KeySecret& secret, TimePoint now) {
    return !secret.ended && (!secret.ends_at || now < *secret.ends_at);
}

}  // namespace keywarden
