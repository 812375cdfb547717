#include "domain/spike.h"

#include <algorithm>
#include <array>

namespace keywarden {
namespace {

using Wide = __int128;

bool is_far_above(int64_t now, int64_t before, int64_t factor, int64_t floor) {
    return now >= floor && now > 0 && Wide{now} > Wide{before} * factor;
}

}  // namespace

KeyHour busiest(const KeyHour& a, const KeyHour& b) {
    return {.spent = std::max(a.spent, b.spent), .tokens = std::max(a.tokens, b.tokens)};
}

std::string_view name(SpikeKind kind) {
    static constexpr std::array<std::string_view, static_cast<size_t>(SpikeKind::kCount)> kNames = {
        "spend", "tokens"};
    return kNames.at(static_cast<size_t>(kind));
}

bool reaches_floor(const SpikeRule& rule, const KeyHour& hour) {
    return hour.spent >= rule.spend_floor || hour.tokens >= rule.token_floor;
}

std::optional<SpikeKind> find_spike(const SpikeRule& rule,
                                    const KeyHour& hour,
                                    const KeyHour& before,
                                    bool elsewhere) {
    if (rule.factor == 0) return std::nullopt;
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
