#include "console/person.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/password.h"
#include "console/passkey.h"
#include "domain/audit_facts.h"
#include "domain/ip_range.h"
#include "domain/role.h"
#include "domain/totp.h"
#include "store/account_rules.h"

namespace keywarden {
namespace {

constexpr size_t kEmailMax = 254;  // RFC 5321, 4.5.3.1.3
constexpr size_t kNameMax = 100;
constexpr size_t kTokenMax = 100;
constexpr size_t kCodeMax = 40;

Result<std::string> read_text(std::string_view field, const Json& value, size_t bytes_max) {
    if (!value.is_string()) return fail_field(field, "must be a string");
    std::string text = value.get<std::string>();
    const bool fits = !text.empty() && text.size() <= bytes_max;
    if (!fits) {
        return fail_field(field, "must have 1 to " + std::to_string(bytes_max) + " bytes");
    }
    return text;
}

Result<std::string> read_line(std::string_view field, const Json& value, size_t bytes_max) {
    TRY(std::string text, read_text(field, value, bytes_max));
    const bool has_controls = std::ranges::any_of(
        text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
    const bool is_blank = std::ranges::all_of(text, [](char c) { return c == ' '; });
    if (has_controls || is_blank) return fail_field(field, "must be one line, and not blank");
    return text;
}

constexpr std::array kFields = {
    Field<SignInDraft>{"token",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(draft.token, read_text("token", value, kTokenMax));
                           return {};
                       }},
    Field<SignInDraft>{
        "email",
        [](const Json& value, SignInDraft& draft) -> Result<void> {
            TRY(draft.email, read_line("email", value, kEmailMax));
            const size_t at = draft.email.find('@');
            const bool fits =
                at != std::string::npos && at > 0 && at + 1 < draft.email.size() &&
                draft.email.find('@', at + 1) == std::string::npos &&
                std::ranges::all_of(draft.email, [](char c) { return c > ' ' && c < '\x7f'; });
            if (fits) return {};
            return fail_field("email", "must be an address such as \"ann@example.com\"");
        }},
    Field<SignInDraft>{"name",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(draft.name, read_line("name", value, kNameMax));
                           return {};
                       }},
    Field<SignInDraft>{"password",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(std::string text, read_text("password", value, kPasswordMax));
                           draft.password = Secret(std::move(text));
                           return {};
                       }},
    Field<SignInDraft>{"current",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(std::string text, read_text("current", value, kPasswordMax));
                           draft.current = Secret(std::move(text));
                           return {};
                       }},
    Field<SignInDraft>{"new",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(std::string text, read_text("new", value, kPasswordMax));
                           draft.password = Secret(std::move(text));
                           return {};
                       }},
    Field<SignInDraft>{"code",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(draft.code, read_line("code", value, kCodeMax));
                           return {};
                       }},
    Field<SignInDraft>{"passkey",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(draft.passkey, read_passkey_answer(value));
                           return {};
                       }},
    Field<SignInDraft>{"attempt",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(draft.attempt, read_text("attempt", value, kTokenMax));
                           return {};
                       }},
    Field<SignInDraft>{"client_data",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(draft.client_data,
                               read_bytes_field("client_data", value, kClientDataMax));
                           return {};
                       }},
    Field<SignInDraft>{"attestation_object",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(draft.attestation_object,
                               read_bytes_field(
                                   "attestation_object", value, kAuthenticatorDataMax));
                           return {};
                       }},
    Field<SignInDraft>{"transports",
                       [](const Json& value, SignInDraft& draft) -> Result<void> {
                           TRY(draft.transports, read_transports(value));
                           return {};
                       }},
};

/// Whether the code is the authenticator's, or one for when it is lost; it is used up.
Result<bool> use_code(ConsoleContext& context, const std::string& code, SignIn& sign_in) {
    if (sign_in.totp_confirmed) {
        TRY(const Secret secret, open_totp(context, sign_in));
        const auto step =
            check_totp(secret.reveal(), code, context.clock->now(), sign_in.totp_step);
        if (step) {
            sign_in.totp_step = *step;
            return true;
        }
    }
    return std::erase(sign_in.recovery_codes, recovery_digest(code)) > 0;
}

