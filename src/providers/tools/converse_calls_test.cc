// Conformance: calls in Bedrock's Converse, whole and streamed in frames.
#include <array>
#include <string>

#include "providers/tools/tools_fixture.h"

namespace keywarden::tools {
namespace {

json call(std::string_view name) {
    return {{"toolUse",
             {{"toolUseId", "id_" + std::string(name)},
              {"name", name},
              {"input", {{"toolUse", {{"name", "x"}}}}}}}};
}

json answer(std::initializer_list<json> blocks, std::string_view stop = "tool_use") {
    return {{"output", {{"message", {{"role", "assistant"}, {"content", json(blocks)}}}}},
            {"stopReason", stop},
            {"usage", {{"totalTokens", 3}}}};
}

std::string whole(const Lists& lists,
                  const json& body,
                  ForbiddenCall on_forbidden = ForbiddenCall::Removed) {
    const ToolLists all = lists.lists();
    const auto changed = filter_answer(
        ToolDialect::Converse, body.dump(), {.lists = &all, .on_forbidden = on_forbidden});
    if (!changed) return error_line(changed.error());
    if (!*changed) return "as it was";
    Seen seen;
    const json read = json::parse(**changed);
    for (const json& block : read["output"]["message"]["content"]) {
        if (block.contains("text")) seen.text += block["text"].get<std::string>();
        if (block.contains("toolUse")) seen.calls.push_back(block["toolUse"]["name"]);
    }
    seen.stop = read["stopReason"];
    return seen.line();
}

TEST(ConverseCalls, OfAWholeAnswerAreJudgedOneByOne) {
    const Lists ab("a,b");
    const json said = {{"text", "Hm. "}};
    EXPECT_EQ(whole(ab, answer({said, call("a"), call("b")})), "as it was");
    EXPECT_EQ(whole(ab, answer({said, call("x"), call("b")})), "b | Hm. <key> | tool_use");
    EXPECT_EQ(whole(ab, answer({call("x"), call("y")})), " | <key><key> | end_turn");
    EXPECT_EQ(whole(ab, answer({call("A")})), " | <key> | end_turn");
    EXPECT_EQ(whole(Lists("*", "-a"), answer({call("a")})), " | <team> | end_turn");
    EXPECT_EQ(whole(ab, answer({call("x")}), ForbiddenCall::Refused), "error tool_not_allowed");
    const json result = {{"toolResult", {{"toolUseId", "id_x"}, {"content", json::array()}}}};
    EXPECT_EQ(whole(ab, answer({call("x"), result}, "end_turn")), " | <key><key> | end_turn");
    EXPECT_EQ(whole(ab, {{"usage", {{"totalTokens", 3}}}}), "as it was");
}

TEST(ConverseCalls, WhatCannotBeLookedIntoIsRefused) {
    const ToolLists all = Lists("a").lists();
    const auto with = [](std::string_view content) {
        return R"({"output":{"message":{"content":)" + std::string(content) + "}}}";
    };
    for (const std::string& body : {std::string("{"),
                                    std::string(R"({"output":7})"),
                                    with("7"),
                                    with("[7]"),
                                    with(R"([{"toolUse":{}}])"),
                                    with(R"([{"toolUse":{"name":7}}])"),
                                    with(R"([{"toolUse":{"name":"a","name":"x"}}])"),
                                    with(R"([{"toolUse":[]}])")}) {
        EXPECT_EQ(filter_answer(ToolDialect::Converse, body, {.lists = &all}).error().code,
                  ErrorCode::UpstreamError)
            << body;
    }
}

// ---- streams ----------------------------------------------------------------------------------

class Stream {
public:
    Stream& frame(std::string_view type, const json& payload, std::string_view kind = "event") {
        const std::array<FrameText, 3> headers = {FrameText{":event-type", type},
                                                  FrameText{":content-type", "application/json"},
                                                  FrameText{":message-type", kind}};
        append_frame(text_, headers, payload.dump());
        return *this;
    }
    Stream& text(int index, std::string_view said) {
        return delta(index, {{"text", said}}).stop(index);
    }
    Stream& delta(int index, const json& what) {
        return frame("contentBlockDelta", {{"contentBlockIndex", index}, {"delta", what}});
    }
    Stream& stop(int index) { return frame("contentBlockStop", {{"contentBlockIndex", index}}); }
    Stream& start(int index, std::string_view name) {
        return frame("contentBlockStart",
                     {{"contentBlockIndex", index},
                      {"start", {{"toolUse", {{"toolUseId", "1"}, {"name", name}}}}},
                      {"p", "abc"}});
    }
    Stream& call(int index, std::string_view name) {
        return start(index, name)
            .delta(index, {{"toolUse", {{"input", "{\"q\""}}}})
            .delta(index, {{"toolUse", {{"input", ":1}"}}}})
            .stop(index);
    }
    const std::string& end(std::string_view reason = "tool_use") {
        return frame("messageStop", {{"stopReason", reason}})
            .frame("metadata", {{"usage", {{"totalTokens", 3}}}})
            .text_;
    }

private:
    std::string text_;
};

std::string line_of_stream(std::string_view stream) {
    FrameSplitter splitter;
    std::map<int, std::string> calls;
    Seen seen;
    while (!stream.empty()) {
        const auto frame = splitter.next(stream);
        EXPECT_TRUE(frame);
        if (!frame || !*frame) continue;
        const std::string_view type = (*frame)->header(":event-type");
        const json payload = json::parse((*frame)->payload);
        if (type == "contentBlockStart") {
            calls[payload["contentBlockIndex"]] = payload["start"]["toolUse"]["name"];
        } else if (type == "contentBlockDelta" && payload["delta"].contains("text")) {
            seen.text += payload["delta"]["text"].get<std::string>();
        } else if (type == "contentBlockDelta") {
            EXPECT_TRUE(calls.contains(payload["contentBlockIndex"])) << "it has begun";
        } else if (type == "messageStop") {
            seen.stop = payload["stopReason"];
        }
    }
    for (const auto& [index, name] : calls) seen.calls.push_back(name);
    return seen.line();
}

std::string streamed(const Lists& lists,
                     std::string_view stream,
                     ForbiddenCall on_forbidden = ForbiddenCall::Removed) {
    const ToolLists all = lists.lists();
    const auto out =
        feed_all_cuts(ToolDialect::Converse, {.lists = &all, .on_forbidden = on_forbidden}, stream);
    if (out && *out == stream) return "as it was";
    return out ? line_of_stream(*out) : error_line(out.error());
}

TEST(ConverseStreams, CallsAreJudgedOneByOne) {
    const std::string two = Stream()
                                .frame("messageStart", {{"role", "assistant"}})
                                .text(0, "Hm. ")
                                .call(1, "x")
                                .call(2, "a")
                                .end();
    EXPECT_EQ(streamed(Lists("a,x"), two), "as it was");
    EXPECT_EQ(streamed(Lists("a"), two), "a | Hm. <key> | tool_use");
    EXPECT_EQ(streamed(Lists("x"), two), "x | Hm. <key> | tool_use");
    EXPECT_EQ(streamed(Lists("none"), two), " | Hm. <key><key> | end_turn");
    EXPECT_EQ(streamed(Lists("*", "-x"), two), "a | Hm. <team> | tool_use");
    EXPECT_EQ(streamed(Lists("a"), two, ForbiddenCall::Refused), "error tool_not_allowed");
}

TEST(ConverseStreams, ExceptionsPass) {
    const std::string stream =
        Stream().call(0, "a").frame("throttlingException", {{"message", "m"}}, "exception").end();
    EXPECT_EQ(streamed(Lists("a"), stream), "as it was");
}

TEST(ConverseStreams, WhatCannotBeLookedIntoEndsTheStream) {
    const Lists a("a");
    const auto of = [](std::string_view type, const json& payload) {
        Stream stream;
        return stream.frame(type, payload).end();
    };
    EXPECT_EQ(streamed(a, of("contentBlockStart", json::array())), "error upstream_error");
    EXPECT_EQ(streamed(a, of("contentBlockStart", {{"start", {{"toolUse", {{"name", "a"}}}}}})),
              "error upstream_error")
        << "without an index";
    EXPECT_EQ(streamed(a,
                       of("contentBlockStart",
                          {{"contentBlockIndex", 0}, {"start", {{"toolUse", json::object()}}}})),
              "error upstream_error");
    EXPECT_EQ(streamed(a,
                       of("aFrameOfTomorrow",
                          {{"contentBlockIndex", 0}, {"start", {{"toolUse", {{"name", "x"}}}}}})),
              " | <key> | end_turn")
        << "whatever it is called";
    const ToolLists all = a.lists();
    const std::string whole = Stream().call(0, "a").end();
    ToolStream filter(ToolDialect::Converse, {.lists = &all});
    std::string out;
    ASSERT_TRUE(filter.feed(std::string_view(whole).substr(0, whole.size() - 1), out));
    EXPECT_FALSE(filter.finish(out)) << "it is cut off";
}

}  // namespace
}  // namespace keywarden::tools
