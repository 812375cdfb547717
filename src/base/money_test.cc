#include "base/money.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace keywarden {
namespace {

TEST(Money, IsWrittenAsDecimalDollars) {
    EXPECT_EQ(format_usd({0}), "0.00");
    EXPECT_EQ(format_usd({1}), "0.000000001");
    EXPECT_EQ(format_usd({-1}), "-0.000000001");
    EXPECT_EQ(format_usd({12'500'000'000}), "12.50");
    EXPECT_EQ(format_usd({12'000'000'000}), "12.00");
    EXPECT_EQ(format_usd({12'345'000'000}), "12.345");
    EXPECT_EQ(format_usd({-7'010'000'000}), "-7.01");
    EXPECT_EQ(format_usd(kMoneyMax), "100000000.00");
    EXPECT_EQ(format_usd({INT64_MAX}), "9223372036.854775807");
    EXPECT_EQ(format_usd({INT64_MIN}), "-9223372036.854775808");
}

TEST(Money, IsReadExactly) {
    constexpr std::array<std::pair<std::string_view, int64_t>, 10> kRows = {{
        {"0", 0},
        {"-0.00", 0},
        {"12", 12'000'000'000},
        {"12.5", 12'500'000'000},
        {"12.50", 12'500'000'000},
        {"0.1", 100'000'000},
        {"0.000000001", 1},
        {"-3.000000002", -3'000'000'002},
        {"007.10", 7'100'000'000},
        {"100000000.000000000", 100'000'000'000'000'000},
    }};
    for (const auto& [text, nanos] : kRows) {
        const auto got = parse_usd(text);
        ASSERT_TRUE(got) << text;
        EXPECT_EQ(got->value, nanos) << text;
    }
}

TEST(Money, WhatIsNoAmountIsRefused) {
    for (const std::string_view text :
         {"",      "-",  ".",  "1.", ".5",    "+1",   "--1", "1e3", "1.5e1",  "0x10",
          "1,000", "$1", "1 ", " 1", "1.2.3", "1.-2", "NaN", "inf", "twelve", "١"}) {
        const auto got = parse_usd(text);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().code, ErrorCode::InvalidRequest);
        EXPECT_NE(got.error().message.find("12.50"), std::string::npos);
    }
    EXPECT_FALSE(parse_usd(std::string_view("1\0", 2)));
}

TEST(Money, ANanoDollarIsTheSmallest) {
    EXPECT_TRUE(parse_usd("0.123456789"));
    const auto got = parse_usd("0.1234567890");
    ASSERT_FALSE(got);
    EXPECT_NE(got.error().message.find("nine"), std::string::npos);
}

TEST(Money, AHundredMillionIsTheMost) {
    EXPECT_EQ(parse_usd("100000000").value(), kMoneyMax);
    EXPECT_EQ(parse_usd("-100000000").value().value, -kMoneyMax.value);
    for (const std::string& text : {std::string("100000000.000000001"),
                                    std::string("-100000000.000000001"),
                                    std::string("100000001"),
                                    std::string("9223372036854775808"),
                                    std::string("18446744073709551617"),
                                    std::string(4'000, '9')}) {
        const auto got = parse_usd(text);
        ASSERT_FALSE(got) << text;
        EXPECT_NE(got.error().message.find("100000000"), std::string::npos);
    }
}

TEST(Money, WholeDollarsAreAmountsToo) {
    EXPECT_EQ(whole_usd(12).value().value, 12'000'000'000);
    EXPECT_EQ(whole_usd(-100'000'000).value().value, -kMoneyMax.value);
    EXPECT_FALSE(whole_usd(100'000'001));
    EXPECT_FALSE(whole_usd(INT64_MAX));
    EXPECT_FALSE(whole_usd(INT64_MIN));
}

TEST(Money, WhatIsWrittenIsReadAgain) {
    EXPECT_TRUE(rc::check([] {
        const auto nanos = *rc::gen::inRange(-kMoneyMax.value, kMoneyMax.value + 1);
        RC_ASSERT(parse_usd(format_usd({nanos})).value().value == nanos);
    }));
}

TEST(Money, SumsStopAtTheEnds) {
    EXPECT_EQ(add_saturating({2}, {3}).value, 5);
    EXPECT_EQ(add_saturating({INT64_MAX}, {1}).value, INT64_MAX);
    EXPECT_EQ(add_saturating({INT64_MIN}, {-1}).value, INT64_MIN);
    EXPECT_EQ(add_saturating({INT64_MAX}, {-1}).value, INT64_MAX - 1);
}

}  // namespace
}  // namespace keywarden
