// Conformance: calls in Anthropic's messages, whole and streamed.
#include <string>

#include "providers/tools/tools_fixture.h"

namespace keywarden::tools {
namespace {

std::string call(std::string_view name, std::string_view type = "tool_use") {
    return R"({"type":")" + std::string(type) + R"(","id":"id_)" + std::string(name) +
           R"(","name":")" + std::string(name) + R"(","input":{"name":"x","type":"tool_use"}})";
}

std::string message(std::initializer_list<std::string> blocks, std::string_view stop = "tool_use") {
    std::string list;
    for (const std::string& block : blocks) list += (list.empty() ? "" : ", ") + block;
    return R"({"id":"m1","type":"message","role":"assistant","content":[)" + list +
           R"(],"stop_reason":")" + std::string(stop) + R"(","usage":{"output_tokens":1.50}})";
}

void take(Seen& seen, const json& block) {
    const std::string type = block["type"];
    if (type == "text") {
        seen.text += block["text"].get<std::string>();
    } else if (block.contains("name")) {
        seen.calls.push_back(block["name"]);
    } else {
        seen.calls.push_back(type);
    }
}

std::string whole(const Lists& lists,
                  const std::string& body,
                  ForbiddenCall on_forbidden = ForbiddenCall::Removed) {
    const ToolLists all = lists.lists();
    const auto changed =
        filter_answer(ToolDialect::Messages, body, {.lists = &all, .on_forbidden = on_forbidden});
    if (!changed) return error_line(changed.error());
    if (!*changed) return "as it was";
    EXPECT_NE((*changed)->find(R"("usage":{"output_tokens":1.50}})"), std::string::npos);
    Seen seen;
    const json answer = json::parse(**changed);
    for (const json& block : answer["content"]) take(seen, block);
    seen.stop = answer["stop_reason"];
    return seen.line();
}

const std::string kText = R"({"type":"text","text":"Hm. "})";

TEST(MessagesCalls, OfAWholeAnswerAreJudgedOneByOne) {
    const Lists ab("a,b");
    EXPECT_EQ(whole(ab, message({kText, call("a"), call("b")})), "as it was");
    EXPECT_EQ(whole(ab, message({kText, call("x"), call("b")})), "b | Hm. <key> | tool_use");
    EXPECT_EQ(whole(ab, message({call("a"), call("x"), call("y")})), "a | <key><key> | tool_use");
    EXPECT_EQ(whole(ab, message({kText, call("x")})), " | Hm. <key> | end_turn");
    EXPECT_EQ(whole(ab, message({kText}, "end_turn")), "as it was");
    EXPECT_EQ(whole(ab, message({call("A")})), " | <key> | end_turn") << "case";
    EXPECT_EQ(whole(Lists("none", "a"), message({call("a")})), " | <key> | end_turn");
    EXPECT_EQ(whole(Lists("a", "-a"), message({call("a")})), " | <team> | end_turn");
    EXPECT_EQ(whole(ab, message({call("x")}), ForbiddenCall::Refused), "error tool_not_allowed");
}

TEST(MessagesCalls, OfTheProvidersOwnToolsGoWithWhatCameOfThem) {
    const std::string found =
        R"({"type":"web_search_tool_result","tool_use_id":"id_web_search","content":[]})";
    const std::string body = message({call("web_search", "server_tool_use"), found}, "end_turn");
    EXPECT_EQ(whole(Lists("a"), body), " | <key><key> | end_turn");
    EXPECT_EQ(whole(Lists("web_search"), body), "as it was");
    EXPECT_EQ(whole(Lists("a"), message({call("a", "mcp_tool_use")}, "end_turn")),
              " | <key> | end_turn");
    EXPECT_EQ(whole(Lists("mcp"), message({call("a", "mcp_tool_use")}, "end_turn")), "as it was");
    EXPECT_EQ(whole(Lists("a"), message({call("x", "unheard_of")}, "end_turn")),
              " | <key> | end_turn")
        << "whatever has a name";
}

