// Money as people write it: decimal dollars, exact to the nano-dollar.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace keywarden {

/// A hundred million dollars: no amount anywhere is more. Ninety times that still fits NanoUsd.
inline constexpr NanoUsd kMoneyMax{100'000'000'000'000'000};

/// "12.50", "-0.000000001": at least two decimal places, no more than are needed, at most nine.
std::string format_usd(NanoUsd amount);

/// Reads what format_usd writes: digits, perhaps a minus sign before them, perhaps a point and one
/// to nine digits after them. No exponent, no sign of a currency, no commas, no spaces.
/// Errors: InvalidRequest when it is none, or beyond kMoneyMax either way. Whoever knows the name
/// of the field sets `param`.
Result<NanoUsd> parse_usd(std::string_view text);

/// So many whole dollars. Errors: as parse_usd.
Result<NanoUsd> whole_usd(int64_t dollars);

/// The sum, or the largest or smallest NanoUsd where it does not fit.
constexpr NanoUsd add_saturating(NanoUsd a, NanoUsd b) {
    NanoUsd sum;
    if (!__builtin_add_overflow(a.value, b.value, &sum.value)) return sum;
    return {a.value < 0 ? INT64_MIN : INT64_MAX};
}

}  // namespace keywarden
