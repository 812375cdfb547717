#include "domain/spend_account.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace keywarden {
namespace {

NanoUsd clamped(WideNanoUsd amount) {
    const WideNanoUsd smallest = INT64_MIN;
    const WideNanoUsd largest = INT64_MAX;
    return {static_cast<int64_t>(std::clamp(amount, smallest, largest))};
}

/// In the middle of a day that began then, whichever zone it was a day of.
constexpr Nanos kHalfADay = std::chrono::hours(12);

Nanos length_of(Period period, TimePoint start) {
    const TimePoint within = start + kHalfADay;
    const TimeZone utc;
    return next_start(utc, period, within) -
           period_starts(utc, within).at(static_cast<size_t>(period));
}

/// When a period begins here that began then in some other zone.
TimePoint start_here(const TimeZone& zone, size_t period, TimePoint there, TimePoint now) {
    if (there == TimePoint() || period_starts(zone, there).at(period) == there) return there;
    const bool is_now = there <= now && now < there + length_of(static_cast<Period>(period), there);
    return period_starts(zone, is_now ? now : there + kHalfADay).at(period);
}

}  // namespace

void SpendAccount::spend(NanoUsd cost, const PeriodStarts& ended_in) {
    if (cost <= NanoUsd{}) return;
    total_ = add_saturating(total_, cost);
    for (size_t i = 0; i < sums_.size(); ++i) {
        auto& [latest, before] = sums_[i];
        const TimePoint start = ended_in[i];
        if (start > latest.start) {
            before = latest;
            latest = {.start = start};
        } else if (start < latest.start && start > before.start) {
            before = {.start = start};
        }
        Sum& sum = start == latest.start ? latest : before;
        sum.spent = add_saturating(sum.spent, cost);
    }
}

NanoUsd SpendAccount::held() const { return clamped(held_); }

NanoUsd SpendAccount::spent(Period period, const PeriodStarts& now) const {
    if (period == Period::Total) return total_;
    const auto index = static_cast<size_t>(period);
    const auto& [latest, before] = sums_[index];
    if (now[index] == latest.start) return latest.spent;
    if (now[index] > latest.start) return {};
    return now[index] > before.start ? NanoUsd{} : before.spent;
}

NanoUsd SpendAccount::available(NanoUsd limit, Period period, const PeriodStarts& now) const {
    return clamped(WideNanoUsd{limit.value} - spent(period, now).value - held_);
}

void SpendAccount::restore(const PeriodStarts& starts, const std::array<NanoUsd, kPeriods>& spent) {
    total_ = spent.back();
    for (size_t i = 0; i < sums_.size(); ++i) {
        sums_[i] = {.latest = {.start = starts[i], .spent = spent[i]}};
    }
}

void SpendAccount::recount(const PeriodStarts& starts,
                           const std::array<NanoUsd, kPeriods>& spent,
                           const PeriodStarts& now) {
    const NanoUsd not_there_yet = clamped(WideNanoUsd{total_.value} - spent.back().value);
    restore(starts, spent);
    spend(not_there_yet, now);
}

void SpendAccount::move_to(const TimeZone& zone, TimePoint now) {
    for (size_t i = 0; i < sums_.size(); ++i) {
        auto& [latest, before] = sums_[i];
        latest.start = start_here(zone, i, latest.start, now);
        before.start = start_here(zone, i, before.start, now);
    }
}

}  // namespace keywarden
