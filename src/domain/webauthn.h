// What a browser must bring for a passkey to be kept, and for somebody to be let in by it.
//
// Nothing is asked of who made the authenticator: attestation is neither wanted nor believed.
// Source: Web Authentication Level 3, 7.1 and 7.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cose_key.h"
#include "base/result.h"
#include "base/units.h"
#include "domain/passkey.h"

namespace keywarden {

inline constexpr size_t kClientDataMax = 4096;
inline constexpr size_t kAuthenticatorDataMax = 8192;  // also of what it comes in
inline constexpr size_t kPasskeySignatureMax = 2048;
inline constexpr size_t kChallengeBytes = 32;
inline constexpr Nanos kChallengeKept = std::chrono::minutes(5);

/// How browsers find the console, as far as passkeys go.
struct RelyingParty {
    std::string id{};      // "keys.example.com"
    std::string origin{};  // "https://keys.example.com"
};

/// Of the console's address, or what a browser says of where it is: "https://keys.example.com/kw".
/// Passkeys are for names, not for addresses, over TLS, or on this machine ("localhost").
/// Errors: InvalidRequest, whose message says why.
Result<RelyingParty> relying_party_of(std::string_view url);

/// What was asked for.
struct PasskeyTerms {
    std::string challenge{};  // raw bytes
    RelyingParty party{};
    bool needs_verification = true;  // of the person, by finger, face, or PIN
};

/// InvalidSignIn, whose detail says what did not hold: "challenge", "origin". For the audit log; a
/// constant of ours, never what was sent.
std::unexpected<Error> refused_passkey(std::string_view flaw);

/// Checks the browser's answer to a wish for a new passkey, and reads from it: `credential_id`,
/// `public_key`, `algorithm`, `sign_count`, and `rp_id`.
/// Errors: refused_passkey: "client_data", "type", "challenge", "origin", "cross_origin",
/// "attestation", "format", "authenticator_data", "rp_id", "user_present", "user_verified",
/// "backup_flags", "credential_id", "public_key", "extensions".
Result<Passkey> check_new_passkey(std::string_view client_data,
                                  std::string_view attestation_object,
                                  const PasskeyTerms& terms);

/// What a browser brings to be let in; all raw bytes.
struct PasskeyAssertion {
    std::string credential_id{};
    std::string client_data{};
    std::string authenticator_data{};
    std::string signature{};
    std::string user_handle{};  // empty: not said
};

/// Whether it is the passkey's, and an answer to what was asked. Returns how often the passkey has
/// signed by now. Who its owner is, the caller asks.
/// Errors: as check_new_passkey; also "signature", "sign_count" (it went back: there is a copy).
Result<uint32_t> check_assertion(const PasskeyAssertion& assertion,
                                 const Passkey& passkey,
                                 const PasskeyTerms& terms);

}  // namespace keywarden
