// Conformance: calls in OpenAI's responses, whole and streamed.
#include <string>

#include "providers/tools/tools_fixture.h"

namespace keywarden::tools {
namespace {

json call(std::string_view name, std::string_view type = "function_call") {
    json item = {{"type", type}, {"id", "fc_" + std::string(name)}, {"status", "completed"}};
    item["call_id"] = "call_" + std::string(name);
    if (!name.empty()) item["name"] = name;
    item["arguments"] = R"({"type":"function_call","name":"x"})";
    return item;
}

json text(std::string_view said) {
    return {{"type", "message"},
            {"role", "assistant"},
            {"content", {{{"type", "output_text"}, {"text", said}}}}};
}

json response(std::initializer_list<json> items) {
    return {{"id", "r1"},
            {"object", "response"},
            {"status", "completed"},
            {"output", json(items)},
            {"tools", json::array()}};
}

void take(Seen& seen, const json& item) {
    if (item["type"] == "message") {
        for (const json& part : item["content"]) seen.text += part["text"].get<std::string>();
    } else {
        seen.calls.push_back(item.value("name", item["type"].get<std::string>()));
    }
}

std::string whole(const Lists& lists,
                  const json& answer,
                  ForbiddenCall on_forbidden = ForbiddenCall::Removed) {
    const ToolLists all = lists.lists();
    const auto changed = filter_answer(
        ToolDialect::Responses, answer.dump(), {.lists = &all, .on_forbidden = on_forbidden});
    if (!changed) return error_line(changed.error());
    if (!*changed) return "as it was";
    Seen seen;
    const json read = json::parse(**changed);
    EXPECT_EQ(read["output"].size(), answer["output"].size()) << "items keep their places";
    for (const json& item : read["output"]) take(seen, item);
    return seen.line();
}

TEST(ResponsesCalls, OfAWholeAnswerAreJudgedOneByOne) {
    const Lists ab("a,b");
    const json reasoning = {{"type", "reasoning"}, {"id", "rs_1"}, {"summary", json::array()}};
    EXPECT_EQ(whole(ab, response({reasoning, call("a"), call("b")})), "as it was");
    EXPECT_EQ(whole(ab, response({text("Hm. "), call("x"), call("b")})), "b | Hm. <key> | ");
    EXPECT_EQ(whole(ab, response({call("x"), call("a"), call("y")})), "a | <key><key> | ");
    EXPECT_EQ(whole(ab, response({call("x", "custom_tool_call")})), " | <key> | ");
    EXPECT_EQ(whole(Lists("none", "a"), response({call("a")})), " | <key> | ");
    EXPECT_EQ(whole(Lists("a", "-a"), response({call("a")})), " | <team> | ");
    EXPECT_EQ(whole(ab, response({call("x")}), ForbiddenCall::Refused), "error tool_not_allowed");
    EXPECT_EQ(whole(ab, {{"object", "response"}}), "as it was");
}

TEST(ResponsesCalls, OfTheProvidersOwnToolsGoByTheirType) {
    const auto is_kept = [](std::string_view list, std::string_view type) {
        return whole(Lists(list), response({call("", type)})) == "as it was";
    };
    EXPECT_TRUE(is_kept("web_search", "web_search_call"));
    EXPECT_TRUE(is_kept("web_search_preview", "web_search_call"));
    EXPECT_TRUE(is_kept("computer_use_preview", "computer_call"));
    EXPECT_TRUE(is_kept("computer", "computer_call"));
    EXPECT_FALSE(is_kept("-web_search", "web_search_call"));
    EXPECT_FALSE(is_kept("a", "code_interpreter_call"));
    EXPECT_FALSE(is_kept("a", "local_shell_call"));
    EXPECT_TRUE(is_kept("mcp", "mcp_call"));
    EXPECT_FALSE(is_kept("a", "mcp_call"));
    EXPECT_FALSE(is_kept("a", "mcp_approval_request"));
    EXPECT_FALSE(is_kept("a", "a_call_of_tomorrow_call"));
    EXPECT_TRUE(is_kept("a", "compaction"));
    const json output = {
        {"type", "shell_call_output"}, {"call_id", "call_x"}, {"output", "secret"}};
    json shell = call("", "shell_call");
    shell["call_id"] = "call_x";
    EXPECT_EQ(whole(Lists("a"), response({shell, output})), " | <key><key> | ");
    EXPECT_EQ(whole(Lists("shell"), response({shell, output})), "as it was");
}

TEST(ResponsesCalls, WhatCannotBeLookedIntoIsRefused) {
    const ToolLists all = Lists("a").lists();
    for (const char* const body : {"{",
                                   "[]",
                                   R"({"output":7})",
                                   R"({"output":[7]})",
                                   R"({"output":[],"output":[]})",
                                   R"({"output":[{"type":"function_call"}]})",
                                   R"({"output":[{"type":"function_call","name":""}]})",
                                   R"({"output":[{"type":"function_call","name":7}]})",
                                   R"({"output":[{"type":"message","type":"function_call"}]})"}) {
        EXPECT_EQ(filter_answer(ToolDialect::Responses, body, {.lists = &all}).error().code,
                  ErrorCode::UpstreamError)
            << body;
    }
}

// ---- streams ----------------------------------------------------------------------------------

class Stream {
public:
    Stream& event(json data) {
        data["sequence_number"] = sequence_++;
        text_ += "event: " + data["type"].get<std::string>() + "\ndata: " + data.dump() + "\n\n";
        return *this;
    }
    Stream& begin() { return event({{"type", "response.created"}, {"response", response({})}}); }
    Stream& added(int index, json item) {
        all_.push_back(item);
        item["arguments"] = "";
        item["status"] = "in_progress";
        return event(
            {{"type", "response.output_item.added"}, {"output_index", index}, {"item", item}});
    }
    Stream& arguments(int index) {
        event({{"type", "response.function_call_arguments.delta"},
               {"item_id", all_.at(static_cast<size_t>(index))["id"]},
               {"output_index", index},
               {"delta", "{}"}});
        return event({{"type", "response.function_call_arguments.done"},
                      {"name", all_.at(static_cast<size_t>(index))["name"]},
                      {"output_index", index},
                      {"arguments", "{}"}});
    }
    Stream& done(int index) {
        return event({{"type", "response.output_item.done"},
                      {"output_index", index},
                      {"item", all_.at(static_cast<size_t>(index))}});
    }
    Stream& call(int index, std::string_view name) {
        return added(index, tools::call(name)).arguments(index).done(index);
    }
    const std::string& end() {
        json last = response({});
        last["output"] = all_;
        event({{"type", "response.completed"}, {"response", last}});
        return text_;
    }

private:
    static json call_of(std::string_view name) { return tools::call(name); }
    int sequence_ = 0;
    json all_ = json::array();
    std::string text_;
};

/// As OpenAI's SDK keeps a snapshot: items by their index, and parts in them.
std::string line_of_stream(std::string_view stream) {
    json output = json::array();
    Seen at_the_end;
    for (const json& event : events_of(stream)) {
        const std::string type = event["type"];
        if (type == "response.output_item.added") {
            EXPECT_EQ(event["output_index"], output.size());
            output.push_back(event["item"]);
        } else if (type == "response.content_part.added") {
            output[event["output_index"].get<size_t>()]["content"].push_back(event["part"]);
        } else if (type == "response.output_text.delta") {
            json& part = output[event["output_index"].get<size_t>()]["content"][0];
            part["text"] = part["text"].get<std::string>() + event["delta"].get<std::string>();
        } else if (type == "response.function_call_arguments.delta") {
            EXPECT_EQ(output[event["output_index"].get<size_t>()]["type"], "function_call");
        } else if (type == "response.output_item.done") {
            const json& item = output[event["output_index"].get<size_t>()];
            EXPECT_EQ(item["type"], event["item"]["type"]);
            EXPECT_EQ(item["id"], event["item"]["id"]);
        } else if (type == "response.completed") {
            for (const json& item : event["response"]["output"]) take(at_the_end, item);
        }
    }
    Seen seen;
    for (const json& item : output) take(seen, item);
    EXPECT_EQ(seen.line(), at_the_end.line());
    return seen.line();
}

std::string streamed(const Lists& lists,
                     std::string_view stream,
                     ForbiddenCall on_forbidden = ForbiddenCall::Removed) {
    const ToolLists all = lists.lists();
    const auto out = feed_all_cuts(
        ToolDialect::Responses, {.lists = &all, .on_forbidden = on_forbidden}, stream);
    if (out && *out == stream) return "as it was";
    return out ? line_of_stream(*out) : error_line(out.error());
}

TEST(ResponsesStreams, CallsAreJudgedOneByOne) {
    const std::string two = Stream().begin().call(0, "x").call(1, "a").end();
    EXPECT_EQ(streamed(Lists("a,x"), two), "as it was");
    EXPECT_EQ(streamed(Lists("a"), two), "a | <key> | ");
    EXPECT_EQ(streamed(Lists("x"), two), "x | <key> | ");
    EXPECT_EQ(streamed(Lists("none"), two), " | <key><key> | ");
    EXPECT_EQ(streamed(Lists("*", "-x"), two), "a | <team> | ");
    EXPECT_EQ(streamed(Lists("a"), two, ForbiddenCall::Refused), "error tool_not_allowed");
}

TEST(ResponsesStreams, ItemsMayComeInTurns) {
    const std::string turns = Stream()
                                  .begin()
                                  .added(0, call("x"))
                                  .added(1, call("a"))
                                  .arguments(1)
                                  .arguments(0)
                                  .done(1)
                                  .done(0)
                                  .end();
    EXPECT_EQ(streamed(Lists("a"), turns), "a | <key> | ");
    EXPECT_EQ(streamed(Lists("x"), turns), "x | <key> | ");
}

TEST(ResponsesStreams, WhatCannotBeLookedIntoEndsTheStream) {
    const Lists a("a");
    const auto event = [](std::string_view data) {
        return "event: x\ndata: " + std::string(data) + "\n\n";
    };
    for (const char* const data :
         {"hello",
          R"({"type":"response.output_item.added","item":{"type":"function_call","name":"x"}})",
          R"({"type":"new","output_index":0,"item":{"type":"function_call","name":"x"}})",
          R"({"type":"x","output_index":0,"item":{"type":"function_call"}})",
          R"({"type":"response.function_call_arguments.done","output_index":0,"name":"x"})",
          R"({"type":"response.completed","response":{"output":[{"type":"function_call"}]}})",
          R"({"type":"response.function_call_arguments.delta","output_index":"0","delta":"{"})"}) {
        EXPECT_EQ(streamed(a, event(data)), "error upstream_error") << data;
    }
    const std::string changes =
        Stream()
            .added(0, call("x"))
            .event(
                {{"type", "response.output_item.done"}, {"output_index", 0}, {"item", call("a")}})
            .end();
    EXPECT_EQ(streamed(a, changes), "error upstream_error");
}

TEST(ResponsesStreams, AStreamThatBreaksOffLeaksNothing) {
    const std::string stream = Stream().begin().call(0, "delete_all").end();
    const ToolLists all = Lists("-delete_all").lists();
    for (size_t end = 0; end < stream.size(); ++end) {
        ToolStream filter(ToolDialect::Responses, {.lists = &all});
        std::string out;
        ASSERT_TRUE(filter.feed(std::string_view(stream).substr(0, end), out));
        EXPECT_EQ(out.find("delete_all"), std::string::npos) << end;
        EXPECT_EQ(out.find("arguments"), std::string::npos) << end;
    }
}

}  // namespace
}  // namespace keywarden::tools
