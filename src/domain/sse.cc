#include "domain/sse.h"

#include <algorithm>
#include <utility>

namespace keywarden {
namespace {

constexpr size_t kKeptCapacityMax = 4096;  // of a buffer between two events

/// Where the next CR or LF is, from `from` on; the size of `text` when there is none.
size_t find_line_end(std::string_view text, size_t from) {
    constexpr size_t kBlock = 32;  // a loop of a known length: the compiler makes it two compares
    while (from + kBlock <= text.size()) {
        unsigned char found = 0;
        for (size_t i = 0; i < kBlock; ++i) {
            const char c = text[from + i];
            found |= static_cast<unsigned char>((c == '\n') | (c == '\r'));
        }
        if (found != 0) break;
        from += kBlock;
    }
    while (from < text.size() && text[from] != '\n' && text[from] != '\r') ++from;
    return from;
}

/// Takes the first line off `text`, its end too.
std::string_view take_line(std::string_view& text) {
    const size_t end = find_line_end(text, 0);
    const std::string_view line = text.substr(0, end);
    const bool two = text.substr(end, 2) == "\r\n";
    text.remove_prefix(std::min(text.size(), end + (two ? 2 : 1)));
    return line;
}

void empty(std::string& buffer) {
    buffer.clear();
    if (buffer.capacity() > kKeptCapacityMax) std::string().swap(buffer);
}

}  // namespace

// The end of an event: an empty line, or the end of a comment that stands before any field.
// An LF whose CR ended an event in an earlier feed is a piece of its own: to wait for it would
// hold that event back.
std::optional<size_t> SseSplitter::find_end(std::string_view bytes) {
    const bool begins = buffer_.empty();
    size_t at = 0;
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
        at = 1;
        if (begins) return at;
    }
    while (at < bytes.size()) {
        const bool was_empty = line_is_empty_;
        const size_t end = find_line_end(bytes, at);
        if (was_empty && end != at) {
            in_comment_ = bytes[at] == ':';
            has_field_ = has_field_ || !in_comment_;
        }
        line_is_empty_ = was_empty && end == at;
        if (end == bytes.size()) return std::nullopt;
        after_cr_ = bytes[end] == '\r' && end + 1 == bytes.size();
        at = end + (bytes.substr(end, 2) == "\r\n" ? 2 : 1);
        const bool ends_event = line_is_empty_ || (in_comment_ && !has_field_);
        line_is_empty_ = true;
        if (ends_event) {
            has_field_ = false;
            return at;
        }
    }
    return std::nullopt;
}

SseEvent SseSplitter::parse(std::string_view event) {
    SseEvent out{.bytes = event};
    if (std::exchange(at_start_, false) && event.starts_with("\xef\xbb\xbf")) {
        event.remove_prefix(3);
    }
    while (!event.empty()) {
        const std::string_view line = take_line(event);
        const size_t colon = line.find(':');
        const std::string_view field = line.substr(0, colon);
        std::string_view value = colon < line.size() ? line.substr(colon + 1) : "";
        if (value.starts_with(' ')) value.remove_prefix(1);
        if (field == "data") {
            if (out.has_data) {
                if (joined_.empty()) joined_ = out.data;
                joined_ += '\n';
                joined_ += value;
                out.data = joined_;
            } else {
                out.data = value;
            }
            out.has_data = true;
        } else if (field == "event") {
            out.type = value;
        } else if (field == "id" && value.find('\0') == std::string_view::npos) {
            out.id = value;
        }
    }
    return out;
}

Result<std::optional<SseEvent>> SseSplitter::next(std::string_view& bytes) {
    if (std::exchange(handed_out_, false)) empty(buffer_);
    if (!joined_.empty()) empty(joined_);
    if (bytes.empty()) return std::nullopt;

    const std::optional<size_t> end = find_end(bytes);
    const std::string_view taken = bytes.substr(0, end.value_or(bytes.size()));
    bytes.remove_prefix(taken.size());
    if (buffer_.size() + taken.size() > kSseEventBytesMax) {
        return fail(ErrorCode::UpstreamError,
                    "The provider sent an event that is too long.",
                    "an SSE event of more than 1 MiB");
    }
    if (end && buffer_.empty()) return parse(taken);
    buffer_ += taken;
    if (!end) return std::nullopt;
    handed_out_ = true;
    return parse(buffer_);
}

}  // namespace keywarden
