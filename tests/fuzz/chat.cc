#include "providers/chat.h"

#include <algorithm>
#include <string>

#include "base/event_stream.h"
#include "base/json/scan.h"
#include "domain/sse.h"
#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

constexpr AnswerFacts kFacts{.now = 1, .id = "1", .model = "m"};
constexpr RequestFacts kAsked{.model = "anthropic.m", .uncarried = Uncarried::LeftOut};

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

void must_be_json(std::string_view text) { must(find_json_members(text, {}, {}).has_value()); }

/// Whatever comes of a stream, it is whole events.
void must_be_whole(Dialect to, std::string_view out) {
    if (to != Dialect::Bedrock) return must(out.empty() || out.ends_with("\n\n"));
    FrameSplitter splitter;
    while (!out.empty()) {
        const auto frame = splitter.next(out);
        must(frame.has_value() && frame->has_value());
        must_be_json((*frame)->payload);
    }
}

/// Of Bedrock, whose frames have checksums: a line each, with its type in front.
void frames(Dialect to, std::string_view input) {
    ChatStream stream({.from = Dialect::Bedrock, .to = to});
    std::string out;
    while (!input.empty()) {
        const std::string_view line = take_line(input);
        const std::string_view type = line.substr(0, line.find(' '));
        const std::string_view data = line.substr(std::min(line.size(), type.size() + 1));
        const bool is_failure = type.ends_with("Exception");
        if (!stream.feed({.data = data, .type = type, .is_failure = is_failure}, out)) break;
    }
    must_be_whole(to, out);
}

void stream(Dialect from, Dialect to, std::string_view input) {
    if (from == Dialect::Bedrock) return frames(to, input);
    ChatStream stream({.from = from, .to = to});
    SseSplitter splitter;
    std::string out;
    while (!input.empty()) {
        const auto event = splitter.next(input);
        if (!event) return;
        if (*event && (*event)->has_data && !stream.feed({.data = (*event)->data}, out)) break;
    }
    must_be_whole(to, out);
}

Dialect dialect_of(std::string_view name) {
    if (name == "bedrock") return Dialect::Bedrock;
    return name == "openai" ? Dialect::OpenAi : Dialect::Anthropic;
}

}  // namespace

// The input's first line is a dialect and maybe another one, its second what it is, the rest a
// body. What a translation makes is JSON, and is what it makes of itself, there and back.
void fuzz_chat(std::string_view input) {
    const std::string_view ways = take_line(input);
    const std::string_view first = ways.substr(0, ways.find(' '));
    const Dialect from = dialect_of(first);
    Dialect to = from == Dialect::OpenAi ? Dialect::Anthropic : Dialect::OpenAi;
    if (first.size() < ways.size()) to = dialect_of(ways.substr(first.size() + 1));
    if (!can_translate(from, to)) return;
    const std::string_view kind = take_line(input);
    if (kind == "stream") return stream(from, to, input);
    if (kind == "error")
        return must_be_json(translate_error(to, {.status = 400, .body = input}, "r"));
    if (kind == "answer") {
        const auto there = translate_answer(from, to, input, kFacts);
        if (!there) return must(there.error().code == ErrorCode::UpstreamError);
        must_be_json(*there);
        const auto back = translate_answer(to, from, *there, kFacts);
        must(back.has_value());
        must(translate_answer(from, to, *back, kFacts) == *there);
        return;
    }
    auto there = translate_request(from, to, input, kAsked);
    if (!there) return must(!there.error().message.empty());
    const std::string body = bounded(*there, to, 1);
    must_be_json(body);
    auto back = translate_request(to, from, body, kAsked);
    if (back) must_be_json(bounded(*back, from, 1));
}

}  // namespace keywarden
