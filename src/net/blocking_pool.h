// Threads for work that blocks (SQLite, files), with a bounded queue before them.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"

namespace keywarden {

struct BlockingPoolOptions {
    size_t threads = 4;
    size_t queued_max = 1'024;
};

/// Threads: any. Destroying it runs what is queued and joins; every loop that waits must still run.
class BlockingPool {
public:
    explicit BlockingPool(BlockingPoolOptions options = {});
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;
    ~BlockingPool();

    /// Queues `job`. False when the queue is full or the pool is ending: it will not run.
    bool submit(std::function<void()> job);

    /// co_await pool.run(loop, work): runs `work` (which returns Result<T>) on a thread of the pool
    /// and continues on `loop` with what it returned.
    /// Errors: Overloaded when the queue is full; those of `work`.
    template <class Work>
    auto run(Loop* loop, Work work) -> Task<std::invoke_result_t<Work>> {
        co_return co_await Job<std::invoke_result_t<Work>, Work>{this, loop, std::move(work)};
    }

private:
    template <class R, class Work>
    struct Job {
        BlockingPool* pool;
        Loop* loop;
        Work work;
        std::optional<R> result{};

        bool await_ready() const { return false; }
        bool await_suspend(std::coroutine_handle<> waiting) {
            const bool queued = pool->submit([this, waiting] {
                result.emplace(work());
                loop->resume_from_any_thread(waiting);
            });
            if (!queued) result.emplace(refused());
            return queued;
        }
        R await_resume() {
            // NOLINTNEXTLINE(bugprone-unchecked-optional-access): it resumes once there is one
            return *std::move(result);
        }
    };

    static std::unexpected<Error> refused();
    void work_until_stopped();

    const size_t queued_max_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace keywarden
