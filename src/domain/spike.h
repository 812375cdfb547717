// Spikes: a key that does in an hour far more than it ever did in one of its last days.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/units.h"
#include "domain/network_prefix.h"

namespace keywarden {

/// What becomes of a key that spikes.
enum class SpikeAction : uint8_t {
    None,        // nothing: it is not looked at
    Event,       // it is told of
    Quarantine,  // and held back, until a person releases it
    kCount
};
std::string_view name(SpikeAction action);  // "none", "event", "quarantine"
std::optional<SpikeAction> spike_action_of(std::string_view text);

/// What is a spike, as numbers. An hour of the clock is held to the busiest one of the key's last
/// kSpikeDays days, so what runs every night is none, however large it is. A key without such days
/// is held to the floors alone.
struct SpikeRule {
    int64_t factor = 10;           // times the busiest hour; 0: no spending is a spike
    int64_t factor_elsewhere = 3;  // the same, with calls from a range that is new to the key
    NanoUsd spend_floor{};         // below both floors no hour is one
    int64_t token_floor = 0;       // input and output
    int64_t refusals = 0;          // so many answers of 403 are one by themselves; 0: never
    SpikeAction action = SpikeAction::Event;
};

/// What a plan says of the rule. What is empty is as the instance's configuration says.
struct SpikeTerms {
    std::optional<int64_t> factor{};
    std::optional<int64_t> factor_elsewhere{};
    std::optional<int64_t> spend_floor{};  // nano-dollars
    std::optional<int64_t> token_floor{};
    std::optional<int64_t> refusals{};
    std::optional<SpikeAction> action{};
    bool operator==(const SpikeTerms&) const = default;
};

SpikeRule rule_of(const SpikeTerms& terms, SpikeRule otherwise);

/// The numbers of SpikeTerms, as settings and plans name them. Adding one: a row.
struct SpikeNumber {
    std::string_view field;
    std::optional<int64_t> SpikeTerms::* member;
    int64_t min;
    int64_t max;
    bool is_money = false;
};
std::span<const SpikeNumber> spike_numbers();

inline constexpr int kSpikeDays = 7;
inline constexpr int64_t kSpikeFactorMax = 1'000;
inline constexpr int64_t kSpikeTokensMax = 1'000'000'000'000;
inline constexpr int64_t kSpikeDollarsMax = 1'000'000;
inline constexpr int64_t kSpikeRefusalsMax = 1'000'000'000;

/// What a key did in an hour.
struct KeyHour {
    NanoUsd spent{};
    int64_t tokens = 0;
    int64_t refusals = 0;  // answers of 403; not known of hours that are over
};

/// The larger of each.
KeyHour busiest(const KeyHour& a, const KeyHour& b);

enum class SpikeKind : uint8_t { Spend, Tokens, Refusals, kCount };
std::string_view name(SpikeKind kind);  // "spend", "tokens", "refusals"

/// A key that did far more in an hour than in any of its last days, or was refused often.
struct KeySpike {
    std::string team_id{};
    std::string key_id{};
    SpikeKind kind = SpikeKind::Spend;
    TimePoint start{};  // of the hour
    TimePoint at{};     // when it was found
    KeyHour hour{};
    KeyHour before{};          // the busiest hour of its last days
    bool elsewhere = false;    // with calls from a range of addresses that is new to it
    bool quarantined = false;  // it is held back now, until a person releases it
};

/// Whether the hour may be a spike at all: a floor is reached, and somebody wants to know.
bool reaches_floor(const SpikeRule& rule, const KeyHour& hour);

/// `before`: the busiest of its last days. `elsewhere`: comes_from_elsewhere.
std::optional<SpikeKind> find_spike(const SpikeRule& rule,
                                    const KeyHour& hour,
                                    const KeyHour& before,
                                    bool elsewhere);

/// Whether, since `since`, a network was first used that lies in no wide range of those used
/// before: the /8 of an IPv4 address, the /16 of an IPv6 one. That is what a registry of addresses
/// hands on, a carrier or a country's part of a continent; which country, nobody knows without a
/// table of others. A key that was not used before `since` has no elsewhere.
bool comes_from_elsewhere(std::span<const SecretNetwork> networks, TimePoint since);

}  // namespace keywarden
