// The way of a call to one of our own API's handlers.
#pragma once

#include "net/task.h"
#include "proxy/call.h"

namespace keywarden {

/// Reads the body (bounded), and runs the route's handler on a thread that may block.
/// Errors: RequestTooLarge, Overloaded, those of the handler.
Task<Result<void>> answer_api(Call* call);

}  // namespace keywarden
