// A person's passkeys, and signing in with one.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/id.h"
#include "console/handlers.h"
#include "console/own_list.h"
#include "console/passkey.h"
#include "domain/totp.h"

namespace keywarden {
namespace {

Json passkey_record(const Passkey& passkey) {
    return {
        {"id", passkey.id},
        {"object", "passkey"},
        {"name", passkey.name},
        {"host", passkey.rp_id},
        {"created_at", format_iso8601(passkey.created_at)},
        {"last_used_at", passkey.used_at ? Json(format_iso8601(*passkey.used_at)) : Json(nullptr)}};
}

/// Their other passkeys: no authenticator is to make a second one.
Json known_to(const std::vector<Passkey>& passkeys) {
    Json out = Json::array();
    for (const Passkey& passkey : passkeys) {
        out.push_back(
            {{"id", to_base64url_bare(passkey.credential_id)}, {"transports", passkey.transports}});
    }
    return out;
}

}  // namespace

Result<HttpResponse> read_passkey_challenge(ConsoleContext& context, const ApiCall& call) {
    TRY_VOID(refuse_body(call.request));
    TRY(const Json document, begin_passkey(context, call, {}));
    return json_response(200, document);
}

Result<HttpResponse> sign_in_with_passkey(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 1> kWanted = {"passkey"};
    TRY(const SignInDraft draft, read_draft(call, kWanted));
    TRY(const ProvedPasskey proved,
        prove_passkey(context, call, draft.passkey.value_or(PasskeyAnswer()), nullptr));
    const auto note = [&] {
        return context.store->sign_ins().use_passkey(
            proved.use, passkey_entry(context, call, proved.user.id, "passkey.use", proved.use.id));
    };
    TRY(NewSession session, store_session(context, call, proved.user, note, proved.use.id));
    return begun(context, call, proved.user, std::move(session));
}

Result<HttpResponse> list_own_passkeys(ConsoleContext& context, const ApiCall& call) {
    const std::string& user_id = call.session->user_id;
    TRY(const auto passkeys, context.store->sign_ins().list_passkeys(user_id));
    Json data = Json::array();
    for (const Passkey& passkey : passkeys) data.push_back(passkey_record(passkey));
    return own_list(context, call, std::move(data));
}

Result<HttpResponse> begin_own_passkey(ConsoleContext& context, const ApiCall& call) {
    const std::string& id = call.session->user_id;
    TRY(const SignIn own, context.store->sign_ins().get_sign_in(id));
    if (own.password_hash.empty()) {
        return fail(ErrorCode::InvalidRequest,
                    "A passkey stands beside a password, and this account has none: it signs in "
                    "at its identity provider.");
    }
    TRY_VOID(own_party(context, call));
    TRY_VOID(prove_own(context, call));
    TRY(const auto passkeys, context.store->sign_ins().list_passkeys(id));
    if (passkeys.size() >= kPasskeysMax) {
        return fail(ErrorCode::InvalidRequest,
                    "There are as many passkeys as there may be. Remove one first.");
    }
    TRY(const User user, context.store->accounts().get_user(id));
    TRY(Json document,
        begin_passkey(context, call, {.user_id = id, .session_id = call.session->id}));
    document["user"] = {{"id", to_base64url_bare(id)},
                        {"name", user.email.empty() ? user.name : user.email},
                        {"display_name", user.name}};
    document["algorithms"] = {kCoseEdDsa, kCoseEs256, kCoseRs256};
    document["exclude"] = known_to(passkeys);
    return json_response(200, document);
}

Result<HttpResponse> add_own_passkey(ConsoleContext& context, const ApiCall& call) {
    constexpr std::array<std::string_view, 5> kWanted = {
        "attempt", "name", "client_data", "attestation_object", "transports"};
    TRY(const SignInDraft draft, read_draft(call, kWanted));
    const std::string& id = call.session->user_id;
    TRY(const User user, context.store->accounts().get_user(id));
    TRY(const RelyingParty party, own_party(context, call));
    TRY_VOID(check_attempts(context, call, tried(user)));
    const auto attempt = context.passkeys->attempts.take(draft.attempt, context.clock->mono());
    const bool is_own =
        attempt && attempt->user_id == id && attempt->session_id == call.session->id;
    Result<Passkey> made = refused_passkey("attempt");
    if (is_own) {
        made = check_new_passkey(draft.client_data,
                                 draft.attestation_object,
                                 {.challenge = attempt->challenge, .party = party});
    }
    if (!made) return failed_sign_in(context, call, tried(user), std::move(made).error());
    Passkey passkey = *std::move(made);
    passkey.id = new_id("passkey");
    passkey.user_id = id;
    passkey.name = draft.name;
    passkey.transports = draft.transports;
    passkey.created_at = context.clock->now();

    SignInStore& sign_ins = context.store->sign_ins();
    TRY(SignIn known, sign_ins.get_sign_in(id));
    TRY(const auto others, context.store->sign_ins().list_passkeys(id));
    const bool is_first = !known.totp_confirmed && others.empty();
    Json codes = Json::array();
    if (is_first) codes = new_recovery_codes(known);
    const auto changes = [&]() -> Result<void> {
        TRY_VOID(context.store->sign_ins().create_passkey(
            passkey, passkey_entry(context, call, id, "passkey.add", passkey.id)));
        if (!is_first) return {};
        return sign_ins.put_sign_in(known, person_entry(context, call, id, "second_factor.set"));
    };
    TRY_VOID(context.store->together(changes));
    TRY_VOID(context.sessions->end_all_of(id, call.session->id));  // they began without it
    return json_response(
        201, {{"passkey", passkey_record(passkey)}, {"recovery_codes", std::move(codes)}});
}

Result<HttpResponse> remove_own_passkey(ConsoleContext& context, const ApiCall& call) {
    TRY_VOID(prove_own(context, call));
    const std::string& user_id = call.session->user_id;
    const std::string& id = call.values.at(0);
    SignInStore& sign_ins = context.store->sign_ins();
    TRY(SignIn known, sign_ins.get_sign_in(user_id));
    TRY(const auto passkeys, context.store->sign_ins().list_passkeys(user_id));
    const bool is_last = passkeys.size() == 1 && passkeys.front().id == id;
    const auto changes = [&]() -> Result<void> {
        TRY_VOID(context.store->sign_ins().delete_passkey(
            user_id, id, passkey_entry(context, call, user_id, "passkey.remove", id)));
        if (!is_last || known.totp_confirmed) return {};
        known.recovery_codes.clear();  // there is nothing left that they stand in for
        return sign_ins.put_sign_in(known,
                                    person_entry(context, call, user_id, "second_factor.remove"));
    };
    TRY_VOID(context.store->together(changes));
    TRY_VOID(context.sessions->end_all_of(user_id, call.session->id));
    return HttpResponse{.status = 204, .headers = {{"Cache-Control", "no-store"}}};
}

}  // namespace keywarden