std::string set_cookie(const ApiCall& call, std::string_view value, int64_t seconds) {
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}",
                       session_cookie_name(call.is_secure),
                       value,
                       seconds,
                       call.is_secure ? "; Secure" : "");
}

Error wrong_sign_in() {
    return {.code = ErrorCode::InvalidSignIn, .message = "Email or password is wrong."};
}

Error too_many(Nanos wait) {
    return {.code = ErrorCode::TooManyFailedAttempts,
            .message = "Too many wrong passwords or links. Wait a little before the next try.",
            .retry_after = wait,
            .facts = {{"reset_after_ms", wait / std::chrono::milliseconds(1)}}};
}

/// The message names what there is: an authenticator, passkeys, or both.
Error second_needed(const SignIn& sign_in, const std::vector<Passkey>& passkeys) {
    const std::string_view first =
        passkeys.empty() ? "A code is needed, too: of the authenticator, or for recovery."
        : sign_in.totp_confirmed
            ? "A passkey or a code is needed, too: of the authenticator, or for recovery."
            : "A passkey is needed, too, or a code for recovery.";
    return {.code = ErrorCode::SecondFactorRequired,
            .message = std::string(first),
            .param = "code",
            .facts = {{"passkeys", static_cast<int64_t>(passkeys.size())}}};
}

/// Their passkey, after their password.
Result<void> prove_second(ConsoleContext& context,
                          const ApiCall& call,
                          const User& user,
                          const PasskeyAnswer& answer) {
    TRY(const ProvedPasskey proved, prove_passkey(context, call, answer, &user));
    return context.store->sign_ins().use_passkey(
        proved.use, passkey_entry(context, call, user.id, "passkey.use", proved.use.id));
}

Json permissions_of(Role role) {
    Json names = Json::array();
    for (const PermissionInfo& row : all_permissions()) {
        if (!takes_sessions(row.permission) || row.permission == Permission::Session) continue;
        const Reach reached = reach(role, row.permission);
        if (reached == Reach::Team) names.push_back(row.name);
        if (reached == Reach::Own) names.push_back(std::string(row.name) + ":own");
    }
    return names;
}

}  // namespace

Result<SignInDraft> read_draft(const ApiCall& call,
                               std::span<const std::string_view> wanted,
                               bool may_have_code) {
    TRY(const Json object, read_object(call.request, Body::Required));
    std::vector<std::string_view> known(wanted.begin(), wanted.end());
    if (may_have_code) known.insert(known.end(), {"code", "passkey"});
    for (const auto& [name, value] : object.items()) {
        if (std::ranges::find(known, name) == known.end()) return fail_unknown_field(name, known);
    }
    SignInDraft draft;
    TRY_VOID(read_fields<SignInDraft>(object, kFields, draft));
    for (const std::string_view name : wanted) {
        if (!object.contains(name)) return fail_field(name, "is required");
    }
    if (object.contains("code") && object.contains("passkey")) {
        return fail_field("passkey", "must not come with a code: one of them is enough");
    }
    return draft;
}

Result<void> check_new_password(const Secret& password, std::string_view field) {
    if (password.reveal().size() >= kPasswordMin) return {};
    return fail_field(field, "must have at least " + std::to_string(kPasswordMin) + " characters");
}

Tried tried(const User& user) { return {.email = folded_email(user.email), .user_id = user.id}; }

Result<void> check_attempts(ConsoleContext& context, const ApiCall& call, const Tried& who) {
    const MonoTime now = context.clock->mono();
    Nanos wait = context.attempts->by_address.wait(call.request.peer_address, now);
    if (!who.email.empty()) {
        wait = std::max(wait, context.attempts->by_account.wait("", now, who.email));
    }
    if (wait <= Nanos(0)) return {};
    const Nanos told = context.attempts->told.count(call.request.peer_address, now);
    if (told > Nanos(0)) return fail(too_many(wait));
    return refused_sign_in(context, call, who.user_id, too_many(wait));
}

