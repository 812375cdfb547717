#include "domain/sse.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

namespace keywarden {
namespace {

constexpr size_t kKeptCapacityMax = 4096;  // of a buffer between two events

/// Where the next CR or LF is, from `from` on; the size of `text` when there is none.
size_t find_line_end(std::string_view text, size_t from) {
    // Sixteen bytes at once, with the vectors that GCC and Clang have on every machine: a byte of
    // `found` is 0xff where it is an end, and the first of them is in the lowest word's lowest.
    using Bytes = char __attribute__((vector_size(16)));
    using Words = uint64_t __attribute__((vector_size(16)));
    static_assert(std::endian::native == std::endian::little);
    for (; from + sizeof(Bytes) <= text.size(); from += sizeof(Bytes)) {
        Bytes bytes;
        std::memcpy(&bytes, text.data() + from, sizeof(Bytes));
        const auto found = reinterpret_cast<Words>((bytes == '\n') | (bytes == '\r'));
        if ((found[0] | found[1]) == 0) continue;
        const bool low = found[0] != 0;
        return from + (low ? 0 : 8) + static_cast<size_t>(std::countr_zero(found[low ? 0 : 1])) / 8;
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
            ++lines_;
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
            one_line_ = std::exchange(lines_, 0) == 1;
            return at;
        }
    }
    return std::nullopt;
}

void SseSplitter::take_field(std::string_view line, SseEvent& event) {
    const size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon < line.size() ? line.substr(colon + 1) : "";
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data") {
        if (event.has_data) {
            if (joined_.empty()) joined_ = event.data;
            joined_ += '\n';
            joined_ += value;
            event.data = joined_;
        } else {
            event.data = value;
        }
        event.has_data = true;
    } else if (field == "event") {
        event.type = value;
    } else if (field == "id" && value.find('\0') == std::string_view::npos) {
        event.id = value;
    }
}

SseEvent SseSplitter::parse(std::string_view bytes) {
    SseEvent event{.bytes = bytes};
    if (std::exchange(at_start_, false) && bytes.starts_with("\xef\xbb\xbf")) {
        bytes.remove_prefix(3);
    }
    if (one_line_) {  // the common case needs no second look for its end
        while (bytes.ends_with('\n') || bytes.ends_with('\r')) bytes.remove_suffix(1);
        take_field(bytes, event);
        return event;
    }
    while (!bytes.empty()) take_field(take_line(bytes), event);
    return event;
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
