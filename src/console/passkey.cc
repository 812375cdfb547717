#include "console/passkey.h"

#include <fmt/format.h>
#include <optional>
#include <utility>

#include "base/cipher.h"
#include "base/url.h"
#include "domain/web_session.h"

namespace keywarden {
namespace {

/// What a browser is known to be asking: nothing of it is believed before the end.
struct Asked {
    std::optional<PasskeyAttempt> attempt{};
    std::optional<Passkey> passkey{};
    std::optional<User> owner{};
    const User* only = nullptr;
};

Result<Asked> look_up(ConsoleContext& context, const PasskeyAnswer& answer, const User* only) {
    Asked out{.only = only};
    out.attempt = context.passkeys->attempts.take(answer.attempt, context.clock->mono());
    TRY(out.passkey,
        if_there(context.store->sign_ins().find_passkey(answer.assertion.credential_id)));
    if (out.passkey) {
        TRY(out.owner, if_there(context.store->accounts().get_user(out.passkey->user_id)));
    }
    return out;
}

/// Returns how often the passkey has signed. Errors: refused_passkey.
Result<uint32_t> check_answer(const Asked& asked,
                              const PasskeyAnswer& answer,
                              const RelyingParty& party) {
    if (!asked.attempt || !asked.attempt->user_id.empty()) return refused_passkey("attempt");
    if (!asked.passkey || !asked.owner) return refused_passkey("unknown");
    const std::string& owner = asked.owner->id;
    if (asked.only != nullptr && asked.only->id != owner) return refused_passkey("user");
    const std::string& handle = answer.assertion.user_handle;
    const bool is_theirs = handle.empty() ? asked.only != nullptr : handle == owner;
    if (!is_theirs) return refused_passkey("user_handle");
    if (asked.owner->is_disabled) return refused_passkey("disabled");
    return check_assertion(answer.assertion,
                           *asked.passkey,
                           {.challenge = asked.attempt->challenge,
                            .party = party,
                            .needs_verification = asked.only == nullptr});
}

}  // namespace

Result<RelyingParty> own_party(const ConsoleContext& context, const ApiCall& call) {
    const std::string_view origin = call.request.header("Origin");
    if (context.public_url.empty()) {
        if (!origin.empty()) return relying_party_of(origin);
        return relying_party_of((call.is_secure ? "https://" : "http://") +
                                std::string(call.request.header("Host")));
    }
    TRY(RelyingParty party, relying_party_of(context.public_url));
    if (origin.empty() || origin == party.origin) return party;
    return fail(
        ErrorCode::InvalidRequest,
        fmt::format("Passkeys are for the console at {}, and this is another address of it.",
                    party.origin));
}

std::optional<std::string> origin_of(std::string_view url) {
    const auto parts = parse_url(url);
    if (!parts) return std::nullopt;
    return (parts->tls ? "https://" : "http://") + parts->authority();
}

Result<Json> begin_passkey(ConsoleContext& context, const ApiCall& call, PasskeyAttempt attempt) {
    TRY(const RelyingParty party, own_party(context, call));
    const MonoTime now = context.clock->mono();
    const Nanos wait = context.passkeys->counted.count(call.request.peer_address, now);
    if (wait > Nanos(0)) {
        return fail({.code = ErrorCode::TooManyFailedAttempts,
                     .message = "Passkeys were asked for too often from here. Wait a little.",
                     .retry_after = wait});
    }
    const Secret token = new_web_token();
    attempt.challenge = random_raw(kChallengeBytes);
    attempt.begun_at = now;
    Json out = {{"attempt", std::string(token.reveal())},
                {"challenge", to_base64url_bare(attempt.challenge)},
                {"rp_id", party.id},
                {"timeout_ms", kChallengeKept / std::chrono::milliseconds(1)}};
    context.passkeys->attempts.put(token.reveal(), std::move(attempt));
    return out;
}

Result<ProvedPasskey> prove_passkey(ConsoleContext& context,
                                    const ApiCall& call,
                                    const PasskeyAnswer& answer,
                                    const User* only) {
    TRY(const RelyingParty party, own_party(context, call));
    TRY(Asked asked, look_up(context, answer, only));
    Tried who;
    if (asked.owner) who = tried(*asked.owner);
    if (only != nullptr) who = tried(*only);
    TRY_VOID(check_attempts(context, call, who));
    auto count = check_answer(asked, answer, party);
    if (!count) return failed_sign_in(context, call, who, std::move(count).error());
    return ProvedPasskey{.user = asked.owner.value_or(User()),
                         .use = {.id = asked.passkey.value_or(Passkey()).id,
                                 .sign_count = *count,
                                 .at = context.clock->now()}};
}

AuditEntry passkey_entry(const ConsoleContext& context,
                         const ApiCall& call,
                         std::string_view user_id,
                         std::string action,
                         std::string_view passkey_id) {
    AuditEntry audit = person_entry(context, call, user_id, std::move(action));
    audit.target = {"passkey", std::string(passkey_id)};
    return audit;
}

}  // namespace keywarden
