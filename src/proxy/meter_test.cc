#include "proxy/meter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

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

TEST(UsageMeter, InAnthropicsDialectNothingCountsThatAModelWrote) {
    const std::string body =
        R"({"type":"message","content":[{"type":"tool_use","input":{"a":"}\"{",)"
        R"("usage":{"input_tokens":900,"output_tokens":900}}},"usage"],"model":"usage",)"
        R"("usage": {"input_tokens":10,"cache_creation_input_tokens":200,)"
        R"("cache_read_input_tokens":3000,"output_tokens":40,)"
        R"("cache_creation":{"ephemeral_5m_input_tokens":50,"ephemeral_1h_input_tokens":150},)"
        R"("output_tokens_details":{"thinking_tokens":7}},)"
        R"("after":[{"b":{"usage":{"input_tokens":1,"output_tokens":1}}}]})";
    const TokenUsage wanted{.input = 3'210,
                            .output = 40,
                            .cached_input = 3'000,
                            .cache_write = 200,
                            .reasoning = 7,
                            .cache_write_1h = 150};
    for (size_t cut = 0; cut <= body.size(); ++cut) {
        UsageMeter meter;
        meter.expect(Dialect::Anthropic);
        meter.feed(std::string(body, 0, cut));
        meter.feed(std::string(body, cut));
        EXPECT_EQ(meter.usage(), wanted) << "cut at " << cut;
    }
    UsageMeter bytewise;
    bytewise.expect(Dialect::Anthropic);
    for (const char c : body) bytewise.feed({&c, 1});
    EXPECT_EQ(bytewise.usage(), wanted);
}

TEST(UsageMeter, AStreamOfAnthropicsTellsInParts) {
    UsageMeter meter;
    meter.expect(Dialect::Anthropic);
    meter.feed(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":"
        "{\"input_tokens\":10,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n");
    EXPECT_EQ(meter.usage(), (TokenUsage{.input = 15, .output = 1, .cached_input = 5}));
    EXPECT_FALSE(meter.has_told_end());
    meter.feed("event: message_delta\ndata: {\"delta\":{},\"usage\":{\"output_tokens\":42}}\n\n");
    EXPECT_EQ(meter.usage(), (TokenUsage{.input = 15, .output = 42, .cached_input = 5}));
    EXPECT_TRUE(meter.has_told_end());
}

TEST(UsageMeter, WhatAStreamBeginsByWritingForAnHourStaysSoWhenItsEndTellsTheSumAlone) {
    UsageMeter meter;
    meter.expect(Dialect::Anthropic);
    meter.feed(
        "event: message_start\ndata: {\"message\":{\"usage\":{\"input_tokens\":10,"
        "\"cache_creation_input_tokens\":50,\"cache_creation\":"
        "{\"ephemeral_5m_input_tokens\":20,\"ephemeral_1h_input_tokens\":30},"
        "\"output_tokens\":1}}}\n\n"
        "event: message_delta\ndata: {\"delta\":{},\"usage\":{\"input_tokens\":10,"
        "\"cache_creation_input_tokens\":50,\"output_tokens\":42}}\n\n");
    EXPECT_EQ(meter.usage(),
              (TokenUsage{.input = 60, .output = 42, .cache_write = 50, .cache_write_1h = 30}));
}

TEST(UsageMeter, OfBedrocksAnswersOnlyTheirOwnUsageCounts) {
    const std::string answer =
        R"({"output":{"message":{"content":[{"toolUse":{"input":{"usage":{"inputTokens":9}}}}]}},)"
        R"("usage":{"inputTokens":10,"outputTokens":2,"totalTokens":27,"cacheReadInputTokens":5,)"
        R"("cacheWriteInputTokens":10,)"
        R"("cacheDetails":[{"ttl":"1h","inputTokens":3},{"ttl":"5m","inputTokens":7}]},)"
        R"("additionalModelResponseFields":{"usage":{"input_tokens":999,"output_tokens":999}}})";
    for (size_t cut = 0; cut <= answer.size(); ++cut) {
        UsageMeter meter;
        meter.expect(Dialect::Bedrock);
        meter.feed(std::string_view(answer).substr(0, cut));
        meter.feed(std::string_view(answer).substr(cut));
        EXPECT_EQ(meter.usage(),
                  (TokenUsage{.input = 25,
                              .output = 2,
                              .total = 27,
                              .cached_input = 5,
                              .cache_write = 10,
                              .cache_write_1h = 3}));
        EXPECT_TRUE(meter.has_told_end());
    }
}

TEST(UsageMeter, AnObjectWithoutEndIsNotKept) {
    UsageMeter meter;
    meter.feed(R"({"usage":{"prompt_tokens":1,"x":")" + std::string(10'000, 'x'));
    meter.feed(R"("},"usage":{"prompt_tokens":2}})");
    EXPECT_EQ(meter.usage().input, 2);
}

TEST(TellsUsage, WhereverItStands) {
    for (size_t before = 0; before < 80; ++before) {
        for (size_t after = 0; after < 40; ++after) {
            const std::string text =
                std::string(before, '"') + R"("usage":{)" + std::string(after, 'u');
            // As long as it says, so that a sanitizer sees a look past the end.
            const std::vector<char> bytes(text.begin(), text.end());
            EXPECT_TRUE(tells_usage({bytes.data(), bytes.size()})) << before << " " << after;
            EXPECT_FALSE(tells_usage({bytes.data(), before + 5})) << before << " " << after;
        }
    }
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
