// The console as a list of routes; the table is in routes.cc.
#pragma once

#include <optional>
#include <vector>

#include "console/context.h"
#include "domain/route.h"

namespace keywarden {

/// Every route of this layer, ready to be called. Requires: `context` outlives the routes.
/// Threads: the handlers may be called from any, also at once.
std::vector<ApiRoute> console_routes(ConsoleContext& context);

/// What answers a browser that asks for a page at an address that no route has: the console finds
/// its pages itself. Its one value is the address, as it was sent. Nothing without the console.
std::optional<ApiRoute> console_pages(ConsoleContext& context);

}  // namespace keywarden
