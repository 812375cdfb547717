// A lock for a few dozen nanoseconds of arithmetic, where a sleeping one would cost more.
#pragma once

#include <atomic>
#include <thread>

namespace keywarden {

/// Whoever holds it may neither wait nor allocate. Works with std::lock_guard.
class SpinLock {
public:
    void lock() {
        int tries = 0;
        while (locked_.exchange(true, std::memory_order_acquire)) {
            while (locked_.load(std::memory_order_relaxed)) {
                // Its holder may have lost its core: lend it this one.
                if (++tries % kSpinsMax == 0) std::this_thread::yield();
            }
        }
    }
    void unlock() { locked_.store(false, std::memory_order_release); }

private:
    static constexpr int kSpinsMax = 128;
    std::atomic<bool> locked_ = false;
};

}  // namespace keywarden
