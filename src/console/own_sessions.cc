// What people who have signed in do about their own account: sessions, and the password.
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/password.h"
#include "console/handlers.h"
#include "console/passkey.h"
#include "console/person.h"

namespace keywarden {
namespace {

std::string_view began_with(const WebSession& session) {
    if (session.issuer == kPasskeyIssuer) return "passkey";
    return session.issuer.empty() ? "password" : "provider";
}

}  // namespace

Result<HttpResponse> list_own_sessions(ConsoleContext& context, const ApiCall& call) {
    Json data = Json::array();
    const TimePoint now = context.clock->now();
    for (const WebSession& session : context.sessions->of(call.session->user_id, now)) {
        const std::string network = to_text(session.network);
        data.push_back({{"id", session.id},
                        {"object", "session"},
                        {"created_at", format_iso8601(session.created_at)},
                        {"last_used_at", format_iso8601(session.used_at)},
                        {"idle_expires_at", format_iso8601(idle_ends_at(session))},
                        {"expires_at", format_iso8601(ends_at(session))},
                        {"began_with", began_with(session)},
                        {"network", network.empty() ? Json(nullptr) : Json(network)},
                        {"is_current", session.id == call.session->id}});
    }
    return json_response(
        200,
        {{"object", "list"}, {"data", std::move(data)}, {"has_more", false}, {"next", nullptr}});
}

Result<HttpResponse> end_own_session(ConsoleContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    const std::string& id = call.values.at(0);
    AuditEntry audit = person_entry(context, call, call.session->user_id, "session.end");
    audit.target = {"session", id};
    TRY_VOID(context.sessions->end(call.session->user_id, id, audit));
    HttpResponse response{.status = 204, .headers = {{"Cache-Control", "no-store"}}};
    return id == call.session->id ? without_cookie(call, std::move(response)) : response;
}

Result<HttpResponse> change_own_password(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 2> kWanted = {"current", "new"};
    TRY(const SignInDraft draft, read_draft(call, kWanted, true));
    TRY_VOID(check_new_password(draft.password, "new"));
    TRY(const User user, context.store->accounts().get_user(call.session->user_id));
    SignIn proof;
    TRY_VOID(prove(context, call, &user, draft, proof));
    TRY(proof.password_hash, hash_password(draft.password));
    if (!proof.totp_confirmed) proof.totp_sealed.clear();  // begun by who knew the old one
    // First, so that no crash leaves one of them beside the new password.
    TRY_VOID(context.sessions->end_all_of(user.id));
    TRY(NewSession session, store_session(context, call, user, [&] {
            return context.store->sign_ins().put_sign_in(
                proof, person_entry(context, call, user.id, "user.set_password"));
        }));
    return begun(context, call, user, std::move(session));
}

}  // namespace keywarden
