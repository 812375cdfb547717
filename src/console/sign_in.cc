// Signing in and out: each time with a new session.
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "console/handlers.h"
#include "console/passkey.h"
#include "console/person.h"
#include "console/sso.h"

namespace keywarden {

Result<HttpResponse> read_sign_in_state(ConsoleContext& context, const ApiCall&) {
    TRY(const bool has_operator, context.store->sign_ins().has_operator());
    Json providers = Json::array();
    if (context.sso != nullptr) {
        for (const auto& provider : context.sso->providers) {
            providers.push_back(
                {{"name", provider->terms().name}, {"label", provider->terms().label}});
        }
    }
    const auto origin = origin_of(context.public_url);
    return json_response(200,
                         {{"setup_needed", !has_operator},
                          {"providers", std::move(providers)},
                          {"public_origin", origin ? Json(*origin) : Json(nullptr)}});
}

Result<HttpResponse> sign_in(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 2> kWanted = {"email", "password"};
    TRY(const SignInDraft draft, read_draft(call, kWanted, true));
    const auto user = context.store->accounts().find_user(draft.email);
    if (!user && user.error().code != ErrorCode::NotFound) return fail(user.error());
    SignIn proof;
    TRY(const bool has_used_code, prove(context, call, user ? &*user : nullptr, draft, proof));
    TRY(NewSession session, store_session(context, call, *user, [&]() -> Result<void> {
            if (!has_used_code) return {};
            return context.store->sign_ins().put_sign_in(
                proof, person_entry(context, call, user->id, "user.use_code"));
        }));
    return begun(context, call, *user, std::move(session));
}

Result<HttpResponse> read_session(ConsoleContext& context, const ApiCall& call) {
    TRY(const Json document, session_document(context, *call.session));
    return json_response(200, document);
}

Result<HttpResponse> sign_out(ConsoleContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    const AuditEntry audit = person_entry(context, call, call.session->user_id, "user.sign_out");
    TRY_VOID(context.sessions->end(call.session->user_id, call.session->id, audit));
    const std::string there = end_session_url(context, call);
    if (!there.empty()) {
        return without_cookie(call, json_response(200, {{"end_session_url", there}}));
    }
    return without_cookie(call, {.status = 204, .headers = {{"Cache-Control", "no-store"}}});
}

}  // namespace keywarden
