// The event loop of one thread: descriptors, timers, and work posted from other threads.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <sys/epoll.h>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/units.h"

namespace keywarden {

/// Told what epoll says about a descriptor.
class FdHandler {
public:
    virtual void on_ready(uint32_t events) = 0;

protected:
    ~FdHandler() = default;
};

/// Asked once a sweep whether something took too long: what makes coarse deadlines free.
class Swept {
public:
    virtual void on_sweep(MonoTime now) = 0;

protected:
    ~Swept() = default;

private:
    friend class Loop;
    Swept* sweep_next_ = nullptr;
    Swept** sweep_link_ = nullptr;  // what points to this one
};

struct LoopOptions {
    const Clock* clock = &system_clock();
    /// How often coarse deadlines are looked at, and so how late one may fire.
    Nanos sweep_every = std::chrono::seconds(1);
};

/// Making one ignores SIGPIPE for the process.
/// Threads: everything is for the loop's own thread (the one that calls `run`, or that made the
/// loop before it runs), but for `post`, `resume_from_any_thread` and `stop`.
class Loop {
public:
    explicit Loop(LoopOptions options = {});
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    /// Runs until `stop`. May be called again after it has returned.
    void run();
    /// Threads: any.
    void stop();

    /// Runs `work` on the loop's thread, soon. Threads: any.
    void post(std::function<void()> work);
    /// Resumes a coroutine of this loop that another thread has finished working for.
    void resume_from_any_thread(std::coroutine_handle<> waiting);

    /// The clocks as read once a turn: cheap, and the same for everything that a turn does.
    MonoTime mono() const { return mono_; }
    TimePoint now();
    uint32_t turn_number() const { return turn_number_; }

    /// co_await loop.sleep(d): continues d later, to about 5 ms. It cannot be cut short.
    auto sleep(Nanos duration) { return Sleep{this, duration}; }
    /// co_await loop.yield(): continues after everything else that is ready had its turn.
    auto yield() { return Yield{this}; }
    /// Resumes `waiting` at the end of this turn. From the loop's thread.
    void resume_later(std::coroutine_handle<> waiting) { later_.push_back(waiting); }

    // For those who own descriptors.
    Result<void> watch(int fd, uint32_t events, FdHandler* handler);
    void change(int fd, uint32_t events, FdHandler* handler);
    void unwatch(int fd);
    /// No event of the present turn reaches `handler` any more. Call before it dies.
    void forget(FdHandler* handler);
    /// Calls `handler->on_ready(0)` at the end of this turn, unless it is forgotten before.
    void nudge(FdHandler* handler) { nudged_.push_back(handler); }
    void add_swept(Swept* swept);
    void remove_swept(Swept* swept);

private:
    struct Sleep {
        Loop* loop;
        Nanos duration;
        bool await_ready() const { return duration <= Nanos(0); }
        void await_suspend(std::coroutine_handle<> waiting) { loop->add_timer(duration, waiting); }
        void await_resume() {}
    };
    struct Yield {
        Loop* loop;
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> waiting) { loop->resume_later(waiting); }
        void await_resume() {}
    };
    struct Timer {
        MonoTime due;
        uint64_t order;  // timers due at one moment fire in the order they were set
        std::coroutine_handle<> waiting;
    };
    static constexpr int kEventsMax = 256;

    static bool later_than(const Timer& a, const Timer& b);
    void add_timer(Nanos duration, std::coroutine_handle<> waiting);
    int wait_ms() const;
    void turn();
    void run_posted();
    void run_timers();
    void run_later();
    void sweep();
    void wake();

    LoopOptions options_;
    int epoll_ = -1;
    int wake_fd_ = -1;
    std::atomic<bool> stopping_ = false;
    MonoTime mono_{};
    TimePoint now_{};
    bool now_is_fresh_ = false;
    uint32_t turn_number_ = 0;
    MonoTime next_sweep_{};
    uint64_t timers_set_ = 0;
    std::vector<Timer> timers_;  // a heap, the earliest first
    std::vector<std::coroutine_handle<>> later_;
    std::vector<std::coroutine_handle<>> later_running_;
    std::vector<FdHandler*> nudged_;
    std::vector<FdHandler*> nudged_running_;
    epoll_event* events_ = nullptr;  // of the present turn
    int events_count_ = 0;
    Swept* swept_ = nullptr;
    Swept* sweep_cursor_ = nullptr;
    std::mutex posted_mutex_;
    std::vector<std::function<void()>> posted_;
};

}  // namespace keywarden
