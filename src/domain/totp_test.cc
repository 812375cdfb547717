#include "domain/totp.h"

#include <chrono>
#include <set>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using std::chrono::seconds;

constexpr std::string_view kSecret = "12345678901234567890";  // of the RFC

TimePoint at(int64_t second) { return TimePoint(seconds(second)); }

TEST(Totp, CodesAreThoseOfTheRfc) {
    // RFC 6238, appendix B: the last six of its eight digits.
    EXPECT_EQ(totp_code(kSecret, totp_step(at(59))), "287082");
    EXPECT_EQ(totp_code(kSecret, totp_step(at(1'111'111'109))), "081804");
    EXPECT_EQ(totp_code(kSecret, totp_step(at(1'234'567'890))), "005924");
    EXPECT_EQ(totp_code(kSecret, totp_step(at(2'000'000'000))), "279037");
}

TEST(Totp, AClockMayBeHalfAMinuteOff) {
    const TimePoint now = at(1'000'000'000);
    const std::string code = totp_code(kSecret, totp_step(now));
    EXPECT_TRUE(check_totp(kSecret, code, now, 0));
    EXPECT_TRUE(check_totp(kSecret, code, now + seconds(30), 0));
    EXPECT_TRUE(check_totp(kSecret, code, now - seconds(30), 0));
    EXPECT_FALSE(check_totp(kSecret, code, now + seconds(60), 0));
    EXPECT_FALSE(check_totp(kSecret, code, now - seconds(60), 0));
}

TEST(Totp, NoCodeWorksTwiceNorOneBeforeIt) {
    const TimePoint now = at(1'000'000'000);
    const auto taken = check_totp(kSecret, totp_code(kSecret, totp_step(now)), now, 0);
    ASSERT_TRUE(taken);
    EXPECT_FALSE(check_totp(kSecret, totp_code(kSecret, totp_step(now)), now, *taken));
    EXPECT_FALSE(check_totp(kSecret, totp_code(kSecret, totp_step(now) - 1), now, *taken));
    EXPECT_TRUE(check_totp(kSecret, totp_code(kSecret, totp_step(now) + 1), now, *taken));
}

TEST(Totp, OtherCodesAreNone) {
    const TimePoint now = at(1'000'000'000);
    for (const char* code : {"", "000000", "28708", "2870822", "abcdef"}) {
        EXPECT_FALSE(check_totp(kSecret, code, now, 0)) << code;
    }
}

TEST(Totp, ASecretIsToldAsBase32) {
    // RFC 4648, section 10, without its padding.
    EXPECT_EQ(to_base32("f"), "MY");
    EXPECT_EQ(to_base32("foob"), "MZXW6YQ");
    EXPECT_EQ(to_base32("foobar"), "MZXW6YTBOI");
    EXPECT_EQ(totp_uri("foobar", "ann+x@example.com"),
              "otpauth://totp/Keywarden:ann%2Bx%40example.com?secret=MZXW6YTBOI&issuer=Keywarden");
}

TEST(Totp, RecoveryCodesAreTakenHoweverTheyAreWritten) {
    const std::string code = new_recovery_code();
    EXPECT_EQ(code.size(), 19U);
    std::string written;
    for (const char c : code) written += c == '-' ? ' ' : static_cast<char>(std::toupper(c));
    EXPECT_EQ(recovery_digest(code), recovery_digest(written));
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(new_recovery_code());
    EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace keywarden
