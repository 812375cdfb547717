#include "domain/id_token.h"

#include <algorithm>

namespace keywarden {
namespace {

bool is_text_of_claim(std::string_view text) {
    return !text.empty() && text.size() <= kSubjectBytesMax &&
           std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
}

std::optional<std::string_view> flaw_of_origin(const TokenClaims& claims, const TokenTerms& terms) {
    if (claims.issuer != terms.issuer) return "iss";
    const bool is_ours =
        std::ranges::find(claims.audiences, terms.client_id) != claims.audiences.end();
    if (!is_ours) return "aud";
    if (claims.audiences.size() > 1 && !claims.authorized_party) return "azp";
    if (claims.authorized_party && *claims.authorized_party != terms.client_id) return "azp";
    return std::nullopt;
}

std::optional<std::string_view> flaw_of_times(const TokenClaims& claims, TimePoint now) {
    if (!claims.expires_at || now >= *claims.expires_at + kTokenClockLeeway) return "exp";
    if (!claims.issued_at || *claims.issued_at > now + kTokenClockLeeway) return "iat";
    if (claims.not_before && *claims.not_before > now + kTokenClockLeeway) return "nbf";
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> flaw_of_id_token(const TokenClaims& claims,
                                                 const TokenTerms& terms,
                                                 TimePoint now) {
    if (const auto flaw = flaw_of_origin(claims, terms)) return flaw;
    if (const auto flaw = flaw_of_times(claims, now)) return flaw;
    if (terms.nonce.empty() || claims.nonce != terms.nonce) return "nonce";
    if (claims.access_token_hash && *claims.access_token_hash != terms.access_token_hash) {
        return "at_hash";
    }
    if (claims.code_hash && *claims.code_hash != terms.code_hash) return "c_hash";
    if (terms.age_max) {
        if (!claims.signed_in_at) return "auth_time";
        if (*claims.signed_in_at + *terms.age_max + kTokenClockLeeway < now) return "auth_time";
    }
    if (!is_text_of_claim(claims.subject)) return "sub";
    return std::nullopt;
}

std::optional<std::string_view> flaw_of_logout_token(const TokenClaims& claims,
                                                     const TokenTerms& terms,
                                                     TimePoint now) {
    if (const auto flaw = flaw_of_origin(claims, terms)) return flaw;
    if (const auto flaw = flaw_of_times(claims, now)) return flaw;
    const TimePoint issued_at = claims.issued_at.value_or(TimePoint());
    if (issued_at + kLogoutTokenAge + kTokenClockLeeway < now) return "iat";
    if (!claims.is_logout) return "events";
    if (claims.nonce) return "nonce";
    if (!is_text_of_claim(claims.token_id)) return "jti";
    if (claims.subject.empty() && claims.provider_session.empty()) return "sub";
    return std::nullopt;
}

}  // namespace keywarden
