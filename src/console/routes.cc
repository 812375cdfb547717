// Read this first: what the console answers, beside the routes that it calls like everybody.
#include "console/routes.h"

#include <array>

#include "console/handlers.h"
#include "console/person.h"

namespace keywarden {
namespace {

using Method::Delete;
using Method::Get;
using Method::Post;
using Permission::Public;
using Permission::Session;

/// Long: it hashes a password, or writes what a person signs in with. All of these run on one
/// thread, so that none writes back what another has replaced.
/// Elsewhere: it waits for an identity provider.
enum class Takes : uint8_t { Moments, Long, Elsewhere };

struct Row {
    Method method;
    std::string_view path;
    Requires needs;
    Result<HttpResponse> (*handler)(ConsoleContext&, const ApiCall&);
    Takes takes = Takes::Moments;
};

constexpr std::array kRoutes = {
    Row{Get, "/", Public, read_page},
    Row{Get, "/assets/{file}", Public, read_asset},

    Row{Get, "/auth/state", Public, read_sign_in_state},
    Row{Post, "/auth/setup", Public, set_up, Takes::Long},
    Row{Post, "/auth/login", Public, sign_in, Takes::Long},
    Row{Post, "/auth/logout", Session, sign_out},
    Row{Get, "/auth/session", Session, read_session},
    Row{Get, "/auth/sessions", Session, list_own_sessions},
    Row{Delete, "/auth/sessions/{id}", Session, end_own_session},
    Row{Post, "/auth/password", Session, change_own_password, Takes::Long},
    Row{Post, "/auth/invitations/accept", Public, accept_invitation, Takes::Long},
    Row{Post, "/auth/reset", Public, reset_password, Takes::Long},
    Row{Post, "/auth/totp", Session, begin_totp, Takes::Long},
    Row{Post, "/auth/totp/confirm", Session, confirm_totp, Takes::Long},
    Row{Delete, "/auth/totp", Session, end_totp, Takes::Long},
    Row{Post, "/auth/passkeys/challenge", Public, read_passkey_challenge},
    Row{Post, "/auth/passkeys/login", Public, sign_in_with_passkey, Takes::Long},
    Row{Post, "/auth/passkeys/begin", Session, begin_own_passkey, Takes::Long},
    Row{Get, "/auth/passkeys", Session, list_own_passkeys},
    Row{Post, "/auth/passkeys", Session, add_own_passkey, Takes::Long},
    Row{Delete, "/auth/passkeys/{id}", Session, remove_own_passkey, Takes::Long},

    Row{Get, "/auth/oidc/{provider}/start", Public, start_sso, Takes::Elsewhere},
    Row{Get, "/auth/oidc/{provider}/callback", Public, finish_sso, Takes::Elsewhere},
    Row{Post, "/auth/oidc/{provider}/invitation", Public, ticket_for_invitation},
    Row{Post, "/auth/oidc/{provider}/link", Session, ticket_for_link, Takes::Long},
    Row{Post,
        "/auth/oidc/{provider}/backchannel-logout",
        Public,
        log_out_from_provider,
        Takes::Elsewhere},
    Row{Get, "/auth/identities", Session, list_own_identities},
    Row{Delete, "/auth/identities/{id}", Session, unlink_identity, Takes::Long},
};

constexpr Row kPages{Get, "/{page*}", Public, read_page};

ApiRoute route_of(ConsoleContext& context, const Row& row) {
    ApiRoute route{.facts = {.method = row.method,
                             .path = row.path,
                             .needs = row.needs,
                             .dialect = Dialect::Problem,
                             .is_for_own_pages = true,
                             .is_slow = row.takes == Takes::Long,
                             .asks_elsewhere = row.takes == Takes::Elsewhere},
                   .handler = [&context, handler = row.handler](const ApiCall& call) {
                       return handler(context, call);
                   }};
    if (row.takes == Takes::Long) {
        route.door = [&context](const ApiCall& call) { return take_place(context, call); };
    }
    return route;
}

}  // namespace

std::vector<ApiRoute> console_routes(ConsoleContext& context) {
    std::vector<ApiRoute> routes;
    routes.reserve(kRoutes.size());
    for (const Row& row : kRoutes) routes.push_back(route_of(context, row));
    return routes;
}

std::optional<ApiRoute> console_pages(ConsoleContext& context) {
    if (context.files.empty()) return std::nullopt;
    return route_of(context, kPages);
}

}  // namespace keywarden