Result<std::shared_ptr<void>> take_place(ConsoleContext& context, const ApiCall& call) {
    const MonoTime now = context.clock->mono();
    const std::string& address = call.request.peer_address;
    const Nanos wait = context.attempts->by_address.wait(address, now);
    const bool is_told = context.attempts->told.wait(address, now) > Nanos(0);
    if (wait > Nanos(0) && is_told) return fail(too_many(wait));
    return context.waiting->enter(address);
}

std::unexpected<Error> refused_sign_in(ConsoleContext& context,
                                       const ApiCall& call,
                                       const std::string& user_id,
                                       Error error) {
    // What was typed where nobody is known by it may be a password: it is not written down.
    AuditEntry audit =
        person_entry(context, call, user_id.empty() ? "unknown" : user_id, "user.sign_in");
    audit.outcome = "denied";
    audit.reason = info(error.code).slug;
    if (!error.detail.empty()) audit.reason += ": " + error.detail;
    const auto told = context.store->sign_ins().tell(audit);
    if (!told) return fail(told.error());
    return fail(std::move(error));
}

std::unexpected<Error> failed_sign_in(ConsoleContext& context,
                                      const ApiCall& call,
                                      const Tried& who,
                                      Error error) {
    const MonoTime now = context.clock->mono();
    (void)context.attempts->by_address.count(call.request.peer_address, now);
    if (!who.email.empty()) (void)context.attempts->by_account.count("", now, who.email);
    return refused_sign_in(context, call, who.user_id, std::move(error));
}

Result<bool> prove(ConsoleContext& context,
                   const ApiCall& call,
                   const User* user,
                   const SignInDraft& draft,
                   SignIn& sign_in) {
    const Tried who = user != nullptr ? tried(*user) : Tried{.email = folded_email(draft.email)};
    TRY_VOID(check_attempts(context, call, who));
    if (user != nullptr && !user->is_disabled) {
        TRY(sign_in, context.store->sign_ins().get_sign_in(user->id));
    }
    const Secret& password = draft.current.empty() ? draft.password : draft.current;
    TRY(const bool is_right_one, is_password(sign_in.password_hash, password));
    if (!is_right_one || user == nullptr) {
        return failed_sign_in(context, call, who, wrong_sign_in());
    }
    TRY(const auto passkeys, context.store->sign_ins().list_passkeys(user->id));
    if (!sign_in.totp_confirmed && passkeys.empty()) return false;
    if (draft.passkey) {
        TRY_VOID(prove_second(context, call, *user, *draft.passkey));
        return false;
    }
    if (draft.code.empty()) {
        return refused_sign_in(context, call, who.user_id, second_needed(sign_in, passkeys));
    }
    TRY(const bool is_right, use_code(context, draft.code, sign_in));
    if (is_right) return true;
    return failed_sign_in(context,
                          call,
                          who,
                          {.code = ErrorCode::InvalidSignIn,
                           .message = "The code is wrong, or was used already.",
                           .param = "code"});
}

Json new_recovery_codes(SignIn& sign_in) {
    Json codes = Json::array();
    sign_in.recovery_codes.clear();
    for (size_t i = 0; i < kRecoveryCodes; ++i) {
        const std::string code = new_recovery_code();
        sign_in.recovery_codes.push_back(recovery_digest(code));
        codes.push_back(code);
    }
    return codes;
}

Result<Secret> open_totp(const ConsoleContext& context, const SignIn& sign_in) {
    return context.totp_key->open(sign_in.totp_sealed, bound_to({"totp", sign_in.user_id}));
}

std::string seal_totp(const ConsoleContext& context,
                      std::string_view user_id,
                      const Secret& secret) {
    return context.totp_key->seal(secret.reveal(), bound_to({"totp", user_id}));
}

AuditEntry person_entry(const ConsoleContext& context,
                        const ApiCall& call,
                        std::string_view user_id,
                        std::string action) {
    const ChangedBy by{.actor = {"user", std::string(user_id)},
                       .address = call.request.peer_address,
                       .request_id = call.request.request_id};
    return audit_entry(by,
                       kInstanceTenant,
                       std::move(action),
                       {"user", std::string(user_id)},
                       context.clock->now());
}

