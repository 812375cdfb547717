#include "store/journal/frame.h"

#include <atomic>
#include <charconv>
#include <cstring>
#include <fmt/format.h>

#include "base/crc32c.h"

namespace keywarden {
namespace {

constexpr uint64_t kSentBit = uint64_t{1} << 32U;
constexpr unsigned kProgressBits = 33;
constexpr uint64_t kProgressMask = (uint64_t{1} << kProgressBits) - 1;
constexpr uint32_t kProgressSalt = 0x6b776a6c;
constexpr size_t kLengthMask = 0xffffff;

uint32_t checksum_of(SegmentHeader header) {
    header.checksum = 0;
    return crc32c(std::as_bytes(std::span(&header, 1)));
}

std::optional<SegmentHeader> whole_header(std::span<const std::byte> bytes) {
    if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
    SegmentHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.magic != SegmentHeader{}.magic) return std::nullopt;
    if (header.checksum != checksum_of(header)) return std::nullopt;
    return header;
}

/// Reads a number of at least `digits` digits and what follows it off `text`.
template <class Number>
bool take_number(std::string_view& text, size_t digits, std::string_view then, Number& out) {
    const char* begin = text.data();
    const auto [end, failed] = std::from_chars(begin, begin + text.size(), out);
    const auto length = static_cast<size_t>(end - begin);
    if (failed != std::errc() || length < digits) return false;
    text.remove_prefix(length);
    if (!text.starts_with(then)) return false;
    text.remove_prefix(then.size());
    return true;
}

}  // namespace

std::string segment_name(const SegmentId& id) {
    return fmt::format("{:08}-{:03}-{:08}{}", id.epoch, id.writer, id.sequence, kJournalSuffix);
}

std::optional<SegmentId> segment_id_of(std::string_view name) {
    SegmentId id;
    std::string_view rest = name;
    if (!take_number(rest, 8, "-", id.epoch) || !take_number(rest, 3, "-", id.writer) ||
        !take_number(rest, 8, kJournalSuffix, id.sequence) || segment_name(id) != name) {
        return std::nullopt;
    }
    return id;
}

void write_header(SegmentHeader header, std::span<std::byte> segment) {
    header.checksum = checksum_of(header);
    std::memcpy(segment.data(), &header, sizeof header);
    std::memcpy(segment.last(kSegmentHeaderBytes).data(), &header, sizeof header);
}

Result<FoundHeader> read_header(std::span<const std::byte> segment) {
    if (segment.size() < kSegmentHeaderBytes) return FoundHeader{};
    const auto first = whole_header(segment.first(kSegmentHeaderBytes));
    const auto last = whole_header(segment.last(kSegmentHeaderBytes));
    const auto& header = first ? first : last;
    if (header && header->version > kJournalVersion) {
        return fail(ErrorCode::StartupFailed,
                    fmt::format("is of version {}, and this program reads version {}",
                                header->version,
                                kJournalVersion));
    }
    return FoundHeader{.header = header,
                       .is_whole = first && last && first->checksum == last->checksum};
}

uint64_t frame_head(FrameType type, std::span<const std::byte> payload, uint32_t salt) {
    const auto facts = static_cast<uint32_t>(payload.size()) | uint32_t{std::to_underlying(type)}
                                                                   << 24U;
    const uint32_t begun = crc32c(std::as_bytes(std::span(&facts, 1)), salt);
    return uint64_t{facts} << 32U | crc32c(payload, begun);
}

uint64_t progress_word(uint32_t output_tokens) {
    const uint64_t word = kSentBit | output_tokens;
    const uint32_t check = crc32c(std::as_bytes(std::span(&word, 1)), kProgressSalt);
    return word | uint64_t{check} << kProgressBits;
}

Progress read_progress(uint64_t word) {
    if (word == 0) return {};
    const auto tokens = static_cast<uint32_t>(word);
    if ((word & kProgressMask) != (kSentBit | tokens) || word != progress_word(tokens)) {
        return {.sent = true};
    }
    return {.sent = true, .output_tokens = tokens};
}

uint64_t FrameReader::word_at(size_t offset) const {
    // A call that goes on may be writing its progress here, in whole words.
    auto* place = const_cast<std::byte*>(segment_.data() + offset);
    return std::atomic_ref(*reinterpret_cast<uint64_t*>(place)).load(std::memory_order_relaxed);
}

std::optional<Frame> FrameReader::frame_at(size_t offset) const {
    const uint64_t head = word_at(offset);
    const auto type = static_cast<FrameType>(head >> 56U);
    if (type != FrameType::Open && type != FrameType::Close) return std::nullopt;
    const size_t length = head >> 32U & kLengthMask;
    if (length > kPayloadBytesMax) return std::nullopt;
    const size_t end = offset + frame_bytes(type, length);
    if (end > segment_.size()) return std::nullopt;
    const auto payload = segment_.subspan(offset + kFrameHeadBytes, length);
    if (frame_head(type, payload, salt_) != head) return std::nullopt;
    Frame frame{.type = type, .offset = offset, .end = end, .payload = payload};
    if (type == FrameType::Open) frame.progress = word_at(end - kProgressBytes);
    return frame;
}

std::optional<Frame> FrameReader::next() {
    const auto fits = [this](size_t offset) { return offset + kFrameHeadBytes <= segment_.size(); };
    if (!fits(offset_)) return std::nullopt;
    const bool begun = word_at(offset_) != 0;
    for (size_t offset = offset_; fits(offset); offset += 8) {
        if (word_at(offset) == 0) continue;
        const auto frame = frame_at(offset);
        if (!frame) continue;
        if (offset != offset_) ++damaged_;
        offset_ = frame->end;
        return frame;
    }
    if (begun) ++damaged_;
    segment_ = segment_.first(offset_);
    return std::nullopt;
}

}  // namespace keywarden
