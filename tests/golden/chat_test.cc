#include "providers/chat.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "domain/sse.h"

// tests/golden/DIALECT/NAME.json is a case in that dialect: {"request"}, {"answer"}, {"status",
// "error"}, or {"stream"}: a list of events. NAME.PROVIDER.json is what becomes of it for, or from,
// a provider of the other dialect. "one_way": what comes back says the same, but otherwise. A
// change that is meant: KEYWARDEN_GOLDEN_UPDATE=1 ./golden_test, then read the diff.

namespace keywarden {
namespace {

using Json = nlohmann::ordered_json;

const std::filesystem::path kFolder = KEYWARDEN_ROOT "/tests/golden";
constexpr int64_t kNow = 1'767'225'600;

struct Case {
    std::string dialect;  // as its folder is called
    std::string name;

    Dialect from() const { return dialect == "openai" ? Dialect::OpenAi : Dialect::Anthropic; }
    Dialect to() const { return dialect == "openai" ? Dialect::Anthropic : Dialect::OpenAi; }
    std::string other() const { return dialect == "openai" ? "anthropic" : "openai"; }
    std::filesystem::path input() const { return kFolder / dialect / (name + ".json"); }
    std::filesystem::path output() const {
        return kFolder / dialect / (name + "." + other() + ".json");
    }
    Json read() const { return Json::parse(std::ifstream(input())); }
};

void PrintTo(const Case& the_case, std::ostream* out) {  // NOLINT: GoogleTest's
    *out << the_case.input();
}

Json told(const Error& error) {
    return {{"refused", info(error.code).slug}, {"param", error.param}, {"message", error.message}};
}

/// The events of a stream as a provider sends them.
std::string stream_of(const Case& the_case, const Json& events) {
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

/// As the relay does it.
Json play(const Case& the_case, std::string_view bytes, size_t cut) {
    ChatStream stream({.from = the_case.from(), .to = the_case.to(), .now = kNow});
    SseSplitter splitter;
    std::string out;
    for (std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
        while (!piece.empty()) {
            const auto event = splitter.next(piece);
            if (!event) return told(event.error());
            if (!*event || !(*event)->has_data) continue;
            const Result<void> done = stream.feed((*event)->data, out);
            if (!done) return told(done.error());
        }
    }
    const Result<void> finished = stream.finish(out);
    // A line each, to be read.
    Json lines = Json::array();
    for (size_t at = 0; at < out.size();) {
        const size_t end = out.find("\n\n", at);
        lines.push_back(out.substr(at, end - at));
        at = end + 2;
    }
    return {{"stream", lines}, {"finished", finished ? Json("yes") : told(finished.error())}};
}

Result<TranslatedRequest> request(Dialect from,
                                  Dialect to,
                                  const std::string& body,
                                  Uncarried uncarried) {
    return translate_request(from, to, body, "upstream-model", uncarried);
}

Json translated(const Case& the_case) {
    const Json in = the_case.read();
    if (in.contains("request")) {
        auto out = request(the_case.from(),
                           the_case.to(),
                           in["request"].dump(),
                           in.value("drop", false) ? Uncarried::LeftOut : Uncarried::Refused);
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
            translate_answer(the_case.from(), the_case.to(), in["answer"].dump(), kNow);
        if (!out) return told(out.error());
        return {{"answer", Json::parse(*out)}};
    }
    if (in.contains("error")) {
        const std::string body =
            in["error"].is_string() ? in["error"].get<std::string>() : in["error"].dump();
        return {
            {"error", Json::parse(translate_error(the_case.to(), in["status"], body, "req_1"))}};
    }
    const std::string bytes = stream_of(the_case, in["stream"]);
    return play(the_case, bytes, bytes.size());
}

std::vector<Case> cases() {
    std::vector<Case> out;
    for (const std::string dialect : {"openai", "anthropic"}) {
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(kFolder / dialect)) {
            const std::string stem = entry.path().stem();
            if (!stem.contains('.')) names.insert(stem);
        }
        for (const std::string& name : names) out.push_back({dialect, name});
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
        if (!is_request) return translate_answer(from, to, body, kNow).value_or("");
        auto out = request(from, to, body, Uncarried::LeftOut);
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

INSTANTIATE_TEST_SUITE_P(Cases, ChatGolden, testing::ValuesIn(cases()), [](const auto& info) {
    std::string name = info.param.dialect + "_" + info.param.name;
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace keywarden
