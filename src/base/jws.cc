#include "base/jws.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/base64url.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(JwsAlgorithm::kCount)> kNames = {
    "RS256", "PS256", "ES256", "EdDSA"};
constexpr size_t kP256Bytes = 32;
constexpr size_t kEd25519Bytes = 32;
constexpr size_t kCompactParts = 3;

template <auto kFree>
struct Free {
    template <class T>
    void operator()(T* value) const {
        kFree(value);
    }
};
using BigNumber = std::unique_ptr<BIGNUM, Free<BN_free>>;
using ParameterBuild = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;
using SharedKey = std::shared_ptr<EVP_PKEY>;

const unsigned char* raw(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

BigNumber number_of(std::string_view bytes) {
    return BigNumber(BN_bin2bn(raw(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::optional<std::string> decode(std::string_view text) {
    if (text.empty() || text.size() > kJwsBytesMax || text.contains('=')) return std::nullopt;
    std::string padded(text);
    while (padded.size() % 4 != 0) padded.push_back('=');
    const auto bytes = from_base64url(padded);
    if (!bytes) return std::nullopt;
    return std::string(bytes->reveal());
}

/// A member that is text; nothing where there is none, or it is something else.
std::optional<std::string> text_of(const Json& object, const char* member) {
    const auto found = object.find(member);
    if (found == object.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

std::optional<std::string> bytes_of(const Json& object, const char* member) {
    const auto text = text_of(object, member);
    return text ? decode(*text) : std::nullopt;
}

Result<Json> parse_object(std::string text) {
    return read_object({.body = std::move(text)}, Body::Required);
}

SharedKey make_key(const char* type, OSSL_PARAM_BLD* build) {
    const Parameters parameters(OSSL_PARAM_BLD_to_param(build));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    if (parameters == nullptr || context == nullptr) return nullptr;
    EVP_PKEY* key = nullptr;
    const bool made =
        EVP_PKEY_fromdata_init(context.get()) == 1 &&
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
    const SharedKey out(key, EVP_PKEY_free);
    if (!made) return nullptr;
    const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    return check != nullptr && EVP_PKEY_public_check(check.get()) == 1 ? out : nullptr;
}

SharedKey rsa_key(const Json& jwk) {
    const auto modulus = bytes_of(jwk, "n");
    const auto exponent = bytes_of(jwk, "e");
    if (!modulus || !exponent) return nullptr;
    const BigNumber n = number_of(*modulus);
    const BigNumber e = number_of(*exponent);
    if (BN_num_bits(n.get()) < kRsaBitsMin || BN_num_bits(n.get()) > kRsaBitsMax) return nullptr;
    const ParameterBuild build(OSSL_PARAM_BLD_new());
    const bool filled = OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                        OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1;
    return filled ? make_key("RSA", build.get()) : nullptr;
}

SharedKey p256_key(const Json& jwk) {
    const auto x = bytes_of(jwk, "x");
    const auto y = bytes_of(jwk, "y");
    const bool is_point = x && y && x->size() == kP256Bytes && y->size() == kP256Bytes;
    if (!is_point || text_of(jwk, "crv") != "P-256") return nullptr;
    const std::string point = "\x04" + *x + *y;
    const ParameterBuild build(OSSL_PARAM_BLD_new());
    const bool filled = OSSL_PARAM_BLD_push_utf8_string(
                            build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
                        OSSL_PARAM_BLD_push_octet_string(
                            build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1;
    return filled ? make_key("EC", build.get()) : nullptr;
}

SharedKey ed25519_key(const Json& jwk) {
    const auto x = bytes_of(jwk, "x");
    if (!x || x->size() != kEd25519Bytes || text_of(jwk, "crv") != "Ed25519") return nullptr;
    return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(*x), x->size()),
            EVP_PKEY_free};
}

bool is_for_signatures(const Json& jwk) {
    if (jwk.contains("use") && text_of(jwk, "use") != "sig") return false;
    const auto operations = jwk.find("key_ops");
    if (operations == jwk.end()) return true;
    return operations->is_array() && std::ranges::find(*operations, "verify") != operations->end();
}

/// r and s one after the other, as DER. Source: RFC 7518, 3.4.
std::optional<std::string> der_of(std::string_view signature) {
    if (signature.size() != 2 * kP256Bytes) return std::nullopt;
    const EcSignature both(ECDSA_SIG_new());
    BigNumber r = number_of(signature.substr(0, kP256Bytes));
    BigNumber s = number_of(signature.substr(kP256Bytes));
    if (both == nullptr || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return std::nullopt;
    [[maybe_unused]] const std::array<BIGNUM*, 2> its_own_now = {r.release(), s.release()};
    std::array<unsigned char, 2 * kP256Bytes + 16> der{};
    unsigned char* end = der.data();
    const int size = i2d_ECDSA_SIG(both.get(), &end);
    if (size <= 0) return std::nullopt;
    return std::string(der.data(), end);
}

bool set_padding(EVP_PKEY_CTX* context, JwsAlgorithm algorithm) {
    if (algorithm == JwsAlgorithm::Rs256) {
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    }
    if (algorithm != JwsAlgorithm::Ps256) return true;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool is_jwt_header_key(const std::string& member) {
    static constexpr std::array<std::string_view, 4> kOwnKeys = {"jku", "jwk", "x5u", "x5c"};
    return std::ranges::find(kOwnKeys, member) != kOwnKeys.end();
}

}  // namespace

std::string_view name(JwsAlgorithm algorithm) { return kNames.at(static_cast<size_t>(algorithm)); }

std::optional<JwsAlgorithm> jws_algorithm_of(std::string_view text) {
    const auto found = std::ranges::find(kNames, text);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<JwsAlgorithm>(found - kNames.begin());
}

std::unexpected<Error> untrusted(std::string flaw) {
    return fail(ErrorCode::SsoTokenInvalid,
                "What the identity provider sent cannot be trusted.",
                std::move(flaw));
}

Result<Jws> parse_jws(std::string_view compact, std::span<const JwsAlgorithm> allowed) {
    if (compact.size() > kJwsBytesMax) return untrusted("token");
    std::array<std::string_view, kCompactParts> parts;
    std::string_view rest = compact;
    for (size_t i = 0; i < kCompactParts; ++i) {
        const size_t end = i + 1 < kCompactParts ? rest.find('.') : rest.size();
        if (end == std::string_view::npos) return untrusted("token");
        parts.at(i) = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const auto header_text = decode(parts[0]);
    const auto header = header_text ? parse_object(*header_text) : untrusted("header");
    if (!header) return untrusted("header");
    const auto algorithm = jws_algorithm_of(text_of(*header, "alg").value_or(""));
    if (!algorithm || std::ranges::find(allowed, *algorithm) == allowed.end()) {
        return untrusted("alg");
    }
    if (header->contains("crit") || header->contains("b64")) return untrusted("crit");
    for (const auto& [member, value] : header->items()) {
        if (is_jwt_header_key(member)) return untrusted("header_key");
    }
    Jws out{.algorithm = *algorithm, .type = text_of(*header, "typ").value_or("")};
    if (header->contains("kid")) {
        const auto key_id = text_of(*header, "kid");
        if (!key_id || key_id->empty() || key_id->size() > kJwsKeyIdMax) return untrusted("kid");
        out.key_id = *key_id;
    }
    const auto signature = decode(parts[2]);
    if (!signature) return untrusted("signature");
    const auto payload_text = decode(parts[1]);
    auto payload = payload_text ? parse_object(*payload_text) : untrusted("payload");
    if (!payload) return untrusted("payload");
    out.payload = *std::move(payload);
    out.signed_text = compact.substr(0, parts[0].size() + 1 + parts[1].size());
    out.signature = *signature;
    return out;
}

bool JwsKey::fits(JwsAlgorithm algorithm) const {
    if (only_ && *only_ != algorithm) return false;
    switch (type_) {
        case Type::Rsa:
            return algorithm == JwsAlgorithm::Rs256 || algorithm == JwsAlgorithm::Ps256;
        case Type::P256:
            return algorithm == JwsAlgorithm::Es256;
        case Type::Ed25519:
            return algorithm == JwsAlgorithm::EdDsa;
    }
    return false;
}

bool JwsKey::checks(const Jws& token) const {
    if (!fits(token.algorithm)) return false;
    std::string signature = token.signature;
    if (token.algorithm == JwsAlgorithm::Es256) {
        const auto der = der_of(signature);
        if (!der) return false;
        signature = *der;
    }
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* settings = nullptr;  // the context's
    const EVP_MD* digest = token.algorithm == JwsAlgorithm::EdDsa ? nullptr : EVP_sha256();
    const bool begun =
        context != nullptr &&
        EVP_DigestVerifyInit(context.get(), &settings, digest, nullptr, key_.get()) == 1;
    if (!begun || !set_padding(settings, token.algorithm)) return false;
    return EVP_DigestVerify(context.get(),
                            raw(signature),
                            signature.size(),
                            raw(token.signed_text),
                            token.signed_text.size()) == 1;
}

std::optional<JwsKey> read_jwk(const Json& jwk) {
    if (!jwk.is_object() || jwk.contains("d") || jwk.contains("k")) return std::nullopt;
    if (!is_for_signatures(jwk)) return std::nullopt;
    JwsKey out;
    if (jwk.contains("alg")) {
        out.only_ = jws_algorithm_of(text_of(jwk, "alg").value_or(""));
        if (!out.only_) return std::nullopt;
    }
    const std::string type = text_of(jwk, "kty").value_or("");
    if (type == "RSA") {
        out.type_ = JwsKey::Type::Rsa;
        out.key_ = rsa_key(jwk);
    } else if (type == "EC") {
        out.type_ = JwsKey::Type::P256;
        out.key_ = p256_key(jwk);
    } else if (type == "OKP") {
        out.type_ = JwsKey::Type::Ed25519;
        out.key_ = ed25519_key(jwk);
    }
    if (out.key_ == nullptr) return std::nullopt;
    out.id_ = text_of(jwk, "kid").value_or("");
    if (out.id_.size() > kJwsKeyIdMax) return std::nullopt;
    return out;
}

Result<std::vector<JwsKey>> read_jwks(const Json& document) {
    const auto keys = document.find("keys");
    const bool fits = keys != document.end() && keys->is_array() && keys->size() <= kJwksKeysMax;
    if (!fits) return untrusted("jwks");
    std::vector<JwsKey> out;
    for (const Json& jwk : *keys) {
        if (auto key = read_jwk(jwk)) out.push_back(*std::move(key));
    }
    return out;
}

Result<const JwsKey*> find_key(const Jws& token, std::span<const JwsKey> keys) {
    const JwsKey* found = nullptr;
    for (const JwsKey& key : keys) {
        if (!key.fits(token.algorithm)) continue;
        if (!token.key_id.empty() && key.id() != token.key_id) continue;
        if (found != nullptr) return untrusted("key");
        found = &key;
    }
    return found;
}

std::string half_hash(JwsAlgorithm algorithm, std::string_view text) {
    const EVP_MD* digest = algorithm == JwsAlgorithm::EdDsa ? EVP_sha512() : EVP_sha256();
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), out.data(), &size, digest, nullptr) != 1) return {};
    return to_base64url_bare(std::string(out.data(), out.data() + size / 2));
}

std::string to_base64url_bare(std::string_view bytes) {
    std::string out = to_base64url(bytes);
    while (out.ends_with('=')) out.pop_back();
    return out;
}

}  // namespace keywarden
