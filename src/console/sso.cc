#include "console/sso.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "base/http.h"
#include "base/log.h"
#include "console/provider_client.h"
#include "domain/web_session.h"

namespace keywarden {
namespace {

constexpr size_t kNextBytesMax = 1024;
constexpr size_t kReasonBytesMax = 160;
constexpr std::string_view kSelfUp = "../../../";  // from /auth/oidc/{provider}/…

Result<std::string> decoded(std::string_view text) {
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');
    std::string out;
    if (percent_decode(spaced, out)) return out;
    return fail(ErrorCode::InvalidRequest, "The query or the form is not written as one.");
}

std::string authorization_url(const IdentityProvider& provider,
                              const ProviderMetadata& metadata,
                              const SsoAttempt& attempt,
                              std::string_view state) {
    const IdentityProviderTerms& terms = provider.terms();
    const Digest digest = sha256(attempt.verifier);
    const std::string challenge = to_base64url_bare(std::string(digest.begin(), digest.end()));
    std::string url = metadata.authorization_endpoint;
    url += url.contains('?') ? '&' : '?';
    url += fmt::format(
        "response_type=code&client_id={}&redirect_uri={}&scope={}&state={}"
        "&nonce={}&code_challenge={}&code_challenge_method=S256",
        form_encoded(terms.client_id),
        form_encoded(attempt.redirect_uri),
        form_encoded(fmt::format("{}", fmt::join(terms.scopes, " "))),
        state,
        attempt.nonce,
        challenge);
    if (terms.age_max) url += fmt::format("&max_age={}", *terms.age_max / std::chrono::seconds(1));
    return url;
}

}  // namespace

Result<FormFields> read_form(std::string_view text) {
    FormFields out;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        if (pair.empty()) continue;
        const size_t middle = std::min(pair.find('='), pair.size());
        TRY(std::string name, decoded(pair.substr(0, middle)));
        TRY(std::string value, decoded(pair.substr(std::min(middle + 1, pair.size()))));
        const bool is_new = out.emplace(std::move(name), std::move(value)).second;
        if (!is_new || out.size() > kFormFieldsMax) {
            return fail(ErrorCode::InvalidRequest,
                        "A field is there twice, or there are too many.");
        }
    }
    return out;
}

std::string field_of(const FormFields& fields, std::string_view name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
}

bool is_own_page(std::string_view next) {
    constexpr std::string_view kNever = "\\\"<>^`{|}#";
    const bool is_plain = std::ranges::all_of(
        next, [&](char c) { return c > ' ' && c < '\x7f' && !kNever.contains(c); });
    return next.starts_with('/') && !next.starts_with("/auth/") && is_plain &&
           next.size() <= kNextBytesMax && !next.contains("//") && !next.contains("..");
}

Result<IdentityProvider*> provider_of(const ConsoleContext& context, const ApiCall& call) {
    IdentityProvider* found =
        context.sso == nullptr ? nullptr : context.sso->find(call.values.at(0));
    if (found != nullptr) return found;
    return fail(ErrorCode::NotFound, "There is no such identity provider.");
}

std::string console_url(const ConsoleContext& context, const ApiCall& call) {
    if (!context.sso->public_url.empty()) return context.sso->public_url;
    return (call.is_secure ? "https://" : "http://") + std::string(call.request.header("Host"));
}

