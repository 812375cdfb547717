#include "store/journal/writer.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/failpoint.h"
#include "store/journal/bytes.h"
#include "store/journal/record.h"

namespace keywarden {
namespace {

constexpr size_t kSlotsAtOnce = 256;
static_assert(kRecordBytesMax + kCostSoFarBytes <= kPayloadBytesMax);

/// What the other side of a crash must see only when everything before it is there.
void store_word(std::byte* at, uint64_t word) {
    std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(at))
        .store(word, std::memory_order_release);
}

}  // namespace

// ---- the writer ---------------------------------------------------------------------------------

JournalWriter::Impl::Impl(uint32_t number, JournalCore& core, SegmentMaker& maker, Syncer& syncer)
    : number_(number), core_(core), maker_(maker), syncer_(syncer) {
    open_.before = open_.after = &open_;
}

bool JournalWriter::Impl::has_room(size_t bytes) const {
    return segment_ != nullptr && !segment_->failed.load(std::memory_order_relaxed) &&
           end_ + close_bytes_ + bytes <= frames_limit(memory_.size());
}

OpenHold::Slot* JournalWriter::Impl::take_slot() {
    if (free_ == nullptr) {
        auto more = std::make_unique<OpenHold::Slot[]>(kSlotsAtOnce);
        for (size_t i = 0; i < kSlotsAtOnce; ++i) {
            more[i].writer = this;
            more[i].after = std::exchange(free_, &more[i]);
        }
        slots_.push_back(std::move(more));
    }
    return std::exchange(free_, free_->after);
}

void JournalWriter::Impl::touch() {
    std::atomic<bool>& touched = segment_->touched;
    if (!touched.load(std::memory_order_relaxed)) touched.store(true, std::memory_order_relaxed);
}

void JournalWriter::Impl::publish(size_t bytes) {
    end_ += bytes;
    segment_->end.store(end_, std::memory_order_release);
}

void JournalWriter::Impl::finish_frame(FrameType type, size_t payload_bytes) {
    const std::span<const std::byte> payload(place() + kFrameHeadBytes, payload_bytes);
    store_word(place(), frame_head(type, payload, segment_->salt));
    publish(frame_bytes(type, payload_bytes));
}

Result<OpenHold::Slot*> JournalWriter::Impl::open(const CallRecord& record,
                                                  const CostSoFar& so_far) {
    const CallRecord fitting = fit_record(record, kRecordBytesMax);
    const size_t payload = kCostSoFarBytes + record_bytes(fitting);
    const size_t bytes = frame_bytes(FrameType::Open, payload);
    const size_t close_bytes =
        std::min(bytes + kCloseGrowthMax, frame_bytes(FrameType::Close, kRecordBytesMax));
    // With half a segment at most for what is carried along, moving on always makes room.
    if (held_bytes_ + close_bytes_ + bytes + close_bytes > core_.segment_bytes / 2) {
        return fail({.code = ErrorCode::LedgerUnavailable,
                     .message = "More calls are running than the ledger's journal has room for.",
                     .retry_after = std::chrono::seconds(1)});
    }
    if (!has_room(bytes + close_bytes)) TRY_VOID(move_on(true));

    ByteWriter out(place() + kFrameHeadBytes);
    out.put(so_far.before_output.value);
    out.put(so_far.million_output_tokens.value);
    write_record(fitting, place() + kFrameHeadBytes + kCostSoFarBytes);
    OpenHold::Slot* slot = take_slot();
    slot->frame = place();
    slot->bytes = static_cast<uint32_t>(bytes);
    slot->close_bytes = static_cast<uint32_t>(close_bytes);
    slot->before = open_.before;
    slot->after = &open_;
    open_.before->after = slot;
    open_.before = slot;
    held_bytes_ += bytes;
    close_bytes_ += close_bytes;
    failpoint("journal.hold_written");
    finish_frame(FrameType::Open, payload);
    opened_end_ = end_;
    if (!asked_ && end_ > memory_.size() / 2) {
        asked_ = true;
        maker_.want(number_);
    }
    return slot;
}

