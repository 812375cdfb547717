// Coming back from an identity provider. Whatever does not hold ends here, without a session.
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "console/handlers.h"
#include "console/sso.h"

namespace keywarden {
namespace {

constexpr size_t kCodeBytesMax = 4096;

/// Who it is, as far as the provider proves it.
Result<ProvedIdentity> prove_identity(IdentityProvider& provider,
                                      const FormFields& fields,
                                      const SsoAttempt& attempt) {
    TRY(const ProviderMetadata metadata, provider.metadata());
    const bool is_named = fields.contains("iss");
    const bool is_issuer = field_of(fields, "iss") == provider.terms().issuer;
    if (is_named ? !is_issuer : metadata.names_issuer) return untrusted("iss_parameter");
    if (fields.contains("error")) {
        return fail(ErrorCode::SsoDenied, "The identity provider did not let you in.");
    }
    const std::string code = field_of(fields, "code");
    if (code.empty() || code.size() > kCodeBytesMax) return untrusted("code");
    return provider.redeem({.code = code,
                            .verifier = attempt.verifier,
                            .nonce = attempt.nonce,
                            .redirect_uri = attempt.redirect_uri});
}

Result<HttpResponse> enter(const SsoReturn& in) {
    if (!in.attempt.link_user_id.empty()) return link_with(in);
    if (!in.attempt.invitation.empty()) return redeem_with(in);
    return sign_in_with(in);
}

}  // namespace

Result<HttpResponse> finish_sso(ConsoleContext& context, const ApiCall& call) {
    TRY(IdentityProvider* const provider, provider_of(context, call));
    SsoRefusal refusal{.provider = provider->terms().name};
    std::string page = "/";
    const auto done = [&]() -> Result<HttpResponse> {
        TRY_VOID(check_attempts(context, call, {}));
        auto fields = read_form(call.request.query);
        if (!fields) return invalid_state("query");
        TRY(const SsoAttempt attempt,
            take_attempt(context, call, field_of(*fields, "state"), provider->terms().name));
        if (!attempt.link_user_id.empty()) {
            refusal.user_id = attempt.link_user_id;
            refusal.action = "identity.link";
            page = attempt.next;
        }
        TRY(const ProvedIdentity proved, prove_identity(*provider, *fields, attempt));
        return enter({context, call, *provider, attempt, proved});
    }();
    HttpResponse response;
    if (done) {
        response = *done;
    } else {
        const auto refused = refused_sso(context, call, refusal, done.error());
        response = to_failure(call, page, refused.error());
    }
    response.headers.push_back({"Set-Cookie", sso_cookie(call, "")});
    return response;
}

}  // namespace keywarden
