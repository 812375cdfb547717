// Passkeys: what is taken, with keys made here and now, and what never is.
#include "domain/webauthn.h"

#include <functional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/cbor.h"
#include "domain/webauthn_fixture.h"

namespace keywarden {
namespace {

using test::Authenticator;
using test::cbor_bytes;
using test::cbor_map;
using test::cbor_number;
using test::cbor_text;

const std::string kChallenge(kChallengeBytes, 'c');
const std::vector<JwsAlgorithm> kAll = {
    JwsAlgorithm::Es256, JwsAlgorithm::EdDsa, JwsAlgorithm::Rs256};

PasskeyTerms terms() {
    return {.challenge = kChallenge,
            .party = {.id = "keys.example.com", .origin = "https://keys.example.com"}};
}

template <class T>
std::string flaw_of(const Result<T>& result) {
    if (result) return "none";
    EXPECT_EQ(result.error().code, ErrorCode::InvalidSignIn);
    return result.error().detail;
}

std::string flaw_of_new(const Authenticator& device, const std::string& attestation = "") {
    return flaw_of(check_new_passkey(
        device.client_data("webauthn.create", kChallenge),
        attestation.empty() ? Authenticator::attestation(device.new_data()) : attestation,
        terms()));
}

Passkey registered(const Authenticator& device) {
    const auto made = check_new_passkey(device.client_data("webauthn.create", kChallenge),
                                        Authenticator::attestation(device.new_data()),
                                        terms());
    EXPECT_TRUE(made) << made.error().detail;
    return made.value_or(Passkey());
}

std::string flaw_of_use(const Authenticator& device, const Passkey& passkey) {
    return flaw_of(check_assertion(device.sign(kChallenge), passkey, terms()));
}

TEST(Passkeys, EachAlgorithmRegistersAndSigns) {
    for (const JwsAlgorithm algorithm : kAll) {
        SCOPED_TRACE(name(algorithm));
        Authenticator device = Authenticator::of(algorithm);
        const Passkey passkey = registered(device);
        EXPECT_EQ(passkey.credential_id, device.credential_id);
        EXPECT_EQ(passkey.algorithm, algorithm);
        EXPECT_EQ(passkey.rp_id, "keys.example.com");
        EXPECT_EQ(passkey.sign_count, 1U);
        device.sign_count = 2;
        const auto count = check_assertion(device.sign(kChallenge), passkey, terms());
        ASSERT_TRUE(count) << count.error().detail;
        EXPECT_EQ(*count, 2U);
    }
}

struct Turned {
    std::string flaw;
    std::function<void(Authenticator&)> turn;
};

std::vector<Turned> turned() {
    return {
        {"origin", [](Authenticator& d) { d.origin = "https://keys.example.com.evil.test"; }},
        {"origin", [](Authenticator& d) { d.origin = "http://keys.example.com"; }},
        {"origin", [](Authenticator& d) { d.origin = "https://keys.example.com:8443"; }},
        {"origin", [](Authenticator& d) { d.origin = "https://keys.example.com/"; }},
        {"rp_id", [](Authenticator& d) { d.rp_id = "example.com"; }},
        {"user_present", [](Authenticator& d) { d.flags = 0x04; }},
        {"user_verified", [](Authenticator& d) { d.flags = 0x01; }},
        {"backup_flags", [](Authenticator& d) { d.flags = 0x15; }},
        {"cross_origin", [](Authenticator& d) { d.extra_members = ",\"crossOrigin\":true"; }},
        {"cross_origin", [](Authenticator& d) { d.extra_members = ",\"crossOrigin\":0"; }},
        {"cross_origin", [](Authenticator& d) { d.extra_members = ",\"topOrigin\":\"x\""; }},
        {"client_data", [](Authenticator& d) { d.extra_members = ",\"type\":\"webauthn.get\""; }},
        {"client_data", [](Authenticator& d) { d.extra_members = "}"; }},
        {"client_data",
         [](Authenticator& d) {
             d.extra_members = ",\"pad\":\"" + std::string(kClientDataMax, 'x') + "\"";
         }},
        {"extensions", [](Authenticator& d) { d.flags = 0x85; }},
        {"extensions",
         [](Authenticator& d) {
             d.flags = 0x85;
             d.extensions = cbor_number(1);
         }},
        {"authenticator_data", [](Authenticator& d) { d.extensions = cbor_map(0); }},
        {"authenticator_data",
         [](Authenticator& d) {
             d.flags = 0x85;
             d.extensions = cbor_map(0) + "x";
         }},
    };
}

TEST(Passkeys, WhatDoesNotHoldIsRefusedAtRegistrationAndAtUse) {
    for (const Turned& each : turned()) {
        Authenticator device;
        const Passkey passkey = registered(device);
        device.sign_count = 2;
        each.turn(device);
        EXPECT_EQ(flaw_of_new(device), each.flaw);
        EXPECT_EQ(flaw_of_use(device, passkey), each.flaw);
    }
}

TEST(Passkeys, WhatIsAllowedBesideIsTaken) {
    Authenticator device;
    device.flags = 0x9d;  // backed up, with extensions
    device.extensions = cbor_map(1) + cbor_text("credProps") + cbor_map(1) + cbor_text("rk") +
                        std::string(1, '\xf5');
    device.extra_members = ",\"crossOrigin\":false,\"other_keys\":\"do not compare\"";
    const Passkey passkey = registered(device);
    device.sign_count = 2;
    EXPECT_EQ(flaw_of_use(device, passkey), "none");
}

TEST(Passkeys, AnAnswerToAnotherQuestionIsNone) {
    Authenticator device;
    const Passkey passkey = registered(device);
    device.sign_count = 2;
    const std::string other(kChallengeBytes, 'd');
    EXPECT_EQ(flaw_of(check_assertion(device.sign(other), passkey, terms())), "challenge");
    EXPECT_EQ(flaw_of(check_assertion(device.sign(""), passkey, terms())), "challenge");
    PasskeyTerms none = terms();
    none.challenge.clear();
    EXPECT_EQ(flaw_of(check_assertion(device.sign(""), passkey, none)), "challenge");
    PasskeyAssertion made = device.sign(kChallenge);
    made.client_data = device.client_data("webauthn.create", kChallenge);
    EXPECT_EQ(flaw_of(check_assertion(made, passkey, terms())), "type");
    EXPECT_EQ(flaw_of(check_new_passkey(device.client_data("webauthn.get", kChallenge),
                                        Authenticator::attestation(device.new_data()),
                                        terms())),
              "type");
}

TEST(Passkeys, OnlyVerificationOfThePersonMayBeLeftOut) {
    Authenticator device;
    const Passkey passkey = registered(device);
    device.sign_count = 2;
    device.flags = 0x01;
    PasskeyTerms second = terms();
    second.needs_verification = false;
    EXPECT_EQ(flaw_of(check_assertion(device.sign(kChallenge), passkey, second)), "none");
    device.flags = 0x04;
    EXPECT_EQ(flaw_of(check_assertion(device.sign(kChallenge), passkey, second)), "user_present");
}

TEST(Passkeys, ACountThatDoesNotGoUpIsACopys) {
    Authenticator device;
    device.sign_count = 5;
    Passkey passkey = registered(device);
    for (const uint32_t count : {5U, 4U, 0U}) {
        device.sign_count = count;
        EXPECT_EQ(flaw_of_use(device, passkey), "sign_count");
    }
    passkey.sign_count = 0;  // it does not count
    device.sign_count = 0;
    EXPECT_EQ(flaw_of_use(device, passkey), "none");
}

TEST(Passkeys, NothingButThePasskeySignsForIt) {
    for (const JwsAlgorithm algorithm : kAll) {
        SCOPED_TRACE(name(algorithm));
        Authenticator device = Authenticator::of(algorithm);
        const Passkey passkey = registered(device);
        device.sign_count = 2;
        const PasskeyAssertion good = device.sign(kChallenge);
        PasskeyAssertion bad = good;
        bad.signature.back() = static_cast<char>(bad.signature.back() ^ 1);
        EXPECT_EQ(flaw_of(check_assertion(bad, passkey, terms())), "signature");
        bad = good;
        bad.signature += '\0';
        EXPECT_EQ(flaw_of(check_assertion(bad, passkey, terms())), "signature");
        bad = good;
        bad.signature.clear();
        EXPECT_EQ(flaw_of(check_assertion(bad, passkey, terms())), "signature");
        bad = good;
        bad.signature = std::string(kPasskeySignatureMax + 1, 'x');
        EXPECT_EQ(flaw_of(check_assertion(bad, passkey, terms())), "signature");
        bad = good;
        bad.authenticator_data.back() = '\x09';  // another count than the one that was signed
        EXPECT_EQ(flaw_of(check_assertion(bad, passkey, terms())), "signature");
        bad = good;
        bad.credential_id += "2";
        EXPECT_EQ(flaw_of(check_assertion(bad, passkey, terms())), "credential_id");
        Authenticator other = device;
        other.key = test::new_key(algorithm);
        EXPECT_EQ(flaw_of_use(other, passkey), "signature");
    }
}

TEST(Passkeys, AKeyIsCheckedWithNoOtherAlgorithmThanItsOwn) {
    for (const JwsAlgorithm algorithm : kAll) {
        for (const JwsAlgorithm other : kAll) {
            if (algorithm == other) continue;
            Authenticator device = Authenticator::of(algorithm);
            Passkey passkey = registered(device);
            device.sign_count = 2;
            passkey.algorithm = other;
            EXPECT_EQ(flaw_of_use(device, passkey), "public_key");
        }
    }
}

TEST(Passkeys, APasskeyOfAnotherHostIsNone) {
    Authenticator device;
    Passkey passkey = registered(device);
    device.sign_count = 2;
    passkey.rp_id = "old.example.com";
    EXPECT_EQ(flaw_of_use(device, passkey), "rp_id");
}

TEST(Passkeys, AKeyThatIsNoneOfOursIsRefused) {
    const auto key = test::new_key(JwsAlgorithm::Es256);
    const std::string x = test::key_number(key, "qx", 32);
    const std::string y = test::key_number(key, "qy", 32);
    const auto ec = [&](int64_t kind, int64_t algorithm, int64_t curve, const std::string& last) {
        return cbor_map(5) + cbor_number(1) + cbor_number(kind) + cbor_number(3) +
               cbor_number(algorithm) + cbor_number(-1) + cbor_number(curve) + cbor_number(-2) +
               cbor_bytes(x) + cbor_number(-3) + cbor_bytes(last);
    };
    EXPECT_TRUE(read_cose_key(ec(2, -7, 1, y)));
    EXPECT_FALSE(read_cose_key(ec(2, -257, 1, y)));
    EXPECT_FALSE(read_cose_key(ec(2, -8, 1, y)));
    EXPECT_FALSE(read_cose_key(ec(2, -7, 2, y)));
    EXPECT_FALSE(read_cose_key(ec(1, -7, 1, y)));
    EXPECT_FALSE(read_cose_key(ec(3, -7, 1, y)));
    EXPECT_FALSE(read_cose_key(ec(2, -7, 1, x)));  // on no curve
    EXPECT_FALSE(read_cose_key(ec(2, -7, 1, "")));
    EXPECT_FALSE(read_cose_key(ec(2, -7, 1, y) + "x"));
    EXPECT_FALSE(read_cose_key(""));
    const std::string whole = ec(2, -7, 1, y);
    for (size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(read_cose_key(std::string_view(whole).substr(0, size))) << size;
    }
    EXPECT_FALSE(read_cose_key(cbor_map(4) + cbor_number(1) + cbor_number(3) + cbor_number(3) +
                               cbor_number(-257) + cbor_number(-1) + cbor_bytes("\xff\xff") +
                               cbor_number(-2) + cbor_bytes("\x01\x00\x01")));
    EXPECT_FALSE(read_cose_key(cbor_map(5) + cbor_number(1) + cbor_number(2) + cbor_number(1) +
                               cbor_number(2)));  // a member twice
}

TEST(Passkeys, AnAttestationIsThreeMembersAndNothingElse) {
    const Authenticator device;
    const std::string data = device.new_data();
    const std::string good = Authenticator::attestation(data);
    EXPECT_EQ(flaw_of_new(device, good), "none");
    EXPECT_EQ(flaw_of_new(device, Authenticator::attestation(data, "packed")), "none");
    EXPECT_EQ(flaw_of_new(device, Authenticator::attestation(data, "tpm")), "format");
    for (size_t size = 1; size < good.size(); ++size) {
        EXPECT_NE(flaw_of_new(device, good.substr(0, size)), "none") << size;
    }
    for (size_t size = 0; size < data.size(); ++size) {
        EXPECT_NE(flaw_of_new(device, Authenticator::attestation(data.substr(0, size))), "none")
            << size;
    }
    EXPECT_EQ(flaw_of_new(device, good + "x"), "attestation");
    EXPECT_EQ(flaw_of_new(device, good + std::string(kAuthenticatorDataMax, 'x')), "attestation");
    EXPECT_EQ(flaw_of_new(device,
                          cbor_map(3) + cbor_text("fmt") + cbor_text("none") + cbor_text("fmt") +
                              cbor_text("none") + cbor_text("authData") + cbor_bytes(data)),
              "attestation");
    EXPECT_EQ(
        flaw_of_new(device,
                    cbor_map(3) + cbor_text("fmt") + cbor_text("none") + cbor_text("attStmt") +
                        cbor_number(1) + cbor_text("authData") + cbor_bytes(data)),
        "attestation");
}

TEST(Passkeys, ACredentialHasAnIdOfBoundedLength) {
    Authenticator device;
    device.credential_id = std::string(kCredentialIdMax, 'i');
    EXPECT_EQ(flaw_of_new(device), "none");
    device.credential_id += 'i';
    EXPECT_EQ(flaw_of_new(device), "credential_id");
    device.credential_id.clear();
    EXPECT_EQ(flaw_of_new(device), "credential_id");
}

TEST(Passkeys, NoBytesMakeAnythingOfThemselves) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Authenticator device;
    const std::string good = Authenticator::attestation(device.new_data());
    size_t taken = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes = good;
        const uint64_t edits = random() % 4 + 1;
        for (uint64_t edit = 0; edit < edits; ++edit) {
            bytes.at(random() % bytes.size()) = static_cast<char>(random());
        }
        if (random() % 4 == 0) bytes.resize(random() % bytes.size());
        const auto made =
            check_new_passkey(device.client_data("webauthn.create", kChallenge), bytes, terms());
        if (!made) continue;
        ++taken;  // the change was in the id, the count, or what nobody asks
        EXPECT_TRUE(read_cose_key(made->public_key));
    }
    EXPECT_LT(taken, 20'000U);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes(random() % 64, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        CborReader reader(bytes);
        if (reader.skip()) EXPECT_LT(reader.rest().size(), bytes.size());
        EXPECT_FALSE(read_cose_key(bytes));
    }
}

