// Signed tokens: what is taken, with keys made here and now, and what never is.
#include "base/jws.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

namespace keywarden {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;

const std::vector<JwsAlgorithm> kAll = {
    JwsAlgorithm::Rs256, JwsAlgorithm::Ps256, JwsAlgorithm::Es256, JwsAlgorithm::EdDsa};
constexpr int kCoordinate = 32;

Key new_rsa(size_t bits = 2048) { return {EVP_RSA_gen(bits), EVP_PKEY_free}; }
Key new_p256() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }
Key new_ed25519() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}; }

std::string number(const Key& key, const char* name, int bytes = 0) {
    BIGNUM* value = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key.get(), name, &value), 1);
    std::string out(static_cast<size_t>(bytes > 0 ? bytes : BN_num_bytes(value)), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    BN_free(value);
    return to_base64url_bare(out);
}

Json rsa_jwk(const Key& key, const std::string& id = "main") {
    return {{"kty", "RSA"},
            {"kid", id},
            {"n", number(key, OSSL_PKEY_PARAM_RSA_N)},
            {"e", number(key, OSSL_PKEY_PARAM_RSA_E)}};
}

Json p256_jwk(const Key& key, const std::string& id = "main") {
    return {{"kty", "EC"},
            {"kid", id},
            {"crv", "P-256"},
            {"x", number(key, OSSL_PKEY_PARAM_EC_PUB_X, kCoordinate)},
            {"y", number(key, OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinate)}};
}

Json ed25519_jwk(const Key& key, const std::string& id = "main") {
    std::string raw(kCoordinate, '\0');
    size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
    return {{"kty", "OKP"}, {"kid", id}, {"crv", "Ed25519"}, {"x", to_base64url_bare(raw)}};
}

std::string raw_ecdsa(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* both = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string out(size_t{2} * kCoordinate, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(both), bytes, kCoordinate);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), bytes + kCoordinate, kCoordinate);
    ECDSA_SIG_free(both);
    return out;
}

std::string signature(const Key& key, const std::string& algorithm, const std::string& text) {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    EVP_PKEY_CTX* settings = nullptr;
    const EVP_MD* digest = algorithm == "EdDSA" ? nullptr : EVP_sha256();
    EVP_DigestSignInit(context.get(), &settings, digest, nullptr, key.get());
    if (algorithm == "PS256") {
        EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST);
    }
    const auto* in = reinterpret_cast<const unsigned char*>(text.data());
    size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, in, text.size());
    std::string out(size, '\0');
    EVP_DigestSign(
        context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, in, text.size());
    out.resize(size);
    return algorithm == "ES256" ? raw_ecdsa(out) : out;
}

std::string token(const Key& key,
                  const std::string& algorithm,
                  Json header = Json::object(),
                  const std::string& payload = R"({"sub":"ann"})") {
    if (!header.contains("alg")) header["alg"] = algorithm;
    if (!header.contains("kid")) header["kid"] = "main";
    const std::string text = to_base64url_bare(header.dump()) + "." + to_base64url_bare(payload);
    return text + "." + to_base64url_bare(signature(key, algorithm, text));
}

std::string flaw(const std::string& compact) {
    const auto parsed = parse_jws(compact, kAll);
    return parsed ? "" : parsed.error().detail;
}

std::vector<JwsKey> keys_of(const Json& list) { return *read_jwks({{"keys", list}}); }

bool checks(const std::string& compact, const Json& jwk) {
    const auto parsed = parse_jws(compact, kAll);
    const auto keys = keys_of(Json::array({jwk}));
    if (!parsed || keys.empty()) return false;
    const auto found = find_key(*parsed, keys);
    return found && *found != nullptr && (*found)->checks(*parsed);
}

