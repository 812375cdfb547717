// What a plan says of spikes, in bodies and answers.
#pragma once

#include "admin/json_body.h"
#include "base/result.h"
#include "domain/spike.h"

namespace keywarden {

/// Takes over what `value`, the field `spikes`, names; null clears, a number or all of it.
/// Errors: UnknownField, InvalidRequest.
Result<void> read_spikes(const Json& value, SpikeTerms& terms);

/// What is not set is left out.
Json spikes_record(const SpikeTerms& terms);

}  // namespace keywarden
