#include "base/event_stream.h"

#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

struct Seen {
    std::string bytes{};  // of all frames, and what has no end yet
    std::vector<std::string> payloads{};
    bool failed = false;
};

Seen split(std::string_view input, size_t step) {
    FrameSplitter splitter;
    Seen seen;
    for (size_t at = 0; at < input.size() && !seen.failed; at += step) {
        const std::string fed(input.substr(at, step));  // its own memory, for the sanitizer
        std::string_view rest = fed;
        while (true) {
            const Result<std::optional<Frame>> next = splitter.next(rest);
            seen.failed = !next;
            if (!next || !*next) break;
            const Frame& frame = **next;
            must(frame.bytes.size() ==
                 frame.headers.size() + frame.payload.size() + kFrameOverheadBytes);
            std::string_view headers = frame.headers;
            while (!headers.empty()) must(next_frame_header(headers).has_value());
            seen.bytes += frame.bytes;
            seen.payloads.emplace_back(frame.payload);
        }
        must(seen.failed || rest.empty());
    }
    seen.bytes += splitter.pending();
    return seen;
}

}  // namespace

// No byte is lost, the frames do not depend on how the bytes came, what is handed out can be read,
// and a text is written as it is read.
void fuzz_event_stream(std::string_view input) {
    const Seen whole = split(input, input.size() + 1);
    must(whole.failed || whole.bytes == input);
    const Seen halves = split(input, input.size() / 2 + 1);
    must(halves.failed == whole.failed && halves.payloads == whole.payloads);
    if (input.size() <= kByteByByteMax) {
        const Seen bytes = split(input, 1);
        must(bytes.failed == whole.failed && bytes.payloads == whole.payloads);
    }
    if (input.size() > kFrameBytesMax / 2) return;
    const FrameText header = {.name = "any", .value = input.substr(0, 60'000)};
    std::string written;
    append_frame(written, {&header, 1}, input);
    const Seen read = split(written, written.size());
    must(!read.failed && read.payloads.size() == 1 && read.payloads.front() == input);
}

}  // namespace keywarden
