// A provider's answer on its way to the client.
#pragma once

#include <string_view>

#include "net/task.h"
#include "proxy/call.h"

namespace keywarden {

/// The part of a call that answers, to be awaited: begun when it is.
using Answering = Task<Result<void>>;

/// Relays the answer of call->upstream, and meters it as it passes.
///
/// Its own 4xx pass, and so do 429 and 503 with their Retry-After; its 401 and 403 are about our
/// key, not the caller's, and become ProviderCredentialsRejected; everything else that is no
/// success is an UpstreamError. Of its fields only those of a short list pass.
/// When the client leaves, the answer is read on for its usage, within kDrainMax and
/// kDrainBytesMax, then the provider is stopped.
/// Errors: those, and UpstreamError and UpstreamTimeout when it breaks off; see send_error.
Result<Answering> relay_answer(Call* call);

/// Sends a piece, unless the client has left. False: there is nobody and nothing to read on for.
Task<bool> pass_on(Call* call, std::string_view piece);

/// The same for the sandbox, which answers without a socket.
Answering answer_from_sandbox(Call* call);

}  // namespace keywarden
