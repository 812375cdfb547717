// Routes as values: what a path is, who may call it, and whose error shape it speaks.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_body.h"
#include "base/http.h"
#include "base/result.h"
#include "domain/caller.h"
#include "domain/permission.h"
#include "domain/web_session.h"

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
    /// Values of `{name}`s may hold slashes, escaped: model ids have them.
    bool names_have_slashes = false;
    /// Only pages of our own may ask for a change here: another Origin is refused.
    bool is_for_own_pages = false;
    /// It hashes a password, or must take turns with what does: all of these have one thread.
    bool is_slow = false;
    /// It asks another service: such calls have threads of their own.
    bool asks_elsewhere = false;
};

/// One call of a route whose request and answer are small, as its handler sees it.
struct ApiCall {
    const HttpRequest& request;
    const Caller* caller;                 // null on public routes
    std::vector<std::string> values;      // of the path's {names}, decoded, in order
    const WebSession* session = nullptr;  // of a person who has signed in
    bool is_secure = false;               // the browser came over TLS, to us or to a proxy of ours
    std::string sso_cookie{};  // of a route for our own pages: see sso_cookie_name; empty: none
};

/// Runs on a thread that may block. Throws nothing.
using ApiHandler = std::function<Result<HttpResponse>(const ApiCall&)>;

/// Asked before the call waits for its thread; must not block. What it returns is kept until the
/// call was handled.
using ApiDoor = std::function<Result<std::shared_ptr<void>>(const ApiCall&)>;

struct ApiRoute {
    RouteFacts facts;
    ApiHandler handler;
    ApiDoor door{};  // empty: open to all
};

}  // namespace keywarden
