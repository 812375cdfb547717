// What is written down of one call: its row in the journal, in the store, and in reports.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"
#include "domain/selection_policy.h"
#include "domain/usage.h"

namespace keywarden {

/// A request id as its sixteen bytes: a UUID of version 7, so that rows sort by time.
using CallId = std::array<uint8_t, 16>;

/// A digest of a call's Idempotency-Key and of whose that is; all zero: it had none.
using RepeatKey = std::array<uint8_t, 16>;

/// How a call's hold ended. One of them, once.
enum class CallOutcome : uint8_t {
    Settled,  // to what it used
    Voided,   // nobody worked for it: it costs nothing
    Expired,  // the process died under it: what was counted until then, or all that was held
    kCount,
};

/// How well its tokens are known.
enum class UsageBasis : uint8_t {
    Exact,      // the provider said so
    Counted,    // from the stream, where the provider did not say
    Estimated,  // from what was asked for
    kCount,
};

std::string_view name(CallOutcome outcome);  // "settled", "voided", "expired"
std::string_view name(UsageBasis basis);     // "exact", "counted", "estimated"

/// What became of the tools of a call, where lists or the selection looked at them. Counts, never
/// names.
struct ToolCounts {
    SelectionMode selection = SelectionMode::Off;
    uint16_t offered = 0;    // as the request came
    uint16_t permitted = 0;  // by lists of tools
    uint16_t forwarded = 0;
    uint16_t kept = 0;          // by the selection: of a shadow, those that would go on
    uint16_t called = 0;        // different ones, of what was permitted
    uint16_t missed = 0;        // called, and not kept
    int64_t tokens_spared = 0;  // of those that were not kept; of a shadow, what it would spare

    friend bool operator==(const ToolCounts&, const ToolCounts&) = default;
};

inline constexpr size_t kCallTagsMax = 16;  // as many as a key may have
inline constexpr size_t kCallMakersMax = 3;

/// Metadata only: no part of what was said (CONTRACT, "What is never kept"). Views: whoever hands
/// one out says how long they live.
struct CallRecord {
    CallId id{};
    TimePoint admitted_at{};
    TimePoint ended_at{};  // which day, week, and month it counts in
    std::string_view team_id{};
    std::string_view app_id{};      // empty: none
    std::string_view key_id{};      // empty: the operator's, over the local socket
    std::string_view user_id{};     // whose key it is; empty: the team's
    std::string_view provider{};    // its name
    std::string_view model{};       // as the provider calls it
    std::string_view route{};       // as declared: "/v1/chat/completions"
    std::string_view session_id{};  // as the client named it; empty: it did not
    std::string_view error{};       // the slug of our own error; empty: none
    RepeatKey repeat_key{};
    std::array<std::string_view, kCallMakersMax> makers{};  // keys that made the key, nearest first
    std::array<std::string_view, kCallTagsMax> tags{};      // of the key; empty ones come last
    int32_t status = 0;    // of the answer; 0: the client left before there was one
    int32_t attempts = 0;  // requests sent upstream
    bool streamed = false;
    bool client_left = false;
    bool priced = false;  // false: no price was known, or it was estimated
    CallOutcome outcome = CallOutcome::Settled;
    UsageBasis basis = UsageBasis::Exact;
    TokenUsage usage{};
    std::optional<ToolCounts> tools{};
    int64_t price_version = 0;  // of the table of prices that it was admitted under
    NanoUsd held{};             // taken before it went upstream
    NanoUsd cost{};             // what it came to, markup included; never negative
    Nanos duration{};
    Nanos first_byte{};  // until the provider's answer began; zero: it never did
    Nanos overhead{};    // of the duration, what was not waiting for the provider
};

/// Whether whoever sends the call again, with its Idempotency-Key, is told of this one, and not
/// charged anew: it was made, and nobody was told that it failed.
bool stands_for_repeats(const CallRecord& record);

inline constexpr Nanos kRepeatsKept = std::chrono::hours(24);
inline constexpr size_t kRepeatsMax = 100'000;  // the latest

}  // namespace keywarden
