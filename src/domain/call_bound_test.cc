#include "domain/call_bound.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

constexpr std::string_view kChat = "/v1/chat/completions";

TEST(CallBound, ABodyBoundsItsInputAndMaxTokensItsOutput) {
    const CallBound most =
        bound_of({.path = kChat, .body_bytes = 400, .output_tokens_max = 100}, {}, true);
    EXPECT_EQ(most.input_tokens, 400);
    EXPECT_EQ(most.all_output(), 100);
    EXPECT_TRUE(most.has_output);
}

TEST(CallBound, WithoutMaxTokensTheModelBoundsIt) {
    Price price;
    EXPECT_EQ(bound_of({.path = kChat}, price, true).output_tokens, kOutputTokensDefault);
    price.output_tokens_max = 4'096;
    EXPECT_EQ(bound_of({.path = kChat}, price, true).output_tokens, 4'096);
    EXPECT_EQ(bound_of({.path = kChat, .choices = 3}, price, true).all_output(), 3 * 4'096);
    EXPECT_EQ(
        bound_of({.path = kChat, .choices = 2, .output_tokens_max = 50}, price, true).output_tokens,
        25)
        << "of one choice";
}

TEST(CallBound, WhatWritesNoTextHasNoOutput) {
    const CallBound most =
        bound_of({.path = "/v1/embeddings", .body_bytes = 9, .output_tokens_max = 5}, {}, true);
    EXPECT_EQ(most.input_tokens, 9);
    EXPECT_EQ(most.all_output(), 0);
    EXPECT_FALSE(most.has_output);
}

TEST(CallBound, WhatIsShownCountsWhereItBinds) {
    const CallAsked asked{.path = kChat, .body_bytes = 10, .shown = 2};
    EXPECT_EQ(bound_of(asked, {}, false).input_tokens, 10);
    EXPECT_EQ(bound_of(asked, {}, true).input_tokens, 10 + 2 * kShownTokensMax);
}

TEST(CallBound, NothingOverflows) {
    const CallBound most{.output_tokens = INT64_MAX, .choices = 3};
    EXPECT_EQ(most.all_output(), kTokensMax);
}

}  // namespace
}  // namespace keywarden
