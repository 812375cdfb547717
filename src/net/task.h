// Coroutines of one thread: Task<T> starts when awaited, Detached starts at once and owns itself.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace keywarden {

/// Freed coroutine frames (and heads) by size class, kept to be used again: in the steady state a
/// call takes no memory from the heap. Under AddressSanitizer it keeps nothing, so that a frame
/// used after its end is seen. Threads: one pool each, see `frame_pool`.
class FramePool {
public:
    FramePool() = default;
    FramePool(const FramePool&) = delete;
    FramePool& operator=(const FramePool&) = delete;
    ~FramePool();

    void* take(size_t size);
    void give_back(void* frame, size_t size);

private:
    static constexpr size_t kStep = 32;
    static constexpr size_t kClasses = 128;          // frames of up to 4 KiB are kept
    static constexpr size_t kKeptAClassMax = 4'096;  // and at most so many of a class

    std::array<std::vector<void*>, kClasses> free_;
};

FramePool& frame_pool();

/// Gives its heirs `new` and `delete` from the thread's frame pool.
/// Requires: freed on the thread that made it.
struct Pooled {
    static void* operator new(size_t size) { return frame_pool().take(size); }
    static void operator delete(void* frame, size_t size) { frame_pool().give_back(frame, size); }
};

template <class T>
class Task;

/// What the promises of all tasks share. An exception that reaches a task's edge ends the process:
/// ours are Results, and a library's are caught in the file that includes it.
class TaskPromiseBase : public Pooled {
public:
    struct Final {
        bool await_ready() noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
            return ended.promise().continuation_;
        }
        void await_resume() noexcept {}
    };

    std::suspend_always initial_suspend() noexcept { return {}; }
    Final final_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept { std::terminate(); }
    void continue_with(std::coroutine_handle<> continuation) { continuation_ = continuation; }

private:
    std::coroutine_handle<> continuation_;
};

template <class T>
class TaskPromise final : public TaskPromiseBase {
public:
    Task<T> get_return_object();
    template <class U>
    void return_value(U&& value) {
        value_.emplace(std::forward<U>(value));
    }
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): a task that has ended has returned
    T take() { return std::move(*value_); }

private:
    std::optional<T> value_;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
public:
    Task<void> get_return_object();
    void return_void() {}
    void take() {}
};

/// A coroutine that runs when awaited, once, and hands its value to whoever awaits it. Control
/// passes by symmetric transfer: a chain of tasks of any length uses no stack.
/// Destroying a task that waits for something is an error of the caller: let it end first.
template <class T = void>
class [[nodiscard]] Task {
public:
    // NOLINTNEXTLINE(readability-identifier-naming): the language looks for this name
    using promise_type = TaskPromise<T>;

    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    Task& operator=(Task&&) = delete;
    ~Task() {
        if (handle_) handle_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle_.promise().continue_with(awaiting);
        return handle_;
    }
    T await_resume() { return handle_.promise().take(); }

private:
    std::coroutine_handle<promise_type> handle_;
};

template <class T>
Task<T> TaskPromise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

/// A coroutine that runs from its call to its end and then frees itself: the top of every chain.
struct Detached {
    // NOLINTNEXTLINE(readability-identifier-naming): the language looks for this name
    struct promise_type : Pooled {
        Detached get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() noexcept { std::terminate(); }
    };
};

}  // namespace keywarden
