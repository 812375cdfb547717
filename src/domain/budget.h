// Budgets: so much money in so much time, for a team or a part of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace keywarden {

/// Calendar spans in the team's time zone; a week begins on Monday. Total never ends.
enum class Period : uint8_t { Day, Week, Month, Total, kCount };
inline constexpr size_t kPeriods = static_cast<size_t>(Period::kCount);

std::string_view name(Period period);  // "day", "week", "month", "total"
std::optional<Period> period_of(std::string_view text);

/// What a budget, or an account of what was spent, is about. `Plan` is a budget of each team on the
/// plan, and is counted with the team.
enum class SpendScope : uint8_t { Team, App, Key, Model, Tag, Plan, kCount };

std::string_view name(SpendScope scope);  // "team", "app", …
std::optional<SpendScope> spend_scope_of(std::string_view text);

/// More to spend for a while: it adds to the amount until it ends.
struct BudgetRaise {
    NanoUsd amount{};
    TimePoint until{};
};

inline constexpr size_t kThresholdsMax = 8;
inline constexpr size_t kBudgetsMax = 1'000;     // of a team
inline constexpr size_t kBudgetNameMax = 100;    // characters
inline constexpr size_t kBudgetTargetMax = 256;  // bytes, as of a model's id

struct Budget {
    std::string id{};
    std::string team_id{};  // empty: of a plan
    std::string name{};
    SpendScope scope = SpendScope::Team;
    std::string target{};  // the app's, key's, or plan's id, the model ("provider/model"), the tag;
                           // empty for the team
    NanoUsd amount{};      // above zero
    Period period = Period::Month;
    bool blocks = true;                                           // false: it only tells
    std::array<uint8_t, kThresholdsMax> thresholds{50, 75, 100};  // percent, ascending, then zeros
    std::optional<BudgetRaise> raise{};
    TimePoint created_at{};
    int64_t version = 1;

    /// What may be spent at `now`: with the raise, while it lasts. Never overflows.
    NanoUsd amount_at(TimePoint now) const;
};

/// Errors: InvalidRequest, naming the field: an amount of zero or below, thresholds that do not
/// ascend or lie outside 1 to 100, a name or target that is missing or too long, a raise of zero, a
/// team where there should be none.
Result<void> check_budget(const Budget& budget);

}  // namespace keywarden
