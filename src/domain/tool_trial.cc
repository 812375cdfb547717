#include "domain/tool_trial.h"

#include <cmath>

#include "domain/tool_wilson_bounds.h"

namespace keywarden {
namespace {

constexpr int64_t kMillion = 1'000'000;
constexpr int64_t kWholeBasisPoints = 10'000;
constexpr int64_t kBasisPointsAPercent = 100;
constexpr size_t kSaidBytesMax = 4'096;

/// Source: FNV-1a, 64 bits.
uint64_t hash_on(uint64_t hash, std::string_view text) {
    constexpr uint64_t kPrime = 0x100000001b3;
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * kPrime;
    return (hash ^ 0xffU) * kPrime;  // an end that no UTF-8 has
}

}  // namespace

void ToolTrial::note(bool is_missed) {
    if (calls < kTrialCallsMax) {
        ++calls;
    } else {
        missed_millionths -= missed_millionths / kTrialCallsMax;
    }
    if (is_missed) missed_millionths += kMillion;
}

int64_t ToolTrial::missed() const { return (missed_millionths + kMillion - 1) / kMillion; }

int64_t ToolTrial::recall_low_basis_points() const {
    const int64_t kept = calls > missed() ? calls - missed() : 0;
    return static_cast<int64_t>(
        std::floor(wilson_bounds(kept, calls).low * static_cast<double>(kWholeBasisPoints)));
}

bool ToolTrial::proves(int64_t target_percent) const {
    return calls >= kTrialCallsMin &&
           recall_low_basis_points() > target_percent * kBasisPointsAPercent;
}

std::optional<bool> trial_of(const ToolCounts& tools) {
    const bool counts = tools.selection == SelectionMode::Shadow && tools.called > 0 &&
                        tools.kept < tools.permitted;
    if (!counts) return std::nullopt;
    return tools.missed > 0;
}

bool is_kept_whole(std::string_view key_id, std::string_view first_said) {
    constexpr uint64_t kBasis = 0xcbf29ce484222325;
    uint64_t hash = hash_on(hash_on(kBasis, key_id), first_said.substr(0, kSaidBytesMax));
    hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccd;
    return (hash >> 32U) % kTrialEvery == 0;
}

}  // namespace keywarden
