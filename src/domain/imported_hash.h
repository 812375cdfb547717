// Hashes of secrets that were made elsewhere, as an import names them.
#pragma once

#include <string_view>

#include "base/crypto.h"
#include "base/result.h"

namespace keywarden {

/// The SHA-256 of a secret, as 64 hex digits in either case.
/// Errors: InvalidRequest, with `hash` as its param: another length (MD5, SHA-1, …), something else
/// than digits, or the hash of nothing, of a default that everybody knows, or of no secret at all.
Result<Digest> read_imported_hash(std::string_view text);

}  // namespace keywarden