std::unexpected<Error> refused_sso(ConsoleContext& context,
                                   const ApiCall& call,
                                   const SsoRefusal& what,
                                   Error error) {
    if (error.code == ErrorCode::TooManyFailedAttempts) {  // told once a minute, as of passwords
        const Nanos told =
            context.attempts->told.count(call.request.peer_address, context.clock->mono());
        if (told > Nanos(0)) return fail(std::move(error));
    }
    const bool may_be_guessing = error.code == ErrorCode::SsoStateInvalid ||
                                 error.code == ErrorCode::SsoTokenInvalid ||
                                 error.code == ErrorCode::LogoutTokenInvalid;
    if (may_be_guessing) {
        (void)context.attempts->by_address.count(call.request.peer_address, context.clock->mono());
    }
    std::string reason(info(error.code).slug);
    if (!error.detail.empty()) reason += ": " + error.detail;
    reason.resize(std::min(reason.size(), kReasonBytesMax));
    log(LogLevel::Warning,
        "sso.refused",
        {{"provider", std::string_view(what.provider)},
         {"request_id", std::string_view(call.request.request_id)},
         {"reason", std::string_view(reason)}});
    AuditEntry audit =
        person_entry(context, call, what.user_id.empty() ? "unknown" : what.user_id, what.action);
    audit.target = {"identity_provider", what.provider};
    audit.outcome = "denied";
    audit.reason = std::move(reason);
    TRY_VOID(context.store->sign_ins().tell(audit));
    return fail(std::move(error));
}

std::unexpected<Error> invalid_state(std::string flaw) {
    return fail(ErrorCode::SsoStateInvalid,
                "This sign-in was not begun in this browser, was finished before, or took too "
                "long.",
                std::move(flaw));
}

std::unexpected<Error> no_account(std::string why) {
    return fail(ErrorCode::SsoNoAccount,
                "The identity provider knows you, and no account here belongs to that identity.",
                std::move(why));
}

Result<SsoBeginning> begin_sso(ConsoleContext& context,
                               const ApiCall& call,
                               IdentityProvider& provider,
                               SsoAttempt attempt) {
    SingleSignOn& sso = *context.sso;
    const MonoTime now = context.clock->mono();
    const Nanos wait = sso.begun.count(call.request.peer_address, now);
    if (wait > Nanos(0)) {
        return fail({.code = ErrorCode::TooManyFailedAttempts,
                     .message = "Too many sign-ins were begun from here. Wait a little.",
                     .retry_after = wait});
    }
    TRY(const ProviderMetadata metadata, provider.metadata());
    const Secret state = new_web_token();
    Secret browser = new_web_token();
    const std::string& name = provider.terms().name;
    attempt.provider = name;
    attempt.browser = web_token_digest(browser.reveal());
    attempt.nonce = new_web_token().reveal();
    attempt.verifier = new_web_token().reveal();
    attempt.redirect_uri =
        fmt::format("{}/auth/oidc/{}/callback", console_url(context, call), name);
    attempt.begun_at = now;
    SsoBeginning out{.location = authorization_url(provider, metadata, attempt, state.reveal()),
                     .browser = std::move(browser)};
    sso.attempts.put(state.reveal(), std::move(attempt));
    return out;
}

std::string sso_cookie(const ApiCall& call, std::string_view value) {
    const Nanos kept = value.empty() ? Nanos(0) : kSsoAttemptKept;
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}",
                       sso_cookie_name(call.is_secure),
                       value,
                       kept / std::chrono::seconds(1),
                       call.is_secure ? "; Secure" : "");
}

Result<SsoAttempt> take_attempt(ConsoleContext& context,
                                const ApiCall& call,
                                std::string_view state,
                                std::string_view provider) {
    if (state.size() != kWebTokenLength) return invalid_state("state");
    auto attempt = context.sso->attempts.take(state, context.clock->mono());
    if (!attempt) return invalid_state("state");
    if (attempt->provider != provider) return invalid_state("provider");
    const Digest browser = web_token_digest(call.sso_cookie);
    if (!equal_in_constant_time(browser, attempt->browser)) return invalid_state("browser");
    return *std::move(attempt);
}

HttpResponse to_page(std::string_view page) {
    return {.status = 303,
            .headers = {{"Location", std::string(kSelfUp) + std::string(page.substr(1))},
                        {"Cache-Control", "no-store"},
                        {"Referrer-Policy", "no-referrer"}}};
}

HttpResponse to_failure(const ApiCall& call, std::string_view page, const Error& error) {
    return to_page(
        fmt::format("{}?sso={}&request={}", page, info(error.code).slug, call.request.request_id));
}

}  // namespace keywarden
