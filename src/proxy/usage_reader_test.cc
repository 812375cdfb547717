#include "proxy/usage_reader.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr std::string_view kChat =
    R"({"prompt_tokens":57,"completion_tokens":23,"total_tokens":80,)"
    R"("prompt_tokens_details":{"cached_tokens":8,"audio_tokens":0},)"
    R"("completion_tokens_details":{"reasoning_tokens":3}})";

TEST(UsageReader, KnowsBothSetsOfNames) {
    EXPECT_EQ(read_usage(kChat).usage,
              (TokenUsage{.input = 57,
                          .output = 23,
                          .total = 80,
                          .cached_input = 8,
                          .audio_input = 0,
                          .reasoning = 3}));
    EXPECT_EQ(
        read_usage(R"({ "input_tokens" : 36 , "input_tokens_details":{"cached_tokens":0},)"
                   R"("output_tokens":87,"output_tokens_details": { "a":[{"b":"}"}],)"
                   R"("reasoning_tokens":5 },)"
                   "\n \"total_tokens\":123\n}")
            .usage,
        (TokenUsage{.input = 36, .output = 87, .total = 123, .cached_input = 0, .reasoning = 5}));
    EXPECT_EQ(read_usage(R"({"prompt_tokens":8,"total_tokens":8})").usage,
              (TokenUsage{.input = 8, .total = 8}));
}

TEST(UsageReader, KeepsAudioAndCachesApart) {
    EXPECT_EQ(read_usage(R"({"prompt_tokens":9,"completion_tokens":8,"prompt_cache_hit_tokens":4,)"
                         R"("prompt_tokens_details":{"audio_tokens":3,"cache_creation_tokens":2},)"
                         R"("completion_tokens_details":{"audio_tokens":7,"cached_tokens":1}})")
                  .usage,
              (TokenUsage{.input = 9,
                          .output = 8,
                          .cached_input = 4,
                          .cache_write = 2,
                          .audio_input = 3,
                          .audio_output = 7}));
    EXPECT_EQ(read_usage(R"({"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":4,)"
                         R"("cache_write_tokens":5}})")
                  .usage,
              (TokenUsage{.input = 9, .cached_input = 4, .cache_write = 5}));
}

TEST(UsageReader, KnowsWhatWasWrittenIntoACacheAndForHowLong) {
    EXPECT_EQ(read_usage(R"({"input_tokens":9,"input_tokens_details":{"cached_tokens":4,)"
                         R"("cache_write_tokens":3},"output_tokens":8})")
                  .usage,
              (TokenUsage{.input = 9, .output = 8, .cached_input = 4, .cache_write = 3}));
    EXPECT_EQ(read_usage(R"({"input_tokens":9,"cache_creation_input_tokens":7,"cache_creation":)"
                         R"({"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":5}})")
                  .usage,
              (TokenUsage{.input = 9, .cache_write = 7, .cache_write_1h = 5}));
}

