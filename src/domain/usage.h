// What a call used, as its provider reports it.
#pragma once

#include <cstdint>
#include <optional>

namespace keywarden {

/// Each count is absent where the provider did not say. Where it says more than once (a stream),
/// the last one counts.
struct TokenUsage {
    std::optional<int64_t> input{};
    std::optional<int64_t> output{};
    std::optional<int64_t> total{};
    std::optional<int64_t> cached_input{};    // part of input
    std::optional<int64_t> cache_write{};     // part of input
    std::optional<int64_t> audio_input{};     // part of input
    std::optional<int64_t> reasoning{};       // part of output
    std::optional<int64_t> audio_output{};    // part of output
    std::optional<int64_t> images{};          // made, not shown
    std::optional<int64_t> cache_write_1h{};  // part of cache_write: for an hour

    bool empty() const { return !input && !output && !total; }
    friend bool operator==(const TokenUsage&, const TokenUsage&) = default;
};

}  // namespace keywarden