Result<NewSession> store_session(ConsoleContext& context,
                                 const ApiCall& call,
                                 const User& user,
                                 const std::function<Result<void>()>& also,
                                 std::string passkey_id) {
    NewSession out = new_session(context, call, user);
    if (!passkey_id.empty()) {
        out.session.issuer = kPasskeyIssuer;
        out.session.provider_session = std::move(passkey_id);
    }
    const auto changes = [&]() -> Result<void> {
        TRY_VOID(also());
        return context.store->sign_ins().create_session(
            out.session, person_entry(context, call, user.id, "user.sign_in"));
    };
    TRY_VOID(context.store->together(changes));
    return out;
}

NewSession new_session(const ConsoleContext& context, const ApiCall& call, const User& user) {
    NewSession out{.token = new_web_token()};
    const TimePoint now = context.clock->now();
    const auto address = parse_ip(call.request.peer_address);
    out.session = {.id = new_id("session"),
                   .user_id = user.id,
                   .digest = web_token_digest(out.token.reveal()),
                   .created_at = now,
                   .used_at = now,
                   .network = address ? prefix_of(*address) : NetworkPrefix()};
    return out;
}

Result<HttpResponse> begun(ConsoleContext& context,
                           const ApiCall& call,
                           const User& user,
                           NewSession session) {
    context.sessions->put(session.session, user.is_operator);
    // Whoever disables them says so first, and ends then what is here: one of the two sees the
    // other.
    TRY(const User now, context.store->accounts().get_user(user.id));
    if (now.is_disabled || now.is_operator != user.is_operator) {
        TRY_VOID(context.sessions->end_all_of(user.id));
        return refused_sign_in(context, call, user.id, wrong_sign_in());
    }
    session.session.csrf_token = csrf_token_of(session.token.reveal());
    TRY(const Json document, session_document(context, session.session));
    HttpResponse response = json_response(200, document);
    response.headers.push_back(
        {"Set-Cookie",
         set_cookie(call, session.token.reveal(), kSessionLifeMax / std::chrono::seconds(1))});
    return response;
}

Result<Json> session_document(ConsoleContext& context, const WebSession& session) {
    AccountStore& accounts = context.store->accounts();
    TRY(const User user, accounts.get_user(session.user_id));
    TRY(const SignIn sign_in, context.store->sign_ins().get_sign_in(user.id));
    TRY(const auto passkeys, context.store->sign_ins().list_passkeys(user.id));
    TRY(const auto memberships, accounts.list_memberships(user.id));
    Json teams = Json::array();
    for (const Member& member : memberships) {
        TRY(const Team team, accounts.get_team(member.team_id));
        if (team.state == TeamState::Closed) continue;
        teams.push_back({{"id", team.id},
                         {"name", team.name},
                         {"role", name(member.role)},
                         {"permissions", permissions_of(member.role)}});
    }
    return Json{{"user",
                 {{"id", user.id},
                  {"email", user.email},
                  {"name", user.name},
                  {"is_operator", user.is_operator},
                  {"has_second_factor", sign_in.totp_confirmed || !passkeys.empty()},
                  {"has_authenticator", sign_in.totp_confirmed},
                  {"passkeys", passkeys.size()}}},
                {"teams", std::move(teams)},
                {"csrf_token", session.csrf_token},
                {"expires_at", format_iso8601(ends_at(session))},
                {"idle_expires_at", format_iso8601(idle_ends_at(session))}};
}

Result<SignInLink> find_link(ConsoleContext& context,
                             const ApiCall& call,
                             LinkPurpose purpose,
                             std::string_view token) {
    TRY_VOID(check_attempts(context, call, {}));
    auto link = context.store->sign_ins().get_link(web_token_digest(token));
    if (!link && link.error().code != ErrorCode::NotFound) return link;
    if (link && link->purpose == purpose && context.clock->now() < link->ends_at) return link;
    return failed_sign_in(context,
                          call,
                          {},
                          {.code = ErrorCode::InvalidLink,
                           .message = "This link does not work (any more): it was used, has "
                                      "expired, or was replaced by a newer one."});
}

HttpResponse without_cookie(const ApiCall& call, HttpResponse response) {
    response.headers.push_back({"Set-Cookie", set_cookie(call, "", 0)});
    return response;
}

}  // namespace keywarden
