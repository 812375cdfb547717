// Money in bodies: decimal strings of dollars, "12.34", in fields that end in `_usd`.
#pragma once

#include <string_view>

#include "admin/json_body.h"
#include "base/result.h"
#include "base/units.h"

namespace keywarden {

Json money(NanoUsd amount);

/// Errors: InvalidRequest when it is no such string: a number of JSON is not one, for a reader may
/// round it.
Result<NanoUsd> read_money(std::string_view field, const Json& value);

/// What a rule says of an amount, in the words of bodies: 'amount' is `amount_usd` there.
Result<void> in_words_of_bodies(Result<void> checked);

}  // namespace keywarden
