// Brings the journal's segments to the disk: once in a while, and at once where a call waits for
// it.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/journal/core.h"

namespace keywarden {

/// How much a machine that loses its power may lose with Durability::Process, and how late a row is
/// in the store.
inline constexpr std::chrono::milliseconds kSyncEvery{500};

/// A thread of its own. Calls that wait while a sync runs are synced together by the next one.
/// Threads: any.
class Syncer {
public:
    /// `on_failure`: a segment's writer needs another one. Called from the thread.
    Syncer(JournalCore& core, std::function<void(uint32_t writer)> on_failure);
    /// Syncs once more; whoever waits is told.
    ~Syncer();
    Syncer(const Syncer&) = delete;
    Syncer& operator=(const Syncer&) = delete;

    /// Calls `then` from the thread once the segment is on the disk up to `end`, or cannot be.
    void wait_for(std::shared_ptr<JournalSegment> segment,
                  size_t end,
                  std::function<void(bool)> then);

    /// Syncs everything now, on the caller's thread. For tests.
    void sync_all();

private:
    struct Waiter {
        std::shared_ptr<JournalSegment> segment{};
        size_t end = 0;
        std::function<void(bool)> then{};
    };

    void run();
    /// `all`: also segments that nobody waits for.
    void sync_round(bool all);
    void sync(JournalSegment& segment);
    void repair(JournalSegment& segment);
    Result<void> write_anew(JournalSegment& segment);
    void tell();

    JournalCore& core_;
    std::function<void(uint32_t)> on_failure_;
    std::mutex round_;  // one at a time
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Waiter> waiters_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keywarden
