#include "proxy/frame_filter.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

std::string event(std::string_view type, std::string_view payload) {
    const std::array headers = {FrameText{":event-type", type},
                                FrameText{":content-type", "application/json"},
                                FrameText{":message-type", "event"}};
    std::string out;
    append_frame(out, headers, payload);
    return out;
}

const std::string kText =
    event("contentBlockDelta", R"({"delta":{"text":"hello, you"},"p":"abc"})");
/// A model may write what looks like a usage.
const std::string kTool = event(
    "contentBlockDelta", R"({"delta":{"toolUse":{"input":"{\"usage\":{\"inputTokens\":9}"}}})");
const std::string kMetadata =
    event("metadata",
          R"({"metrics":{"latencyMs":1},"usage":{"inputTokens":10,"cacheReadInputTokens":90,)"
          R"("cacheWriteInputTokens":5,"outputTokens":7,"totalTokens":112}})");

struct Passed {
    std::string bytes{};
    UsageMeter meter{};
    TextCount count{};
    size_t writes = 0;
    std::string failure{};
    std::string at_end{};
};

Passed pass(const std::string& stream, size_t step) {
    Passed out;
    out.meter.expect(Dialect::Bedrock);
    FrameFilter filter(&out.meter, &out.count);
    for (size_t at = 0; at < stream.size(); at += step) {
        const std::string fed = stream.substr(at, step);
        std::string_view rest = fed;
        while (!rest.empty()) {
            const auto next = filter.next(rest);
            if (!next) {
                out.failure = next.error().detail;
                return out;
            }
            out.bytes += *next;
            if (!next->empty()) ++out.writes;
        }
    }
    if (const auto rest = filter.rest(); !rest) out.at_end = rest.error().message;
    return out;
}

TEST(FrameFilter, PassesEveryByteAndReadsTheUsageHoweverItIsCut) {
    const std::string stream = kText + kTool + kText + kMetadata;
    for (size_t step = 1; step <= stream.size(); ++step) {
        SCOPED_TRACE(step);
        const Passed got = pass(stream, step);
        EXPECT_EQ(got.bytes, stream);
        EXPECT_EQ(
            got.meter.usage(),
            (TokenUsage{
                .input = 105, .output = 7, .total = 112, .cached_input = 90, .cache_write = 5}));
        EXPECT_TRUE(got.meter.has_told_end());
        EXPECT_GT(got.count.tokens(), 6);
        EXPECT_EQ(got.at_end, "");
    }
    EXPECT_EQ(pass(stream, stream.size()).writes, 1U) << "frames of one read go on in one write";
}

TEST(FrameFilter, WhatIsDamagedIsHeldBackAndWhatWasRightHasPassed) {
    std::string damaged = kText;
    damaged[damaged.size() - 20] ^= 1;
    for (const size_t step : {size_t{1}, size_t{50}, size_t{10'000}}) {
        const Passed got = pass(kText + damaged + kText, step);
        EXPECT_EQ(got.bytes, kText);
        EXPECT_EQ(got.failure, "an event stream: the checksum of a frame is wrong");
    }
}

TEST(FrameFilter, WhatIsCutOffIsToldOf) {
    const Passed got = pass(kText + kMetadata.substr(0, 30), 7);
    EXPECT_EQ(got.bytes, kText);
    EXPECT_EQ(got.at_end, "The provider broke off its answer.");
}

}  // namespace
}  // namespace keywarden
