// `application/vnd.amazon.eventstream`: the binary frames in which services of AWS stream. Split
// and checked as the bytes come, and written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace keywarden {

/// The longest frame, with its lengths and checksums. Longer ones are an UpstreamError.
inline constexpr size_t kFrameBytesMax = size_t{1024} * 1024;
inline constexpr size_t kFrameHeadersBytesMax = size_t{128} * 1024;
/// Of those that a frame says of itself, before and after what it carries.
inline constexpr size_t kFramePreludeBytes = 12;
inline constexpr size_t kFrameOverheadBytes = kFramePreludeBytes + 4;

/// What a header of a frame holds: the numbers are those on the wire.
enum class FrameHeaderType : uint8_t {
    True,
    False,
    Byte,
    Short,
    Integer,
    Long,
    Bytes,
    Text,
    Timestamp,  // milliseconds since 1970, as a Long
    Uuid,
};

struct FrameHeader {
    std::string_view name{};
    FrameHeaderType type = FrameHeaderType::Text;
    std::string_view
        value{};  // as on the wire, without its length; numbers with the high byte first
};

/// Takes the next header from the front of `headers`; nothing when there is no more.
/// Errors: UpstreamError for one of an unknown type, without a name, or cut short.
Result<std::optional<FrameHeader>> next_frame_header(std::string_view& headers);

/// One frame of a stream whose checksums are right. The `bytes` of all frames, one after the other,
/// are the stream.
struct Frame {
    std::string_view bytes{};    // as they came
    std::string_view headers{};  // all of them can be read
    std::string_view payload{};

    /// The value of the header of that name that is a text; empty when there is none.
    std::string_view header(std::string_view name) const;
};

/// Splits one stream, whose bytes come in any pieces. Allocates only for a frame that lies in two
/// feeds.
/// Source: AWS, "Event stream encoding" (Amazon Transcribe's guide), and Smithy's specification
/// `aws.protocols#eventstream`.
class FrameSplitter {
public:
    /// Takes the next frame from the front of `bytes`. Call it until it gives nothing: then `bytes`
    /// is empty, and what it held of a frame that has no end yet is kept in here.
    /// The views of a frame live until the next call, and as long as what `bytes` views.
    /// Errors: UpstreamError when a checksum is wrong, a length is impossible or over its bound, or
    /// a header cannot be read; the splitter is then of no more use.
    Result<std::optional<Frame>> next(std::string_view& bytes);

    /// What came of a frame whose end did not come.
    std::string_view pending() const { return handed_out_ ? std::string_view() : buffer_; }

private:
    /// So many bytes as are needed go from `bytes` into the buffer. False: there are not as many.
    bool fill(std::string_view& bytes, size_t size);

    std::string buffer_;  // the frame that has no end yet, or the one just handed out
    bool handed_out_ = false;
};

/// Writes a frame to the end of `out`, its headers as texts.
/// Requires: it is no longer than kFrameBytesMax, and no name longer than 255 bytes.
struct FrameText {
    std::string_view name;
    std::string_view value;
};
void append_frame(std::string& out, std::span<const FrameText> headers, std::string_view payload);

}  // namespace keywarden
