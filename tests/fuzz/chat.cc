#include "providers/chat.h"

#include <algorithm>
#include <string>

#include "base/json/scan.h"
#include "domain/sse.h"
#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

void must_be_json(std::string_view text) { must(find_json_members(text, {}, {}).has_value()); }

void stream(Dialect from, Dialect to, std::string_view input) {
    ChatStream stream({.from = from, .to = to});
    SseSplitter splitter;
    std::string out;
    while (!input.empty()) {
        const auto event = splitter.next(input);
        if (!event) return;
        if (*event && (*event)->has_data && !stream.feed((*event)->data, out)) break;
    }
    // Whatever comes of it, it is whole events.
    must(out.empty() || out.ends_with("\n\n"));
}

}  // namespace

// The input's first line is a dialect, its second what it is, the rest a body. What a translation
// makes is JSON, and is what it makes of itself, there and back.
void fuzz_chat(std::string_view input) {
    const bool is_openai = take_line(input) == "openai";
    const Dialect from = is_openai ? Dialect::OpenAi : Dialect::Anthropic;
    const Dialect to = is_openai ? Dialect::Anthropic : Dialect::OpenAi;
    const std::string_view kind = take_line(input);
    if (kind == "stream") return stream(from, to, input);
    if (kind == "error") return must_be_json(translate_error(to, 400, input, "r"));
    if (kind == "answer") {
        const auto there = translate_answer(from, to, input, 1);
        if (!there) return must(there.error().code == ErrorCode::UpstreamError);
        must_be_json(*there);
        const auto back = translate_answer(to, from, *there, 1);
        must(back.has_value());
        must(translate_answer(from, to, *back, 1) == *there);
        return;
    }
    auto there = translate_request(from, to, input, "m", Uncarried::LeftOut);
    if (!there) return must(!there.error().message.empty());
    const std::string body = bounded(*there, to, 1);
    must_be_json(body);
    auto back = translate_request(to, from, body, "m", Uncarried::LeftOut);
    if (back) must_be_json(bounded(*back, from, 1));
}

}  // namespace keywarden
