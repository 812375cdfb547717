#include "providers/sandbox/controls.h"

#include <gtest/gtest.h>

#include "providers/sandbox.h"

namespace keywarden {
namespace {

std::string refusal(std::string_view model, ErrorCode code) {
    const Result<SandboxControls> read = read_controls(model);
    if (read) return "accepted";
    EXPECT_EQ(read.error().code, code) << model;
    EXPECT_EQ(read.error().param, "model");
    return read.error().message;
}

TEST(SandboxControls, ThePlainModelAsksForNothing) {
    const Result<SandboxControls> plain = read_controls("sandbox");
    ASSERT_TRUE(plain);
    EXPECT_FALSE(plain->words || plain->chunks || plain->echo || plain->cut || plain->fail);
    EXPECT_EQ(plain->delay_ms + plain->slow_ms + plain->tools + plain->error, 0);
}

TEST(SandboxControls, AreJoinedInAnyOrderWithOrWithoutTheProvider) {
    for (const char* model : {"sandbox/chunks-50+delay-20+echo", "echo+delay-20+chunks-50"}) {
        const Result<SandboxControls> controls = read_controls(model);
        ASSERT_TRUE(controls) << model;
        EXPECT_EQ(controls->chunks, 50);
        EXPECT_EQ(controls->delay_ms, 20);
        EXPECT_TRUE(controls->echo);
    }
    EXPECT_EQ(read_controls("sandbox/error-429")->error, 429);
    EXPECT_EQ(read_controls("sandbox/slow-1000")->slow_ms, 1000);
    EXPECT_EQ(read_controls("sandbox/tools-3")->tools, 3);
    EXPECT_EQ(read_controls("sandbox/words-0")->words, 0);
    EXPECT_TRUE(read_controls("sandbox/cut")->cut);
    EXPECT_TRUE(read_controls("sandbox/fail")->fail);
}

TEST(SandboxControls, TheErrorForAnUnknownOneListsTheKnownOnes) {
    for (const char* model : {"sandbox/",
                              "",
                              "gpt-4o",
                              "sandbox/chunks",
                              "sandbox/chunks-",
                              "sandbox/chunks-x",
                              "sandbox/chunks-5x",
                              "sandbox/echo-1",
                              "sandbox/cut+",
                              "+",
                              "sandbox/sandbox",
                              "sandbox/echo+nothing",
                              "sandbox/chunks-+5",
                              "sandbox/chunks- 5"}) {
        const std::string message = refusal(model, ErrorCode::ModelNotFound);
        for (const char* known : {"chunks-N", "delay-MS", "echo", "error-STATUS", "slow-MS"}) {
            EXPECT_TRUE(message.contains(known)) << model << ": " << message;
        }
    }
    EXPECT_TRUE(refusal("sandbox/chunk-5", ErrorCode::ModelNotFound).contains("mean 'chunks'"));
}

TEST(SandboxControls, EveryNumberHasItsBounds) {
    for (const char* model : {"chunks-0",
                              "chunks-10001",
                              "delay-60001",
                              "slow-60001",
                              "error-399",
                              "error-600",
                              "error-200",
                              "tools-0",
                              "tools-33",
                              "words-10001",
                              "chunks-99999999999999999999",
                              "delay--1"}) {
        EXPECT_TRUE(refusal(model, ErrorCode::InvalidRequest).contains("a number from")) << model;
    }
    for (const char* model :
         {"chunks-10000", "delay-60000", "slow-60000", "error-599", "words-10000"}) {
        EXPECT_TRUE(read_controls(model)) << model;
    }
}

}  // namespace
}  // namespace keywarden
