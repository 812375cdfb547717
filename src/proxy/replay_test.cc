#include "proxy/replay.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "domain/call_id.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

class ReplayTest : public testing::Test {
protected:
    ReplayTest() : ReplayTest(ReplayLimits{}) {}
    explicit ReplayTest(const ReplayLimits& limits) : replays(limits) {}

    Result<Replays::Begun> begin(std::string_view key, std::string_view body = "body") {
        return replays.begin("key_1", key, sha256(body), CallId{1}, now);
    }
    /// A call that is answered so.
    void answer(std::string_view key, std::string_view text) {
        auto begun = begin(key);
        ASSERT_TRUE(begun && begun->ticket.is_open());
        begun->ticket.start(200, "text/plain");
        begun->ticket.append(text);
        begun->ticket.finish();
    }

    Replays replays;
    MonoTime now{};
};

class SmallReplayTest : public ReplayTest {
protected:
    SmallReplayTest()
        : ReplayTest({.bytes_max = 10, .answer_bytes_max = 6, .count_max = 3, .kept = 1h}) {}
};

ErrorCode code_of(const Result<Replays::Begun>& begun) {
    return begun ? ErrorCode::kCount : begun.error().code;
}

TEST_F(ReplayTest, ARepeatedCallGetsTheSameAnswer) {
    auto first = begin("a");
    ASSERT_TRUE(first && first->ticket.is_open());
    EXPECT_EQ(code_of(begin("a")), ErrorCode::IdempotencyInProgress);
    first->ticket.start(201, "application/json");
    first->ticket.append("one ");
    first->ticket.append("two");
    first->ticket.finish();
    const auto again = begin("a");
    ASSERT_TRUE(again && again->answer != nullptr);
    EXPECT_FALSE(again->ticket.is_open());
    EXPECT_EQ(again->answer->status, 201);
    EXPECT_EQ(again->answer->content_type, "application/json");
    EXPECT_EQ(again->answer->body, "one two");
}

TEST_F(ReplayTest, AnotherRequestWithTheSameKeyIsAMismatch) {
    answer("a", "x");
    EXPECT_EQ(code_of(begin("a", "another body")), ErrorCode::IdempotencyMismatch);
}

TEST_F(ReplayTest, TheKeysOfTwoApiKeysAreTwo) {
    answer("a", "x");
    const auto other = replays.begin("key_2", "a", sha256("body"), CallId{1}, now);
    EXPECT_TRUE(other && other->ticket.is_open());
    // Nor can one be made to look like another.
    const auto shifted = replays.begin("key_", "1a", sha256("body"), CallId{1}, now);
    EXPECT_TRUE(shifted && shifted->ticket.is_open());
}

TEST_F(ReplayTest, ACallThatCameToNothingFreesItsKey) {
    {
        const auto left = begin("a");
    }
    {
        auto failed = begin("a");
        failed->ticket.start(502, "application/json");
        failed->ticket.finish();
    }
    const auto again = begin("a", "may be another body");
    EXPECT_TRUE(again && again->ticket.is_open());
}

TEST_F(ReplayTest, WhatWasMadeBeforeTheStartIsNamedAndNotMadeAgain) {
    RepeatKey key{};
    {
        const auto before = begin("a");
        key = before->ticket.key();
        EXPECT_NE(key, RepeatKey{});
    }
    EXPECT_EQ(ReplayTicket().key(), RepeatKey{});
    replays.remember(key, CallId{7}, now - 23h);
    const auto again = begin("a", "whatever its body is");
    ASSERT_EQ(code_of(again), ErrorCode::IdempotencyAnswerGone);
    EXPECT_EQ(again.error().facts.at(0).name, "first_request_id");
    EXPECT_EQ(std::get<std::string>(again.error().facts.at(0).value), text_of(CallId{7}).view());
    EXPECT_TRUE(begin("b")->ticket.is_open());
    now += 1h;
    EXPECT_TRUE(begin("a")->ticket.is_open()) << "a day after it was made";
}

TEST_F(SmallReplayTest, OfTheTimeBeforeTheStartTheLatestAreRemembered) {
    std::vector<RepeatKey> keys;
    for (const char* key : {"a", "b", "c", "d"}) keys.push_back(begin(key)->ticket.key());
    for (const RepeatKey& key : keys) replays.remember(key, CallId{7}, now);
    EXPECT_EQ(code_of(begin("b")), ErrorCode::IdempotencyAnswerGone);
    EXPECT_EQ(code_of(begin("d")), ErrorCode::IdempotencyAnswerGone);
    EXPECT_TRUE(begin("a")->ticket.is_open());
}

TEST_F(SmallReplayTest, AnAnswerThatIsTooLongIsChargedOnceAllTheSame) {
    answer("a", "1234567");
    EXPECT_EQ(code_of(begin("a")), ErrorCode::IdempotencyAnswerGone);
    EXPECT_EQ(replays.bytes(), 0U);
}

TEST_F(SmallReplayTest, TheOldestAnswersMakeRoomAndStayCharged) {
    answer("a", "123456");
    answer("b", "123456");
    EXPECT_EQ(code_of(begin("a")), ErrorCode::IdempotencyAnswerGone);
    EXPECT_TRUE(begin("b")->answer != nullptr);
    EXPECT_EQ(replays.bytes(), 6U);
}

TEST_F(SmallReplayTest, AKeyIsForgottenInTheEnd) {
    answer("a", "1");
    now += 1h;
    EXPECT_TRUE(begin("a")->ticket.is_open());
    EXPECT_EQ(replays.bytes(), 0U);
}

TEST_F(SmallReplayTest, SoManyKeysAreRememberedAndRunningOnesAlways) {
    auto running = begin("a");
    answer("b", "1");
    answer("c", "1");
    answer("d", "1");  // in the place of b
    EXPECT_EQ(code_of(begin("a")), ErrorCode::IdempotencyInProgress);
    EXPECT_TRUE(begin("c")->answer != nullptr);
    auto one = begin("e");
    auto two = begin("f");
    EXPECT_EQ(code_of(begin("g")), ErrorCode::Overloaded);
}

TEST_F(ReplayTest, OfManyThreadsOneMakesTheCall) {
    constexpr int kThreads = 8;
    constexpr int kRounds = 200;
    std::atomic<int> made = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            for (int round = 0; round < kRounds; ++round) {
                auto begun =
                    replays.begin("key_1", std::to_string(round), sha256("body"), CallId{1}, now);
                if (!begun || !begun->ticket.is_open()) continue;
                ++made;
                begun->ticket.start(200, "text/plain");
                begun->ticket.append("x");
                begun->ticket.finish();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(made, kRounds);
    EXPECT_EQ(replays.bytes(), size_t{kRounds});
}

}  // namespace
}  // namespace keywarden
