// The way to a gateway over HTTP.
#pragma once

#include "cli/session.h"

namespace keywarden {

/// What Send promises, over a socket.
Result<HttpResponse> send_over_http(const GatewayAddress& gateway,
                                    const HttpRequest& request,
                                    const BodyPieces& pieces);

}  // namespace keywarden
