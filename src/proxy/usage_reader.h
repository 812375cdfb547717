// Reads a provider's usage object in one walk over its bytes.
#pragma once

#include <cstddef>
#include <string_view>

#include "domain/usage.h"

namespace keywarden {

struct UsageReading {
    TokenUsage usage{};
    size_t size = 0;  // of the object; 0 when it is broken, or goes on after the bytes
};

/// Reads the object at the front of `bytes`, which begin with its brace: `prompt_tokens`,
/// `completion_tokens`, `total_tokens` and their details, or the same as `input_tokens` and
/// `output_tokens`, or as `inputTokens`. The details tell of cached, audio, and reasoning tokens;
/// Anthropic's and Bedrock's caches are told beside the input, and that they are not part of it is
/// for the caller to know; both say what of it they keep for an hour (`cache_creation`,
/// `cacheDetails`). What is not there, or is no count, stays absent; other members are passed over.
/// Such an object has a few dozen tokens, so that this costs less than an index of them would.
/// Never looks past the end of `bytes`, nor deeper than kUsageDepthMax.
UsageReading read_usage(std::string_view bytes);

inline constexpr int kUsageDepthMax = 16;  // of objects and arrays within it

}  // namespace keywarden
