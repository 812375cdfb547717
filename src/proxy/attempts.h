// The attempts of a call: with whom, and whether there is another one.
#pragma once

#include <vector>

#include "net/http_client.h"
#include "net/task.h"
#include "proxy/call.h"

namespace keywarden {

/// Sends the request to the provider and reads the head of an answer; then the request is let go.
///
/// What may pass (see domain/retry.h) is tried again, with a wait between, within ProxyLimits'
/// `retries`: an answer that is no more than a refusal for now, and a connection that could not be
/// made. Never what may have been worked on: a request of which any byte went out is sent again
/// only where it was answered. At once where a credential is used up, or refused, and there is
/// another one. A form is sent again only if nothing of it went out. Where failures in a row have
/// opened the provider's breaker, nothing is sent.
///
/// A call to a route goes to the next target instead, at once, as long as there is one: also where
/// a provider refuses our credential or knows no such model, and where its breaker is open or its
/// credential rests; and, where the route `resends`, what was taken and not answered. Another
/// credential comes before another target, and only the last target is waited for.
///
/// Where the call is the sandbox's to answer, in the end, nothing is sent: call->upstream is empty.
/// Errors: UpstreamError, UpstreamTimeout, Overloaded, CredentialUnreadable, those of reading the
/// rest of a form.
Task<Result<void>> send_upstream(Call* call, const std::vector<OriginPool*>* pools);

}  // namespace keywarden
