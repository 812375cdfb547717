// What is written of a call is what is read, and what was not written is no call.
#include "store/sqlite/call_code.h"

#include <random>
#include <tuple>

#include <gtest/gtest.h>

#include "base/clock.h"

namespace keywarden {
namespace {

const TimePoint kNow = from_millis(1'795'173'342'123);

StoredCall a_call() {
    return {.numbers = {.team = 1,
                        .key = 2,
                        .app = 3,
                        .user = 4,
                        .provider = 5,
                        .model = 6,
                        .route = 7,
                        .error = 8,
                        .model_named = 9,
                        .makers = {10, 11},
                        .tags = {12, 13, 300}},
            .record = {.id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255},
                       .admitted_at = kNow - std::chrono::seconds(2),
                       .ended_at = kNow,
                       .status = 200,
                       .attempts = 2,
                       .streamed = true,
                       .priced = true,
                       .outcome = CallOutcome::Expired,
                       .basis = UsageBasis::Counted,
                       .usage = {.input = 10, .total = -3, .images = 0},
                       .price_version = 7,
                       .held = {900},
                       .cost = {800},
                       .duration = std::chrono::microseconds(2'000'001),
                       .first_byte = std::chrono::microseconds(400'000),
                       .overhead = std::chrono::microseconds(-1)},
            .session = 14,
            .named_session = true,
            .day = kNow - std::chrono::hours(11)};
}

std::vector<uint8_t> bytes_of(const StoredCall& call) {
    std::vector<uint8_t> block;
    write_call(call, block);
    return block;
}

auto numbers_of(const StoredCall& call) {
    const CallNumbers& n = call.numbers;
    return std::tuple(n.key, n.app, n.user, n.provider, n.model, n.route, n.error, n.model_named);
}

void expect_same(const StoredCall& a, const StoredCall& b) {
    EXPECT_EQ(numbers_of(a), numbers_of(b));
    EXPECT_EQ(a.numbers.makers, b.numbers.makers);
    EXPECT_EQ(a.numbers.tags, b.numbers.tags);
    EXPECT_EQ(std::tie(a.session, a.named_session, a.day),
              std::tie(b.session, b.named_session, b.day));
    const CallRecord& x = a.record;
    const CallRecord& y = b.record;
    EXPECT_EQ(std::tie(x.id, x.admitted_at, x.ended_at, x.status, x.attempts, x.usage),
              std::tie(y.id, y.admitted_at, y.ended_at, y.status, y.attempts, y.usage));
    EXPECT_EQ(std::tie(x.streamed, x.client_left, x.priced, x.outcome, x.basis),
              std::tie(y.streamed, y.client_left, y.priced, y.outcome, y.basis));
    EXPECT_EQ(x.tools, y.tools);
    EXPECT_EQ(std::tie(x.price_version, x.held, x.cost, x.duration, x.first_byte, x.overhead),
              std::tie(y.price_version, y.held, y.cost, y.duration, y.first_byte, y.overhead));
}

TEST(CallCode, ReadsWhatItWrote) {
    StoredCall other = a_call();
    other.numbers.makers = {};
    other.numbers.tags.assign(kCallTagsMax, INT64_MAX);
    other.record.status = INT32_MIN;
    other.record.usage = {};
    other.record.held = {INT64_MAX};
    other.record.cost = {INT64_MIN};
    other.record.client_left = true;
    other.record.tools = {.selection = SelectionMode::On,
                          .offered = UINT16_MAX,
                          .permitted = 40,
                          .forwarded = 16,
                          .kept = 16,
                          .called = 2,
                          .missed = 1,
                          .tokens_spared = INT64_MAX};
    other.record.streamed = other.record.priced = other.named_session = false;
    StoredCall far = a_call();
    far.record.admitted_at = from_millis(-9'223'372'036'854);
    far.record.ended_at = from_millis(9'223'372'036'854);
    far.day = from_millis(0);
    std::vector<uint8_t> block;
    for (const StoredCall& call : {a_call(), other, far, a_call()}) write_call(call, block);
    CallReader reader(block);
    StoredCall read;  // the same one each time: nothing of the one before stays
    for (const StoredCall& call : {a_call(), other, far, a_call()}) {
        ASSERT_TRUE(*reader.next(read));
        expect_same(read, call);
    }
    EXPECT_FALSE(*reader.next(read));
    EXPECT_FALSE(*reader.next(read));
}

TEST(CallCode, ACallThatSaysLittleIsShort) {
    StoredCall call = a_call();
    call.numbers.makers = call.numbers.tags = {};
    EXPECT_LE(bytes_of(call).size(), 64U);
}

TEST(CallCode, HalfACallIsNone) {
    const std::vector<uint8_t> whole = bytes_of(a_call());
    StoredCall read;
    for (size_t size = 0; size < whole.size(); ++size) {
        CallReader reader(std::span(whole).first(size));
        const auto next = reader.next(read);
        if (size == 1) {
            EXPECT_FALSE(*next) << "a block without calls";
            continue;
        }
        ASSERT_FALSE(next) << size;
        EXPECT_EQ(next.error().code, ErrorCode::StoreUnavailable);
        EXPECT_FALSE(reader.next(read)) << "nor is what comes after it";
    }
}

TEST(CallCode, TheVersionsBeforeAreRead) {
    std::vector<uint8_t> block = bytes_of(a_call());  // says nothing that it did not know
    for (const auto version : {uint8_t{1}, uint8_t{2}}) {
        block.front() = version;
        StoredCall read;
        ASSERT_TRUE(*CallReader(block).next(read));
        expect_same(read, a_call());
    }
}

TEST(CallCode, AnotherVersionIsNotGuessedAt) {
    std::vector<uint8_t> block = bytes_of(a_call());
    StoredCall read;
    for (const auto version : {uint8_t{0}, uint8_t{4}}) {
        block.front() = version;
        EXPECT_FALSE(CallReader(block).next(read));
    }
}

TEST(CallCode, WhatNoCallMayBeIsDamage) {
    const auto is_read = [](const auto& alter) {
        StoredCall call = a_call();
        alter(call);
        StoredCall read;
        const std::vector<uint8_t> block = bytes_of(call);
        return CallReader(block).next(read).has_value();
    };
    EXPECT_TRUE(is_read([](StoredCall&) {}));
    EXPECT_FALSE(is_read([](StoredCall& c) { c.record.outcome = CallOutcome::kCount; }));
    EXPECT_FALSE(is_read([](StoredCall& c) { c.record.basis = UsageBasis::kCount; }));
    EXPECT_FALSE(is_read([](StoredCall& c) { c.numbers.tags.resize(kCallTagsMax + 1); }));
    EXPECT_FALSE(is_read([](StoredCall& c) { c.numbers.makers.resize(kCallMakersMax + 1); }));
}

TEST(CallCode, AnyBytesAreReadOrRefusedAndEndSomewhere) {
    constexpr uint64_t kSeed = 20'261'121;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    std::mt19937_64 chance(kSeed);
    const std::vector<uint8_t> whole = bytes_of(a_call());
    StoredCall read;
    for (int i = 0; i < 20'000; ++i) {
        std::vector<uint8_t> block = whole;
        for (uint64_t flips = 1 + chance() % 3; flips > 0; --flips) {
            block[chance() % block.size()] = static_cast<uint8_t>(chance());
        }
        CallReader reader(block);
        size_t calls = 0;
        while (reader.next(read).value_or(false)) ++calls;
        ASSERT_LE(calls, whole.size() / 16);
    }
}

}  // namespace
}  // namespace keywarden
