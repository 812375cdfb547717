// What every store does alike with calls and money: rules on plain values, so that no two differ.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/usage_store.h"

namespace keywarden {

/// The sums of one call. Counts that are negative count as zero, and none as more than kTokensMax.
UsageSums sums_of(const CallRecord& record);

/// Errors: StoreUnavailable when the sum does not fit.
Result<void> add_to(int64_t& sum, int64_t more);
Result<void> add_to(NanoUsd& sum, NanoUsd more);
Result<void> add_to(UsageSums& sums, const UsageSums& more);

/// What an account spent in the day, week, and month that begin at `starts`, and in all.
struct PeriodSpend {
    PeriodStarts starts{};
    std::array<NanoUsd, kPeriods> spent{};
};

/// Counts a cost: in a period that has begun already it adds up, a newer one begins with it, and
/// in an older one it is past. So the order does not matter.
/// Errors: as add_to.
Result<void> count_spend(PeriodSpend& spend, const PeriodSpend& more);

/// The calls of a key that named no session, and the one that they are in now.
struct KeySession {
    std::string id{};
    TimePoint first{};  // its calls lie between these two
    TimePoint last{};
};

/// Whether a call goes on with the session; if so, it reaches as far as the call.
bool joins(KeySession& session, const CallRecord& record);
/// The session that the call begins.
KeySession session_from(const CallRecord& record);

/// The record as it is kept: moments in milliseconds, durations in microseconds, rounded down.
CallRecord as_kept(CallRecord record);
Budget as_kept(Budget budget);
/// The record with texts of its own.
CallRow own(const CallRecord& record, std::string session_id);

/// Whether a model is the one that a query names.
bool is_model(std::string_view wanted, std::string_view provider, std::string_view model);
/// The UTC day whose midnight is nearest to the beginning of a team's day.
TimePoint nearest_utc_day(TimePoint day);

/// Errors: InvalidRequest.
Result<TimeZone> find_time_zone(const std::string& name);

bool has_failed(const CallRecord& record);

/// Tokens of definitions of tools that its selection did not send; nothing where it is not on.
std::optional<int64_t> tokens_saved(const CallRecord& record);

}  // namespace keywarden
