#include "console/identity_provider.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "base/crypto.h"
#include "console/provider_client.h"

namespace keywarden {
namespace {

constexpr size_t kAudiencesMax = 32;
constexpr size_t kGroupsMax = 1000;
constexpr size_t kTextMax = 1024;  // of a claim
constexpr double kSecondsMax = 1e11;
constexpr const char* kLogoutEvent = "http://schemas.openid.net/event/backchannel-logout";

/// A member that must be text where it is there: one that is something else is no claim to skip.
Result<std::optional<std::string>> text_claim(const Json& claims, const char* name) {
    const auto found = claims.find(name);
    if (found == claims.end() || found->is_null()) return std::optional<std::string>();
    if (!found->is_string()) return untrusted(name);
    auto text = found->get<std::string>();
    if (text.size() > kTextMax) return untrusted(name);
    return std::optional(std::move(text));
}

Result<std::optional<TimePoint>> time_claim(const Json& claims, const char* name) {
    const auto found = claims.find(name);
    if (found == claims.end()) return std::optional<TimePoint>();
    if (!found->is_number()) return untrusted(name);
    const auto seconds = found->get<double>();
    if (!(seconds >= 0 && seconds <= kSecondsMax)) return untrusted(name);
    const auto millis = static_cast<int64_t>(std::floor(seconds * 1e3));
    return std::optional(from_millis(std::min(millis, int64_t{9'000'000'000'000})));
}

Result<std::vector<std::string>> audiences_of(const Json& claims) {
    const auto found = claims.find("aud");
    if (found == claims.end()) return std::vector<std::string>();
    if (found->is_string()) return std::vector{found->get<std::string>()};
    if (!found->is_array() || found->size() > kAudiencesMax) return untrusted("aud");
    std::vector<std::string> out;
    for (const Json& each : *found) {
        if (!each.is_string()) return untrusted("aud");
        out.push_back(each.get<std::string>());
    }
    return out;
}

Result<TokenClaims> claims_of(const Json& payload) {
    TokenClaims out;
    TRY(const auto issuer, text_claim(payload, "iss"));
    TRY(const auto subject, text_claim(payload, "sub"));
    TRY(const auto token_id, text_claim(payload, "jti"));
    TRY(const auto session, text_claim(payload, "sid"));
    out.issuer = issuer.value_or("");
    out.subject = subject.value_or("");
    out.token_id = token_id.value_or("");
    out.provider_session = session.value_or("");
    TRY(out.audiences, audiences_of(payload));
    TRY(out.authorized_party, text_claim(payload, "azp"));
    TRY(out.expires_at, time_claim(payload, "exp"));
    TRY(out.issued_at, time_claim(payload, "iat"));
    TRY(out.not_before, time_claim(payload, "nbf"));
    TRY(out.signed_in_at, time_claim(payload, "auth_time"));
    TRY(out.nonce, text_claim(payload, "nonce"));
    TRY(out.access_token_hash, text_claim(payload, "at_hash"));
    TRY(out.code_hash, text_claim(payload, "c_hash"));
    const auto events = payload.find("events");
    out.is_logout = events != payload.end() && events->is_object() &&
                    events->contains(kLogoutEvent) && events->at(kLogoutEvent).is_object();
    return out;
}

/// Nothing where the claim is not there. Only a list of texts is a list of groups.
Result<std::optional<std::vector<std::string>>> groups_of(const Json& claims,
                                                          const std::string& name) {
    const auto found = claims.find(name);
    if (found == claims.end()) return std::optional<std::vector<std::string>>();
    if (!found->is_array() || found->size() > kGroupsMax) return untrusted("groups");
    std::vector<std::string> out;
    for (const Json& each : *found) {
        if (!each.is_string()) return untrusted("groups");
        out.push_back(each.get<std::string>());
    }
    return std::optional(std::move(out));
}

/// Name, email, and groups: the ID token's, and where it has none of them those of userinfo.
Result<void> read_profile(const IdentityProviderTerms& terms,
                          const Json& claims,
                          ProvedIdentity& out) {
    if (out.email.empty()) {
        TRY(const auto email, text_claim(claims, "email"));
        out.email = email.value_or("");
        const auto verified = claims.find("email_verified");
        out.email_verified =
            verified != claims.end() && verified->is_boolean() && verified->get<bool>();
    }
    if (out.name.empty()) {
        TRY(const auto name, text_claim(claims, "name"));
        out.name = name.value_or("");
    }
    if (!terms.groups.empty() && !out.groups) {
        TRY(out.groups, groups_of(claims, terms.groups_claim));
    }
    return {};
}

bool takes(const Json& metadata, const char* list, std::string_view value) {
    const auto found = metadata.find(list);
    if (found == metadata.end() || !found->is_array()) return false;
    return std::ranges::any_of(*found, [&](const Json& each) {
        return each.is_string() && each.get_ref<const std::string&>() == value;
    });
}

bool is_type(std::string_view type, std::string_view wanted) {
    return type.empty() || equal_ignoring_case(type, wanted) || equal_ignoring_case(type, "JWT");
}

}  // namespace

IdentityProvider::IdentityProvider(IdentityProviderTerms terms, Secret secret, const Clock& clock)
    : terms_(std::move(terms)),
      secret_(std::move(secret)),
      issuer_(*parse_url(terms_.issuer)),
      clock_(clock) {}

std::optional<ProviderMetadata> IdentityProvider::known_metadata() {
    const std::lock_guard lock(mutex_);
    return metadata_;
}

Result<ProviderMetadata> IdentityProvider::metadata() {
    const auto fresh = [this]() -> std::optional<ProviderMetadata> {
        const std::lock_guard lock(mutex_);
        const bool holds = metadata_ && clock_.mono() < metadata_at_ + kDiscoveryKept;
        return holds ? metadata_ : std::nullopt;
    };
    if (const auto known = fresh()) return *known;
    const std::lock_guard asking(asking_);
    if (const auto known = fresh()) return *known;
    TRY(ProviderMetadata found, discover());
    const std::lock_guard lock(mutex_);
    metadata_ = found;
    metadata_at_ = clock_.mono();
    return found;
}

Result<ProviderMetadata> IdentityProvider::discover() {
    std::string base = terms_.issuer;
    if (base.ends_with('/')) base.pop_back();
    const ProviderRequest request{.url = base + "/.well-known/openid-configuration"};
    TRY(const Json said, ask_identity_provider(terms_, request, "discovery"));
    const auto text = [&](const char* name) {
        const auto found = said.find(name);
        return found != said.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
    };
    if (text("issuer") != terms_.issuer) return provider_unavailable("discovery: other issuer");
    ProviderMetadata out{.authorization_endpoint = text("authorization_endpoint"),
                         .token_endpoint = text("token_endpoint"),
                         .userinfo_endpoint = text("userinfo_endpoint"),
                         .end_session_endpoint = text("end_session_endpoint"),
                         .jwks_uri = text("jwks_uri")};
    for (const std::string& needed :
         {out.authorization_endpoint, out.token_endpoint, out.jwks_uri}) {
        TRY_VOID(check_endpoint(needed, issuer_));
    }
    for (const std::string& other : {out.userinfo_endpoint, out.end_session_endpoint}) {
        if (!other.empty()) TRY_VOID(check_endpoint(other, issuer_));
    }
    if (said.contains("code_challenge_methods_supported") &&
        !takes(said, "code_challenge_methods_supported", "S256")) {
        return provider_unavailable("discovery: no S256");
    }
    const auto names = said.find("authorization_response_iss_parameter_supported");
    out.names_issuer = names != said.end() && names->is_boolean() && names->get<bool>();
    constexpr const char* kMethods = "token_endpoint_auth_methods_supported";
    out.takes_basic = takes(said, kMethods, "client_secret_basic") ||
                      !takes(said, kMethods, "client_secret_post");
    return out;
}

Result<std::vector<JwsKey>> IdentityProvider::keys(bool anew) {
    TRY(const ProviderMetadata known, metadata());
    const std::lock_guard asking(asking_);
    {
        const std::lock_guard lock(mutex_);
        const MonoTime now = clock_.mono();
        const bool holds = keys_ && now < keys_at_ + kKeysKept;
        const bool was_asked = asked_anew_at_ && now < *asked_anew_at_ + kKeysAskedEvery;
        if (holds && (!anew || was_asked)) return *keys_;
        if (anew) asked_anew_at_ = now;
    }
    TRY(const Json document, ask_identity_provider(terms_, {.url = known.jwks_uri}, "jwks"));
    TRY(auto found, read_jwks(document));
    const std::lock_guard lock(mutex_);
    keys_ = found;
    keys_at_ = clock_.mono();
    return found;
}

Result<Jws> IdentityProvider::checked(std::string_view token) {
    TRY(Jws jws, parse_jws(token, terms_.algorithms));
    TRY(auto known, keys(false));
    TRY(const JwsKey* key, find_key(jws, known));
    if (key == nullptr) {
        TRY(known, keys(true));
        TRY(key, find_key(jws, known));
    }
    if (key == nullptr) return untrusted("kid");
    if (!key->checks(jws)) return untrusted("signature");
    return jws;
}

Result<ProviderTokens> IdentityProvider::exchange(const ProviderMetadata& metadata,
                                                  const CodeTerms& code) {
    ProviderRequest request{.method = "POST", .url = metadata.token_endpoint};
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = fmt::format(
        "grant_type=authorization_code&code={}&redirect_uri={}"
        "&code_verifier={}&client_id={}",
        form_encoded(code.code),
        form_encoded(code.redirect_uri),
        code.verifier,
        form_encoded(terms_.client_id));
    const std::string secret = form_encoded(secret_.reveal());
    if (!secret.empty() && metadata.takes_basic) {
        const std::string both = form_encoded(terms_.client_id) + ":" + secret;
        request.headers.push_back({"Authorization", "Basic " + to_base64(both)});
    } else if (!secret.empty()) {
        request.body += "&client_secret=" + secret;
    }
    TRY(const Json said, ask_identity_provider(terms_, request, "token"));
    if (said.contains("error")) return untrusted("token_answer");
    TRY(auto id_token, [&]() -> Result<std::string> {
        const auto found = said.find("id_token");
        if (found == said.end() || !found->is_string()) return untrusted("token_answer");
        return found->get<std::string>();
    }());
    const auto access = said.find("access_token");
    if (access == said.end() || !access->is_string()) return untrusted("token_answer");
    return ProviderTokens{.id_token = Secret(std::move(id_token)),
                          .access_token = Secret(access->get<std::string>())};
}

Result<Json> IdentityProvider::userinfo(const ProviderMetadata& metadata,
                                        const Secret& access_token) {
    const std::string_view token = access_token.reveal();
    const bool fits =
        !token.empty() && std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!fits) return untrusted("token_answer");
    ProviderRequest request{.url = metadata.userinfo_endpoint};
    request.headers.push_back({"Authorization", "Bearer " + std::string(token)});
    return ask_identity_provider(terms_, request, "userinfo");
}

