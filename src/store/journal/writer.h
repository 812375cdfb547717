// One thread's end of the journal: where its calls are written.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "store/journal/core.h"
#include "store/journal/segment_maker.h"
#include "store/journal/syncer.h"

namespace keywarden {

/// A Close may be longer than its Open by so much: counts of tokens and of tools, an error's
/// slug, another model.
inline constexpr size_t kCloseGrowthMax = 408;

/// An open hold. It always stands in its writer's current segment.
class OpenHold::Slot {
public:
    JournalWriter::Impl* writer = nullptr;
    std::byte* frame = nullptr;  // in the segment
    uint32_t bytes = 0;          // of the frame
    uint32_t close_bytes = 0;    // set aside for its end
    Slot* before = nullptr;
    Slot* after = nullptr;

    std::byte* progress() const { return frame + bytes - kProgressBytes; }
};

class JournalWriter::Impl {
public:
    Impl(uint32_t number, JournalCore& core, SegmentMaker& maker, Syncer& syncer);

    Result<OpenHold::Slot*> open(const CallRecord& record, const CostSoFar& so_far);
    void close(OpenHold::Slot* slot, const CallRecord& record);
    void note(const OpenHold::Slot& slot, uint32_t output_tokens);

    bool is_durable() const;
    void when_durable(std::function<void(bool)> then);

    /// Rows written. Threads: any.
    int64_t rows() const { return rows_.load(std::memory_order_relaxed); }

private:
    bool has_room(size_t bytes) const;
    Result<void> move_on(bool may_wait);
    void carry(JournalSegment& to);
    void leave_if_failed();
    std::byte* place() { return memory_.data() + end_; }
    void publish(size_t bytes);
    /// Writes the head of a frame whose payload stands at `place()`, and so makes it one.
    void finish_frame(FrameType type, size_t payload_bytes);
    OpenHold::Slot* take_slot();
    void touch();

    uint32_t number_;
    JournalCore& core_;
    SegmentMaker& maker_;
    Syncer& syncer_;
    std::shared_ptr<JournalSegment> segment_;  // null before the first one
    std::span<std::byte> memory_;              // of it
    size_t end_ = 0;                           // of its last frame
    size_t opened_end_ = 0;                    // of its last Open
    bool asked_ = false;                       // for the next one
    size_t held_bytes_ = 0;                    // of the frames of open holds
    size_t close_bytes_ = 0;                   // set aside for their ends
    OpenHold::Slot open_;                      // the ring of open holds starts and ends here
    OpenHold::Slot* free_ = nullptr;           // linked by `after`
    std::vector<std::unique_ptr<OpenHold::Slot[]>> slots_;
    std::atomic<int64_t> rows_ = 0;
};

}  // namespace keywarden
