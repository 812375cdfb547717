#include "base/cose_key.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include "base/cbor.h"
#include "base/jws.h"

namespace keywarden {
namespace {

constexpr uint64_t kMembersMax = 5;
constexpr int kP256Bytes = 32;
constexpr size_t kSignatureBytes = 64;

// Labels; those below zero are each kind's own.
constexpr int64_t kKind = 1;
constexpr int64_t kAlgorithm = 3;
constexpr int64_t kCurve = -1;
constexpr int64_t kX = -2;
constexpr int64_t kY = -3;
constexpr int64_t kModulus = -1;
constexpr int64_t kExponent = -2;

constexpr int64_t kOkp = 1;
constexpr int64_t kEc2 = 2;
constexpr int64_t kRsa = 3;
constexpr int64_t kP256 = 1;
constexpr int64_t kEd25519 = 6;

struct Members {
    std::map<int64_t, int64_t> numbers{};
    std::map<int64_t, std::string_view> bytes{};

    bool is(int64_t label, int64_t value) const {
        const auto found = numbers.find(label);
        return found != numbers.end() && found->second == value;
    }
    std::string text(int64_t label) const {
        const auto found = bytes.find(label);
        return found == bytes.end() ? std::string() : to_base64url_bare(found->second);
    }
};

bool is_number(int64_t label, bool is_rsa) {
    return label == kKind || label == kAlgorithm || (label == kCurve && !is_rsa);
}

/// All of them, each once.
std::optional<Members> read_members(std::string_view text) {
    CborReader reader(text);
    const auto count = reader.map();
    if (!count || *count > kMembersMax) return std::nullopt;
    Members out;
    for (uint64_t i = 0; i < *count; ++i) {
        const auto label = reader.integer();
        if (!label || out.numbers.contains(*label) || out.bytes.contains(*label)) {
            return std::nullopt;
        }
        if (is_number(*label, out.is(kKind, kRsa))) {
            const auto value = reader.integer();
            if (!value) return std::nullopt;
            out.numbers.emplace(*label, *value);
        } else {
            const auto value = reader.bytes();
            if (!value) return std::nullopt;
            out.bytes.emplace(*label, *value);
        }
    }
    if (!reader.rest().empty()) return std::nullopt;
    return out;
}

std::optional<CoseKey> checked(JwsAlgorithm algorithm, Json jwk) {
    jwk["alg"] = name(algorithm);
    auto keys = read_jwks({{"keys", Json::array({std::move(jwk)})}});
    if (!keys || keys->empty()) return std::nullopt;
    return CoseKey{.algorithm = algorithm, .key = std::move(keys->front())};
}

/// r and s one after the other, as JWS has them. Nothing for what is not DER to the letter.
std::optional<std::string> bare_signature(std::string_view der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const auto* const end = at + der.size();
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> both(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
    if (both == nullptr || at != end) return std::nullopt;
    std::array<unsigned char, kSignatureBytes> out{};
    const bool fits =
        BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), out.data(), kP256Bytes) == kP256Bytes &&
        BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), out.data() + kP256Bytes, kP256Bytes) ==
            kP256Bytes;
    if (!fits || i2d_ECDSA_SIG(both.get(), nullptr) != static_cast<int>(der.size())) {
        return std::nullopt;
    }
    return std::string(out.begin(), out.end());
}

}  // namespace

bool CoseKey::checks(std::string_view text, std::string_view signature) const {
    Jws signed_text{.algorithm = algorithm,
                    .signed_text = std::string(text),
                    .signature = std::string(signature)};
    if (algorithm == JwsAlgorithm::Es256) {
        auto bare = bare_signature(signature);
        if (!bare) return false;
        signed_text.signature = *std::move(bare);
    }
    return key.checks(signed_text);
}

std::optional<CoseKey> read_cose_key(std::string_view text) {
    const auto members = read_members(text);
    if (!members) return std::nullopt;
    const size_t count = members->numbers.size() + members->bytes.size();
    if (members->is(kKind, kEc2) && members->is(kAlgorithm, kCoseEs256) &&
        members->is(kCurve, kP256) && count == 5) {
        return checked(
            JwsAlgorithm::Es256,
            {{"kty", "EC"}, {"crv", "P-256"}, {"x", members->text(kX)}, {"y", members->text(kY)}});
    }
    if (members->is(kKind, kOkp) && members->is(kAlgorithm, kCoseEdDsa) &&
        members->is(kCurve, kEd25519) && count == 4) {
        return checked(JwsAlgorithm::EdDsa,
                       {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", members->text(kX)}});
    }
    if (members->is(kKind, kRsa) && members->is(kAlgorithm, kCoseRs256) && count == 4) {
        return checked(
            JwsAlgorithm::Rs256,
            {{"kty", "RSA"}, {"n", members->text(kModulus)}, {"e", members->text(kExponent)}});
    }
    return std::nullopt;
}

}  // namespace keywarden
