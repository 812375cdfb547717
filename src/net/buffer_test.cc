#include "net/buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(Buffer, HoldsNothingUntilItIsUsed) {
    Buffer buffer;
    EXPECT_EQ(buffer.data(), nullptr);
    EXPECT_EQ(buffer.room(), 0U);
    EXPECT_EQ(buffer.view(), "");
    buffer.append("");
    EXPECT_EQ(buffer.data(), nullptr);
    buffer.release();
}

TEST(Buffer, GrowsAndKeepsWhatItHas) {
    Buffer buffer;
    std::string expected;
    for (uint64_t i = 0; i < 100'000; i += 7) {
        buffer.append("x");
        buffer.append_number(i);
        expected += "x" + std::to_string(i);
    }
    buffer.append_number(UINT64_MAX);
    expected += "18446744073709551615";
    EXPECT_EQ(buffer.view(), expected);
    buffer.drop_front(3);
    EXPECT_EQ(buffer.view(), expected.substr(3));
    buffer.truncate(5);
    EXPECT_EQ(buffer.view(), expected.substr(3, 5));
    buffer.drop_front(5);
    EXPECT_TRUE(buffer.empty());
}

TEST(Buffer, AlwaysHasReadableBytesBehindTheLast) {
    for (const size_t size : {1U, 4'031U, 4'032U, 4'033U, 16'320U, 1'048'576U, 3'000'000U}) {
        Buffer buffer;
        buffer.append(std::string(size, 'a'));
        int sum = 0;  // under AddressSanitizer this is the test
        for (size_t i = 0; i < Buffer::kPadding; ++i) {
            buffer.data()[size + i] = 'p';
            sum += buffer.data()[size + i];
        }
        EXPECT_EQ(sum, 'p' * 64);
    }
}

TEST(Buffer, OneBlockHoldsWhatTheConstantsSay) {
    Buffer buffer;
    buffer.reserve(Buffer::kSmall);
    EXPECT_EQ(buffer.room(), Buffer::kSmall);
    buffer.reserve(Buffer::kMedium);
    EXPECT_EQ(buffer.room(), Buffer::kMedium);
    const char* before = buffer.data();
    buffer.reserve(Buffer::kMedium);
    EXPECT_EQ(buffer.data(), before);
}

TEST(Buffer, MovesWithoutCopying) {
    Buffer first;
    first.append("bytes");
    const char* at = first.data();
    Buffer second(std::move(first));
    EXPECT_EQ(second.data(), at);
    Buffer third;
    third = std::move(second);
    EXPECT_EQ(third.view(), "bytes");
}

TEST(BufferPool, GivesTheBlockFreedLastToTheNext) {
    BufferPool pool;
    const BufferPool::Block block = pool.take(5'000);
    EXPECT_EQ(block.capacity, 8'192U);
    pool.give_back(block);
    const BufferPool::Block again = pool.take(8'192);
#if !__has_feature(address_sanitizer)
    EXPECT_EQ(again.data, block.data);
#endif
    pool.give_back(again);
    pool.give_back(pool.take(10'000'000));
    pool.give_back({});
}

#if !__has_feature(address_sanitizer)
TEST(BufferPool, KeepsTheMemoryThatIsUsedAndGivesUpWhatIsNot) {
    BufferPool pool;
    const BufferPool::Block used = pool.take(4'096);
    const BufferPool::Block unused = pool.take(4'096);
    std::memset(used.data, 'u', 4'096);
    std::memset(unused.data, 'x', 4'096);
    EXPECT_EQ(pool.kept_bytes(), 0U) << "what was never touched takes no memory";
    pool.give_back(unused);
    pool.give_back(used);
    pool.trim();
    EXPECT_EQ(pool.kept_bytes(), 8'192U) << "both were needed a moment ago";
    for (int i = 0; i < 3; ++i) {
        const BufferPool::Block block = pool.take(4'096);
        EXPECT_EQ(block.data, used.data);
        EXPECT_EQ(block.data[0], 'u');
        pool.give_back(block);
        pool.trim();
    }
    EXPECT_EQ(pool.kept_bytes(), 4'096U);
    pool.trim();  // nothing was taken in between
    EXPECT_EQ(pool.kept_bytes(), 0U);
    EXPECT_EQ(pool.take(4'096).data[0], '\0') << "the same address, new memory";
}

TEST(BufferPool, HandsOutNoBlockTwice) {
    BufferPool pool;
    std::set<char*> taken;
    for (int i = 0; i < 1'000; ++i) {
        const BufferPool::Block block = pool.take(8'192);
        EXPECT_TRUE(taken.insert(block.data).second);
        for (char* other : taken) {
            ASSERT_TRUE(other == block.data || std::abs(other - block.data) >= 8'192);
        }
    }
}
#endif

}  // namespace
}  // namespace keywarden