TEST(MessagesCalls, WhatCannotBeLookedIntoIsRefused) {
    const Lists a("a");
    for (const char* const block : {R"({"type":"tool_use","id":"1"})",
                                    R"({"type":"tool_use","name":""})",
                                    R"({"type":"tool_use","name":7})",
                                    R"({"type":"tool_use","name":"a","name":"x"})",
                                    R"({"type":"tool_use","name":"a","Name":"x"})",
                                    R"({"type":7,"name":"a"})",
                                    "7",
                                    "[]"}) {
        EXPECT_EQ(whole(a, message({block})), "error upstream_error") << block;
    }
    EXPECT_EQ(whole(a, "{"), "error upstream_error");
    EXPECT_EQ(whole(a, R"({"content":[],"content":[]})"), "error upstream_error");
}

// ---- streams ----------------------------------------------------------------------------------

class Stream {
public:
    Stream& event(const json& data) {
        text_ += "event: " + data["type"].get<std::string>() + "\ndata: " + data.dump() + "\n\n";
        return *this;
    }
    Stream& begin() {
        return event({{"type", "message_start"},
                      {"message", {{"id", "m1"}, {"content", json::array()}}}})
            .event({{"type", "ping"}});
    }
    Stream& text(int index, std::string_view said) {
        return event({{"type", "content_block_start"},
                      {"index", index},
                      {"content_block", {{"type", "text"}, {"text", ""}}}})
            .event({{"type", "content_block_delta"},
                    {"index", index},
                    {"delta", {{"type", "text_delta"}, {"text", said}}}})
            .stop(index);
    }
    Stream& start(int index, std::string_view name, std::string_view type = "tool_use") {
        return event({{"type", "content_block_start"},
                      {"index", index},
                      {"content_block",
                       {{"type", type}, {"id", "id_" + std::string(name)}, {"name", name}}}});
    }
    Stream& input(int index, std::string_view piece) {
        return event({{"type", "content_block_delta"},
                      {"index", index},
                      {"delta", {{"type", "input_json_delta"}, {"partial_json", piece}}}});
    }
    Stream& stop(int index) { return event({{"type", "content_block_stop"}, {"index", index}}); }
    Stream& call(int index, std::string_view name) {
        return start(index, name).input(index, "{\"q\"").input(index, ":1}").stop(index);
    }
    const std::string& end(std::string_view stop = "tool_use") {
        event({{"type", "message_delta"},
               {"delta", {{"stop_reason", stop}}},
               {"usage", {{"output_tokens", 9}}}});
        event({{"type", "message_stop"}});
        return text_;
    }

private:
    std::string text_;
};

/// As Anthropic's SDKs do: blocks by their index, each begun, told, and ended.
std::string line_of_stream(std::string_view stream) {
    std::map<int, json> blocks;
    std::map<int, bool> open;
    Seen seen;
    for (const json& event : events_of(stream)) {
        const std::string type = event["type"];
        if (type == "content_block_start") {
            EXPECT_EQ(event["index"], static_cast<int>(blocks.size())) << "no gaps";
            blocks[event["index"]] = event["content_block"];
            open[event["index"]] = true;
        } else if (type == "content_block_delta") {
            EXPECT_TRUE(open[event["index"]]);
            const json& delta = event["delta"];
            json& block = blocks[event["index"]];
            if (delta["type"] == "text_delta") {
                EXPECT_EQ(block["type"], "text");
                block["text"] = block["text"].get<std::string>() + delta["text"].get<std::string>();
            } else {
                EXPECT_NE(block["type"], "text");
            }
        } else if (type == "content_block_stop") {
            open[event["index"]] = false;
        } else if (type == "message_delta") {
            seen.stop = event["delta"]["stop_reason"];
        }
    }
    for (const auto& [index, block] : blocks) take(seen, block);
    for (const auto& [index, is_open] : open) EXPECT_FALSE(is_open);
    return seen.line();
}

std::string streamed(const Lists& lists,
                     std::string_view stream,
                     ForbiddenCall on_forbidden = ForbiddenCall::Removed) {
    const ToolLists all = lists.lists();
    const auto out =
        feed_all_cuts(ToolDialect::Messages, {.lists = &all, .on_forbidden = on_forbidden}, stream);
    if (out && *out == stream) return "as it was";
    return out ? line_of_stream(*out) : error_line(out.error());
}

