#include "providers/sandbox.h"

#include <algorithm>
#include <string>

#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

}  // namespace

// The input's first line is a path, its second a content type, the rest a body. An answer ends, and
// is as long as it says.
void fuzz_sandbox(std::string_view input) {
    const std::string_view path = take_line(input);
    const std::string_view type = take_line(input);
    Result<SandboxAnswer> answer =
        answer_in_sandbox({.path = path, .content_type = type, .body = input});
    if (!answer) {
        must(!answer.error().message.empty());
        return;
    }
    must(!answer->headers.empty());
    size_t length = 0;
    bool cut = false;
    SandboxStep step;
    for (size_t frames = answer->steps.frames(); answer->steps.next(step); --frames) {
        must(frames > 0);
        length += step.bytes.size();
        cut = cut || step.cut;
    }
    must(answer->streams || cut || length == answer->length);
}

}  // namespace keywarden
