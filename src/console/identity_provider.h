// An identity provider of the configuration: what its discovery says, its keys, and what it answers
// to a code.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/jws.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/url.h"
#include "domain/id_token.h"
#include "domain/identity.h"
#include "domain/ip_range.h"

namespace keywarden {

inline constexpr size_t kIdentityProvidersMax = 100;
inline constexpr Nanos kDiscoveryKept = std::chrono::hours(1);
inline constexpr Nanos kKeysKept = std::chrono::hours(1);
/// A key that the set did not have is looked for no more often.
inline constexpr Nanos kKeysAskedEvery = std::chrono::minutes(1);
inline constexpr Nanos kProviderAnswersWithin = std::chrono::seconds(5);
inline constexpr size_t kProviderAnswerMax = size_t{256} << 10U;

/// One [[sign_in.provider]] of the configuration, without its secret.
struct IdentityProviderTerms {
    std::string name{};   // in addresses: "corp"
    std::string label{};  // on the button
    std::string issuer{};
    std::string client_id{};
    std::vector<std::string> scopes{"openid", "email", "profile"};
    std::vector<JwsAlgorithm> algorithms{JwsAlgorithm::Rs256, JwsAlgorithm::Es256};
    std::optional<Nanos> age_max{};   // of a sign-in at the provider
    std::vector<IpRange> networks{};  // not public, and reached nevertheless
    // Who is let in, beside whom an identity is linked to:
    bool provisions = false;
    std::vector<std::string> domains{};
    std::string team_id{};  // of a new person; empty: none
    Role role = Role::Member;
    std::string groups_claim{"groups"};
    std::vector<GroupRole> groups{};  // empty: groups decide nothing
    std::string ca_file{};            // empty: the system's authorities
};

/// What it says of itself.
struct ProviderMetadata {
    std::string authorization_endpoint{};
    std::string token_endpoint{};
    std::string userinfo_endpoint{};     // empty: it has none
    std::string end_session_endpoint{};  // empty: it has none
    std::string jwks_uri{};
    bool names_issuer = false;  // in its answer to the browser: RFC 9207
    bool takes_basic = true;    // the secret in a header; otherwise in the body
};

/// What came for a code.
struct ProviderTokens {
    Secret id_token{};
    Secret access_token{};
};

/// Whom a sign-in was of: only what was signed, or told by the provider of that very subject.
struct ProvedIdentity {
    std::string subject{};
    std::string provider_session{};
    std::string email{};
    bool email_verified = false;
    std::string name{};
    std::optional<std::vector<std::string>> groups{};  // nothing: neither said
    Secret id_token{};
};

/// What a sign-in asked for, and a callback must fit.
struct CodeTerms {
    std::string code{};
    std::string verifier{};
    std::string nonce{};
    std::string redirect_uri{};
};

/// Where one of a provider's endpoints may be: at https, or for an issuer on this machine there.
/// Errors: SsoUnavailable.
Result<Url> check_endpoint(std::string_view endpoint, const Url& issuer);

/// Destinations are the issuer's discovery and what it names. Everything that asks blocks, for
/// kProviderAnswersWithin at most an answer.
/// Threads: any.
class IdentityProvider {
public:
    /// `secret` is the client's; empty: a public client.
    /// Requires: the issuer is an address that parse_url reads.
    IdentityProvider(IdentityProviderTerms terms, Secret secret, const Clock& clock);

    const IdentityProviderTerms& terms() const { return terms_; }

    /// As it was read last, within kDiscoveryKept.
    /// Errors: SsoUnavailable (no answer in time, none that is one, or of another issuer).
    Result<ProviderMetadata> metadata();
    /// What is known without asking; nothing when it was not read yet.
    std::optional<ProviderMetadata> known_metadata();

    /// Whose code that is. Errors: SsoUnavailable; SsoTokenInvalid, saying in its detail what did
    /// not hold.
    Result<ProvedIdentity> redeem(const CodeTerms& code);

    /// The claims of a logout token for this client.
    /// Errors: SsoUnavailable; SsoTokenInvalid.
    Result<TokenClaims> read_logout_token(std::string_view token);

private:
    Result<Jws> checked(std::string_view token);
    Result<std::vector<JwsKey>> keys(bool anew);
    Result<ProviderMetadata> discover();
    Result<ProviderTokens> exchange(const ProviderMetadata& metadata, const CodeTerms& code);
    Result<Json> userinfo(const ProviderMetadata& metadata, const Secret& access_token);

    IdentityProviderTerms terms_;
    Secret secret_;
    Url issuer_;
    const Clock& clock_;
    std::mutex asking_;  // one asks for what is kept, others wait for what it learns
    std::mutex mutex_;
    std::optional<ProviderMetadata> metadata_;
    MonoTime metadata_at_{};
    std::optional<std::vector<JwsKey>> keys_;
    MonoTime keys_at_{};
    std::optional<MonoTime> asked_anew_at_;
};

}  // namespace keywarden
