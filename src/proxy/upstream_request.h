// A call as it goes to its provider: a head written anew, and the client's bytes.
#pragma once

#include <cstddef>
#include <string>

#include "net/http_client.h"
#include "net/task.h"
#include "proxy/call.h"

namespace keywarden {

/// Sends the request to the provider and reads the head of its answer. See attempts.h, which may do
/// so again. Requires: call->upstream, and its credential is chosen.
///
/// The head is written from what we know, never copied: of the client's fields only Content-Type,
/// Accept, OpenAI-Beta, anthropic-beta and anthropic-version go on, and Idempotency-Key as a digest
/// that is bound to the team. No credential of the client, nothing that says who it is, no
/// Accept-Encoding (a packed answer could not be metered), and not its query, but for the
/// `beta=true` of Anthropic's SDKs.
/// Errors: UpstreamError, UpstreamTimeout, those of reading the rest of a form.
Task<Result<void>> send_once(Call* call);

/// Lets go of the request, once no attempt will follow.
void let_request_go(Call* call);

/// The body as the provider is to get it, in one string: for the sandbox.
/// Requires: of a form, all has been read.
std::string whole_upstream_body(Call* call);

}  // namespace keywarden
