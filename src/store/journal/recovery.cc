#include "store/journal/recovery.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "store/journal/bytes.h"
#include "store/journal/open_calls.h"
#include "store/journal/record.h"

namespace keywarden {
namespace {

constexpr std::string_view kUnfinishedSuffix = ".journal.new";
constexpr int64_t kMillion = 1'000'000;

std::unexpected<Error> start_failed(const Error& error) {
    return fail(ErrorCode::StartupFailed, "The journal " + error.message, error.detail);
}

struct OpenFrame {
    CostSoFar so_far{};
    CallRecord record{};
};

std::optional<OpenFrame> read_open(std::span<const std::byte> payload) {
    if (payload.size() < kCostSoFarBytes) return std::nullopt;
    ByteReader in(payload);
    OpenFrame out;
    out.so_far.before_output.value = in.take<int64_t>();
    out.so_far.million_output_tokens.value = in.take<int64_t>();
    const auto record = read_record(payload.subspan(kCostSoFarBytes));
    if (!record) return std::nullopt;
    out.record = *record;
    return out;
}

class Recovery {
public:
    Recovery(JournalCore& core,
             std::span<const JournalPosition> applied,
             const std::function<void(const CallRecord&)>& each,
             TimePoint now)
        : core_(core), each_(each), now_(now) {
        for (const JournalPosition& position : applied) {
            applied_[position.segment] = static_cast<size_t>(std::max<int64_t>(position.offset, 0));
        }
    }

    Result<Recovered> run() {
        const MonoTime begun = precise_mono();
        TRY_VOID(find_segments());
        for (const auto& segment : core_.segments) TRY_VOID(read(*segment));
        failpoint("recovery.read");
        TRY_VOID(close_open_calls());
        out_.report.duration = precise_mono() - begun;
        return std::move(out_);
    }

private:
    Result<void> find_segments() {
        if (auto made = core_.disk->make_folder(); !made) return start_failed(made.error());
        auto entries = core_.disk->list();
        if (!entries) return start_failed(entries.error());
        for (const JournalDisk::Entry& entry : *entries) {
            if (entry.name.ends_with(kUnfinishedSuffix)) core_.disk->try_to_remove(entry.name);
            const auto id = segment_id_of(entry.name);
            if (!id) continue;
            auto segment = std::make_shared<JournalSegment>();
            segment->id = *id;
            segment->name = entry.name;
            segment->bytes = entry.bytes;
            segment->finished = true;
            core_.bytes += entry.bytes;
            core_.segments.push_back(std::move(segment));
        }
        std::ranges::sort(core_.segments, {}, [](const auto& segment) { return segment->id; });
        // A name is never used twice, or the store would take rows of one for rows of another.
        for (const auto& segment : core_.segments) {
            core_.epoch = std::max(core_.epoch, segment->id.epoch);
        }
        for (const auto& [name, offset] : applied_) {
            const auto id = segment_id_of(name);
            if (id) core_.epoch = std::max(core_.epoch, id->epoch);
            const bool is_here = std::ranges::any_of(
                core_.segments, [&](const auto& segment) { return segment->name == name; });
            if (!is_here) out_.gone.push_back(name);
        }
        ++core_.epoch;
        return {};
    }

    Result<void> read(JournalSegment& segment) {
        if (auto got = core_.disk->read(segment.name, content_); !got) {
            return start_failed(got.error());
        }
        auto header = read_header(content_);
        if (!header) {
            return fail(ErrorCode::StartupFailed,
                        fmt::format("The journal's segment {} {}. Start the version that wrote it "
                                    "until its calls are in the database, or move the file away: "
                                    "then they are in no report and no balance.",
                                    segment.name,
                                    header.error().message));
        }
        if (const std::optional<SegmentHeader> known = header->header) {
            segment.salt = known->salt;
            same_start_[segment.id] = known->machine == core_.machine;
            read_frames(segment, header->is_whole);
        } else if (std::ranges::any_of(content_, [](std::byte b) { return b != std::byte{}; })) {
            note_damage(segment, 1);
        }
        return {};
    }

    void read_frames(JournalSegment& segment, bool is_whole) {
        const auto known = applied_.find(segment.name);
        const size_t applied = known == applied_.end() ? 0 : known->second;
        int64_t unreadable = is_whole ? 0 : 1;
        const size_t limit = is_whole ? frames_limit(content_.size()) : content_.size();
        FrameReader frames(std::span(content_).first(limit), segment.salt, kSegmentHeaderBytes);
        while (const auto frame = frames.next()) {
            const bool fits = frame->type == FrameType::Open
                                  ? note_open(segment, *frame)
                                  : note_close(*frame, frame->offset < applied);
            unreadable += fits ? 0 : 1;
        }
        segment.end = segment.synced = frames.offset();
        segment.applied = std::clamp(applied, kSegmentHeaderBytes, segment.end.load());
        if (const int64_t damaged = frames.damaged() + unreadable; damaged > 0) {
            note_damage(segment, damaged);
        }
    }

    bool note_open(const JournalSegment& segment, const Frame& frame) {
        const auto opened = read_open(frame.payload);
        if (!opened) return false;
        open_.note(opened->record.id, segment.id, frame.offset, read_progress(frame.progress));
        return true;
    }

    bool note_close(const Frame& frame, bool is_applied) {
        const auto record = read_record(frame.payload);
        if (!record) return false;
        open_.forget(record->id);
        if (!is_applied) give(*record);
        return true;
    }

