// Passwords of people, hashed with Argon2id, which is meant to cost. Thin, over libsodium.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace keywarden {

inline constexpr size_t kPasswordMin = 10;   // bytes
inline constexpr size_t kPasswordMax = 256;  // bytes

/// Algorithm, costs, salt, and hash as one text.
/// Takes 64 MiB and about a tenth of a second of a processor.
/// Errors: Overloaded when there is no such memory just now.
Result<std::string> hash_password(const Secret& password);

/// Whether `hash` is of that password. An empty one is of none, and takes as long to say so: nobody
/// can tell by the time who has a password here. Errors: Overloaded, as hash_password.
Result<bool> is_password(const std::string& hash, const Secret& password);

}  // namespace keywarden
