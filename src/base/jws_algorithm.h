// How signed tokens, and what passkeys sign, may be signed (RFC 7518, RFC 8037).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace keywarden {

enum class JwsAlgorithm : uint8_t { Rs256, Ps256, Es256, EdDsa, kCount };

std::string_view name(JwsAlgorithm algorithm);  // "RS256"
/// Only as it is written there: case counts, and there is no "none".
std::optional<JwsAlgorithm> jws_algorithm_of(std::string_view text);

}  // namespace keywarden
