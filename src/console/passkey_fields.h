// What browsers send of a passkey: bytes as base64url without padding.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/body.h"
#include "base/result.h"
#include "domain/webauthn.h"

namespace keywarden {

/// The answer to POST /auth/passkeys/challenge.
struct PasskeyAnswer {
    std::string attempt{};
    PasskeyAssertion assertion{};
};

// Errors: InvalidRequest, with `field` as its param; UnknownField.
Result<PasskeyAnswer> read_passkey_answer(const Json& value);
/// Raw bytes, at least one.
Result<std::string> read_bytes_field(std::string_view field, const Json& value, size_t bytes_max);
/// How the browser reaches the authenticator: "internal", "usb".
Result<std::vector<std::string>> read_transports(const Json& value);

}  // namespace keywarden
