// What a request itself demands of where its prompt goes: X-Keywarden-Class.
#pragma once

#include "base/result.h"
#include "domain/catalogue.h"
#include "proxy/call.h"

namespace keywarden {

/// Reads the header, if it is there: one class, or several of which any will do ("zdr, tee").
/// Errors: InvalidRequest, with the header as its param.
Result<void> read_demanded_class(Call* call);

/// Whether the target's provider is of a class that the request demands. A policy can only narrow
/// further. Errors: ModelNotAllowed, with `denied_by` "request".
Result<void> check_demanded_class(const Call& call, const ModelTarget& target);

}  // namespace keywarden
