#include "domain/spike.h"

#include <algorithm>
#include <array>

namespace keywarden {
namespace {

using Wide = __int128;

bool is_far_above(int64_t now, int64_t before, int64_t factor, int64_t floor) {
    return now >= floor && now > 0 && Wide{now} > Wide{before} * factor;
}

bool is_refused_often(const SpikeRule& rule, const KeyHour& hour) {
    return rule.refusals != 0 && hour.refusals >= rule.refusals;
}

constexpr std::array<std::string_view, static_cast<size_t>(SpikeAction::kCount)> kActions = {
    "none", "event", "quarantine"};

constexpr int64_t kNanosADollar = 1'000'000'000;
constexpr std::array kNumbers = {
    SpikeNumber{"factor", &SpikeTerms::factor, 0, kSpikeFactorMax},
    SpikeNumber{"factor_elsewhere", &SpikeTerms::factor_elsewhere, 1, kSpikeFactorMax},
    SpikeNumber{
        "spend_floor_usd", &SpikeTerms::spend_floor, 0, kSpikeDollarsMax* kNanosADollar, true},
    SpikeNumber{"token_floor", &SpikeTerms::token_floor, 0, kSpikeTokensMax},
    SpikeNumber{"refusals", &SpikeTerms::refusals, 0, kSpikeRefusalsMax},
};

}  // namespace

KeyHour busiest(const KeyHour& a, const KeyHour& b) {
    return {.spent = std::max(a.spent, b.spent),
            .tokens = std::max(a.tokens, b.tokens),
            .refusals = std::max(a.refusals, b.refusals)};
}

std::string_view name(SpikeKind kind) {
    static constexpr std::array<std::string_view, static_cast<size_t>(SpikeKind::kCount)> kNames = {
        "spend", "tokens", "refusals"};
    return kNames.at(static_cast<size_t>(kind));
}

std::string_view name(SpikeAction action) { return kActions.at(static_cast<size_t>(action)); }

std::optional<SpikeAction> spike_action_of(std::string_view text) {
    const auto found = std::ranges::find(kActions, text);
    if (found == kActions.end()) return std::nullopt;
    return static_cast<SpikeAction>(found - kActions.begin());
}

std::span<const SpikeNumber> spike_numbers() { return kNumbers; }

SpikeRule rule_of(const SpikeTerms& terms, SpikeRule otherwise) {
    return {.factor = terms.factor.value_or(otherwise.factor),
            .factor_elsewhere = terms.factor_elsewhere.value_or(otherwise.factor_elsewhere),
            .spend_floor = {terms.spend_floor.value_or(otherwise.spend_floor.value)},
            .token_floor = terms.token_floor.value_or(otherwise.token_floor),
            .refusals = terms.refusals.value_or(otherwise.refusals),
            .action = terms.action.value_or(otherwise.action)};
}

bool reaches_floor(const SpikeRule& rule, const KeyHour& hour) {
    if (rule.action == SpikeAction::None) return false;
    return is_refused_often(rule, hour) || (rule.factor != 0 && (hour.spent >= rule.spend_floor ||
                                                                 hour.tokens >= rule.token_floor));
}

std::optional<SpikeKind> find_spike(const SpikeRule& rule,
                                    const KeyHour& hour,
                                    const KeyHour& before,
                                    bool elsewhere) {
    if (!reaches_floor(rule, hour)) return std::nullopt;
    if (is_refused_often(rule, hour)) return SpikeKind::Refusals;
    const int64_t factor = elsewhere ? std::min(rule.factor, rule.factor_elsewhere) : rule.factor;
    if (is_far_above(hour.spent.value, before.spent.value, factor, rule.spend_floor.value)) {
        return SpikeKind::Spend;
    }
    if (is_far_above(hour.tokens, before.tokens, factor, rule.token_floor)) {
        return SpikeKind::Tokens;
    }
    return std::nullopt;
}

bool comes_from_elsewhere(std::span<const SecretNetwork> networks, TimePoint since) {
    const auto is_known = [&](const SecretNetwork& network) {
        return network.first_used_at < since;
    };
    if (std::ranges::none_of(networks, is_known)) return false;
    return std::ranges::any_of(networks, [&](const SecretNetwork& recent) {
        return !is_known(recent) && std::ranges::none_of(networks, [&](const SecretNetwork& other) {
            return is_known(other) && wide_range_of(other.network) == wide_range_of(recent.network);
        });
    });
}

}  // namespace keywarden
