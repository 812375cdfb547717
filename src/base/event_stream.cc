#include "base/event_stream.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "base/crypto.h"

namespace keywarden {
namespace {

constexpr size_t kKeptCapacityMax = 4096;  // of a buffer between two frames
constexpr size_t kChecksumBytes = 4;
/// Lengths on the wire of the values of each type; for Bytes and Text, of what tells their length.
constexpr std::array<size_t, 10> kValueBytes = {0, 0, 1, 2, 4, 8, 2, 2, 8, 16};

/// A number with its high byte first. Requires: `text` has at least `size` bytes.
uint32_t number(std::string_view text, size_t size) {
    uint32_t value = 0;
    for (const char c : text.substr(0, size)) value = value << 8U | static_cast<uint8_t>(c);
    return value;
}

void append_number(std::string& out, size_t value, size_t size) {
    for (size_t i = size; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::unexpected<Error> broken(std::string what) {
    return fail(ErrorCode::UpstreamError,
                "The provider sent a stream that is damaged.",
                "an event stream: " + std::move(what));
}

/// Takes `size` bytes off the front of `from`. False: there are not as many.
bool take(std::string_view& from, size_t size, std::string_view& taken) {
    if (from.size() < size) return false;
    taken = from.substr(0, size);
    from.remove_prefix(size);
    return true;
}

struct Lengths {
    size_t frame = 0;
    size_t headers = 0;
};

/// Requires: `bytes` begins with a whole prelude.
Result<Lengths> read_prelude(std::string_view bytes) {
    const std::string_view checked = bytes.substr(0, kFramePreludeBytes - kChecksumBytes);
    if (crc32(checked) != number(bytes.substr(checked.size()), kChecksumBytes)) {
        return broken("the checksum of a prelude is wrong");
    }
    const Lengths lengths{.frame = number(bytes, 4), .headers = number(bytes.substr(4), 4)};
    if (lengths.frame > kFrameBytesMax) return broken("a frame of more than 1 MiB");
    if (lengths.headers > kFrameHeadersBytesMax) return broken("headers of more than 128 KiB");
    if (lengths.frame < kFrameOverheadBytes + lengths.headers) {
        return broken("a frame that is shorter than its headers");
    }
    return lengths;
}

/// Requires: `bytes` is as long as its prelude says.
Result<Frame> read_frame(std::string_view bytes, size_t headers_size) {
    const std::string_view checked = bytes.substr(0, bytes.size() - kChecksumBytes);
    if (crc32(checked) != number(bytes.substr(checked.size()), kChecksumBytes)) {
        return broken("the checksum of a frame is wrong");
    }
    const Frame frame{.bytes = bytes,
                      .headers = checked.substr(kFramePreludeBytes, headers_size),
                      .payload = checked.substr(kFramePreludeBytes + headers_size)};
    std::string_view rest = frame.headers;
    while (!rest.empty()) TRY_VOID(next_frame_header(rest));
    return frame;
}

}  // namespace

Result<std::optional<FrameHeader>> next_frame_header(std::string_view& headers) {
    if (headers.empty()) return std::nullopt;
    std::string_view size;
    std::string_view type;
    FrameHeader header;
    const bool is_named = take(headers, 1, size) && !size.starts_with('\0') &&
                          take(headers, number(size, 1), header.name) && take(headers, 1, type);
    if (!is_named) return broken("a header that is cut short");
    const uint32_t type_number = number(type, 1);
    if (type_number >= kValueBytes.size()) return broken("a header of an unknown type");
    header.type = static_cast<FrameHeaderType>(type_number);
    const bool has_size =
        header.type == FrameHeaderType::Bytes || header.type == FrameHeaderType::Text;
    bool is_whole = take(headers, kValueBytes.at(type_number), header.value);
    if (is_whole && has_size) is_whole = take(headers, number(header.value, 2), header.value);
    if (!is_whole) return broken("a header that is cut short");
    return header;
}

std::string_view Frame::header(std::string_view name) const {
    std::string_view rest = headers;
    while (const auto next = next_frame_header(rest).value_or(std::nullopt)) {
        if (next->name == name && next->type == FrameHeaderType::Text) return next->value;
    }
    return {};
}

bool FrameSplitter::fill(std::string_view& bytes, size_t size) {
    const size_t taken = std::min(bytes.size(), size - std::min(size, buffer_.size()));
    buffer_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    return buffer_.size() >= size;
}

Result<std::optional<Frame>> FrameSplitter::next(std::string_view& bytes) {
    if (std::exchange(handed_out_, false)) {
        buffer_.clear();
        if (buffer_.capacity() > kKeptCapacityMax) std::string().swap(buffer_);
    }
    if (bytes.empty()) return std::nullopt;
    const bool lies_whole = buffer_.empty() && bytes.size() >= kFramePreludeBytes;
    if (!lies_whole && !fill(bytes, kFramePreludeBytes)) return std::nullopt;
    TRY(const Lengths lengths, read_prelude(lies_whole ? bytes : buffer_));
    if (lies_whole && bytes.size() >= lengths.frame) {
        TRY(const Frame frame, read_frame(bytes.substr(0, lengths.frame), lengths.headers));
        bytes.remove_prefix(lengths.frame);
        return frame;
    }
    if (!fill(bytes, lengths.frame)) return std::nullopt;
    handed_out_ = true;
    TRY(const Frame frame, read_frame(buffer_, lengths.headers));
    return frame;
}

void append_frame(std::string& out, std::span<const FrameText> headers, std::string_view payload) {
    size_t headers_size = 0;
    for (const auto& [name, value] : headers) headers_size += name.size() + value.size() + 4;
    const size_t begin = out.size();
    const size_t size = kFrameOverheadBytes + headers_size + payload.size();
    assert(size <= kFrameBytesMax);
    append_number(out, size, 4);
    append_number(out, headers_size, 4);
    append_number(out, crc32(std::string_view(out).substr(begin)), kChecksumBytes);
    for (const auto& [name, value] : headers) {
        append_number(out, name.size(), 1);
        out += name;
        out += static_cast<char>(FrameHeaderType::Text);
        append_number(out, value.size(), 2);
        out += value;
    }
    out += payload;
    append_number(out, crc32(std::string_view(out).substr(begin)), kChecksumBytes);
}

}  // namespace keywarden
