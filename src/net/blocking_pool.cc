#include "net/blocking_pool.h"

namespace keywarden {

BlockingPool::BlockingPool(BlockingPoolOptions options) : queued_max_(options.queued_max) {
    threads_.reserve(options.threads);
    for (size_t i = 0; i < options.threads; ++i) {
        threads_.emplace_back([this] { work_until_stopped(); });
    }
}

BlockingPool::~BlockingPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

bool BlockingPool::submit(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= queued_max_) return false;
        queue_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

std::unexpected<Error> BlockingPool::refused() {
    return fail({.code = ErrorCode::Overloaded,
                 .message = "The gateway has too much waiting work just now.",
                 .detail = "the queue of the blocking pool is full",
                 .retry_after = std::chrono::seconds(1)});
}

void BlockingPool::work_until_stopped() {
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            job = std::move(queue_.front());
            queue_.pop_front();
        }
        job();
    }
}

}  // namespace keywarden