TEST(UsageReader, AddsUpWhatBedrockKeepsForAnHour) {
    const auto hour = [](std::string_view details) {
        const UsageReading read = read_usage(R"({"inputTokens":1,"cacheWriteInputTokens":9,)"
                                             R"("cacheDetails":)" +
                                             std::string(details) + R"(,"outputTokens":2})");
        EXPECT_EQ(read.usage.cache_write, 9) << details;
        EXPECT_EQ(read.usage.output, 2) << details;
        return read.usage.cache_write_1h;
    };
    EXPECT_EQ(hour(R"([{"ttl":"1h","inputTokens":5},{"ttl":"5m","inputTokens":4}])"), 5);
    EXPECT_EQ(hour(R"([ {"inputTokens": 4 ,"ttl":"5m"} , {"inputTokens": 5 ,"ttl":"1h"} ])"), 5);
    EXPECT_EQ(hour(R"([{"ttl":"1h","inputTokens":5},{"ttl":"1h","inputTokens":2}])"), 7);
    EXPECT_EQ(hour(R"([{"ttl":"1h","inputTokens":9223372036854775807},)"
                   R"({"ttl":"1h","inputTokens":9223372036854775807}])"),
              2'000'000'000);
    for (const std::string_view none : {R"([])",
                                        R"([{"ttl":"5m","inputTokens":9}])",
                                        R"([{"ttl":"1h","inputTokens":-5}])",
                                        R"([{"ttl":"1h"},{"inputTokens":5}])",
                                        R"([{"ttl":1,"inputTokens":5}])",
                                        R"([{"ttl":{"ttl":"1h"},"inputTokens":5}])",
                                        R"(["1h",5,null,[{"ttl":"1h","inputTokens":5}]])",
                                        R"({"ttl":"1h","inputTokens":5})",
                                        R"(null)"}) {
        EXPECT_FALSE(hour(none)) << none;
    }
    for (const std::string_view broken :
         {R"([)", R"([{"ttl":"1h"}}])", R"([{"ttl":"1h","inputTokens":5})", R"([,])"}) {
        EXPECT_EQ(read_usage(R"({"cacheDetails":)" + std::string(broken) + "}").size, 0U) << broken;
    }
}

TEST(UsageReader, LeavesAbsentWhatIsNoCount) {
    const UsageReading none =
        read_usage(R"({"prompt_tokens":-1,"completion_tokens":"7","total_tokens":null})");
    EXPECT_TRUE(none.usage.empty());
    EXPECT_GT(none.size, 0U);
    EXPECT_FALSE(read_usage(R"({"prompt_tokens":1.5})").usage.input);
    EXPECT_FALSE(read_usage(R"({"prompt_tokens":1e3})").usage.input);
    EXPECT_FALSE(read_usage(R"({"prompt_tokens":99999999999999999999})").usage.input);
    const UsageReading list = read_usage(R"({"prompt_tokens":1,"prompt_tokens_details":[1]})");
    EXPECT_EQ(list.usage.input, 1);
    EXPECT_FALSE(list.usage.cached_input);
}

TEST(UsageReader, TakesCountsOnlyFromWhereTheyBelong) {
    const UsageReading reading = read_usage(
        R"({"cost":{"prompt_tokens":9,"x":{"y":[1,2,{"total_tokens":9}]}},"total_tokens":3,)"
        R"("completion_tokens_details":{"cached_tokens":9},"note":"\"total_tokens\":9,\\"})");
    EXPECT_EQ(reading.usage, (TokenUsage{.total = 3}));
}

TEST(UsageReader, TellsWhereTheObjectEnds) {
    EXPECT_EQ(read_usage("{}").size, 2U);
    EXPECT_EQ(read_usage(std::string(kChat) + R"(,"prompt_tokens":1})").size, kChat.size());
}

TEST(UsageReader, ReadsNothingOfAnObjectThatIsCutOffOrBroken) {
    for (size_t size = 0; size < kChat.size(); ++size) {
        // On the heap and as long as it says, so that a sanitizer sees a look past the end.
        const auto cut = std::make_unique<char[]>(size);
        kChat.copy(cut.get(), size);
        const UsageReading reading = read_usage({cut.get(), size});
        EXPECT_EQ(reading.size, 0U) << size;
        EXPECT_TRUE(reading.usage.empty()) << size;
    }
    for (const std::string_view broken : {"[]",
                                          R"({"a"})",
                                          R"({"a":})",
                                          R"({"a":,"b":1})",
                                          R"({"a":1,})",
                                          R"({"total_tokens":1]})",
                                          R"({"a":[}})",
                                          R"({"a":"\"})"}) {
        EXPECT_EQ(read_usage(broken).size, 0U) << broken;
    }
}

TEST(UsageReader, DoesNotFollowNestingWithoutEnd) {
    const auto nested = [](int depth) {
        return R"({"a":)" + std::string(static_cast<size_t>(depth), '[') +
               std::string(static_cast<size_t>(depth), ']') + "}";
    };
    EXPECT_GT(read_usage(nested(kUsageDepthMax)).size, 0U);
    EXPECT_EQ(read_usage(nested(kUsageDepthMax + 1)).size, 0U);
}

}  // namespace
}  // namespace keywarden
