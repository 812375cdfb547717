// The second factor of people who want one: an authenticator, and codes for when it is lost.
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/cipher.h"
#include "console/handlers.h"
#include "console/passkey.h"
#include "console/person.h"
#include "domain/totp.h"

namespace keywarden {

Result<HttpResponse> begin_totp(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 1> kWanted = {"password"};
    TRY(const SignInDraft draft, read_draft(call, kWanted, true));
    const std::string& id = call.session->user_id;
    TRY(const User user, context.store->accounts().get_user(id));
    TRY(SignIn known, context.store->sign_ins().get_sign_in(id));
    if (known.totp_confirmed) {
        return fail(ErrorCode::InvalidRequest,
                    "There is a second factor already. Take it away before setting another.");
    }
    TRY_VOID(prove(context, call, &user, draft, known));
    const Secret secret(random_raw(kTotpSecretBytes));
    known.totp_sealed = seal_totp(context, id, secret);
    TRY_VOID(context.store->sign_ins().put_sign_in(
        known, person_entry(context, call, id, "second_factor.begin")));
    return json_response(
        200,
        {{"secret", to_base32(secret.reveal())}, {"uri", totp_uri(secret.reveal(), user.email)}});
}

Result<HttpResponse> confirm_totp(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 1> kWanted = {"code"};
    TRY(const SignInDraft draft, read_draft(call, kWanted));
    const std::string& id = call.session->user_id;
    TRY(const User user, context.store->accounts().get_user(id));
    TRY_VOID(check_attempts(context, call, tried(user)));
    TRY(SignIn known, context.store->sign_ins().get_sign_in(id));
    if (known.totp_sealed.empty() || known.totp_confirmed) {
        return fail(ErrorCode::InvalidRequest, "Begin with POST /auth/totp.");
    }
    TRY(const Secret secret, open_totp(context, known));
    const auto step = check_totp(secret.reveal(), draft.code, context.clock->now(), 0);
    if (!step) {
        return failed_sign_in(
            context,
            call,
            tried(user),
            {.code = ErrorCode::InvalidSignIn,
             .message = "The code is not the authenticator's. Is its clock right?",
             .param = "code"});
    }
    known.totp_confirmed = true;
    known.totp_step = *step;
    Json codes = new_recovery_codes(known);
    TRY_VOID(context.sessions->end_all_of(id, call.session->id));  // they began without it
    TRY_VOID(context.store->sign_ins().put_sign_in(
        known, person_entry(context, call, id, "second_factor.set")));
    return json_response(200, {{"recovery_codes", std::move(codes)}});
}

Result<HttpResponse> end_totp(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 1> kWanted = {"password"};
    TRY(const SignInDraft draft, read_draft(call, kWanted, true));
    TRY(const User user, context.store->accounts().get_user(call.session->user_id));
    SignIn proof;
    TRY_VOID(prove(context, call, &user, draft, proof));
    TRY(const auto passkeys, context.store->sign_ins().list_passkeys(user.id));
    SignIn without{.user_id = user.id, .password_hash = proof.password_hash};
    if (!passkeys.empty()) without.recovery_codes = proof.recovery_codes;
    TRY_VOID(context.store->sign_ins().put_sign_in(
        without, person_entry(context, call, user.id, "second_factor.remove")));
    return HttpResponse{.status = 204, .headers = {{"Cache-Control", "no-store"}}};
}

}  // namespace keywarden
