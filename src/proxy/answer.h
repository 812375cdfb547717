// What every answer carries, and how a call that failed is answered.
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/http.h"
#include "net/task.h"
#include "proxy/call.h"

namespace keywarden {

/// Begins an answer with the fields that every answer has: the request's ids, the caller's limit,
/// and which provider answered. Allocates nothing.
void start_answer(Call* call, int status);

/// Sends a whole answer that was made here.
Task<Result<void>> send_answer(Call* call, const HttpResponse* response);

/// Answers with an error: in the route's dialect, as the last event of a stream that has begun, or,
/// where nothing can be said any more, by giving the connection up.
Task<void> send_error(Call* call, const Error* error);

}  // namespace keywarden
