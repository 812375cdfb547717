// What a call can use at most, known before it is made: one rule, by which it is held and
// explained.
#pragma once

#include <cstdint>
#include <string_view>

#include "domain/price.h"

namespace keywarden {

/// A request that names no bound of its output, for a model that has none in its price, is taken
/// to ask for so much.
inline constexpr int64_t kOutputTokensDefault = 16'384;
/// A picture, sound or file that is shown to a model by its address is taken to be so many tokens.
inline constexpr int64_t kShownTokensMax = 16'384;
/// Of a body, as a guess.
inline constexpr int64_t kBytesAToken = 4;

/// Whether what is called there writes text, and can be told to write less.
bool writes_text(std::string_view path);

/// What a request with a JSON body asks for.
struct CallAsked {
    std::string_view path{};  // of its route: "/v1/chat/completions"
    int64_t body_bytes = 0;
    int64_t shown = 0;              // pictures, sounds and files by their addresses
    int64_t choices = 1;            // at least one
    int64_t output_tokens_max = 0;  // of all choices; 0: it does not say
};

/// Bounds, not guesses.
struct CallBound {
    int64_t input_tokens = 0;
    int64_t output_tokens = 0;  // of one choice
    int64_t choices = 1;
    bool has_output = false;  // see writes_text

    int64_t all_output() const;
};

/// No token is shorter than a byte, so the body bounds its own text. What is shown by its address
/// is counted where `is_bounded`: where a balance or a budget binds.
CallBound bound_of(const CallAsked& asked, const Price& price, bool is_bounded);

}  // namespace keywarden