TEST(Passkeys, ItemsAreCanonicalAndBounded) {
    const auto is_skipped = [](const std::string& bytes) { return CborReader(bytes).skip(); };
    EXPECT_TRUE(is_skipped(cbor_map(1) + cbor_text("a") + cbor_bytes("b")));
    EXPECT_FALSE(is_skipped(std::string("\x18\x17", 2)));                      // 23 in two bytes
    EXPECT_FALSE(is_skipped(std::string("\x19\x00\xff", 3)));                  // 255 in three
    EXPECT_FALSE(is_skipped(std::string("\x1a\x00\x00\xff\xff", 5)));          // in five
    EXPECT_FALSE(is_skipped(std::string("\x1b\0\0\0\0\xff\xff\xff\xff", 9)));  // in nine
    EXPECT_FALSE(is_skipped("\x9f\x01\xff"));                                  // of no length
    EXPECT_FALSE(is_skipped("\xc0\x61\x61"));                                  // a tag
    EXPECT_FALSE(is_skipped(std::string("\xf9\x3c\x00", 3)));                  // a float
    EXPECT_FALSE(is_skipped("\x5a\xff\xff\xff\xff"));  // four gigabytes, it says
    EXPECT_FALSE(is_skipped("\xbb\xff\xff\xff\xff\xff\xff\xff\xff"));
    EXPECT_FALSE(is_skipped(std::string(100'000, '\x81')));  // lists in lists
    EXPECT_FALSE(is_skipped(std::string(100'000, '\xa1')));
    EXPECT_FALSE(is_skipped(""));
}

TEST(Passkeys, TheConsoleIsAskedByItsNameOverTls) {
    const auto party = relying_party_of("https://keys.example.com/kw");
    ASSERT_TRUE(party);
    EXPECT_EQ(party->id, "keys.example.com");
    EXPECT_EQ(party->origin, "https://keys.example.com");
    EXPECT_EQ(relying_party_of("https://Keys.example.com:8443")->origin,
              "https://keys.example.com:8443");
    EXPECT_EQ(relying_party_of("http://localhost:8080")->origin, "http://localhost:8080");
    for (const char* url : {"http://keys.example.com",
                            "https://192.0.2.7",
                            "https://[::1]:8443",
                            "http://127.0.0.1:8080",
                            "http://localhost.evil.test",
                            "keys.example.com",
                            ""}) {
        const auto refused = relying_party_of(url);
        ASSERT_FALSE(refused) << url;
        EXPECT_EQ(refused.error().code, ErrorCode::InvalidRequest);
    }
}

}  // namespace
}  // namespace keywarden
