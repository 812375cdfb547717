// Going to an identity provider: to sign in, to redeem an invitation, or to link an identity.
//
// What is more than a sign-in begins with a ticket, which a page of ours asks for: so what takes a
// password, and what waits for the provider, have threads of their own.
#include <array>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>

#include "console/handlers.h"
#include "console/sso.h"

namespace keywarden {
namespace {

constexpr std::string_view kAccountPage = "/profile";

/// Where the page sends the browser, which alone may go there.
HttpResponse leads_on(ConsoleContext& context,
                      const ApiCall& call,
                      const std::string& provider,
                      SsoAttempt attempt) {
    const Secret ticket = new_web_token();
    const Secret browser = new_web_token();
    attempt.provider = provider;
    attempt.browser = web_token_digest(browser.reveal());
    attempt.begun_at = context.clock->mono();
    context.sso->attempts.put(ticket.reveal(), std::move(attempt));
    HttpResponse response = json_response(
        200,
        {{"location", fmt::format("auth/oidc/{}/start?ticket={}", provider, ticket.reveal())}});
    response.headers.push_back({"Set-Cookie", sso_cookie(call, browser.reveal())});
    return response;
}

/// What is begun: what the ticket is for, or a sign-in that goes on at the page `next`.
/// Errors: SsoStateInvalid.
Result<SsoAttempt> wanted(ConsoleContext& context,
                          const ApiCall& call,
                          const std::string& provider) {
    const auto fields = read_form(call.request.query);
    if (!fields || fields->size() > 1) return invalid_state("query");
    if (fields->contains("ticket")) {
        return take_attempt(context, call, field_of(*fields, "ticket"), provider);
    }
    const std::string next = fields->empty() ? "/" : field_of(*fields, "next");
    if (!is_own_page(next)) return invalid_state("next");
    return SsoAttempt{.next = next};
}

}  // namespace

Result<HttpResponse> start_sso(ConsoleContext& context, const ApiCall& call) {
    TRY(IdentityProvider* const provider, provider_of(context, call));
    SsoRefusal refusal{.provider = provider->terms().name};
    std::string page = "/";
    const auto begun = [&]() -> Result<SsoBeginning> {
        TRY(SsoAttempt attempt, wanted(context, call, refusal.provider));
        if (!attempt.link_user_id.empty()) {
            refusal.user_id = attempt.link_user_id;
            refusal.action = "identity.link";
            page = kAccountPage;
        }
        return begin_sso(context, call, *provider, std::move(attempt));
    }();
    if (!begun) {
        const auto refused = refused_sso(context, call, refusal, begun.error());
        return to_failure(call, page, refused.error());
    }
    HttpResponse response = to_page("/");
    set_header(response, "Location", begun->location);
    response.headers.push_back({"Set-Cookie", sso_cookie(call, begun->browser.reveal())});
    return response;
}

Result<HttpResponse> ticket_for_invitation(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 1> kWanted = {"token"};
    TRY(IdentityProvider* const provider, provider_of(context, call));
    TRY(const SignInDraft draft, read_draft(call, kWanted));
    TRY(const SignInLink link, find_link(context, call, LinkPurpose::Invitation, draft.token));
    return leads_on(
        context, call, provider->terms().name, {.next = "/", .invitation = draft.token});
}

Result<HttpResponse> ticket_for_link(ConsoleContext& context, const ApiCall& call) {
    TRY(IdentityProvider* const provider, provider_of(context, call));
    TRY_VOID(prove_own(context, call));
    return leads_on(context,
                    call,
                    provider->terms().name,
                    {.next = std::string(kAccountPage),
                     .link_user_id = call.session->user_id,
                     .link_session_id = call.session->id});
}

}  // namespace keywarden
