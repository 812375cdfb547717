#include "base/envelope.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/bound_secret.h"

namespace keywarden {
namespace {

constexpr std::string_view kSecret = "sk-fake-credential";

TEST(Envelope, OnlyItsKeyAndItsPlaceOpenIt) {
    const SealingKey key = SealingKey::random();
    const std::string place = bound_to({"team_1", "cred_1", "https://api.example.com:443", "1"});
    const std::string sealed = key.seal(kSecret, place);
    EXPECT_EQ(key.open(sealed, place)->reveal(), kSecret);
    EXPECT_FALSE(SealingKey::random().open(sealed, place));
    for (const auto& other : {bound_to({"team_2", "cred_1", "https://api.example.com:443", "1"}),
                              bound_to({"team_1", "cred_2", "https://api.example.com:443", "1"}),
                              bound_to({"team_1", "cred_1", "https://evil.example.com:443", "1"}),
                              bound_to({"team_1", "cred_1", "https://api.example.com:443", "2"})}) {
        EXPECT_FALSE(key.open(sealed, other)) << other;
    }
}

TEST(Envelope, NoTwoListsOfPartsAreBoundAlike) {
    const std::set<std::string> all = {bound_to({"ab", "c"}),
                                       bound_to({"a", "bc"}),
                                       bound_to({"abc"}),
                                       bound_to({"ab", "c", ""}),
                                       bound_to({"", "ab", "c"}),
                                       bound_to({"2:ab1:c"})};
    EXPECT_EQ(all.size(), 6U);
}

TEST(Envelope, EveryBitCounts) {
    const SealingKey key = SealingKey::random();
    const std::string sealed = key.seal(kSecret, "here");
    for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        std::string other = sealed;
        other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(key.open(other, "here")) << bit;
    }
    for (size_t length = 0; length < sealed.size(); ++length) {
        EXPECT_FALSE(key.open(sealed.substr(0, length), "here")) << length;
    }
}

TEST(Envelope, NoTwoOfOneSecretAreAlike) {
    const SealingKey key = SealingKey::random();
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) seen.insert(key.seal(kSecret, "here"));
    EXPECT_EQ(seen.size(), 200U);
}

TEST(Envelope, AnyBytesAreRefusedInTheSameWords) {
    const SealingKey key = SealingKey::random();
    const auto seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes(random() % 120, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        if (!bytes.empty() && random() % 2 == 0) bytes[0] = '\x01';
        const auto opened = key.open(bytes, "here");
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().message, "It cannot be decrypted.");
    }
}

TEST(Envelope, DerivedKeysDependOnTheSecretAndThePurpose) {
    const Secret first(std::string("one"));
    const Secret second(std::string("two"));
    const std::string sealed = SealingKey::derive(first, "wrapping").seal(kSecret, "here");
    EXPECT_TRUE(SealingKey::derive(first, "wrapping").open(sealed, "here"));
    EXPECT_FALSE(SealingKey::derive(first, "else").open(sealed, "here"));
    EXPECT_FALSE(SealingKey::derive(second, "wrapping").open(sealed, "here"));
    EXPECT_FALSE(SealingKey::of(Secret(std::string(31, 'k'))));
}

TEST(BoundSecret, GoesToItsOwnOriginAlone) {
    const Origin own{.tls = true, .host = "api.example.com", .port = 443};
    const BoundSecret secret(Secret(std::string(kSecret)), own);
    EXPECT_EQ(secret.reveal_to(own).value(), kSecret);
    for (const Origin& other : {Origin{.tls = false, .host = "api.example.com", .port = 443},
                                Origin{.tls = true, .host = "api.example.com", .port = 8443},
                                Origin{.tls = true, .host = "api.example.org", .port = 443},
                                Origin{.tls = true, .host = "example.com", .port = 443},
                                Origin{.unix_path = "/tmp/s"},
                                Origin{}}) {
        const auto revealed = secret.reveal_to(other);
        ASSERT_FALSE(revealed) << other.host;
        EXPECT_FALSE(revealed.error().message.contains(kSecret));
    }
    EXPECT_TRUE(BoundSecret().empty());
}

}  // namespace
}  // namespace keywarden
