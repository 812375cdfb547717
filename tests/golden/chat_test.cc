#include "providers/chat.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/event_stream.h"
#include "domain/sse.h"

// tests/golden/DIALECT/NAME.json is a case in that dialect: {"request"}, {"answer"}, {"status",
// "error"}, or {"stream"}: a list of events, which in Converse are named as boto3 shows them.
// NAME.OTHER.json is what becomes of it in that dialect: of a request for its provider, of all else
// for its client. "one_way": what comes back says the same, but otherwise. A change that is meant:
// KEYWARDEN_GOLDEN_UPDATE=1 ./golden_test, then read the diff; a new case begins with an empty
// file.

namespace keywarden {
namespace {

using Json = nlohmann::ordered_json;

const std::filesystem::path kFolder = KEYWARDEN_ROOT "/tests/golden";
constexpr AnswerFacts kFacts{
    .now = 1'767'225'600, .id = "of-the-call", .model = "model-of-the-call", .latency_ms = 12};

Dialect dialect_of(std::string_view folder) {
    if (folder == "bedrock") return Dialect::Bedrock;
    return folder == "openai" ? Dialect::OpenAi : Dialect::Anthropic;
}

struct Case {
    std::string dialect;  // as its folder is called
    std::string name;
    std::string other;  // dialect

    Dialect from() const { return dialect_of(dialect); }
    Dialect to() const { return dialect_of(other); }
    std::filesystem::path input() const { return kFolder / dialect / (name + ".json"); }
    std::filesystem::path output() const {
        return kFolder / dialect / (name + "." + other + ".json");
    }
    Json read() const { return Json::parse(std::ifstream(input())); }
};

void PrintTo(const Case& the_case, std::ostream* out) {  // NOLINT: GoogleTest's
    *out << the_case.output();
}

Json told(const Error& error) {
    return {{"refused", info(error.code).slug}, {"param", error.param}, {"message", error.message}};
}

std::string frames_of(const Json& events) {
    std::string out;
    for (const Json& event : events) {
        const std::string type = event.begin().key();
        const bool is_event = !type.ends_with("Exception");
        const std::array headers = {FrameText{is_event ? ":event-type" : ":exception-type", type},
                                    FrameText{":content-type", "application/json"},
                                    FrameText{":message-type", is_event ? "event" : "exception"}};
        append_frame(out, headers, event.begin().value().dump());
    }
    return out;
}

/// The events of a stream as a provider sends them.
std::string stream_of(const Case& the_case, const Json& events) {
    if (the_case.from() == Dialect::Bedrock) return frames_of(events);
    std::string out;
    for (const Json& event : events) {
        const std::string data = event.is_string() ? event.get<std::string>() : event.dump();
        if (the_case.from() == Dialect::Anthropic) {
            out += "event: " + event["type"].get<std::string>() + "\n";
        }
        out += "data: " + data + "\n\n";
    }
    return out;
}

ChatEvent chat_event(const SseEvent& event) { return {.data = event.data}; }
ChatEvent chat_event(const Frame& frame) { return event_of(frame); }
bool has_data(const SseEvent& event) { return event.has_data; }
bool has_data(const Frame& /*frame*/) { return true; }

/// What is written, a line each, to be read. Of frames their names and what they carry.
Json lines_of(const Case& the_case, std::string_view out) {
    Json lines = Json::array();
    if (the_case.to() == Dialect::Bedrock) {
        FrameSplitter splitter;
        while (!out.empty()) {
            const auto frame = splitter.next(out);
            if (!frame || !*frame) return "frames that are damaged";
            const ChatEvent event = event_of(**frame);
            lines.push_back(std::string(event.is_failure ? "exception " : "") +
                            std::string(event.type) + " " + std::string(event.data));
        }
        return lines;
    }
    for (size_t at = 0; at < out.size();) {
        const size_t end = out.find("\n\n", at);
        lines.push_back(out.substr(at, end - at));
        at = end + 2;
    }
    return lines;
}

/// As the relay does it.
template <class Splitter>
Json play_events(const Case& the_case, std::string_view bytes, size_t cut) {
    ChatStream stream({.from = the_case.from(), .to = the_case.to(), .facts = kFacts});
    Splitter splitter;
    std::string out;
    for (std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
        while (!piece.empty()) {
            const auto event = splitter.next(piece);
            if (!event) return told(event.error());
            if (!*event || !has_data(**event)) continue;
            const Result<void> done = stream.feed(chat_event(**event), out);
            if (!done) return told(done.error());
        }
    }
    const Result<void> finished = stream.finish(out);
    return {{"stream", lines_of(the_case, out)},
            {"finished", finished ? Json("yes") : told(finished.error())}};
}

Json play(const Case& the_case, std::string_view bytes, size_t cut) {
    return the_case.from() == Dialect::Bedrock ? play_events<FrameSplitter>(the_case, bytes, cut)
                                               : play_events<SseSplitter>(the_case, bytes, cut);
}

Json translated(const Case& the_case) {
    const Json in = the_case.read();
    if (in.contains("request")) {
        const std::string model = in.value("model", "upstream-model");
        const bool drops = in.value("drop", false);
        auto out = translate_request(the_case.from(),
                                     the_case.to(),
                                     in["request"].dump(),
                                     {.model = model,
                                      .uncarried = drops ? Uncarried::LeftOut : Uncarried::Refused,
                                      .streams = in.value("streams", false)});
        if (!out) return told(out.error());
        std::optional<int64_t> most = out->output_tokens_max;
        if (in.contains("output_tokens_max")) most = in["output_tokens_max"];
        return {{"request", Json::parse(bounded(*out, the_case.to(), most))},
                {"left_out", out->left_out},
                {"wants_usage", out->wants_usage}};
    }
    // An answer goes the other way: it is written in the dialect of the folder.
    if (in.contains("answer")) {
        const auto out =
            translate_answer(the_case.from(), the_case.to(), in["answer"].dump(), kFacts);
        if (!out) return told(out.error());
        return {{"answer", Json::parse(*out)}};
    }
    if (in.contains("error")) {
        const std::string body =
            in["error"].is_string() ? in["error"].get<std::string>() : in["error"].dump();
        const std::string type = in.value("type", "");
        const ProviderError error{.status = in["status"], .body = body, .type = type};
        return {{"error", Json::parse(translate_error(the_case.to(), error, "req_1"))}};
    }
    const std::string bytes = stream_of(the_case, in["stream"]);
    return play(the_case, bytes, bytes.size());
}

std::vector<Case> cases() {
    std::vector<Case> out;
    for (const std::string dialect : {"openai", "anthropic", "bedrock"}) {
        std::set<std::string> stems;  // "NAME.OTHER"
        for (const auto& entry : std::filesystem::directory_iterator(kFolder / dialect)) {
            stems.insert(entry.path().stem());
        }
        for (const std::string& stem : stems) {
            const size_t dot = stem.find('.');
            if (dot == std::string::npos) continue;
            out.push_back({dialect, stem.substr(0, dot), stem.substr(dot + 1)});
        }
    }
    return out;
}

class ChatGolden : public testing::TestWithParam<Case> {};

TEST_P(ChatGolden, IsTranslatedAsWritten) {
    const std::string got = translated(GetParam()).dump(2) + "\n";
    if (std::getenv("KEYWARDEN_GOLDEN_UPDATE") != nullptr) {
        std::ofstream(GetParam().output()) << got;
        return;
    }
    std::ifstream file(GetParam().output());
    const std::string wanted{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(got, wanted) << "if this is meant: KEYWARDEN_GOLDEN_UPDATE=1";
}

TEST_P(ChatGolden, AStreamMayBeCutAnywhere) {
    const Json in = GetParam().read();
    if (!in.contains("stream")) return;
    const std::string bytes = stream_of(GetParam(), in["stream"]);
    const Json whole = play(GetParam(), bytes, bytes.size());
    for (size_t cut = 1; cut < bytes.size(); ++cut) {
        ASSERT_EQ(play(GetParam(), bytes, cut), whole) << "cut at " << cut;
    }
}

TEST_P(ChatGolden, WhatBothSidesKnowComesBack) {
    const Case the_case = GetParam();
    const Json in = the_case.read();
    const bool is_request = in.contains("request");
    if ((!is_request && !in.contains("answer")) || in.contains("one_way")) return;
    bool is_whole = true;  // nothing was left out on the way back
    const auto turn = [&](Dialect from, Dialect to, const std::string& body) -> std::string {
        if (!is_request) return translate_answer(from, to, body, kFacts).value_or("");
        const std::string model = in.value("model", "upstream-model");
        auto out =
            translate_request(from, to, body, {.model = model, .uncarried = Uncarried::LeftOut});
        is_whole = out && out->left_out.empty();
        return out ? bounded(*out, to, out->output_tokens_max) : "";
    };
    const std::string body = in[is_request ? "request" : "answer"].dump();
    const std::string there = turn(the_case.from(), the_case.to(), body);
    if (there.empty()) return;  // it is none at all
    const std::string back = turn(the_case.to(), the_case.from(), there);
    if (!is_whole) return;
    EXPECT_EQ(turn(the_case.from(), the_case.to(), back), there);
}

TEST(ChatGoldenCases, HaveWhatBecomesOfThem) {
    const std::vector<Case> all = cases();
    for (const std::string dialect : {"openai", "anthropic", "bedrock"}) {
        for (const auto& entry : std::filesystem::directory_iterator(kFolder / dialect)) {
            const std::string stem = entry.path().stem();
            if (stem.contains('.')) continue;
            const auto is_of_it = [&](const Case& each) {
                return each.dialect == dialect && each.name == stem;
            };
            EXPECT_TRUE(std::ranges::any_of(all, is_of_it)) << dialect << '/' << stem;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, ChatGolden, testing::ValuesIn(cases()), [](const auto& info) {
    std::string name = info.param.dialect + "_" + info.param.name + "_to_" + info.param.other;
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace keywarden
