// What the threads of a journal share: its segments, and how much room they take.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "store/journal.h"
#include "store/journal/segment.h"

namespace keywarden {

inline constexpr uint32_t kRecoveryWriter = 999;  // writes how a dead process's calls ended
inline constexpr size_t kSegmentBytesMin = size_t{64} << 10U;

/// Threads: any.
struct JournalCore {
    JournalDisk* disk = nullptr;
    size_t segment_bytes = 0;
    size_t bytes_max = 0;
    Durability durability = Durability::Process;
    uint64_t epoch = 0;
    std::array<uint8_t, 16> machine{};

    std::atomic<size_t> bytes = 0;  // of all segments

    std::mutex mutex{};
    std::condition_variable more{};                           // rows may be there to be applied
    std::vector<std::shared_ptr<JournalSegment>> segments{};  // by epoch; a writer's in their order

    std::vector<std::shared_ptr<JournalSegment>> list() {
        const std::lock_guard lock(mutex);
        return segments;
    }
    void add(std::shared_ptr<JournalSegment> segment) {
        const std::lock_guard lock(mutex);
        segments.push_back(std::move(segment));
    }

    /// A new segment on the disk, empty, with its header. It counts in `bytes`, and is not in the
    /// list yet. There is none after an error, which is the disk's.
    Result<std::shared_ptr<JournalSegment>> make_segment(const SegmentId& id, size_t size);
};

}  // namespace keywarden
