// Retries: which answers are worth asking again, and how long to wait before.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"

namespace keywarden {

struct RetryRule {
    int64_t retries_max = 0;
    Nanos within = std::chrono::seconds(5);  // of the first attempt: no other begins later
    Nanos first_wait = std::chrono::milliseconds(250);
};

inline constexpr Nanos kRetryWaitMax = std::chrono::seconds(4);

/// Whether an answer says no more than that it could be another one in a moment: too many calls
/// (429), or a failure of the provider's (5xx, but for 501 and 505).
bool may_pass(int status);

/// The seconds of a Retry-After; zero where there is none; nothing for what is no number (a date),
/// and so no wait that could be kept to. Never more than a day.
std::optional<Nanos> parse_retry_after(std::string_view value);

/// How long to wait before the retry of that number, from 1 on: half to all of `first_wait`,
/// doubled each time, up to kRetryWaitMax, so that those who failed together do not come back
/// together; and no less than the provider asks for. `chance`: any number, each as likely.
Nanos retry_wait(const RetryRule& rule, int64_t retry, Nanos retry_after, uint32_t chance);

}  // namespace keywarden
