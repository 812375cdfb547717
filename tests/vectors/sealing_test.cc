// The shared vectors of Fernet, of rings of Fernet keys, and Wycheproof's of what they stand on.
#include <cstdio>
#include <set>
#include <string>

#include "base/base64url.h"
#include "base/cipher.h"
#include "base/crypto.h"
#include "base/fernet.h"
#include "tests/vectors/vectors.h"

namespace keywarden {
namespace {

using Json = nlohmann::json;

std::string from_hex(const std::string& hex) {
    std::string out;
    for (size_t i = 0; i < hex.size(); i += 2) {
        out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return out;
}

/// "1985-10-26T01:20:00-07:00".
TimePoint moment(const std::string& text) {
    int year = 0;
    int hours = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    const int read = std::sscanf(
        text.c_str(), "%d-%u-%uT%d:%d:%d%d", &year, &month, &day, &hour, &minute, &second, &hours);
    EXPECT_EQ(read, 7) << text;
    return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                                 static_cast<int>(day)) +
           std::chrono::hours(hour - hours) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

FernetAge age_of(const Json& vector) {
    return {.most = std::chrono::seconds(vector["ttl_sec"].get<int>()),
            .now = moment(vector["now"])};
}

TEST(FernetVectors, AllTen) {
    KEYWARDEN_NEEDS_VECTORS_("fernet/generate.json");
    size_t count = 0;
    for (const Json& vector : read_vectors("fernet/generate.json")) {
        FernetStamp stamp = FernetStamp::at(moment(vector["now"]));
        stamp.iv.clear();
        for (const int byte : vector["iv"]) stamp.iv.push_back(static_cast<char>(byte));
        const Fernet key = Fernet::open(vector["secret"].get<std::string>()).value();
        EXPECT_EQ(key.encrypt(vector["src"].get<std::string>(), stamp),
                  vector["token"].get<std::string>());
        ++count;
    }
    for (const Json& vector : read_vectors("fernet/verify.json")) {
        const Fernet key = Fernet::open(vector["secret"].get<std::string>()).value();
        const auto plain = key.decrypt(vector["token"].get<std::string>(), age_of(vector));
        ASSERT_TRUE(plain);
        EXPECT_EQ(plain->reveal(), vector["src"].get<std::string>());
        ++count;
    }
    for (const Json& vector : read_vectors("fernet/invalid.json")) {
        const Fernet key = Fernet::open(vector["secret"].get<std::string>()).value();
        EXPECT_FALSE(key.decrypt(vector["token"].get<std::string>(), age_of(vector)))
            << vector["desc"];
        ++count;
    }
    EXPECT_EQ(count, 10U);
}

TEST(MultiFernetVectors, EveryRing) {
    KEYWARDEN_NEEDS_VECTORS_("keywarden/multifernet.json");
    const Json vectors = read_vectors("keywarden/multifernet.json");
    const auto ring_of = [&](const Json& names) {
        std::string keys;
        for (const std::string name : names) keys += vectors["keys"][name].get<std::string>() + ",";
        return Fernet::open(keys).value();
    };
    for (const Json& vector : vectors["cases"]) {
        const auto plain = ring_of(vector["ring"]).decrypt(vector["token"].get<std::string>());
        ASSERT_EQ(plain.has_value(), vector["ok"].get<bool>()) << vector.dump();
        if (plain) EXPECT_EQ(plain->reveal(), vectors["plaintext"].get<std::string>());
    }
    const Json& rotate = vectors["rotate"];
    EXPECT_EQ(ring_of(rotate["ring"])
                  .rotate(rotate["in"].get<std::string>(), from_hex(rotate["iv_hex"]))
                  .value(),
              rotate["out_with_that_iv"].get<std::string>());
}

TEST(Wycheproof, AesGcmOfOurSizes) {
    KEYWARDEN_NEEDS_VECTORS_("wycheproof/aes_gcm_test.json");
    size_t count = 0;
    for (const Json& group : read_vectors("wycheproof/aes_gcm_test.json")["testGroups"]) {
        if (group["keySize"] != 256 || group["ivSize"] != 96 || group["tagSize"] != 128) continue;
        for (const Json& test : group["tests"]) {
            SCOPED_TRACE(test.dump());
            const std::string key = from_hex(test["key"]);
            const std::string nonce = from_hex(test["iv"]);
            const std::string aad = from_hex(test["aad"]);
            const std::string message = from_hex(test["msg"]);
            const std::string sealed = from_hex(test["ct"]) + from_hex(test["tag"]);
            const bool is_valid = test["result"] == "valid";
            const auto opened = aes256_gcm_open(key, nonce, aad, sealed);
            ASSERT_EQ(opened.has_value(), is_valid);
            if (is_valid) {
                EXPECT_EQ(opened->reveal(), message);
                EXPECT_EQ(aes256_gcm_seal(key, nonce, aad, message), sealed);
            }
            ++count;
        }
    }
    EXPECT_EQ(count, 66U);
}

TEST(Wycheproof, AesCbcOfOurSize) {
    KEYWARDEN_NEEDS_VECTORS_("wycheproof/aes_cbc_pkcs5_test.json");
    size_t count = 0;
    for (const Json& group : read_vectors("wycheproof/aes_cbc_pkcs5_test.json")["testGroups"]) {
        if (group["keySize"] != 128) continue;
        for (const Json& test : group["tests"]) {
            SCOPED_TRACE(test.dump());
            const std::string key = from_hex(test["key"]);
            const std::string iv = from_hex(test["iv"]);
            const std::string message = from_hex(test["msg"]);
            const std::string sealed = from_hex(test["ct"]);
            const bool is_valid = test["result"] == "valid";
            const auto opened = aes128_cbc_decrypt(key, iv, sealed);
            ASSERT_EQ(opened.has_value(), is_valid);
            if (is_valid) {
                EXPECT_EQ(opened->reveal(), message);
                EXPECT_EQ(aes128_cbc_encrypt(key, iv, message), sealed);
            }
            ++count;
        }
    }
    EXPECT_EQ(count, 72U);
}

TEST(Wycheproof, HmacSha256) {
    KEYWARDEN_NEEDS_VECTORS_("wycheproof/hmac_sha256_test.json");
    size_t count = 0;
    for (const Json& group : read_vectors("wycheproof/hmac_sha256_test.json")["testGroups"]) {
        const auto bytes = group["tagSize"].get<size_t>() / 8;
        for (const Json& test : group["tests"]) {
            const Digest mac = HmacKey(from_hex(test["key"])).sign(from_hex(test["msg"]));
            const std::string ours = to_hex(mac).substr(0, bytes * 2);
            EXPECT_EQ(ours == test["tag"].get<std::string>(), test["result"] == "valid")
                << test.dump();
            ++count;
        }
    }
    EXPECT_EQ(count, 174U);
}

}  // namespace
}  // namespace keywarden
