// How well the selection of tools does for a key: counted in its answers with calls whose tools
// were ranked, and all went on. Mode `auto` turns the selection on by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/call_record.h"

namespace keywarden {

/// Fewer prove nothing.
inline constexpr int64_t kTrialCallsMin = 200;
/// From so many on, a new one stands for a part of all that came before.
inline constexpr int64_t kTrialCallsMax = 1'000;
/// Of conversations, one in so many is kept whole while the selection is on, to go on counting.
inline constexpr uint64_t kTrialEvery = 50;

struct ToolTrial {
    int64_t calls = 0;              // at most kTrialCallsMax
    int64_t missed_millionths = 0;  // of these, called a tool that was not kept; in millionths

    void note(bool is_missed);
    int64_t missed() const;  // rounded up
    /// Of ten thousand answers, so many at least miss nothing: the lower bound of 95 %.
    int64_t recall_low_basis_points() const;
    /// Whether that is above the target, and enough was seen.
    bool proves(int64_t target_percent) const;

    friend bool operator==(const ToolTrial&, const ToolTrial&) = default;
};

struct KeyTrial {
    std::string team_id{};
    std::string key_id{};
    ToolTrial trial{};
};

/// Whether a call missed a tool, where it is one that counts.
std::optional<bool> trial_of(const ToolCounts& tools);

/// Whether a conversation that begins so is one of those that are kept whole. The same on every
/// node.
bool is_kept_whole(std::string_view key_id, std::string_view first_said);

}  // namespace keywarden
