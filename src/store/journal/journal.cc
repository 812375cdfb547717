#include "store/journal.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "store/journal/core.h"
#include "store/journal/record.h"
#include "store/journal/recovery.h"
#include "store/journal/segment_maker.h"
#include "store/journal/syncer.h"
#include "store/journal/writer.h"

namespace keywarden {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kSegmentsAWriter = 4;  // of the room there is: so many at least
constexpr size_t kContentsMax = 4;      // segments of an earlier process in one batch
constexpr int64_t kNoMoment = std::numeric_limits<int64_t>::min();

}  // namespace

class Journal::Impl {
public:
    explicit Impl(const JournalOptions& options)
        : own_disk_(options.disk == nullptr ? make_machine_disk(options.dir) : nullptr),
          writer_count_(options.writers) {
        core_.disk = options.disk == nullptr ? own_disk_.get() : options.disk;
        core_.bytes_max = options.bytes_max;
        core_.durability = options.durability;
        core_.machine = core_.disk->machine();
        const size_t share = options.bytes_max / std::max<size_t>(options.writers, 1);
        core_.segment_bytes =
            std::min(options.segment_bytes, share / kSegmentsAWriter) / kPage * kPage;
    }

    Result<void> open(std::span<const JournalPosition> applied,
                      const std::function<void(const CallRecord&)>& each,
                      TimePoint now) {
        if (core_.segment_bytes < kSegmentBytesMin || writer_count_ == 0 ||
            writer_count_ >= kRecoveryWriter) {
            return fail(ErrorCode::StartupFailed,
                        "The journal is too small for so many threads: raise "
                        "ledger.journal_bytes_max.");
        }
        TRY(Recovered recovered, recover(core_, applied, each, now));
        recovery_ = std::move(recovered.report);
        forgotten_ = std::move(recovered.gone);
        delete_done();
        maker_ = std::make_unique<SegmentMaker>(core_, writer_count_);
        if (auto made = maker_->make_all(); !made) {
            return fail(ErrorCode::StartupFailed, made.error().message, made.error().detail);
        }
        syncer_ =
            std::make_unique<Syncer>(core_, [this](uint32_t writer) { maker_->want(writer); });
        for (uint32_t number = 0; number < writer_count_; ++number) {
            writers_.push_back(std::unique_ptr<JournalWriter>(new JournalWriter(
                std::make_unique<JournalWriter::Impl>(number, core_, *maker_, *syncer_))));
        }
        return {};
    }

    const JournalRecovery& recovery() const { return recovery_; }
    JournalWriter& writer(size_t number) { return *writers_.at(number); }
    void sync_all() { syncer_->sync_all(); }

    JournalState state() {
        JournalState out{.bytes = core_.bytes, .bytes_max = core_.bytes_max};
        out.failing = maker_->failing();
        for (const auto& segment : core_.list()) {
            ++out.segments;
            out.failing |= segment->failed;
        }
        out.rows_waiting = recovery_.rows - rows_applied_;
        for (const auto& writer : writers_) out.rows_waiting += writer->impl_->rows();
        if (const int64_t oldest = oldest_; oldest != kNoMoment) {
            out.oldest_waiting = TimePoint(Nanos(oldest));
        }
        return out;
    }

    const Batch& next_batch(size_t rows_max) {
        batch_.rows.clear();
        batch_.positions.clear();
        files_.clear();
        size_t contents = 0;
        for (const auto& segment : core_.list()) {
            segment->read = segment->applied;
            if (batch_.rows.size() >= rows_max || contents >= kContentsMax) continue;
            read_rows(*segment, rows_max);
            contents += segment->content.empty() ? 0 : 1;
        }
        oldest_ = batch_.rows.empty() ? kNoMoment
                                      : batch_.rows.front().ended_at.time_since_epoch().count();
        return batch_;
    }

    std::vector<std::string> applied() {
        for (const auto& segment : core_.list()) {
            segment->applied = std::max(segment->applied, segment->read);
            if (segment->applied >= segment->end) segment->content = {};
        }
        rows_applied_ += static_cast<int64_t>(batch_.rows.size());
        oldest_ = kNoMoment;
        batch_.rows.clear();
        batch_.positions.clear();
        delete_done();
        return std::exchange(forgotten_, {});
    }

    void wait(Nanos at_most) {
        std::unique_lock lock(core_.mutex);
        core_.more.wait_for(lock, at_most, [this] {
            return is_woken_ || std::ranges::any_of(core_.segments, [](const auto& segment) {
                       return segment->applied < segment->synced;
                   });
        });
        is_woken_ = false;
    }

