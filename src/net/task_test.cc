#include "net/task.h"

#include <cstdint>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

Task<int> three() { co_return 3; }

Task<std::unique_ptr<int>> move_only(int value) { co_return std::make_unique<int>(value); }

Task<int> sum(int depth) {
    if (depth == 0) co_return 0;
    co_return 1 + co_await sum(depth - 1);
}

Task<void> loops(int turns, int64_t* total) {
    for (int i = 0; i < turns; ++i) *total += co_await three();
}

Detached start(Task<int> task, int* result) { *result = co_await task; }

Detached start_all(int64_t* total, int* moved) {
    *moved = *co_await move_only(7);
    co_await loops(1'000'000, total);
}

TEST(Task, RunsOnlyWhenAwaited) {
    int result = 0;
    {
        const Task<int> unused = three();
    }
    start(three(), &result);
    EXPECT_EQ(result, 3);
}

TEST(Task, AChainOfAnyLengthUsesNoStack) {
    int result = 0;
    start(sum(100'000), &result);
    EXPECT_EQ(result, 100'000);
    int64_t total = 0;
    int moved = 0;
    start_all(&total, &moved);  // each of a million tasks ends within the one before
    EXPECT_EQ(total, 3'000'000);
    EXPECT_EQ(moved, 7);
}

struct Counted {
    explicit Counted(int* count) : alive(count) { ++*alive; }
    Counted(Counted&& other) noexcept : alive(other.alive) { ++*alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    Counted& operator=(Counted&&) = delete;
    ~Counted() { --*alive; }
    int* alive;
};

struct Aggregate {
    Counted counted;
    std::string text;
};

Task<size_t> takes(Aggregate aggregate) { co_return aggregate.text.size(); }

Detached pass_temporaries(int* alive, size_t* size) {
    *size = co_await takes({Counted(alive), "long enough to be on the heap, surely it is"});
}

TEST(Task, TemporariesInCoAwaitDieOnce) {
    int alive = 0;
    size_t size = 0;
    pass_temporaries(&alive, &size);
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(size, 43U);
}

TEST(FramePool, GivesAFreedFrameToTheNextOfItsSize) {
    FramePool pool;
    void* frame = pool.take(300);
    pool.give_back(frame, 300);
    void* again = pool.take(289);  // the same class: up to 320
#if !__has_feature(address_sanitizer)
    EXPECT_EQ(again, frame);
#endif
    pool.give_back(again, 289);
    void* large = pool.take(100'000);
    pool.give_back(large, 100'000);
}

}  // namespace
}  // namespace keywarden
