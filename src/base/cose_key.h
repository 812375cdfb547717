// Public keys as authenticators write them, and what is signed with them.
#pragma once

#include <optional>
#include <string_view>

#include "base/jws.h"

namespace keywarden {

/// A public key as COSE writes it: ES256 on P-256, EdDSA on Ed25519, or RS256, with no other
/// members. Nothing: it is none of these.
/// Source: RFC 9053, 7; RFC 8230, 4.
struct CoseKey {
    JwsAlgorithm algorithm{};
    JwsKey key{};

    /// A signature of ES256 is written as DER here. Source: Web Authentication Level 3, 6.5.5.
    bool checks(std::string_view text, std::string_view signature) const;
};
std::optional<CoseKey> read_cose_key(std::string_view text);

/// What a browser is asked to choose from: their numbers at COSE, the best first.
inline constexpr int kCoseEdDsa = -8;
inline constexpr int kCoseEs256 = -7;
inline constexpr int kCoseRs256 = -257;

}  // namespace keywarden
