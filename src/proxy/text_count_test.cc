#include "proxy/text_count.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

int64_t tokens(std::string_view bytes) {
    TextCount count;
    count.feed(bytes);
    return count.tokens();
}

TEST(TextCount, CountsATokenForEachEventOfAStream) {
    std::string stream;
    for (int i = 0; i < 5; ++i) {
        stream += R"(data: {"id":"x","object":"chat.completion.chunk","choices":[{"index":0,)"
                  R"("delta":{"content":" a"},"finish_reason":null}]})"
                  "\n\n";
    }
    EXPECT_EQ(tokens(stream), 5);
}

TEST(TextCount, CountsAllTextOfALongEvent) {
    EXPECT_EQ(tokens(R"({"delta":{"content":")" + std::string(400, 'a') + "\"}}"), 100);
    EXPECT_EQ(tokens(R"({"delta": {"content": ")" + std::string(401, 'a') + "\"}}"), 101);
}

TEST(TextCount, KnowsWhereEachDialectPutsWhatAModelWrites) {
    for (const std::string_view text : {
             R"({"choices":[{"delta":{"content":"abcd"}}]})",
             R"({"choices":[{"text":"abcd"}]})",
             R"({"type":"response.output_text.delta","delta":"abcd"})",
             R"({"delta":{"tool_calls":[{"function":{"arguments":"abcd"}}]}})",
             R"({"delta":{"reasoning_content":"abcd"}})",
             R"({"delta":{"type":"input_json_delta","partial_json":"abcd"}})",
         }) {
        EXPECT_EQ(tokens(text), 1) << text;
    }
}

TEST(TextCount, CountsNothingElse) {
    EXPECT_EQ(tokens(R"({"id":"abcdefgh","model":"content","role":"assistant","content":null})"),
              0);
    EXPECT_EQ(tokens(R"({"delta":{"content":""}})"), 0);
    EXPECT_EQ(tokens(R"({"context":"abcd","mycontent":"abcd"})"), 0);
    EXPECT_EQ(tokens(""), 0);
}

TEST(TextCount, FindsAKeyWhereverItStands) {
    for (size_t before = 0; before < 40; ++before) {
        const std::string space(before, ' ');
        EXPECT_EQ(tokens(space + R"("reasoning_content":"abcd")"), 1) << before;
        EXPECT_EQ(tokens(space + R"("id":"a","text":"abcd",)" + space), 1) << before;
        EXPECT_EQ(tokens(space + R"(content":"abcd")"), 0) << before << ": it was cut";
    }
}

TEST(TextCount, IsNotMisledByEscapes) {
    EXPECT_EQ(tokens(R"({"content":"\"content\":\"aaaaaaaaaaaaaaaaaaaaaaaa\""})"), 10);
    EXPECT_EQ(tokens(R"({"content":"aaa\\","id":"bbbbbbbb"})"), 2);
    EXPECT_EQ(tokens(R"({"content":"ends in a backslash \)"), 6);
}

RC_GTEST_PROP(TextCount, NeverReadsBeyondWhatItIsFed, (std::string bytes)) {
    const std::string exact(bytes);  // sanitizers see a step beyond it
    TextCount count;
    count.feed(exact);
    RC_ASSERT(count.tokens() >= 0);
    RC_ASSERT(count.tokens() <= static_cast<int64_t>(exact.size()));
}

}  // namespace
}  // namespace keywarden
