#include "proxy/meter.h"

#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(ReadUsage, KnowsBothSetsOfNames) {
    const TokenUsage chat =
        read_usage(R"({"prompt_tokens":57,"completion_tokens":23,"total_tokens":80,)"
                   R"("prompt_tokens_details":{"cached_tokens":8,"audio_tokens":0},)"
                   R"("completion_tokens_details":{"reasoning_tokens":3}})");
    EXPECT_EQ(
        chat,
        (TokenUsage{.input = 57, .output = 23, .total = 80, .cached_input = 8, .reasoning = 3}));
    const TokenUsage responses = read_usage(
        R"({"input_tokens":36,"input_tokens_details":{"cached_tokens":0},"output_tokens":87,)"
        R"("output_tokens_details":{"reasoning_tokens":5},"total_tokens":123})");
    EXPECT_EQ(
        responses,
        (TokenUsage{.input = 36, .output = 87, .total = 123, .cached_input = 0, .reasoning = 5}));
    EXPECT_EQ(read_usage(R"({"prompt_tokens":8,"total_tokens":8})"),
              (TokenUsage{.input = 8, .total = 8}));
}

TEST(ReadUsage, LeavesAbsentWhatIsNoCount) {
    EXPECT_TRUE(
        read_usage(R"({"prompt_tokens":-1,"completion_tokens":"7","total_tokens":null})").empty());
    EXPECT_TRUE(read_usage("{").empty());
    EXPECT_FALSE(read_usage(R"({"prompt_tokens":1,"prompt_tokens_details":[1]})").cached_input);
}

TEST(UsageMeter, FindsTheLastUsageWhereverTheBytesAreCut) {
    const std::string body =
        R"({"choices":[{"text":"say \"usage\":{\"prompt_tokens\":1}","usage":"none"}],)"
        R"("a":"usage","usage": null,"usage" :{"prompt_tokens":2,"x":"}{\"}"},)"
        R"("usage":{"completion_tokens":4,"prompt_tokens":3,"completion_tokens_details":{"a":1}}})";
    for (size_t cut = 0; cut <= body.size(); ++cut) {
        UsageMeter meter;
        meter.feed(std::string(body, 0, cut));
        meter.feed(std::string(body, cut));
        EXPECT_EQ(meter.usage(), (TokenUsage{.input = 3, .output = 4})) << "cut at " << cut;
    }
    UsageMeter bytewise;
    for (const char c : body) bytewise.feed({&c, 1});
    EXPECT_EQ(bytewise.usage().input, 3);
}

TEST(UsageMeter, AnObjectWithoutEndIsNotKept) {
    UsageMeter meter;
    meter.feed(R"({"usage":{"prompt_tokens":1,"x":")" + std::string(10'000, 'x'));
    meter.feed(R"("},"usage":{"prompt_tokens":2}})");
    EXPECT_EQ(meter.usage().input, 2);
}

TEST(TellsUsage, OnlyWhenItIsNotNull) {
    EXPECT_TRUE(tells_usage(R"({"usage":{}})"));
    EXPECT_TRUE(tells_usage(R"({"usage" : {"a":1}})"));
    EXPECT_FALSE(tells_usage(R"({"usage":null})"));
    EXPECT_FALSE(tells_usage(R"({"usage" :  null,"x":"usage"})"));
    EXPECT_FALSE(tells_usage(R"({"a":"\"usage\":{}"})"));
}

}  // namespace
}  // namespace keywarden
