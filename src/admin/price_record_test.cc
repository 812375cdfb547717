#include "admin/price_record.h"

#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

std::string refused(std::string_view body) {
    const Result<Price> read = read_price(Json::parse(body));
    if (read) return "taken";
    const bool is_unknown = read.error().code == ErrorCode::UnknownField;
    EXPECT_TRUE(is_unknown || read.error().code == ErrorCode::InvalidRequest) << body;
    return (is_unknown ? "unknown " : "") + read.error().param;
}

TEST(PriceRecord, AmountsAreDollarsAsTextToTheNanoDollar) {
    const Result<Price> read = read_price(Json::parse(
        R"({"input":"2.50","output":"10","cached_input":"0.000000001","per_image":"0.04",
            "long_context_above":200000,"long_input":"5","long_output":"20",
            "output_tokens_max":16384})"));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read,
              (Price{.input = 2'500'000'000,
                     .output = 10'000'000'000,
                     .cached_input = 1,
                     .per_image = 40'000'000,
                     .long_context_above = 200'000,
                     .long_input = 5'000'000'000,
                     .long_output = 20'000'000'000,
                     .output_tokens_max = 16'384}));
}

TEST(PriceRecord, WhatWasReadIsShownAgain) {
    const Json body = Json::parse(
        R"({"input":"0.00","output":"10.00","cached_input":"0.00","reasoning":"4.25",
            "long_context_above":1,"long_input":"0.00","long_output":"1.00",
            "context_tokens_max":128000})");
    Json shown = Json::object();
    const Result<Price> read = read_price(body);
    ASSERT_TRUE(read) << read.error().message;
    add_price(*read, shown);
    Json wanted = body;
    wanted.erase("long_input");  // zero is what it is anyway
    EXPECT_EQ(shown, wanted);
}

TEST(PriceRecord, NullIsNotThere) {
    const Result<Price> read =
        read_price(Json::parse(R"({"input":"1","output":"2","cached_input":null,
            "long_input":null,"context_tokens_max":null})"));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, (Price{.input = 1'000'000'000, .output = 2'000'000'000}));
}

TEST(PriceRecord, MistakesAreNamed) {
    EXPECT_EQ(refused(R"({"input":"1"})"), "output");
    EXPECT_EQ(refused(R"({"input":null,"output":"1"})"), "input");
    EXPECT_EQ(refused(R"({"input":"1","output":2})"), "output") << "a number may be rounded";
    EXPECT_EQ(refused(R"({"input":"1","output":"$2"})"), "output");
    EXPECT_EQ(refused(R"({"input":"1","output":"2e3"})"), "output");
    EXPECT_EQ(refused(R"({"input":"-1","output":"2"})"), "input");
    EXPECT_EQ(refused(R"({"input":"1000000.01","output":"2"})"), "input");
    EXPECT_EQ(refused(R"({"input":"0.0000000001","output":"2"})"), "input");
    EXPECT_EQ(refused(R"({"input":"1","output":"2","context_tokens_max":"5"})"),
              "context_tokens_max");
    EXPECT_EQ(refused(R"({"input":"1","output":"2","output_tokens_max":-1})"), "output_tokens_max");
    EXPECT_EQ(refused(R"({"input":"1","output":"2","output_tokens_max":1.5})"),
              "output_tokens_max");
    EXPECT_EQ(refused(R"({"input":"1","output":"2","output_tokens_max":1000000001})"),
              "output_tokens_max");
    EXPECT_EQ(refused(R"({"inptu":"1","output":"2"})"), "unknown inptu");
    EXPECT_EQ(refused("{}"), "input");
}

TEST(PriceRecord, AWrongFieldIsNamedWithTheNearest) {
    const Result<Price> read =
        read_price(Json::parse(R"({"input":"1","output":"2","cahced_input":"1"})"));
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("cached_input"), std::string::npos) << read.error().message;
}

TEST(PriceRecord, ATierIsABoundAndTwoPrices) {
    EXPECT_EQ(refused(R"({"input":"1","output":"2","long_input":"2"})"), "long_context_above");
    EXPECT_EQ(refused(R"({"input":"1","output":"2","long_context_above":5})"), "long_input");
    EXPECT_EQ(refused(R"({"input":"1","output":"2","long_context_above":5,"long_input":"2"})"),
              "long_output");
    EXPECT_EQ(refused(R"({"input":"1","output":"2","long_cached_input":"2"})"),
              "long_context_above");
}

TEST(PriceRecord, TheAuditLogTellsEachFieldAsItWasSet) {
    const AuditFacts facts =
        audit_facts(Price{.input = 2'500'000'000, .output_tokens_max = 16'384});
    const AuditFacts wanted = {
        {"input", std::string("2.50")},
        {"output", std::string("0.00")},
        {"output_tokens_max", std::string("16384")},
    };
    EXPECT_EQ(facts, wanted);
}

}  // namespace
}  // namespace keywarden