TEST(SignedToken, IsCheckedByTheKeyThatSignedItWithEachAlgorithm) {
    const Key rsa = new_rsa();
    const Key p256 = new_p256();
    const Key ed25519 = new_ed25519();
    EXPECT_TRUE(checks(token(rsa, "RS256"), rsa_jwk(rsa)));
    EXPECT_TRUE(checks(token(rsa, "PS256"), rsa_jwk(rsa)));
    EXPECT_TRUE(checks(token(p256, "ES256"), p256_jwk(p256)));
    EXPECT_TRUE(checks(token(ed25519, "EdDSA"), ed25519_jwk(ed25519)));

    EXPECT_FALSE(checks(token(rsa, "RS256"), rsa_jwk(new_rsa())));
    EXPECT_FALSE(checks(token(p256, "ES256"), p256_jwk(new_p256())));
    EXPECT_FALSE(checks(token(ed25519, "EdDSA"), ed25519_jwk(new_ed25519())));
    EXPECT_FALSE(checks(token(rsa, "RS256", {{"alg", "PS256"}}), rsa_jwk(rsa)));
    EXPECT_FALSE(checks(token(p256, "ES256", {{"alg", "RS256"}}), p256_jwk(p256)));
}

TEST(SignedToken, DoesNotHoldOnceAByteOfItIsAnother) {
    const Key key = new_p256();
    const Json jwk = p256_jwk(key);
    const std::string whole = token(key, "ES256");
    ASSERT_TRUE(checks(whole, jwk));
    for (size_t i = 0; i < whole.size(); ++i) {
        std::string other = whole;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(checks(other, jwk)) << i;
    }
    EXPECT_FALSE(checks(whole + "A", jwk));
    EXPECT_FALSE(checks(whole.substr(0, whole.size() - 1), jwk));
}

TEST(SignedToken, IsRefusedForWhatItsHeaderSays) {
    const Key key = new_p256();
    for (const char* alg : {"none", "nOnE", "NONE", "", "HS256", "HS512", "es256", "ES384"}) {
        EXPECT_EQ(flaw(token(key, "ES256", {{"alg", alg}})), "alg") << alg;
    }
    EXPECT_EQ(flaw(token(key, "ES256", {{"alg", 7}})), "alg");
    EXPECT_EQ(flaw(token(key, "ES256", {{"crit", {"exp"}}})), "crit");
    EXPECT_EQ(flaw(token(key, "ES256", {{"b64", false}})), "crit");
    for (const char* own : {"jku", "jwk", "x5u", "x5c"}) {
        EXPECT_EQ(flaw(token(key, "ES256", {{own, "https://evil.test"}})), "header_key") << own;
    }
    EXPECT_EQ(flaw(token(key, "ES256", {{"kid", 7}})), "kid");
    EXPECT_EQ(flaw(token(key, "ES256", {{"kid", std::string(257, 'a')}})), "kid");
    EXPECT_EQ(flaw(token(key, "ES256")), "");
}

TEST(SignedToken, IsRefusedWhereItIsNoneOfThreeParts) {
    const Key key = new_p256();
    const std::string whole = token(key, "ES256");
    for (const std::string& text : std::vector<std::string>{
             "", ".", "..", "a.b", whole + ".x", "a.b.c.d.e", std::string(kJwsBytesMax + 1, 'a')}) {
        EXPECT_NE(flaw(text), "") << text.substr(0, 40);
    }
    EXPECT_EQ(flaw(token(key, "ES256", {}, "[]")), "payload");
    EXPECT_EQ(flaw(token(key, "ES256", {}, R"({"sub":"a","sub":"b"})")), "payload");
    EXPECT_EQ(flaw(token(key, "ES256", {}, "no JSON")), "payload");
}

TEST(SignedToken, OnlyTheConfiguredAlgorithmsAreTaken) {
    const Key key = new_rsa();
    const std::vector<JwsAlgorithm> allowed = {JwsAlgorithm::Es256};
    EXPECT_EQ(parse_jws(token(key, "RS256"), allowed).error().detail, "alg");
}

TEST(SignedToken, IsNotReadWhereItIsTooLongThoughNoPartOfItIs) {
    const Key key = new_p256();
    const std::string half(kJwsBytesMax / 2, 'a');
    EXPECT_EQ(flaw(token(key, "ES256", {{"typ", half}})), "");
    EXPECT_EQ(flaw(token(key, "ES256", {{"typ", half}}, R"({"sub":")" + half + R"("})")), "token");
}

