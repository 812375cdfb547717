// AES as the vault needs it, over OpenSSL: CBC for Fernet tokens, GCM for envelopes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace keywarden {

inline constexpr size_t kAesBlockBytes = 16;
inline constexpr size_t kGcmKeyBytes = 32;
inline constexpr size_t kGcmNonceBytes = 12;
inline constexpr size_t kGcmTagBytes = 16;

// Threads: any. Keys, initial vectors, and nonces are raw bytes of exactly these sizes: `Requires`.
// A wrong one ends the process. Nothing is padded but by the functions of CBC (PKCS #7).

/// Requires: a key and an iv of 16 bytes.
std::string aes128_cbc_encrypt(std::string_view key, std::string_view iv, std::string_view plain);

/// Errors: CredentialUnreadable when the length or the padding is wrong. Whoever calls this has
/// checked who wrote `sealed`: the answer tells about the padding.
Result<Secret> aes128_cbc_decrypt(std::string_view key,
                                  std::string_view iv,
                                  std::string_view sealed);

/// The sealed bytes with their tag behind them. Requires: a nonce that this key has never had.
std::string aes256_gcm_seal(std::string_view key,
                            std::string_view nonce,
                            std::string_view associated,
                            std::string_view plain);

/// Errors: CredentialUnreadable when anything of it is not what was sealed.
Result<Secret> aes256_gcm_open(std::string_view key,
                               std::string_view nonce,
                               std::string_view associated,
                               std::string_view sealed);

/// `count` bytes of the operating system's generator.
std::string random_raw(size_t count);

/// One error for whatever is wrong with something sealed, so that it tells a guesser nothing.
std::unexpected<Error> cannot_decrypt();

}  // namespace keywarden
