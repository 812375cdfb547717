// The low-level digest, as in crypto.cc: its state needs no memory of its own.
#define OPENSSL_SUPPRESS_DEPRECATED  // NOLINT(readability-identifier-naming): OpenSSL's name

#include "base/pieces_digest.h"

#include <openssl/sha.h>

namespace keywarden {

Digest sha256_of(std::span<const std::string_view> pieces) {
    SHA256_CTX context{};
    SHA256_Init(&context);
    for (const std::string_view piece : pieces) {
        SHA256_Update(&context, piece.data(), piece.size());
    }
    Digest out{};
    SHA256_Final(out.data(), &context);
    return out;
}

}  // namespace keywarden