    void wake() {
        {
            const std::lock_guard lock(core_.mutex);
            is_woken_ = true;
        }
        core_.more.notify_one();
    }

private:
    void read_rows(JournalSegment& segment, size_t rows_max) {
        const size_t limit = segment.synced.load(std::memory_order_acquire);
        if (segment.read >= limit) return;
        const auto bytes = bytes_of(segment);
        if (bytes.size() < limit) return;
        FrameReader frames(bytes.first(limit), segment.salt, segment.read);
        bool has_rows = false;
        while (batch_.rows.size() < rows_max) {
            const auto frame = frames.next();
            if (!frame) break;
            if (frame->type != FrameType::Close) continue;
            const auto record = read_record(frame->payload);
            if (!record) continue;
            batch_.rows.push_back(*record);
            has_rows = true;
        }
        segment.read = frames.offset();
        if (!has_rows) return;
        batch_.positions.push_back(
            {.segment = segment.name, .offset = static_cast<int64_t>(segment.read)});
    }

    /// They stay where they are until the next batch.
    std::span<const std::byte> bytes_of(JournalSegment& segment) {
        {
            const std::lock_guard lock(core_.mutex);
            if (segment.file != nullptr) {
                files_.push_back(segment.file);
                return segment.file->bytes();
            }
        }
        if (segment.content.empty()) {
            const auto read = core_.disk->read(segment.name, segment.content);
            if (!read) {
                segment.content.clear();
                log(LogLevel::Error,
                    "journal.not_read",
                    {{"message", std::string_view(read.error().message)}});
            }
        }
        return segment.content;
    }

    /// A segment goes once the store has its rows, and
    /// - no segment of an earlier epoch is left: what closes their holds may stand in this one;
    /// - none older of its writer is left: as above;
    /// - the holds that were open at its end are on the disk in the one that follows.
    /// So wherever an Open is left, its Close is too, and no call can expire a second time.
    void delete_done() {
        const auto list = core_.list();
        std::set<uint32_t> kept;  // writers, of this epoch
        size_t deleted = 0;
        for (size_t i = 0; i < list.size(); ++i) {
            if (i > 0 && list[i]->id.epoch != list[i - 1]->id.epoch && !kept.empty()) break;
            const uint32_t writer = list[i]->id.writer;
            if (kept.contains(writer) || !list[i]->is_done() ||
                !is_carried(std::span(list).subspan(i)) || !remove(list[i])) {
                kept.insert(writer);
            } else {
                ++deleted;
            }
        }
        if (deleted > 0 && maker_ != nullptr) maker_->try_again();
    }

    bool is_carried(std::span<const std::shared_ptr<JournalSegment>> from) const {
        const SegmentId& id = from.front()->id;
        if (id.epoch != core_.epoch || id.writer == kRecoveryWriter) return true;
        const auto next =
            std::ranges::find_if(from.subspan(1), [&](const std::shared_ptr<JournalSegment>& each) {
                return each->id.epoch == id.epoch && each->id.writer == id.writer;
            });
        return next != from.end() && (*next)->synced >= (*next)->carried_end;
    }

    bool remove(const std::shared_ptr<JournalSegment>& segment) {
        auto removed = segment->is_unkept
                           ? core_.disk->rename(segment->name, damaged_name(segment->name))
                           : core_.disk->remove(segment->name);
        failpoint("journal.deleted");
        if (removed) removed = core_.disk->sync_names();
        if (!removed) {
            log(LogLevel::Warning,
                "journal.not_removed",
                {{"message", std::string_view(removed.error().message)}});
            return false;
        }
        core_.bytes -= segment->bytes;
        forgotten_.push_back(segment->name);
        const std::lock_guard lock(core_.mutex);
        std::erase(core_.segments, segment);
        return true;
    }

    std::unique_ptr<JournalDisk> own_disk_;
    size_t writer_count_;
    JournalCore core_;
    JournalRecovery recovery_;
    std::vector<std::string> forgotten_;  // deleted, and the store was not told yet
    Batch batch_;
    std::vector<std::shared_ptr<JournalFile>> files_;  // that the batch looks into
    bool is_woken_ = false;                            // under the mutex of `core_`
    std::atomic<int64_t> rows_applied_ = 0;
    std::atomic<int64_t> oldest_ = kNoMoment;
    std::unique_ptr<SegmentMaker> maker_;
    std::unique_ptr<Syncer> syncer_;  // asks the maker, so it ends first
    std::vector<std::unique_ptr<JournalWriter>> writers_;
};

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(const JournalOptions& options,
                                               std::span<const JournalPosition> applied,
                                               const std::function<void(const CallRecord&)>& each,
                                               TimePoint now) {
    auto impl = std::make_unique<Impl>(options);
    TRY_VOID(impl->open(applied, each, now));
    return std::unique_ptr<Journal>(new Journal(std::move(impl)));
}

const JournalRecovery& Journal::recovery() const { return impl_->recovery(); }
JournalWriter& Journal::writer(size_t number) { return impl_->writer(number); }
JournalState Journal::state() const { return impl_->state(); }
void Journal::sync() { impl_->sync_all(); }
const Journal::Batch& Journal::next_batch(size_t rows_max) { return impl_->next_batch(rows_max); }
std::vector<std::string> Journal::applied() { return impl_->applied(); }
void Journal::wait(Nanos at_most) { impl_->wait(at_most); }
void Journal::wake() { impl_->wake(); }

}  // namespace keywarden
