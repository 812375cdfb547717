#include "base/crypto.h"

#include <set>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(Crypto, Sha256OfTheStandardsExample) {
    // FIPS 180-4, "abc".
    EXPECT_EQ(to_hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256("")),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Crypto, HmacOfRfc4231) {
    // RFC 4231, test cases 2 and 6 (a key longer than a block).
    EXPECT_EQ(to_hex(HmacKey("Jefe").sign("what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(HmacKey(std::string(131, '\xaa'))
                         .sign("Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Crypto, CrcOfTheStandardsExample) {
    EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
    EXPECT_EQ(crc32(""), 0U);
    EXPECT_EQ(base62_of_crc32(0), "000000");
    EXPECT_EQ(base62_of_crc32(UINT32_MAX), "4gfFC3");
}

TEST(Crypto, CrcIsTheSameEightBytesAtATimeAsBitByBit) {
    std::string data;
    for (size_t length = 0; length < 70; ++length) {
        uint32_t slow = ~0U;
        for (const char c : data) {
            slow ^= static_cast<uint8_t>(c);
            for (int bit = 0; bit < 8; ++bit) slow = (slow >> 1) ^ (slow % 2 * 0xEDB88320);
        }
        EXPECT_EQ(crc32(data), ~slow) << length;
        data.push_back(static_cast<char>(length * 37 + 200));
    }
}

TEST(Crypto, RandomTextKeepsToItsAlphabetAndUsesAllOfIt) {
    const std::string drawn = random_text(4000, kBase58);
    EXPECT_EQ(drawn.size(), 4000U);
    const std::set<char> seen(drawn.begin(), drawn.end());
    EXPECT_EQ(seen, std::set<char>(kBase58.begin(), kBase58.end()));
}

TEST(Crypto, ComparisonSeesEveryByte) {
    const Digest a = sha256("a");
    EXPECT_TRUE(equal_in_constant_time(a, a));
    for (size_t i = 0; i < a.size(); ++i) {
        Digest b = a;
        b[i] ^= 1;
        EXPECT_FALSE(equal_in_constant_time(a, b)) << i;
    }
}

TEST(Crypto, ASecretLeavesNothingBehindWhenItMoves) {
    Secret first(std::string("not-a-real-secret-but-long-enough-for-the-heap"));
    const Secret second = std::move(first);
    EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the promise
    EXPECT_EQ(second.reveal(), "not-a-real-secret-but-long-enough-for-the-heap");
}

TEST(Crypto, Base64OfRfc4648) {
    // RFC 4648, section 10.
    EXPECT_EQ(to_base64(""), "");
    EXPECT_EQ(to_base64("f"), "Zg==");
    EXPECT_EQ(to_base64("fo"), "Zm8=");
    EXPECT_EQ(to_base64("foo"), "Zm9v");
    EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
    EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
    EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(to_base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace keywarden
