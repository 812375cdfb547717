// Money, counts, and bars as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/units.h"
#include "cli/answer.h"

namespace keywarden {

/// "$12.34", "-$0.50", "$0.000015": from a dollar on rounded to cents, below to six places, of
/// which those that say nothing are left out.
std::string dollars(NanoUsd amount);
/// A member that is a decimal string of dollars; "-" where it is none.
std::string shown_usd(const Json& object, std::string_view name);
/// Zero where it is none.
NanoUsd usd_of(const Json& object, std::string_view name);
int64_t count_of(const Json& object, std::string_view name);

/// "1,234,567".
std::string grouped(int64_t count);
std::string shown_count(const Json& object, std::string_view name);

/// A bar of eighths of blocks, `width` blocks long for `most`.
std::string bar(int64_t value, int64_t most, size_t width);

}  // namespace keywarden