TEST(MessagesStreams, CallsAreJudgedOneByOne) {
    const std::string two = Stream().begin().text(0, "Hm. ").call(1, "x").call(2, "a").end();
    EXPECT_EQ(streamed(Lists("a,x"), two), "as it was");
    EXPECT_EQ(streamed(Lists("a"), two), "a | Hm. <key> | tool_use");
    EXPECT_EQ(streamed(Lists("x"), two), "x | Hm. <key> | tool_use");
    EXPECT_EQ(streamed(Lists("none"), two), " | Hm. <key><key> | end_turn");
    EXPECT_EQ(streamed(Lists("*", "-x"), two), "a | Hm. <team> | tool_use");
    EXPECT_EQ(streamed(Lists("a"), two, ForbiddenCall::Refused), "error tool_not_allowed");
    EXPECT_EQ(streamed(Lists("X,A"), two), " | Hm. <key><key> | end_turn") << "case";
}

TEST(MessagesStreams, BlocksMayComeInTurns) {
    const std::string turns = Stream()
                                  .begin()
                                  .start(0, "x")
                                  .start(1, "a")
                                  .input(0, "{}")
                                  .input(1, "{}")
                                  .stop(1)
                                  .input(0, "")
                                  .stop(0)
                                  .end();
    EXPECT_EQ(streamed(Lists("a"), turns), "a | <key> | tool_use");
    EXPECT_EQ(streamed(Lists("x"), turns), "x | <key> | tool_use");
}

TEST(MessagesStreams, OfTheProvidersOwnToolsGoWithWhatCameOfThem) {
    const std::string search =
        Stream()
            .begin()
            .start(0, "web_search", "server_tool_use")
            .input(0, "{}")
            .stop(0)
            .event({{"type", "content_block_start"},
                    {"index", 1},
                    {"content_block",
                     {{"type", "web_search_tool_result"}, {"tool_use_id", "id_web_search"}}}})
            .stop(1)
            .text(2, "Found.")
            .end("end_turn");
    EXPECT_EQ(streamed(Lists("a"), search), " | <key><key>Found. | end_turn");
    EXPECT_EQ(streamed(Lists("web_search"), search), "as it was");
}

TEST(MessagesStreams, WhatBeginsWithItsBlocksIsJudgedToo) {
    const std::string begun =
        Stream()
            .event({{"type", "message_start"},
                    {"message", {{"content", {json::parse(call("x"))}}, {"stop_reason", nullptr}}}})
            .end();
    const ToolLists all = Lists("a").lists();
    const auto out = feed_all_cuts(ToolDialect::Messages, {.lists = &all}, begun);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->find("\"x\""), std::string::npos);
    EXPECT_NE(out->find("end_turn"), std::string::npos);
}

TEST(MessagesStreams, WhatCannotBeLookedIntoEndsTheStream) {
    const Lists a("a");
    const auto event = [](std::string_view data) {
        return "event: x\ndata: " + std::string(data) + "\n\n";
    };
    for (const char* const data :
         {"hello",
          "[]",
          R"({"type":"content_block_start","content_block":{"type":"tool_use","name":"a"}})",
          R"({"index":"0","content_block":{"type":"tool_use","name":"a"}})",
          R"({"index":0,"content_block":{"type":"tool_use"}})",
          R"({"index":0,"content_block":7})",
          R"({"index":0,"content_block":{"type":"text"},"content_block":{"type":"tool_use"}})",
          R"({"index":0,"delta":{"type":"input_json_delta","name":"x"}})",
          R"({"index":"0","delta":{"type":"text_delta","text":"x"}})"}) {
        EXPECT_EQ(streamed(a, event(data)), "error upstream_error") << data;
    }
}

TEST(MessagesStreams, AStreamThatBreaksOffLeaksNothing) {
    const std::string stream = Stream().begin().call(0, "delete_all").end();
    const ToolLists all = Lists("-delete_all").lists();
    for (size_t end = 0; end < stream.size(); ++end) {
        ToolStream filter(ToolDialect::Messages, {.lists = &all});
        std::string out;
        ASSERT_TRUE(filter.feed(std::string_view(stream).substr(0, end), out));
        EXPECT_EQ(out.find("delete"), std::string::npos) << end;
        EXPECT_EQ(out.find("partial_json"), std::string::npos) << end;
    }
}

}  // namespace
}  // namespace keywarden::tools
