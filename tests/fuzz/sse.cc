#include "domain/sse.h"

#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

struct Seen {
    std::string bytes{};  // all of the stream, put together again
    std::vector<std::string> events{};
    bool failed = false;
};

Seen split(std::string_view input, size_t step) {
    SseSplitter splitter;
    Seen seen;
    for (size_t at = 0; at < input.size() && !seen.failed; at += step) {
        const std::string fed(input.substr(at, step));  // its own memory, for the sanitizer
        std::string_view rest = fed;
        while (true) {
            const Result<std::optional<SseEvent>> next = splitter.next(rest);
            seen.failed = !next;
            if (!next || !*next) break;
            const SseEvent& event = **next;
            must(!event.bytes.empty());
            seen.bytes += event.bytes;
            if (event.has_data) {
                seen.events.push_back(std::string(event.type) + '\n' + std::string(event.data));
            }
        }
        must(seen.failed || rest.empty());
    }
    seen.bytes += splitter.pending();
    return seen;
}

}  // namespace

// No byte is lost, and the events do not depend on how the bytes came.
void fuzz_sse(std::string_view input) {
    const Seen whole = split(input, input.size() + 1);
    must(whole.failed || whole.bytes == input);
    const Seen halves = split(input, input.size() / 2 + 1);
    must(halves.failed == whole.failed);
    if (whole.failed) return;
    must(halves.events == whole.events && halves.bytes == input);
    if (input.size() > kByteByByteMax) return;
    const Seen bytes = split(input, 1);
    must(bytes.events == whole.events && bytes.bytes == input);
}

}  // namespace keywarden
