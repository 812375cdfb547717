#include "domain/retry.h"

#include <algorithm>
#include <charconv>

namespace keywarden {

bool may_pass(int status) {
    return status == 429 || (status >= 500 && status != 501 && status != 505);
}

std::optional<Nanos> parse_retry_after(std::string_view value) {
    if (value.empty()) return Nanos(0);
    constexpr uint64_t kMost = std::chrono::days(1) / std::chrono::seconds(1);
    uint64_t seconds = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, seconds);
    if (error == std::errc::result_out_of_range) return std::chrono::seconds(kMost);
    if (error != std::errc() || stop != end) return std::nullopt;
    return std::chrono::seconds(std::min(seconds, kMost));
}

Nanos retry_wait(const RetryRule& rule, int64_t retry, Nanos retry_after, uint32_t chance) {
    Nanos most = rule.first_wait;
    for (int64_t i = 1; i < retry && most < kRetryWaitMax; ++i) most *= 2;
    const Nanos half = std::min(most, kRetryWaitMax) / 2;
    const Nanos wait = half + half / UINT16_MAX * (chance % UINT16_MAX);
    return std::max(wait, retry_after);
}

}  // namespace keywarden
