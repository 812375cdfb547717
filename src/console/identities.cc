// Who somebody is elsewhere: what is linked to one's own account.
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "console/handlers.h"
#include "console/own_list.h"
#include "console/person.h"

namespace keywarden {

Result<void> prove_own(ConsoleContext& context, const ApiCall& call) {
    const std::string& id = call.session->user_id;
    TRY(SignIn known, context.store->sign_ins().get_sign_in(id));
    if (known.password_hash.empty()) return refuse_body(call.request);
    constexpr std::array<std::string_view, 1> kWanted = {"password"};
    TRY(const SignInDraft draft, read_draft(call, kWanted, true));
    TRY(const User user, context.store->accounts().get_user(id));
    TRY(const bool has_used_code, prove(context, call, &user, draft, known));
    if (!has_used_code) return {};
    return context.store->sign_ins().put_sign_in(known,
                                                 person_entry(context, call, id, "user.use_code"));
}

Result<HttpResponse> list_own_identities(ConsoleContext& context, const ApiCall& call) {
    const std::string& user_id = call.session->user_id;
    TRY(const auto identities, context.store->sign_ins().list_identities(user_id));
    Json data = Json::array();
    for (const Identity& identity : identities) {
        const IdentityProvider* provider =
            context.sso == nullptr ? nullptr : context.sso->of_issuer(identity.issuer);
        data.push_back(
            {{"id", identity.id},
             {"object", "identity"},
             {"provider", provider == nullptr ? Json(nullptr) : Json(provider->terms().name)},
             {"label", provider == nullptr ? identity.issuer : provider->terms().label},
             {"email", identity.email.empty() ? Json(nullptr) : Json(identity.email)},
             {"created_at", format_iso8601(identity.created_at)}});
    }
    return own_list(context, call, std::move(data));
}

Result<HttpResponse> unlink_identity(ConsoleContext& context, const ApiCall& call) {
    TRY_VOID(prove_own(context, call));
    const std::string& user_id = call.session->user_id;
    AuditEntry audit = person_entry(context, call, user_id, "identity.unlink");
    audit.target = {"identity", call.values.at(0)};
    TRY_VOID(context.store->sign_ins().delete_identity(user_id, call.values.at(0), audit));
    TRY_VOID(context.sessions->end_all_of(user_id, call.session->id));
    return HttpResponse{.status = 204, .headers = {{"Cache-Control", "no-store"}}};
}

}  // namespace keywarden
