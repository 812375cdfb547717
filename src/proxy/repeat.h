// Calls with an Idempotency-Key: made once, however often they are sent.
#pragma once

#include <optional>

#include "base/result.h"
#include "proxy/call.h"
#include "proxy/relay.h"

namespace keywarden {

/// Of a JSON body: the answer that is kept for the call's Idempotency-Key, which costs nothing, or
/// nothing where the call is the first (or has no such key): it then has a ticket. A key counts for
/// one API key, so that nobody is shown what another one was told.
/// Errors: those of Replays::begin; InvalidRequest for a key that is too long or not printable.
Result<std::optional<Answering>> find_repeated(Call* call);

inline constexpr size_t kRepeatKeyMax = 255;

}  // namespace keywarden
