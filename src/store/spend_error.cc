// spend_error of spend_directory.h.
#include <algorithm>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/money.h"
#include "store/spend_directory.h"

namespace keywarden {
namespace {

constexpr Nanos kShortestWait = std::chrono::seconds(1);
/// Of a budget that only a person can change: nobody is asked to try again soon.
constexpr Nanos kWaitForPerson = std::chrono::hours(1);

NanoUsd left_of(const SpendDenial& denial) {
    const NanoUsd used = add_saturating(denial.spent, denial.held);
    return std::max(add_saturating(denial.limit, {-used.value}), NanoUsd{});
}

std::vector<Fact> facts_of(const SpendDenial& denial) {
    const std::string_view denied_by = denial.by_balance ? "team" : name(denial.scope);
    std::vector<Fact> facts = {{"denied_by", std::string(denied_by)},
                               {"limit", format_usd(denial.limit)},
                               {"used", format_usd(denial.spent)},
                               {"held", format_usd(denial.held)},
                               {"wanted", format_usd(denial.wanted)}};
    if (!denial.by_balance) {
        facts.push_back({"budget", denial.budget_id});
        facts.push_back({"budget_name", denial.budget_name});
    }
    if (denial.resets_at) facts.push_back({"resets_at", format_iso8601(*denial.resets_at)});
    return facts;
}

}  // namespace

Error spend_error(const SpendDenial& denial, TimePoint now) {
    Error error{.facts = facts_of(denial)};
    const std::string wanted = format_usd(denial.wanted);
    const std::string left = format_usd(left_of(denial));
    if (denial.by_balance) {
        error.code = ErrorCode::InsufficientCredits;
        error.message = fmt::format(
            "The team's credit does not cover this call: it may cost up to {} dollars, and {} are "
            "left. Top up, or ask for less output.",
            wanted,
            left);
        return error;
    }
    if (denial.wanted > denial.limit) {
        error.code = ErrorCode::RequestTooLarge;
        error.message = fmt::format(
            "This call may cost up to {} dollars, and the whole budget '{}' is {}. Ask for less "
            "output, or have the budget raised.",
            wanted,
            denial.budget_name,
            format_usd(denial.limit));
        return error;
    }
    error.code = ErrorCode::BudgetExceeded;
    error.message = fmt::format(
        "The budget '{}' of {} dollars has {} left, and this call may cost up to {}. It {}.",
        denial.budget_name,
        format_usd(denial.limit),
        left,
        wanted,
        denial.resets_at ? "resets at " + format_iso8601(*denial.resets_at)
                         : "does not reset: have it raised");
    error.retry_after =
        denial.resets_at ? std::max(*denial.resets_at - now, kShortestWait) : kWaitForPerson;
    return error;
}

}  // namespace keywarden
