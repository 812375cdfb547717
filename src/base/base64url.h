// Base64 with the URL-safe alphabet, as tokens are written.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace keywarden {

/// With padding. Source: RFC 4648, section 5.
std::string to_base64url(std::string_view bytes);

/// Only what to_base64url writes is taken: other characters, missing or wrong padding, and bits
/// that would be dropped are refused, so that no two texts mean the same.
/// Errors: InvalidRequest. The message repeats nothing of the text.
Result<Secret> from_base64url(std::string_view text);

}  // namespace keywarden
