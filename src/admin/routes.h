// The account and operator API as a list of routes; the table is in routes.cc.
#pragma once

#include <vector>

#include "admin/context.h"
#include "domain/route.h"

namespace keywarden {

/// Every route of this layer, ready to be called.
/// Requires: `context` outlives the routes; the pipeline has checked `facts.needs` before.
/// Threads: the handlers may be called from any, also at once.
std::vector<ApiRoute> admin_routes(AdminContext& context);

/// The same routes without their handlers, for documents and their tests.
std::vector<RouteFacts> admin_route_facts();

}  // namespace keywarden