TEST(SignedToken, AKeyThatIsForOneAlgorithmChecksNoOther) {
    const Key key = new_rsa();
    Json jwk = rsa_jwk(key);
    jwk["alg"] = "RS256";
    EXPECT_TRUE(checks(token(key, "RS256"), jwk));
    EXPECT_FALSE(checks(token(key, "PS256"), jwk));
    const auto keys = keys_of(Json::array({jwk}));
    EXPECT_FALSE(keys.at(0).checks(*parse_jws(token(key, "PS256"), kAll)));
}

TEST(KeySet, LeavesOutWhatCannotCheckASignature) {
    const Key key = new_rsa();
    const auto with = [&](const char* name, const Json& value) {
        Json jwk = rsa_jwk(key);
        jwk[name] = value;
        return keys_of(Json::array({jwk})).size();
    };
    EXPECT_EQ(with("use", "sig"), 1U);
    EXPECT_EQ(with("use", "enc"), 0U);
    EXPECT_EQ(with("key_ops", {"verify"}), 1U);
    EXPECT_EQ(with("key_ops", {"encrypt"}), 0U);
    EXPECT_EQ(with("alg", "RS256"), 1U);
    EXPECT_EQ(with("alg", "RSA-OAEP"), 0U);
    EXPECT_EQ(with("d", "secret"), 0U);
    EXPECT_EQ(with("kty", "oct"), 0U);
    EXPECT_EQ(with("n", "!"), 0U);
    EXPECT_EQ(with("kid", std::string(257, 'a')), 0U);
    EXPECT_EQ(keys_of(Json::array({rsa_jwk(new_rsa(1024))})).size(), 0U);
    EXPECT_EQ(keys_of(Json::array({"text", 7, nullptr, Json::object()})).size(), 0U);
}

TEST(KeySet, APointThatIsNotOnTheCurveIsNoKey) {
    Json jwk = p256_jwk(new_p256());
    jwk["x"] = to_base64url_bare(std::string(kCoordinate, '\x01'));
    EXPECT_TRUE(keys_of(Json::array({jwk})).empty());
}

TEST(KeySet, IsBounded) {
    Json many = Json::array();
    for (size_t i = 0; i <= kJwksKeysMax; ++i) many.push_back(Json::object());
    EXPECT_FALSE(read_jwks({{"keys", many}}));
    EXPECT_FALSE(read_jwks({{"keys", "none"}}));
    EXPECT_FALSE(read_jwks(Json::object()));
}

TEST(KeySet, TheKeyIsTheOneOfThatNameAndNoOther) {
    const Key first = new_rsa();
    const Key second = new_rsa();
    const auto jws = [](const std::string& text) { return *parse_jws(text, kAll); };
    const auto keys = keys_of(Json::array({rsa_jwk(first, "a"), rsa_jwk(second, "b")}));
    const Jws of_b = jws(token(second, "RS256", {{"kid", "b"}}));
    ASSERT_TRUE(find_key(of_b, keys));
    EXPECT_TRUE((*find_key(of_b, keys))->checks(of_b));
    EXPECT_EQ(*find_key(jws(token(second, "RS256", {{"kid", "c"}})), keys), nullptr);
    const auto twice = keys_of(Json::array({rsa_jwk(first, "a"), rsa_jwk(second, "a")}));
    EXPECT_EQ(find_key(jws(token(first, "RS256", {{"kid", "a"}})), twice).error().detail, "key");
    Jws nameless = of_b;
    nameless.key_id.clear();
    EXPECT_EQ(find_key(nameless, keys).error().detail, "key");
    EXPECT_NE(*find_key(nameless, std::span(keys).first(1)), nullptr);
}

TEST(HalfHash, IsAsTheSpecificationsExampleHasIt) {
    // OpenID Connect Core 1.0, A.4: the at_hash of that access token.
    EXPECT_EQ(half_hash(JwsAlgorithm::Rs256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
              "77QmUPtjPfzWtF2AnpK9RQ");
}

}  // namespace
}  // namespace keywarden
