// The chunked transfer coding, decoded in place and strictly.
#pragma once

#include <cstddef>
#include <cstdint>

namespace keywarden {

/// Refuses bare LF, a size that is empty or longer than kSizeDigitsMax, spaces around it, malformed
/// extensions and trailers, and more than kExtraBytesMax bytes of these. Trailers are dropped.
/// Source: RFC 9112, section 7.1.
class ChunkedDecoder {
public:
    static constexpr uint32_t kExtraBytesMax = 8'192;  // extensions and trailers of one body
    static constexpr uint8_t kSizeDigitsMax = 15;

    struct Step {
        size_t consumed;  // of the bytes given; less than all only when done or bad
        size_t decoded;   // bytes of the body, now at the front of those given
    };

    /// Moves the body's bytes within [data, data + size) to its front.
    /// The same bytes cut in any way give the same body.
    Step decode_in_place(char* data, size_t size);

    bool done() const { return state_ == State::Done; }
    bool bad() const { return state_ == State::Bad; }
    void reset() { *this = ChunkedDecoder(); }

private:
    enum class State : uint8_t {
        SizeFirst,
        Size,
        ExtensionNameFirst,
        ExtensionName,
        ExtensionValueFirst,
        ExtensionValue,
        ExtensionQuoted,
        ExtensionEscaped,
        ExtensionQuoteEnd,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        TrailerFirst,
        TrailerName,
        TrailerValue,
        TrailerLf,
        EndLf,
        Done,
        Bad,
    };

    State next(char c);
    State next_of_size(char c);
    State next_of_extension(char c);
    State next_of_trailer(char c);

    State state_ = State::SizeFirst;
    uint8_t digits_ = 0;
    uint32_t extra_ = 0;
    uint64_t left_ = 0;  // of the chunk
};

}  // namespace keywarden
