#include <string>

#include "net/http_chunked.h"
#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

/// The body, how much was read, and how it ended.
std::string decode(std::string_view input, size_t step) {
    ChunkedDecoder decoder;
    std::string body;
    size_t read = 0;
    while (read < input.size() && !decoder.done() && !decoder.bad()) {
        std::string fed(input.substr(read, step));  // its own memory, for the sanitizer
        const ChunkedDecoder::Step got = decoder.decode_in_place(fed.data(), fed.size());
        must(got.decoded <= got.consumed && got.consumed <= fed.size());
        must(got.consumed == fed.size() || decoder.done() || decoder.bad());
        body.append(fed, 0, got.decoded);
        read += got.consumed;
    }
    if (decoder.bad()) return "bad";  // what was decoded before it is thrown away
    return (decoder.done() ? "done " : "more ") + std::to_string(read) + '\n' + body;
}

}  // namespace

// The same bytes give the same body however they come, and it is never longer than they are.
void fuzz_chunked(std::string_view input) {
    const std::string whole = decode(input, input.size() + 1);
    must(decode(input, input.size() / 2 + 1) == whole);
    if (input.size() <= kByteByByteMax) must(decode(input, 1) == whole);
}

}  // namespace keywarden
