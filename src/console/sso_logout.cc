// Signing out at both ends: of the provider from here, and from here of the provider.
#include <fmt/format.h>
#include <set>
#include <string>
#include <utility>

#include "console/handlers.h"
#include "console/provider_client.h"
#include "console/sso.h"

namespace keywarden {
namespace {

/// Whose sessions the token is about. Errors: StoreUnavailable.
Result<std::set<std::string>> users_of(ConsoleContext& context, const TokenClaims& claims) {
    if (claims.subject.empty()) {
        return context.sessions->users_of_provider(claims.issuer, claims.provider_session);
    }
    TRY(const auto identity,
        if_there(context.store->sign_ins().find_identity(claims.issuer, claims.subject)));
    if (!identity) return std::set<std::string>();
    return std::set{identity->user_id};
}

Result<void> end_sessions(ConsoleContext& context,
                          const ApiCall& call,
                          const std::string& provider,
                          const TokenClaims& claims) {
    TRY(const auto users, users_of(context, claims));
    for (const std::string& user_id : users) {
        TRY(const size_t ended,
            context.sessions->end_of_provider(user_id, claims.issuer, claims.provider_session));
        if (ended == 0) continue;
        AuditEntry audit = person_entry(context, call, user_id, "user.sign_out");
        audit.actor = {"identity_provider", provider};
        TRY_VOID(context.store->sign_ins().tell(audit));
    }
    return {};
}

Result<void> log_out(ConsoleContext& context, const ApiCall& call, IdentityProvider& provider) {
    TRY_VOID(check_attempts(context, call, {}));
    const auto fields = read_form(call.request.body);
    if (!fields || !fields->contains("logout_token")) return untrusted("form");
    TRY(const TokenClaims claims, provider.read_logout_token(field_of(*fields, "logout_token")));
    const std::string seen = claims.issuer + "\n" + claims.token_id;
    constexpr Nanos kRemembered = kLogoutTokenAge + 2 * kTokenClockLeeway;
    if (!context.sso->logout_tokens.add(seen, context.clock->mono(), kRemembered)) {
        return untrusted("jti");
    }
    return end_sessions(context, call, provider.terms().name, claims);
}

}  // namespace

Result<HttpResponse> log_out_from_provider(ConsoleContext& context, const ApiCall& call) {
    TRY(IdentityProvider* const provider, provider_of(context, call));
    auto done = log_out(context, call, *provider);
    if (done) return HttpResponse{.status = 200, .headers = {{"Cache-Control", "no-store"}}};
    Error error = std::move(done).error();
    if (error.code == ErrorCode::SsoTokenInvalid) {
        error.code = ErrorCode::LogoutTokenInvalid;
        error.message = "It is no logout token that holds for this client, or it came before.";
    }
    if (error.code != ErrorCode::LogoutTokenInvalid && error.code != ErrorCode::SsoUnavailable) {
        return fail(std::move(error));
    }
    const SsoRefusal refusal{.provider = provider->terms().name, .action = "user.sign_out"};
    return refused_sso(context, call, refusal, std::move(error));
}

std::string end_session_url(ConsoleContext& context, const ApiCall& call) {
    const WebSession& session = *call.session;
    if (context.sso == nullptr || session.issuer.empty()) return {};
    IdentityProvider* const provider = context.sso->of_issuer(session.issuer);
    if (provider == nullptr) return {};
    const auto metadata = provider->known_metadata();
    if (!metadata || metadata->end_session_endpoint.empty()) return {};
    std::string url = metadata->end_session_endpoint;
    url += url.contains('?') ? '&' : '?';
    url += fmt::format("client_id={}&post_logout_redirect_uri={}",
                       form_encoded(provider->terms().client_id),
                       form_encoded(console_url(context, call) + "/"));
    const Secret hint = context.sso->tokens.take(session.id);
    if (!hint.empty()) url += "&id_token_hint=" + form_encoded(hint.reveal());
    return url;
}

}  // namespace keywarden
