// How a segment of the journal is laid out: its header, and frames one after another.
//
// docs/reference/ledger.md is this for people. All numbers are little-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "domain/call_record.h"

namespace keywarden {

inline constexpr uint32_t kJournalVersion = 3;
inline constexpr std::string_view kJournalSuffix = ".journal";

/// The order of a journal's segments. `epoch` counts processes, `sequence` a writer's segments.
struct SegmentId {
    uint64_t epoch = 0;
    uint32_t writer = 0;
    uint64_t sequence = 0;

    friend auto operator<=>(const SegmentId&, const SegmentId&) = default;
};

/// "00000001-000-00000001.journal".
std::string segment_name(const SegmentId& id);
std::optional<SegmentId> segment_id_of(std::string_view name);

/// Under which a damaged segment is kept for a person.
inline constexpr std::string_view kDamagedSuffix = ".damaged";
inline std::string damaged_name(const std::string& segment) {
    return segment + std::string(kDamagedSuffix);
}

/// Stands at the start of a segment, and once more at its very end.
struct SegmentHeader {
    std::array<char, 8> magic{'k', 'w', 'j', 'o', 'u', 'r', 'n', 'l'};
    uint32_t version = kJournalVersion;
    uint32_t checksum = 0;  // of the header, while this is zero; the same in every version
    uint64_t epoch = 0;
    uint32_t writer = 0;
    uint32_t salt = 0;  // where checksums of frames begin, so that nobody can bring a frame along
    uint64_t sequence = 0;
    int64_t created_at = 0;             // nanoseconds since 1970
    std::array<uint8_t, 16> machine{};  // of which start of the machine the writer was a part
};
static_assert(sizeof(SegmentHeader) == 64);

inline constexpr size_t kSegmentHeaderBytes = sizeof(SegmentHeader);

/// Requires: `segment` is longer than two headers.
void write_header(SegmentHeader header, std::span<std::byte> segment);

struct FoundHeader {
    std::optional<SegmentHeader> header{};  // either of the two; nothing where neither is whole
    bool is_whole = false;                  // both are: nothing is cut off
};
/// Errors: StartupFailed when it is of a newer version; the caller says of which file.
Result<FoundHeader> read_header(std::span<const std::byte> segment);

/// Where frames must end: before the header's copy.
constexpr size_t frames_limit(size_t segment_bytes) { return segment_bytes - kSegmentHeaderBytes; }

enum class FrameType : uint8_t {
    Open = 1,   // CostSoFar and a record; then, not under the checksum, a word of progress
    Close = 2,  // a record: the call's row
};

/// The head of a frame: the checksum, then the payload's length in 24 bits, then the type. It is
/// one word and written last: where it is zero, nothing follows.
inline constexpr size_t kFrameHeadBytes = 8;
inline constexpr size_t kProgressBytes = 8;
inline constexpr size_t kCostSoFarBytes = 16;
inline constexpr size_t kPayloadBytesMax = 4096 + kCostSoFarBytes;

constexpr size_t frame_bytes(FrameType type, size_t payload_bytes) {
    return kFrameHeadBytes + (payload_bytes + 7) / 8 * 8 +
           (type == FrameType::Open ? kProgressBytes : 0);
}

/// Requires: what lies between the payload's end and the next multiple of eight is zero.
uint64_t frame_head(FrameType type, std::span<const std::byte> payload, uint32_t salt);

/// How far an open call has come, as a word that is written over and over.
struct Progress {
    bool sent = false;
    std::optional<uint32_t> output_tokens{};  // absent: it is not known

    friend bool operator==(const Progress&, const Progress&) = default;
};
uint64_t progress_word(uint32_t output_tokens);
/// A word that is damaged means that it went out, and nothing else.
Progress read_progress(uint64_t word);

struct Frame {
    FrameType type = FrameType::Close;
    size_t offset = 0;  // of its head, in the segment
    size_t end = 0;
    std::span<const std::byte> payload{};
    uint64_t progress = 0;  // of Open
};

/// Reads frames in their order. What is damaged is passed over: it goes on with the next frame that
/// is whole.
class FrameReader {
public:
    /// `segment` from its first byte, up to where frames may be.
    /// Requires: it begins at a multiple of eight, as do `from` and each frame.
    /// Threads: calls that go on may write their progress meanwhile.
    FrameReader(std::span<const std::byte> segment, uint32_t salt, size_t from)
        : segment_(segment), salt_(salt), offset_(from) {}

    std::optional<Frame> next();

    /// Behind the last frame that was read.
    size_t offset() const { return offset_; }
    /// How many places did not hold what was written there. A frame that a dying process had not
    /// finished is none.
    int64_t damaged() const { return damaged_; }

private:
    std::optional<Frame> frame_at(size_t offset) const;
    uint64_t word_at(size_t offset) const;

    std::span<const std::byte> segment_;
    uint32_t salt_;
    size_t offset_;
    int64_t damaged_ = 0;
};

}  // namespace keywarden
