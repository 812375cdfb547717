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