void JournalWriter::Impl::close(OpenHold::Slot* slot, const CallRecord& record) {
    if (segment_->failed.load(std::memory_order_relaxed)) {
        [[maybe_unused]] const auto moved = move_on(false);  // if not, it ends where it is
    }
    const size_t room = slot->close_bytes - kFrameHeadBytes;
    const CallRecord fitting = fit_record(record, std::min(room / 8 * 8, kRecordBytesMax));
    write_record(fitting, place() + kFrameHeadBytes);
    failpoint("journal.end_written");
    finish_frame(FrameType::Close, record_bytes(fitting));
    touch();
    rows_.store(rows_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    held_bytes_ -= slot->bytes;
    close_bytes_ -= slot->close_bytes;
    slot->before->after = slot->after;
    slot->after->before = slot->before;
    slot->after = std::exchange(free_, slot);
}

/// Goes on in the next segment, with all holds that are open: nothing keeps the old one but its
/// rows.
Result<void> JournalWriter::Impl::move_on(bool may_wait) {
    TRY(std::shared_ptr<JournalSegment> next, maker_.take(number_, may_wait));
    const std::shared_ptr<JournalSegment> old = std::exchange(segment_, std::move(next));
    memory_ = segment_->file->bytes();
    end_ = kSegmentHeaderBytes;
    asked_ = false;
    for (OpenHold::Slot* slot = open_.after; slot != &open_; slot = slot->after) {
        // The checksum begins with the segment's salt, so it is made anew.
        const uint64_t head = std::bit_cast<uint64_t>(
            *reinterpret_cast<const std::array<std::byte, kFrameHeadBytes>*>(slot->frame));
        const size_t payload = head >> 32U & 0xffffffU;
        std::memcpy(place() + kFrameHeadBytes,
                    slot->frame + kFrameHeadBytes,
                    slot->bytes - kFrameHeadBytes);
        slot->frame = place();
        finish_frame(FrameType::Open, payload);
        failpoint("journal.carrying");
    }
    failpoint("journal.moved");
    opened_end_ = end_;
    segment_->carried_end = end_;
    core_.add(segment_);
    if (old != nullptr) old->finished = true;
    return {};
}

void JournalWriter::Impl::note(const OpenHold::Slot& slot, uint32_t output_tokens) {
    store_word(slot.progress(), progress_word(output_tokens));
    touch();
}

bool JournalWriter::Impl::is_durable() const {
    return core_.durability == Durability::Process || segment_ == nullptr ||
           segment_->synced >= opened_end_;
}

void JournalWriter::Impl::when_durable(std::function<void(bool)> then) {
    syncer_.wait_for(segment_, opened_end_, std::move(then));
}

// ---- what the others see of it ------------------------------------------------------------------

JournalWriter::JournalWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JournalWriter::~JournalWriter() = default;

Result<OpenHold> JournalWriter::open(const CallRecord& record, const CostSoFar& so_far) {
    TRY(OpenHold::Slot * slot, impl_->open(record, so_far));
    OpenHold hold;
    hold.slot_ = slot;
    return hold;
}

void JournalWriter::close(OpenHold&& hold, const CallRecord& record) {
    impl_->close(std::exchange(hold.slot_, nullptr), record);
}

bool JournalWriter::is_durable() const { return impl_->is_durable(); }
void JournalWriter::when_durable(std::function<void(bool)> then) {
    impl_->when_durable(std::move(then));
}

OpenHold::OpenHold(OpenHold&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)) {}
OpenHold& OpenHold::operator=(OpenHold&& other) noexcept {
    assert(!is_open());
    slot_ = std::exchange(other.slot_, nullptr);
    return *this;
}
OpenHold::~OpenHold() { assert(!is_open()); }

bool OpenHold::is_open() const { return slot_ != nullptr; }
void OpenHold::note_sent() { slot_->writer->note(*slot_, 0); }
void OpenHold::note_progress(uint32_t output_tokens) { slot_->writer->note(*slot_, output_tokens); }

}  // namespace keywarden
