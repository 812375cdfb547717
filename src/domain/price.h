// What tokens of a model cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "domain/usage.h"

namespace keywarden {

/// Nano-dollars a million tokens, where nothing else is said. What is absent is priced as its kind:
/// cached, cache-write, and audio input as input; a cache-write for an hour as any other; reasoning
/// and audio output as output.
struct Price {
    int64_t input = 0;
    int64_t output = 0;
    std::optional<int64_t> cached_input{};
    std::optional<int64_t> cache_write{};
    std::optional<int64_t> cache_write_1h{};
    std::optional<int64_t> reasoning{};
    std::optional<int64_t> audio_input{};
    std::optional<int64_t> audio_output{};
    int64_t per_request = 0;  // nano-dollars a call
    int64_t per_image = 0;    // nano-dollars an image that was made

    /// Where a call has more input than so many tokens, all of it costs this. What is absent
    /// costs what its kind costs here, or its own price above, whichever is more.
    int64_t long_context_above = 0;  // 0: there is no such tier
    int64_t long_input = 0;
    int64_t long_output = 0;
    std::optional<int64_t> long_cached_input{};
    std::optional<int64_t> long_cache_write{};
    std::optional<int64_t> long_cache_write_1h{};

    /// What bounds a call whose client names no bound. 0: not known.
    int64_t context_tokens_max = 0;  // input and output together
    int64_t output_tokens_max = 0;

    friend bool operator==(const Price&, const Price&) = default;
};

inline constexpr int64_t kPriceMax = 1'000'000'000'000'000;  // a million dollars a million tokens
inline constexpr int64_t kTokensMax = 1'000'000'000;         // of a call; more is a lie

struct ModelPrice {
    std::string model{};  // "provider/model"; a bare id is that model at whatever provider
    Price price{};
};

/// Errors: InvalidRequest, naming the field (`param`) that is negative, or beyond kPriceMax or
/// kTokensMax.
Result<void> check_price(const Price& price);

/// What such a call costs, with a markup, rounded up to the nano-dollar. Counts that are negative
/// count as zero, those beyond kTokensMax as that many; a part counts at most as its whole, and
/// where the parts together are more, those named first in TokenUsage count. Where the input is
/// absent, it is the total less the output. Never overflows, never negative, at most kMoneyMax.
NanoUsd cost_of(const Price& price, const TokenUsage& usage, int32_t markup_basis_points);

/// The most that a call can cost whose input is at most, and whose output is at most, so many
/// tokens, whichever kinds they turn out to be, and which makes at most so many images: an upper
/// bound of cost_of.
NanoUsd most_cost(const Price& price,
                  int64_t input_tokens_max,
                  int64_t output_tokens_max,
                  int32_t markup_basis_points,
                  int64_t images_max = 0);

/// The most output that `money` pays for after the input and the images: the largest count up to
/// kTokensMax whose most_cost is not more. 0 where it does not even pay for those.
int64_t output_affordable(const Price& price,
                          int64_t input_tokens_max,
                          NanoUsd money,
                          int32_t markup_basis_points,
                          int64_t images_max = 0);

}  // namespace keywarden
