// Keys made here and now, and how authenticators write them. For tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/crypto.h"
#include "base/jws.h"

namespace keywarden::test {

using Key = std::shared_ptr<EVP_PKEY>;

inline Key new_key(JwsAlgorithm algorithm) {
    if (algorithm == JwsAlgorithm::Es256) return {EVP_EC_gen("P-256"), EVP_PKEY_free};
    if (algorithm == JwsAlgorithm::Rs256) return {EVP_RSA_gen(2048), EVP_PKEY_free};
    return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free};
}

/// A number of a kind of item, or the length of one: as short as it can be.
inline std::string cbor_head(uint8_t major, uint64_t value) {
    const auto first = [&](uint8_t low) {
        return std::string(1, static_cast<char>(static_cast<uint8_t>(major << 5U) | low));
    };
    if (value < 24) return first(static_cast<uint8_t>(value));
    const int bytes = value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;
    std::string out = first(bytes == 1 ? 24 : bytes == 2 ? 25 : 26);
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xffU);
    return out;
}
inline std::string cbor_number(int64_t value) {
    return value < 0 ? cbor_head(1, static_cast<uint64_t>(-1 - value))
                     : cbor_head(0, static_cast<uint64_t>(value));
}
inline std::string cbor_bytes(std::string_view bytes) {
    return cbor_head(2, bytes.size()) + std::string(bytes);
}
inline std::string cbor_text(std::string_view text) {
    return cbor_head(3, text.size()) + std::string(text);
}
inline std::string cbor_map(uint64_t pairs) { return cbor_head(5, pairs); }

inline std::string key_number(const Key& key, const char* name, int bytes = 0) {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), name, &value) != 1) return {};
    std::string out(static_cast<size_t>(bytes > 0 ? bytes : BN_num_bytes(value)), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    BN_free(value);
    return out;
}

inline std::string cose_of(const Key& key, JwsAlgorithm algorithm) {
    if (algorithm == JwsAlgorithm::Es256) {
        return cbor_map(5) + cbor_number(1) + cbor_number(2) + cbor_number(3) + cbor_number(-7) +
               cbor_number(-1) + cbor_number(1) + cbor_number(-2) +
               cbor_bytes(key_number(key, "qx", 32)) + cbor_number(-3) +
               cbor_bytes(key_number(key, "qy", 32));
    }
    if (algorithm == JwsAlgorithm::Rs256) {
        return cbor_map(4) + cbor_number(1) + cbor_number(3) + cbor_number(3) + cbor_number(-257) +
               cbor_number(-1) + cbor_bytes(key_number(key, "n")) + cbor_number(-2) +
               cbor_bytes(key_number(key, "e"));
    }
    std::string x(32, '\0');
    size_t size = x.size();
    EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(x.data()), &size);
    return cbor_map(4) + cbor_number(1) + cbor_number(1) + cbor_number(3) + cbor_number(-8) +
           cbor_number(-1) + cbor_number(6) + cbor_number(-2) + cbor_bytes(x);
}

inline std::string signed_by(const Key& key, JwsAlgorithm algorithm, std::string_view text) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    const EVP_MD* digest = algorithm == JwsAlgorithm::EdDsa ? nullptr : EVP_sha256();
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    size_t size = 0;
    EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.get());
    EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
    std::string out(size, '\0');
    EVP_DigestSign(
        context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size());
    out.resize(size);
    return out;
}

inline std::string digest_text(std::string_view text) {
    const Digest digest = sha256(text);
    return {digest.begin(), digest.end()};
}

}  // namespace keywarden::test