    void give(const CallRecord& record) {
        ++out_.report.rows;
        each_(record);
    }

    void note_damage(JournalSegment& segment, int64_t frames) {
        out_.report.frames_damaged += frames;
        const std::string kept = damaged_name(segment.name);
        const auto linked = core_.disk->link(segment.name, kept);
        if (linked) out_.report.damaged_files.push_back(kept);
        segment.is_unkept = !linked;
        log(LogLevel::Error,
            "journal.damaged",
            {{"segment", std::string_view(segment.name)},
             {"frames", frames},
             {"kept_as", linked ? std::string_view(kept) : std::string_view("")}});
    }

    /// Their frames are read once more: until now only where they stand was kept.
    Result<void> close_open_calls() {
        std::vector<OpenCalls::Call> open = open_.all();
        if (open.empty()) return {};
        std::ranges::sort(open, {}, [](const OpenCalls::Call& call) {
            return std::pair(call.segment, call.offset);
        });
        std::vector<std::byte> frames;
        for (const OpenCalls::Call& call : open) TRY_VOID(close(call, frames));
        return write_closes(frames);
    }

    Result<void> close(const OpenCalls::Call& call, std::vector<std::byte>& frames) {
        if (loaded_ != call.segment) {
            const std::string name = segment_name(call.segment);
            if (auto got = core_.disk->read(name, content_); !got) return start_failed(got.error());
            loaded_ = call.segment;
        }
        const auto& segment = *std::ranges::find(
            core_.segments, call.segment, [](const auto& each) { return each->id; });
        FrameReader reader(content_, segment->salt, call.offset);
        const auto frame = reader.next();
        const auto opened = frame ? read_open(frame->payload) : std::nullopt;
        if (!opened) return {};  // it was whole a moment ago
        const CallRecord record =
            expire(opened->record, opened->so_far, call.progress, same_start_[call.segment], now_);
        const size_t payload = record_bytes(record);
        const size_t offset = frames.size();
        frames.resize(offset + frame_bytes(FrameType::Close, payload));
        write_record(record, frames.data() + offset + kFrameHeadBytes);
        const uint64_t length = payload;  // the head comes once the salt is known
        std::memcpy(frames.data() + offset, &length, sizeof length);
        give(record);
        ++out_.report.holds_closed;
        return {};
    }

    Result<void> write_closes(std::span<const std::byte> frames) {
        constexpr size_t kPage = 4096;
        const size_t bytes = (frames.size() + 2 * kSegmentHeaderBytes + kPage - 1) / kPage * kPage;
        auto made = core_.make_segment(
            {.epoch = core_.epoch, .writer = kRecoveryWriter, .sequence = 1}, bytes);
        if (!made) return start_failed(made.error());
        JournalSegment& segment = **made;
        std::byte* to = segment.file->bytes().data() + kSegmentHeaderBytes;
        std::ranges::copy(frames, to);
        for (size_t offset = 0; offset < frames.size();) {
            uint64_t length = 0;
            std::memcpy(&length, frames.data() + offset, sizeof length);
            const uint64_t head = frame_head(
                FrameType::Close, frames.subspan(offset + kFrameHeadBytes, length), segment.salt);
            std::memcpy(to + offset, &head, sizeof head);
            offset += frame_bytes(FrameType::Close, length);
        }
        failpoint("recovery.closes_written");
        segment.end = kSegmentHeaderBytes + frames.size();
        if (auto synced = segment.file->sync(segment.end); !synced) {
            core_.disk->try_to_remove(segment.name);
            return start_failed(synced.error());
        }
        failpoint("recovery.closed");
        segment.synced = segment.end.load();
        segment.finished = true;
        core_.segments.push_back(*std::move(made));
        return {};
    }

    JournalCore& core_;
    const std::function<void(const CallRecord&)>& each_;
    TimePoint now_;
    std::map<std::string, size_t, std::less<>> applied_;
    std::map<SegmentId, bool> same_start_;
    OpenCalls open_;
    std::vector<std::byte> content_;
    std::optional<SegmentId> loaded_;
    Recovered out_;
};

}  // namespace

CallRecord expire(const CallRecord& opened,
                  const CostSoFar& so_far,
                  const Progress& progress,
                  bool is_same_start,
                  TimePoint now) {
    CallRecord out = opened;
    out.ended_at = std::max(now, opened.admitted_at);
    if (!progress.sent && is_same_start) {
        out.outcome = CallOutcome::Voided;
        out.cost = {};
        return out;
    }
    out.outcome = CallOutcome::Expired;
    out.attempts = std::max(opened.attempts, 1);
    out.basis = UsageBasis::Estimated;
    out.cost = opened.held;
    const int64_t tokens = progress.output_tokens.value_or(0);
    if (tokens == 0) return out;
    out.basis = UsageBasis::Counted;
    out.usage.output = tokens;
    const __int128 output =
        (__int128{so_far.million_output_tokens.value} * tokens + kMillion - 1) / kMillion;
    const __int128 cost = so_far.before_output.value + output;
    if (cost < opened.held.value) out.cost.value = static_cast<int64_t>(cost);
    return out;
}

Result<Recovered> recover(JournalCore& core,
                          std::span<const JournalPosition> applied,
                          const std::function<void(const CallRecord&)>& each,
                          TimePoint now) {
    return Recovery(core, applied, each, now).run();
}

}  // namespace keywarden
