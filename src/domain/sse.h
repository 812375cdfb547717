// Server-Sent Events, split as the bytes come: where each event ends, and what its data is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace keywarden {

/// The longest event, its ends of line included. Longer ones are an UpstreamError.
inline constexpr size_t kSseEventBytesMax = size_t{1024} * 1024;

/// One piece of a stream, with nothing lost between two of them: the `bytes` of all events, one
/// after the other, are the stream. So a relay may pass `bytes` on as they are, or leave one out.
struct SseEvent {
    std::string_view bytes{};              // as they came, the empty line included
    std::string_view data{};               // the `data` lines, joined with '\n'
    std::string_view type{};               // of the `event` field; empty means "message"
    std::optional<std::string_view> id{};  // of the `id` field, where there is a valid one
    bool has_data = false;  // false: a comment, an empty line, only `id`: no client sees an event
};

/// Splits one stream. Understands CR, LF, CRLF, a byte order mark, comments, and bytes that come
/// in any pieces. A comment before an event is a piece of its own, so that a keep-alive is not
/// held back. `retry` is not read.
/// Allocates only for an event that lies in two feeds, or that has several `data` lines.
/// Source: WHATWG HTML, 9.2.5 and 9.2.6 (parsing and interpreting an event stream).
class SseSplitter {
public:
    /// Takes the next event from the front of `bytes`. Call it until it gives nothing: then
    /// `bytes` is empty, and what it held of an event that has no end yet is kept in here.
    /// The views of an event live until the next call, and as long as what `bytes` views.
    /// Errors: UpstreamError when an event is longer than kSseEventBytesMax; the splitter is then
    /// of no more use.
    Result<std::optional<SseEvent>> next(std::string_view& bytes);

    /// What came of an event whose end did not come. At the end of a stream a client ignores it.
    std::string_view pending() const { return handed_out_ ? std::string_view() : buffer_; }

private:
    std::optional<size_t> find_end(std::string_view bytes);
    SseEvent parse(std::string_view bytes);
    void take_field(std::string_view line, SseEvent& event);

    std::string buffer_;  // the event that has no end yet, or the one just handed out
    std::string joined_;  // several `data` lines
    bool handed_out_ = false;
    bool at_start_ = true;       // of the stream: a byte order mark may come
    bool line_is_empty_ = true;  // nothing yet of the current line
    bool after_cr_ = false;      // the last byte was a CR: an LF belongs to it
    bool has_field_ = false;     // the current event has a line that is no comment
    bool in_comment_ = false;
    size_t lines_ = 0;       // of the current event, empty ones left out
    bool one_line_ = false;  // the event that just ended has one
};

}  // namespace keywarden
