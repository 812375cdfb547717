// What an ID token and a logout token must say for somebody to be let in, or signed out, by them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace keywarden {

/// How far the provider's clock and ours may be apart.
inline constexpr Nanos kTokenClockLeeway = std::chrono::seconds(60);
inline constexpr size_t kSubjectBytesMax = 255;
/// No logout token is older: for as long as one is taken, it is remembered.
inline constexpr Nanos kLogoutTokenAge = std::chrono::minutes(5);

/// The claims of a token whose signature was right. Nothing: it does not say, or not so that it can
/// be read.
struct TokenClaims {
    std::string issuer{};
    std::string subject{};
    std::vector<std::string> audiences{};
    std::optional<std::string> authorized_party{};
    std::optional<TimePoint> expires_at{};
    std::optional<TimePoint> issued_at{};
    std::optional<TimePoint> not_before{};
    std::optional<TimePoint> signed_in_at{};  // auth_time
    std::optional<std::string> nonce{};
    std::optional<std::string> access_token_hash{};
    std::optional<std::string> code_hash{};
    std::string token_id{};          // jti
    std::string provider_session{};  // sid
    bool is_logout = false;          // it tells of that event
};

/// What the sign-in that it is the answer to asked for.
struct TokenTerms {
    std::string issuer{};
    std::string client_id{};
    std::string nonce{};
    std::string access_token_hash{};  // of what came with it
    std::string code_hash{};
    std::optional<Nanos> age_max{};  // of the sign-in at the provider
};

/// Which claim does not hold: "iss", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash",
/// "c_hash", "auth_time", "sub". Nothing: all do.
/// Source: OpenID Connect Core 1.0, 3.1.3.7.
std::optional<std::string_view> flaw_of_id_token(const TokenClaims& claims,
                                                 const TokenTerms& terms,
                                                 TimePoint now);

/// The same of a logout token: "iss", "aud", "exp", "iat", "nbf", "events", "nonce", "jti", "sub".
/// Whether it came before is the caller's to ask.
/// Source: OpenID Connect Back-Channel Logout 1.0, 2.6.
std::optional<std::string_view> flaw_of_logout_token(const TokenClaims& claims,
                                                     const TokenTerms& terms,
                                                     TimePoint now);

}  // namespace keywarden