Result<ProvedIdentity> IdentityProvider::redeem(const CodeTerms& code) {
    TRY(const ProviderMetadata known, metadata());
    TRY(ProviderTokens tokens, exchange(known, code));
    TRY(const Jws jws, checked(tokens.id_token.reveal()));
    if (!is_type(jws.type, "JWT")) return untrusted("typ");
    TRY(const TokenClaims claims, claims_of(jws.payload));
    const TokenTerms wanted{
        .issuer = terms_.issuer,
        .client_id = terms_.client_id,
        .nonce = code.nonce,
        .access_token_hash = half_hash(jws.algorithm, tokens.access_token.reveal()),
        .code_hash = half_hash(jws.algorithm, code.code),
        .age_max = terms_.age_max};
    if (const auto flaw = flaw_of_id_token(claims, wanted, clock_.now())) {
        return untrusted(std::string(*flaw));
    }
    ProvedIdentity out{.subject = claims.subject, .provider_session = claims.provider_session};
    TRY_VOID(read_profile(terms_, jws.payload, out));
    const bool lacks =
        out.email.empty() || out.name.empty() || (!terms_.groups.empty() && !out.groups);
    if (lacks && !known.userinfo_endpoint.empty()) {
        TRY(const Json said, userinfo(known, tokens.access_token));
        TRY(const auto subject, text_claim(said, "sub"));
        if (subject != claims.subject) return untrusted("userinfo_sub");
        TRY_VOID(read_profile(terms_, said, out));
    }
    out.id_token = std::move(tokens.id_token);
    return out;
}

Result<TokenClaims> IdentityProvider::read_logout_token(std::string_view token) {
    TRY(const Jws jws, checked(token));
    if (!is_type(jws.type, "logout+jwt")) return untrusted("typ");
    TRY(TokenClaims claims, claims_of(jws.payload));
    const TokenTerms wanted{.issuer = terms_.issuer, .client_id = terms_.client_id};
    if (const auto flaw = flaw_of_logout_token(claims, wanted, clock_.now())) {
        return untrusted(std::string(*flaw));
    }
    return claims;
}

}  // namespace keywarden
