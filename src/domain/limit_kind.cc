#include "domain/limit_kind.h"

#include <string>

namespace keywarden {
namespace {

using enum LimitKind;

constexpr int64_t kRequestsMax = 100'000'000;
constexpr int64_t kTokensMax = 4'000'000'000;
constexpr int64_t kConcurrentMax = 1'000'000;
constexpr int64_t kBodyBytesMax = int64_t{100} * 1024 * 1024;

// clang-format off
constexpr std::array kInfos = {
    //            kind, field, name in headers, largest value, code of a denial, what it is
    LimitKindInfo{RequestsPerMinute, "requests_per_minute", "rpm", kRequestsMax,
                  ErrorCode::RateLimitExceeded, "Requests in any 60 seconds."},
    LimitKindInfo{RequestsPerDay, "requests_per_day", "rpd", kRequestsMax, ErrorCode::QuotaExceeded,
                  "Requests in any 24 hours."},
    LimitKindInfo{TokensInPerMinute, "tokens_in_per_minute", "itpm", kTokensMax,
                  ErrorCode::RateLimitExceeded,
                  "Input tokens in any 60 seconds: taken by estimate, corrected by the usage."},
    LimitKindInfo{TokensOutPerMinute, "tokens_out_per_minute", "otpm", kTokensMax,
                  ErrorCode::RateLimitExceeded,
                  "Output tokens in any 60 seconds: the most a request asks for is taken, and what "
                  "it did not use is given back."},
    LimitKindInfo{TokensPerMinute, "tokens_per_minute", "tpm", kTokensMax,
                  ErrorCode::RateLimitExceeded,
                  "Input and output tokens together, in any 60 seconds."},
    LimitKindInfo{ConcurrentRequests, "concurrent_requests", "concurrency", kConcurrentMax,
                  ErrorCode::ConcurrencyLimitExceeded, "Requests that run at once."},
    LimitKindInfo{Burst, "burst", "burst", kRequestsMax, ErrorCode::RateLimitExceeded,
                  "Smooths requests_per_minute: so many at once, the others evenly spread."},
    LimitKindInfo{TokensPerRequest, "tokens_per_request", "", kTokensMax,
                  ErrorCode::RequestTooLarge,
                  "The most tokens that one request may ask for: input by estimate, and output."},
    LimitKindInfo{BodyBytes, "body_bytes", "", kBodyBytesMax, ErrorCode::RequestTooLarge,
                  "The largest body of a request."},
};
// clang-format on

constexpr bool rows_follow_the_enum() {
    for (size_t i = 0; i < kInfos.size(); ++i) {
        if (kInfos[i].kind != static_cast<LimitKind>(i)) return false;
    }
    return kInfos.size() == kLimitKinds;
}
static_assert(rows_follow_the_enum());

}  // namespace

const LimitKindInfo& info(LimitKind kind) { return kInfos.at(static_cast<size_t>(kind)); }

std::span<const LimitKindInfo> all_limit_kinds() { return kInfos; }

bool is_rate(LimitKind kind) {
    switch (kind) {
        case RequestsPerMinute:
        case RequestsPerDay:
        case TokensInPerMinute:
        case TokensOutPerMinute:
        case TokensPerMinute:
            return true;
        default:
            return false;
    }
}

Result<void> check_limits(const Limits& limits) {
    for (const LimitKindInfo& row : kInfos) {
        const std::optional<int64_t>& value = limits[row.kind];
        if (!value || (*value >= 1 && *value <= row.largest)) continue;
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = "'" + std::string(row.field) + "' must lie between 1 and " +
                                std::to_string(row.largest) + ".",
                     .param = "limits." + std::string(row.field)});
    }
    if (limits[Burst] && !limits[RequestsPerMinute]) {
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = "'burst' smooths 'requests_per_minute': set that too.",
                     .param = "limits.burst"});
    }
    return {};
}

}  // namespace keywarden
