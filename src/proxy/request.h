// The body of a call for a provider: read as far as its governed fields need.
#pragma once

#include "net/task.h"
#include "proxy/call.h"

namespace keywarden {

/// How much of a form is held until its `model` has come: SDKs that put the file before it.
inline constexpr size_t kFormHeldMax = size_t{32} << 20U;

/// Reads the body of a JSON call whole, that of a form up to the value of `model`, and fills in
/// call->request.
/// Errors: UnsupportedMediaType, RequestTooLarge, RequestTimeout, InvalidRequest.
Task<Result<void>> read_request(Call* call);

/// A packed body cannot be looked into, and a provider may refuse what we let pass.
/// Errors: UnsupportedMediaType for any Content-Encoding but `identity`.
Result<void> check_coding(const RequestHead& head);

/// Reads what is left of a form into call->request->held.
Task<Result<void>> read_rest_of_form(Call* call);

}  // namespace keywarden
