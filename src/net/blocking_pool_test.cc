#include "net/blocking_pool.h"

#include <atomic>
#include <future>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "net/test_peer.h"

namespace keywarden {
namespace {

using test::LoopThread;

struct Seen {
    std::thread::id before;
    std::thread::id during;
    std::thread::id after;
    Result<std::string> value;
};

Task<Seen> work_elsewhere(Loop* loop, BlockingPool* pool) {
    Seen seen;
    seen.before = std::this_thread::get_id();
    std::thread::id* during = &seen.during;
    seen.value = co_await pool->run(loop, [during]() -> Result<std::string> {
        *during = std::this_thread::get_id();
        return "done";
    });
    seen.after = std::this_thread::get_id();
    co_return seen;
}

TEST(BlockingPool, WorksElsewhereAndContinuesOnTheLoop) {
    LoopThread thread;
    BlockingPool pool;
    const Seen seen = thread.await<Seen>([&] { return work_elsewhere(thread.loop(), &pool); });
    EXPECT_EQ(*seen.value, "done");
    EXPECT_EQ(seen.before, seen.after);
    EXPECT_NE(seen.before, seen.during);
}

Task<Result<int>> fail_elsewhere(Loop* loop, BlockingPool* pool) {
    co_return co_await pool->run(
        loop, []() -> Result<int> { return fail(ErrorCode::StoreUnavailable, "away"); });
}

TEST(BlockingPool, PassesErrorsOn) {
    LoopThread thread;
    BlockingPool pool;
    const auto result =
        thread.await<Result<int>>([&] { return fail_elsewhere(thread.loop(), &pool); });
    EXPECT_EQ(result.error().code, ErrorCode::StoreUnavailable);
}

TEST(BlockingPool, RefusesWhenItsQueueIsFull) {
    LoopThread thread;
    std::promise<void> go_on;
    std::promise<void> started;
    const std::shared_future<void> wait = go_on.get_future().share();
    {
        BlockingPool pool({.threads = 1, .queued_max = 1});
        ASSERT_TRUE(pool.submit([&] {
            started.set_value();
            wait.wait();
        }));
        started.get_future().wait();
        ASSERT_TRUE(pool.submit([] {}));
        EXPECT_FALSE(pool.submit([] {}));
        const auto result =
            thread.await<Result<int>>([&] { return fail_elsewhere(thread.loop(), &pool); });
        EXPECT_EQ(result.error().code, ErrorCode::Overloaded);
        EXPECT_GT(result.error().retry_after, Nanos(0));
        go_on.set_value();
    }
}

TEST(BlockingPool, ItsEndRunsWhatIsQueued) {
    std::atomic<int> ran = 0;
    {
        BlockingPool pool({.threads = 2});
        for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.submit([&] { ++ran; }));
    }
    EXPECT_EQ(ran, 500);
}

}  // namespace
}  // namespace keywarden
