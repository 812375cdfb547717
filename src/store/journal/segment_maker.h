// Makes the journal's segments ahead, so that a thread that takes calls hardly ever waits for one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "store/journal/core.h"

namespace keywarden {

/// A thread of its own. Threads: any.
class SegmentMaker {
public:
    SegmentMaker(JournalCore& core, size_t writers);
    /// Removes what was made and is not used.
    ~SegmentMaker();
    SegmentMaker(const SegmentMaker&) = delete;
    SegmentMaker& operator=(const SegmentMaker&) = delete;

    /// Makes one for each writer, at once. Errors: the disk's; that the journal is full is none.
    Result<void> make_all();

    /// The writer will need one soon.
    void want(uint32_t writer);
    /// The one that was made for it; waits for it for a bounded time if it is being made.
    /// Errors: LedgerUnavailable, with retry_after, and for whoever called: no word of files.
    Result<std::shared_ptr<JournalSegment>> take(uint32_t writer, bool may_wait);

    /// Segments were deleted: if there was no room, there may be now.
    void try_again();
    bool failing();

private:
    struct Order {
        bool wanted = false;
        bool is_made = false;   // just now, by a thread that has let go of the lock
        uint64_t sequence = 0;  // of the last one
        std::shared_ptr<JournalSegment> ready{};
    };

    void run();
    /// Makes one, without the lock. Returns whether it did.
    bool make_next(std::unique_lock<std::mutex>& lock, uint32_t writer);
    std::optional<uint32_t> find_wanted() const;
    /// Returns whether it was not wanted before.
    bool want(Order& order);
    void note(std::optional<Error> refusal);

    JournalCore& core_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable made_;
    std::vector<Order> orders_;
    std::optional<Error> refusal_;  // why the last one could not be made
    bool failing_ = false;          // it was the disk's
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keywarden
