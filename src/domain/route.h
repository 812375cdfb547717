// Routes as values: what a path is, who may call it, and whose error shape it speaks.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_body.h"
#include "base/http.h"
#include "base/result.h"
#include "domain/caller.h"
#include "domain/permission.h"

namespace keywarden {

/// A permission that must be named: a row without one does not compile.
struct Requires {
    // NOLINTNEXTLINE(google-explicit-constructor): so that a row reads `Permission::KeysRead`
    constexpr Requires(Permission wanted) : permission(wanted) {}
    Permission permission;
};

/// `path` has segments that are literal, `{name}` (one segment), or last `{name+}` (the rest,
/// slashes included: model ids have them) or `{name*}` (the rest as it was sent: an address of
/// another service).
struct RouteFacts {
    Method method;
    std::string_view path;
    Requires needs;
    Dialect dialect;
    /// The caller wants something elsewhere, and lists of endpoints are the handler's to ask.
    bool is_for_elsewhere = false;
};

/// One call of a route whose request and answer are small, as its handler sees it.
struct ApiCall {
    const HttpRequest& request;
    const Caller* caller;             // null on public routes
    std::vector<std::string> values;  // of the path's {names}, decoded, in order
};

/// Runs on a thread that may block. Throws nothing.
using ApiHandler = std::function<Result<HttpResponse>(const ApiCall&)>;

struct ApiRoute {
    RouteFacts facts;
    ApiHandler handler;
};

}  // namespace keywarden
