// A second factor: codes of six digits from an authenticator, and recovery codes for when it is
// lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/units.h"

namespace keywarden {

inline constexpr size_t kTotpSecretBytes = 20;
inline constexpr size_t kRecoveryCodes = 10;

/// The half minute that a moment lies in.
int64_t totp_step(TimePoint when);

/// Source: RFC 6238, with SHA-1, 30 seconds and six digits: what every authenticator can.
std::string totp_code(std::string_view secret, int64_t step);

/// The step of a code that is right at `now`, or was half a minute ago, or will be: clocks differ.
/// Nothing for a wrong one, and for one that is not newer than `after`, the last that was taken.
std::optional<int64_t> check_totp(std::string_view secret,
                                  std::string_view code,
                                  TimePoint now,
                                  int64_t after);

/// How a person types the secret. Source: RFC 4648, section 6; no padding.
std::string to_base32(std::string_view bytes);

/// What a picture for the authenticator says.
std::string totp_uri(std::string_view secret, std::string_view account);

/// "k3v9-…": 80 random bits.
std::string new_recovery_code();
/// Spaces, dashes, and capitals make no difference.
Digest recovery_digest(std::string_view code);

}  // namespace keywarden
