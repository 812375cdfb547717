#include "base/fernet.h"

#include <random>

#include <gtest/gtest.h>

#include "base/base64url.h"
#include "base/cipher.h"

namespace keywarden {
namespace {

// Obviously fake: the bytes 0 to 31, and 32 to 63.
constexpr std::string_view kFirst = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr std::string_view kSecond = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const TimePoint kNow = TimePoint(std::chrono::seconds(1'700'000'000));

Fernet ring(std::string_view keys) { return Fernet::open(keys).value(); }

TEST(Base64Url, WhatIsWrittenIsReadAgain) {
    std::string bytes;
    for (int length = 0; length < 70; ++length) {
        EXPECT_EQ(from_base64url(to_base64url(bytes))->reveal(), bytes);
        bytes.push_back(static_cast<char>(length * 73 + 11));
    }
    EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-");
    EXPECT_EQ(to_base64url("f"), "Zg==");
    EXPECT_EQ(to_base64url("fo"), "Zm8=");
}

TEST(Base64Url, WhatWouldBeReadAsTheSameIsRefused) {
    for (const char* text : {"Zg",
                             "Zg=",
                             "Zg===",
                             "Zh==",
                             "Zm9=",
                             "Zg==\n",
                             "Z+8=",
                             "Z/8=",
                             "=",
                             "====",
                             "Zg==Zg==",
                             "Zm 8",
                             "Z\xc3\xa9"
                             "8"}) {
        EXPECT_FALSE(from_base64url(text)) << text;
    }
    EXPECT_EQ(from_base64url("")->reveal(), "");
}

TEST(Fernet, TheFirstKeyEncryptsAndEachDecrypts) {
    const std::string token = ring(kFirst).encrypt("sk-fake", FernetStamp::at(kNow));
    EXPECT_EQ(ring(std::string(kSecond) + "," + std::string(kFirst)).decrypt(token)->reveal(),
              "sk-fake");
    EXPECT_FALSE(ring(kSecond).decrypt(token));
    EXPECT_FALSE(ring("").decrypt(token));
}

TEST(Fernet, NoTwoTokensOfOneSecretAreAlike) {
    const Fernet keys = ring(Fernet::new_key());
    EXPECT_NE(keys.encrypt("sk-fake", FernetStamp::at(kNow)),
              keys.encrypt("sk-fake", FernetStamp::at(kNow)));
}

TEST(Fernet, ATokenIsOldFromTheSecondAfterItsAge) {
    const Fernet keys = ring(kFirst);
    const std::string token = keys.encrypt("x", FernetStamp::at(kNow));
    const auto age = [](int seconds) {
        return FernetAge{.most = std::chrono::seconds(60),
                         .now = kNow + std::chrono::seconds(seconds)};
    };
    EXPECT_TRUE(keys.decrypt(token, age(60)));
    EXPECT_FALSE(keys.decrypt(token, age(61)));
    EXPECT_TRUE(keys.decrypt(token, age(-60)));
    EXPECT_FALSE(keys.decrypt(token, age(-61)));
    EXPECT_TRUE(keys.decrypt(token));
}

TEST(Fernet, EveryBitCounts) {
    const Fernet keys = ring(kFirst);
    const std::string raw(from_base64url(keys.encrypt("sk-fake", FernetStamp::at(kNow)))->reveal());
    for (size_t bit = 0; bit < raw.size() * 8; ++bit) {
        std::string other = raw;
        other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(keys.decrypt(to_base64url(other))) << bit;
    }
}

TEST(Fernet, AnyBytesAreRefusedInTheSameWords) {
    const Fernet keys = ring(kFirst);
    const auto seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 200, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        if (!bytes.empty() && random() % 2 == 0) bytes[0] = '\x80';
        const auto opened = keys.decrypt(random() % 2 == 0 ? to_base64url(bytes) : bytes);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().message, "It cannot be decrypted.");
        EXPECT_EQ(opened.error().code, ErrorCode::CredentialUnreadable);
    }
}

TEST(Fernet, KeysAreOfOneShape) {
    EXPECT_FALSE(Fernet::open("short"));
    EXPECT_FALSE(Fernet::open(std::string(kFirst).substr(0, 43)));
    EXPECT_FALSE(Fernet::open(std::string(kFirst) + ",AAAA"));
    EXPECT_TRUE(Fernet::open(" \n")->empty());
    EXPECT_FALSE(Fernet::open(std::string(kFirst) + "\n" + std::string(kSecond))->empty());
    std::string many;
    for (size_t i = 0; i <= kFernetKeysMax; ++i) many += std::string(kFirst) + " ";
    EXPECT_FALSE(Fernet::open(many));
}

TEST(Cipher, APaddingThatIsNoneIsRefused) {
    const std::string key(16, 'k');
    const std::string sealed = aes128_cbc_encrypt(key, std::string(16, 'i'), "twelve bytes");
    EXPECT_FALSE(aes128_cbc_decrypt(key, std::string(16, 'j'), sealed.substr(1)));
    EXPECT_FALSE(aes128_cbc_decrypt(key, std::string(16, 'i'), ""));
}

}  // namespace
}  // namespace keywarden
