#include "proxy/sse_filter.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

constexpr std::string_view kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";

struct Outcome {
    std::string passed;
    TokenUsage usage;
    int64_t counted = 0;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// What goes on of a stream that comes in pieces of the given sizes, the last one for all the rest.
Outcome filter(std::string_view stream, const std::vector<size_t>& sizes, bool drops_usage) {
    UsageMeter meter;
    TextCount count;
    SseFilter filter(&meter, &count, drops_usage);
    Outcome out;
    size_t next = 0;
    while (!stream.empty()) {
        const size_t size =
            next < sizes.size() ? std::min(sizes[next++], stream.size()) : stream.size();
        const std::string piece(stream.substr(0, size));  // a copy, so that views into it are seen
        stream.remove_prefix(size);
        std::string_view bytes = piece;
        while (!bytes.empty()) out.passed += *filter.next(bytes);
    }
    out.passed += filter.rest();
    out.usage = meter.usage();
    out.counted = count.tokens();
    return out;
}

TEST(SseFilter, LeavesOutTheChunkThatOnlyTellsTheUsage) {
    const std::string stream = "data: 1\n\n" + std::string(kUsage) + "data: [DONE]\n\n";
    const Outcome dropped = filter(stream, {}, true);
    EXPECT_EQ(dropped.passed, "data: 1\n\ndata: [DONE]\n\n");
    EXPECT_EQ(dropped.usage.input, 5);
    EXPECT_EQ(filter(stream, {}, false).passed, stream);
    EXPECT_EQ(filter(stream, {}, false).usage.output, 2);
}

TEST(SseFilter, CountsWhatTheModelWroteHoweverTheStreamIsCut) {
    const std::string event = "data: {\"choices\":[{\"delta\":{\"content\":\"abc\"}}]}\n\n";
    const std::string stream = event + event + std::string(kUsage) + event;
    EXPECT_EQ(filter(stream, {}, true).counted, 3);
    for (size_t size = 1; size < stream.size(); ++size) {
        EXPECT_EQ(filter(stream, {size}, true).counted, 3) << size;
    }
}

TEST(SseFilter, KeepsWhatOnlyLooksLikeIt) {
    for (const std::string_view event : {
             R"(data: {"choices":[],"usage":null})",
             R"(data: {"choices":[],"prompt_filter_results":[]})",
             R"(data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}})",
             R"(data: {"usage":{"prompt_tokens":1}})",
             R"(data: {"choices":[],"usage":{"prompt_tokens":1}} trailing)",
             R"(data: [1,"usage",{"usage":{}}])",
             R"(: "usage":{)",
         }) {
        const std::string stream = std::string(event) + "\n\n";
        EXPECT_EQ(filter(stream, {}, true).passed, stream);
    }
}

TEST(SseFilter, AnEventThatNeverEndsIsKeptBackToTheEnd) {
    UsageMeter meter;
    TextCount count;
    SseFilter filter(&meter, &count, true);
    std::string_view bytes = "data: 1\n\ndata: 2";
    std::string passed;
    while (!bytes.empty()) passed += *filter.next(bytes);
    EXPECT_EQ(passed, "data: 1\n\n");
    EXPECT_EQ(filter.rest(), "data: 2");
}

std::string random_stream() {
    std::string stream;
    const int count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < count; ++i) {
        stream += *rc::gen::element<std::string>(
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n",
            ": ping\n\n",
            "event: x\r\ndata: \"usage\"\r\n\r\n",
            "\n",
            "data: a\ndata: b\n\n",
            std::string(kUsage),
            "data: {\"choices\":[ ],\n"
            "data: \"usage\" : {\"prompt_tokens\":9}}\n\n");
    }
    return stream;
}

RC_GTEST_PROP(SseFilterProperty, TheSameWhereverTheBytesAreCut, ()) {
    const std::string stream = random_stream();
    for (const bool drops : {false, true}) {
        const Outcome whole = filter(stream, {}, drops);
        if (!drops) RC_ASSERT(whole.passed == stream);
        RC_ASSERT(whole.passed.find("prompt_tokens\":5") == std::string::npos || !drops);
        for (size_t cut = 1; cut < stream.size(); ++cut) {
            RC_ASSERT(filter(stream, {cut}, drops) == whole);
        }
        RC_ASSERT(filter(stream, std::vector<size_t>(stream.size(), 1), drops) == whole);
    }
}

}  // namespace
}  // namespace keywarden
