// Signed tokens in their compact form (RFC 7515), and the keys that they are checked with (RFC
// 7517).
//
// Nothing of a token says how it is checked: which algorithms are taken is configured, and keys
// come from the key set alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/body.h"
#include "base/jws_algorithm.h"
#include "base/result.h"

struct evp_pkey_st;

namespace keywarden {

inline constexpr size_t kJwsBytesMax = size_t{64} << 10U;
inline constexpr size_t kJwsKeyIdMax = 256;
inline constexpr size_t kJwksKeysMax = 64;
inline constexpr int kRsaBitsMin = 2048;
inline constexpr int kRsaBitsMax = 8192;

/// A token taken apart; nothing of it is to be believed before check_signature.
struct Jws {
    JwsAlgorithm algorithm{};
    std::string key_id{};  // empty: it names none
    std::string type{};    // as it is written; empty: not said
    Json payload{};        // an object
    std::string signed_text{};
    std::string signature{};
};

/// SsoTokenInvalid, whose detail says what did not hold: "signature", "nonce". For the audit log; a
/// constant of ours, never what was sent.
std::unexpected<Error> untrusted(std::string flaw);

/// Errors: untrusted: "token" (no token of three parts), "header", "alg" (none of `allowed`),
/// "crit" (it asks for an extension), "header_key" (it brings its own key), "kid", "payload".
Result<Jws> parse_jws(std::string_view compact, std::span<const JwsAlgorithm> allowed);

/// A key for checking signatures. Copies share it.
class JwsKey {
public:
    const std::string& id() const { return id_; }
    bool fits(JwsAlgorithm algorithm) const;
    bool checks(const Jws& token) const;

private:
    friend std::optional<JwsKey> read_jwk(const Json& jwk);
    enum class Type : uint8_t { Rsa, P256, Ed25519 };
    std::string id_;
    Type type_ = Type::Rsa;
    std::optional<JwsAlgorithm> only_{};  // what the key says it is for
    std::shared_ptr<evp_pkey_st> key_;
};

/// The keys of a JWK set that can check a signature here. Others are left out: for encryption,
/// private or symmetric, too short, of a kind that is not known.
/// Errors: untrusted: "jwks" (no key set, or more than kJwksKeysMax).
Result<std::vector<JwsKey>> read_jwks(const Json& document);

/// The one key that the token can be of; null when the set has none with its id.
/// Errors: untrusted: "key" (two have that id, or it has none and several fit).
Result<const JwsKey*> find_key(const Jws& token, std::span<const JwsKey> keys);

/// What at_hash and c_hash must be. Source: OpenID Connect Core 1.0, 3.1.3.6 and 3.3.2.11.
std::string half_hash(JwsAlgorithm algorithm, std::string_view text);

/// As to_base64url, without padding.
std::string to_base64url_bare(std::string_view bytes);

}  // namespace keywarden
