// Conformance: calls in OpenAI's chat completions, whole and streamed.
#include <array>
#include <string>

#include "providers/tools/tools_fixture.h"

namespace keywarden::tools {
namespace {

/// As OpenAI's SDKs put the pieces together: names and arguments of one index are one text.
class ChatClient {
public:
    void take(const json& holder, const json& choice) {
        if (holder.contains("content") && holder["content"].is_string()) {
            seen_.text += holder["content"].get<std::string>();
        }
        for (const json& call : holder.value("tool_calls", json::array())) {
            add(static_cast<int>(call.value("index", calls_.size())),
                call.contains("custom") ? call["custom"] : call.value("function", json::object()));
        }
        if (holder.contains("function_call")) add(-1, holder["function_call"]);
        const json finish = choice.value("finish_reason", json());
        if (finish.is_string()) seen_.stop = finish;
    }
    Seen seen() {
        int next = 0;
        for (const auto& [index, call] : calls_) {
            if (index >= 0) EXPECT_EQ(index, next++) << "SDKs take indexes without gaps";
            seen_.calls.push_back(call.first + "(" + call.second + ")");
        }
        return seen_;
    }

private:
    void add(int index, const json& function) {
        auto& [name, arguments] = calls_[index];
        if (function.contains("name") && function["name"].is_string()) {
            name += function["name"].get<std::string>();
        }
        for (const char* const member : {"arguments", "input"}) {
            if (function.contains(member) && function[member].is_string()) {
                arguments += function[member].get<std::string>();
            }
        }
    }
    std::map<int, std::pair<std::string, std::string>> calls_{};
    Seen seen_{};
};

std::string line_of_stream(std::string_view stream) {
    ChatClient client;
    for (const json& event : events_of(stream)) {
        for (const json& choice : event.value("choices", json::array())) {
            client.take(choice.value("delta", json::object()), choice);
        }
    }
    return client.seen().line();
}

/// A stream of these choices, an event each.
std::string stream_of(std::initializer_list<std::string> choices) {
    std::string stream = ": hello\n\n";
    for (const std::string& choice : choices) {
        stream +=
            R"(data: {"id":"c1","object":"chat.completion.chunk","choices":[)" + choice + "]}\n\n";
    }
    return stream + "data: [DONE]\n\n";
}

/// A piece of a call. What is empty is not there; "-" is an empty text.
std::string piece(int index, std::string_view id, std::string_view name, std::string_view args) {
    json function = json::object();
    if (!name.empty()) function["name"] = name == "-" ? "" : name;
    if (!args.empty()) function["arguments"] = args == "-" ? "" : args;
    json call = {{"index", index}};
    if (!id.empty()) call["id"] = id;
    call["function"] = function;
    return call.dump();
}

/// A choice with these pieces.
std::string delta(std::initializer_list<std::string> pieces, int choice = 0) {
    std::string list;
    for (const std::string& each : pieces) list += (list.empty() ? "" : ",") + each;
    return R"({"index":)" + std::to_string(choice) + R"(,"delta":{"tool_calls":[)" + list + "]}}";
}

std::string streamed(const Lists& lists,
                     std::string_view stream,
                     ForbiddenCall on_forbidden = ForbiddenCall::Removed) {
    const ToolLists all = lists.lists();
    const auto out =
        feed_all_cuts(ToolDialect::Chat, {.lists = &all, .on_forbidden = on_forbidden}, stream);
    return out ? line_of_stream(*out) : error_line(out.error());
}

std::string whole(const Lists& lists,
                  std::string_view message,
                  std::string_view finish = "tool_calls",
                  ForbiddenCall on_forbidden = ForbiddenCall::Removed) {
    const std::string body = R"({"id":"c1","choices":[{"index":0,"message":)" +
                             std::string(message) + R"(,"finish_reason":")" + std::string(finish) +
                             R"("}],"usage":{"total_tokens":1.50}})";
    const ToolLists all = lists.lists();
    const auto changed =
        filter_answer(ToolDialect::Chat, body, {.lists = &all, .on_forbidden = on_forbidden});
    if (!changed) return error_line(changed.error());
    if (!*changed) return "as it was";
    EXPECT_NE((*changed)->find(R"("usage":{"total_tokens":1.50}})"), std::string::npos)
        << "other bytes stay";
    ChatClient client;
    const json answer = json::parse(**changed);
    client.take(answer["choices"][0]["message"], answer["choices"][0]);
    return client.seen().line();
}

std::string call(std::string_view name, std::string_view id = "call_1") {
    return R"({"id":")" + std::string(id) + R"(","type":"function","function":{"name":")" +
           std::string(name) + R"(","arguments":"{}"}})";
}

std::string message(std::initializer_list<std::string> calls, std::string_view content = "null") {
    std::string list;
    for (const std::string& each : calls) list += (list.empty() ? "" : ",") + each;
    return R"({"role":"assistant","content":)" + std::string(content) + R"(,"tool_calls":[)" +
           list + "]}";
}

TEST(ChatCalls, OfAWholeAnswerAreJudgedOneByOne) {
    const Lists ab("a,b");
    EXPECT_EQ(whole(ab, message({call("a"), call("b")})), "as it was");
    EXPECT_EQ(whole(ab, message({call("a"), call("x")})), "a({}) | <key> | tool_calls");
    EXPECT_EQ(whole(ab, message({call("x"), call("b")})), "b({}) | <key> | tool_calls");
    EXPECT_EQ(whole(ab, message({call("x"), call("a"), call("y"), call("b"), call("z")})),
              "a({}), b({}) | <key> | tool_calls");
    EXPECT_EQ(whole(ab, message({call("x")})), " | <key> | stop");
    EXPECT_EQ(whole(ab, message({call("x"), call("y")}, R"("Hm.")")), " | Hm.\n<key> | stop");
    EXPECT_EQ(whole(ab, message({call("x")}, R"("")")), " | <key> | stop");
    EXPECT_EQ(whole(ab, message({}), "stop"), "as it was");
    EXPECT_EQ(whole(ab, R"({"role":"assistant","content":"hi","tool_calls":null})", "stop"),
              "as it was");
}

TEST(ChatCalls, NamesAreExact) {
    const Lists search("search,get_*");
    EXPECT_EQ(whole(search, message({call("Search")})), " | <key> | stop") << "case";
    EXPECT_EQ(whole(search, message({call("searc\u04bb")})), " | <key> | stop") << "a look-alike";
    EXPECT_EQ(whole(search, message({call(R"(sear\u0063h)")})), "as it was") << "escaped";
    EXPECT_EQ(whole(search, message({call("search ")})), " | <key> | stop");
    EXPECT_EQ(whole(search, message({call(R"(search\u0000)")})), " | <key> | stop");
    EXPECT_EQ(whole(search, message({call("get_weather")})), "as it was");
    EXPECT_EQ(whole(search, message({call("xget_weather")})), " | <key> | stop");
    EXPECT_EQ(whole(search, message({call("get_" + std::string(300, 'x'))})), " | <key> | stop")
        << "longer than any name";
    EXPECT_EQ(whole(Lists("none"), message({call("a")})), " | <key> | stop");
    EXPECT_EQ(whole(Lists("-shell"), message({call("shell"), call("a")})),
              "a({}) | <key> | tool_calls");
    EXPECT_EQ(whole(Lists("a,-a"), message({call("a")})), " | <key> | stop") << "deny beats allow";
    EXPECT_EQ(whole(Lists("a,b", "b,c"), message({call("a"), call("b"), call("c")})),
              "b({}) | <key> | tool_calls")
        << "each scope narrows";
    EXPECT_EQ(whole(Lists("*", "-a"), message({call("a")})), " | <team> | stop");
}

TEST(ChatCalls, OfTheOldKindAndOfFreeTextAreCallsToo) {
    const Lists a("a");
    EXPECT_EQ(whole(a,
                    R"({"content":null,"function_call":{"name":"x","arguments":"{}"}})",
                    "function_call"),
              " | <key> | stop");
    EXPECT_EQ(whole(a, R"({"function_call":{"name":"x","arguments":"{}"}})", "function_call"),
              " | <key> | stop");
    EXPECT_EQ(whole(a,
                    R"({"content":null,"function_call":{"name":"a","arguments":"{}"}})",
                    "function_call"),
              "as it was");
    EXPECT_EQ(whole(a, R"({"tool_calls":[{"type":"custom","custom":{"name":"x","input":"i"}}]})"),
              " | <key> | stop");
    EXPECT_EQ(whole(a, R"({"tool_calls":[{"type":"custom","custom":{"name":"a","input":"i"}}]})"),
              "as it was");
    EXPECT_EQ(whole(a,
                    R"({"content":[],"tool_calls":[)" + call("x") +
                        R"(],"function_call":{"name":"y","arguments":""}})"),
              " |  | stop")
        << "the note is a part of the content";
}

TEST(ChatCalls, WhatCannotBeLookedIntoIsRefused) {
    const Lists a("a");
    for (const char* const odd : {R"({"tool_calls":{}})",
                                  R"({"tool_calls":[7]})",
                                  R"({"tool_calls":[{"type":"function"}]})",
                                  R"({"tool_calls":[{"type":"function","function":{"name":7}}]})",
                                  R"({"tool_calls":[{"function":{"name":"a","name":"x"}}]})",
                                  R"({"tool_calls":[{"function":{"name":"a","Name":"x"}}]})",
                                  R"({"tool_calls":[],"tool_calls":[{"function":{"name":"x"}}]})",
                                  R"({"tool_calls":[],"Tool_Calls":[{"function":{"name":"x"}}]})",
                                  R"({"tool_calls":[{"function":{"name":"\ud800"}}]})",
                                  R"({"function_call":"x"})",
                                  "[]"}) {
        EXPECT_EQ(whole(a, odd), "error upstream_error") << odd;
    }
    const ToolLists all = a.lists();
    for (const char* const body : {"", "{", "[]", R"({"choices":7})", "{} {}", "\xff"}) {
        EXPECT_EQ(filter_answer(ToolDialect::Chat, body, {.lists = &all}).error().code,
                  ErrorCode::UpstreamError)
            << body;
    }
    const std::string deep = R"({"choices":[{"message":{"x":)" + std::string(1000, '[') +
                             std::string(1000, ']') + "}}]}";
    EXPECT_FALSE(filter_answer(ToolDialect::Chat, deep, {.lists = &all}));
    std::string many = call("a");
    for (size_t i = 0; i < kToolCallsMax; ++i) many += "," + call("a");
    EXPECT_EQ(whole(a, R"({"tool_calls":[)" + many + "]}"), "error upstream_error");
}

TEST(ChatCalls, RefuseTheAnswerWhereThatIsSet) {
    EXPECT_EQ(whole(Lists("a"), message({call("x")}), "tool_calls", ForbiddenCall::Refused),
              "error tool_not_allowed");
    EXPECT_EQ(whole(Lists("a"), message({call("a")}), "tool_calls", ForbiddenCall::Refused),
              "as it was");
}

// ---- streams ----------------------------------------------------------------------------------

const std::string kEnd = R"({"index":0,"delta":{},"finish_reason":"tool_calls"})";

/// A stream in which one call's name comes in pieces, at these places.
std::string split_name(std::string_view name, const std::vector<size_t>& cuts) {
    std::string stream = stream_of({R"({"index":0,"delta":{"role":"assistant","content":null}})"});
    stream.resize(stream.size() - std::string_view("data: [DONE]\n\n").size());
    std::vector<std::string> pieces;
    size_t at = 0;
    for (const size_t cut : cuts) {
        pieces.emplace_back(name.substr(at, cut - at));
        at = cut;
    }
    pieces.emplace_back(name.substr(at));
    bool is_first = true;
    for (const std::string& piece : pieces) {
        json function = {{"name", piece}, {"arguments", ""}};
        json call = {{"index", 0}, {"function", function}};
        if (is_first) call["id"] = "call_1";
        is_first = false;
        const json choice = {{"index", 0}, {"delta", {{"tool_calls", {call}}}}};
        stream += "data: " + json({{"id", "c1"}, {"choices", {choice}}}).dump() + "\n\n";
    }
    const std::string rest =
        stream_of({delta({piece(0, "", "", "{\"q\":")}), delta({piece(0, "", "", "1}")}), kEnd});
    return stream + rest;
}

TEST(ChatStreams, ANameIsHeldBackUntilItIsWholeWhereverItIsSplit) {
    constexpr std::string_view kName = "delete_repository";
    for (size_t cut = 0; cut <= kName.size(); ++cut) {
        const std::string stream = split_name(kName, {cut});
        EXPECT_EQ(streamed(Lists("delete,delete_*,-delete_repository"), stream), " | <key> | stop")
            << cut;
        EXPECT_EQ(streamed(Lists("delete_repository"), stream),
                  R"(delete_repository({"q":1}) |  | tool_calls)")
            << cut;
    }
    std::vector<size_t> everywhere;
    for (size_t cut = 1; cut < kName.size(); ++cut) everywhere.push_back(cut);
    EXPECT_EQ(streamed(Lists("d*,-delete_repository"), split_name(kName, everywhere)),
              " | <key> | stop");
    EXPECT_EQ(streamed(Lists("delete_repository"), split_name(kName, everywhere)),
              R"(delete_repository({"q":1}) |  | tool_calls)");
}

TEST(ChatStreams, WhatIsLetThroughGoesOnByteForByte) {
    const ToolLists all = Lists("a,b").lists();
    const std::string stream =
        stream_of({R"({"index":0, "delta" : {"role":"assistant","content":"Hm"}})",
                   delta({piece(0, "1", "a", "-")}),
                   delta({piece(0, "", "", "{}")}),
                   delta({piece(1, "2", "b", "{}")}),
                   kEnd});
    EXPECT_EQ(feed_all_cuts(ToolDialect::Chat, {.lists = &all}, stream).value(), stream);
    const std::string plain =
        "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\r\n\r\n"
        ": ping\n\nid: 7\nevent: x\ndata:{\"error\":{}}\n\ndata: [DONE]";
    EXPECT_EQ(feed_cut(ToolDialect::Chat, {.lists = &all}, plain, 0).value(), plain + "\n\n");
}

TEST(ChatStreams, NothingIsHeldOnceANameIsWhole) {
    const ToolLists all = Lists("a").lists();
    ToolStream filter(ToolDialect::Chat, {.lists = &all});
    const auto event = [](std::string_view function) {
        return R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":)" +
               std::string(function) + "}]}}]}\n\n";
    };
    std::string out;
    ASSERT_TRUE(filter.feed(event(R"({"name":"a","arguments":""})"), out));
    EXPECT_EQ(out, "") << "it may go on";
    ASSERT_TRUE(filter.feed(event(R"({"arguments":"{"})"), out));
    EXPECT_EQ(events_of(out).size(), 2U);
    ASSERT_TRUE(filter.feed(event(R"({"arguments":"}"})"), out));
    EXPECT_EQ(events_of(out).size(), 3U);
}

TEST(ChatStreams, ANameThatCameInPiecesGoesOnInOne) {
    const ToolLists all = Lists("delete_repository").lists();
    const auto out =
        feed_cut(ToolDialect::Chat, {.lists = &all}, split_name("delete_repository", {3, 9}), 0);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->find(R"("name":"del")"), std::string::npos) << *out;
    EXPECT_EQ(out->find(R"("name":"delete_repository")"), out->rfind(R"("name")")) << *out;
}

TEST(ChatStreams, ANameIsWholeOnceItsChoiceEnds) {
    const ToolLists all = Lists("a").lists();
    ToolStream filter(ToolDialect::Chat, {.lists = &all});
    std::string out;
    const auto event = [](const std::string& choice) {
        return "data: {\"choices\":[" + choice + "]}\n\n";
    };
    ASSERT_TRUE(filter.feed(event(delta({piece(0, "1", "a", "-")})), out));
    EXPECT_EQ(out, "");
    ASSERT_TRUE(filter.feed(event(kEnd), out));
    EXPECT_EQ(events_of(out).size(), 2U) << "without waiting for the end of the stream";
}

TEST(ChatStreams, CallsAreJudgedOneByOne) {
    const std::string parallel =
        stream_of({R"({"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[)" +
                       piece(0, "1", "a", "-") + "]}}",
                   delta({piece(0, "", "", "{}")}),
                   delta({piece(1, "2", "x", "-")}),
                   delta({piece(1, "", "", "{}")}),
                   delta({piece(2, "3", "b", "-")}),
                   delta({piece(2, "", "", "[]")}),
                   kEnd});
    EXPECT_EQ(streamed(Lists("a,b"), parallel), "a({}), b([]) | <key> | tool_calls");
    EXPECT_EQ(streamed(Lists("b"), parallel), "b([]) | <key><key> | tool_calls");
    EXPECT_EQ(streamed(Lists("a"), parallel), "a({}) | <key><key> | tool_calls");
    EXPECT_EQ(streamed(Lists("none"), parallel), " | <key><key><key> | stop");
    EXPECT_EQ(streamed(Lists("a,b,x"), parallel), "a({}), x({}), b([]) |  | tool_calls");
    EXPECT_EQ(streamed(Lists("a,b"), parallel, ForbiddenCall::Refused), "error tool_not_allowed");
}

TEST(ChatStreams, CallsMayComeTogetherAndInTurns) {
    const std::string together =
        stream_of({delta({piece(0, "1", "x", "{}"), piece(1, "2", "a", "{}")}), kEnd});
    EXPECT_EQ(streamed(Lists("a"), together), "a({}) | <key> | tool_calls");
    EXPECT_EQ(streamed(Lists("x"), together), "x({}) | <key> | tool_calls");
    const std::string in_turns = stream_of({delta({piece(0, "1", "del", "")}),
                                            delta({piece(1, "2", "sea", "")}),
                                            delta({piece(0, "", "ete", "")}),
                                            delta({piece(1, "", "rch", "")}),
                                            delta({piece(1, "", "", "{}")}),
                                            delta({piece(0, "", "", "{}")}),
                                            kEnd});
    EXPECT_EQ(streamed(Lists("search"), in_turns), "search({}) | <key> | tool_calls");
    EXPECT_EQ(streamed(Lists("delete"), in_turns), "delete({}) | <key> | tool_calls");
    EXPECT_EQ(streamed(Lists("del,sea"), in_turns), " | <key><key> | stop");
    const std::string without_arguments =
        stream_of({delta({piece(0, "1", "a", "")}), delta({piece(1, "2", "x", "")}), kEnd});
    EXPECT_EQ(streamed(Lists("a"), without_arguments), "a() | <key> | tool_calls");
}

TEST(ChatStreams, EachChoiceHasItsOwnCalls) {
    const std::string two = stream_of(
        {R"({"index":0,"delta":{"content":"zero"}},)" + delta({piece(0, "1", "x", "{}")}, 1),
         R"({"index":1,"delta":{},"finish_reason":"tool_calls"})",
         delta({piece(0, "2", "a", "{}")}),
         kEnd});
    EXPECT_EQ(streamed(Lists("a"), two), "a({}) | zero<key> | tool_calls");
}

TEST(ChatStreams, SomeProvidersCountNoCallsAndRepeatNames) {
    const std::string one_place =
        stream_of({delta({piece(0, "1", "x", "{}")}), delta({piece(0, "2", "a", "{}")}), kEnd});
    EXPECT_EQ(streamed(Lists("a"), one_place), "a({}) | <key> | tool_calls");
    const std::string repeated =
        stream_of({delta({piece(0, "1", "a", "{")}), delta({piece(0, "1", "a", "}")}), kEnd});
    EXPECT_EQ(streamed(Lists("a"), repeated), "a({}) |  | tool_calls") << "not aa";
    EXPECT_EQ(streamed(Lists("none"), repeated), " | <key> | stop");
}

TEST(ChatStreams, OfTheOldKindAndOfFreeTextAreCallsToo) {
    const std::string old =
        stream_of({R"({"index":0,"delta":{"function_call":{"name":"del","arguments":""}}})",
                   R"({"index":0,"delta":{"function_call":{"name":"ete","arguments":""}}})",
                   R"({"index":0,"delta":{"function_call":{"arguments":"{}"}}})",
                   R"({"index":0,"delta":{},"finish_reason":"function_call"})"});
    EXPECT_EQ(streamed(Lists("del,ete"), old), " | <key> | stop");
    EXPECT_EQ(streamed(Lists("delete"), old), "delete({}) |  | function_call");
    const std::string custom = stream_of(
        {delta({R"({"index":0,"id":"1","type":"custom","custom":{"name":"x","input":""}})"}),
         R"({"index":0,"delta":{"tool_calls":[{"index":0,"custom":{"input":"ls"}}]}})",
         kEnd});
    EXPECT_EQ(streamed(Lists("a"), custom), " | <key> | stop");
    EXPECT_EQ(streamed(Lists("x"), custom), "x(ls) |  | tool_calls");
}

TEST(ChatStreams, WhatCannotBeLookedIntoEndsTheStream) {
    const Lists a("a");
    const std::string named = delta({piece(0, "1", "a", "{")});
    for (const std::string& odd :
         {std::string(delta({piece(0, "", "", "{")})),
          delta({R"({"index":"0","function":{"name":"a"}})"}),
          std::string(R"({"index":0,"delta":{"tool_calls":{"0":{}}}})"),
          std::string(R"({"index":0,"delta":{"tool_calls":[[]]}})"),
          std::string(R"({"index":0,"message":{"tool_calls":[]}})"),
          delta({R"({"index":0,"name":"a","function":{"name":"x"}})"}),
          named + "]}\n\ndata: {\"choices\":[" + delta({piece(0, "", "bc", "")}),
          std::string(delta({piece(0, "1", "a", "")})) + "]}\n\ndata: {\"choices\":[" +
              delta({piece(0, "2", "b", "")}),
          std::string(R"({"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":")") +
              std::string(kToolNameBytesMax + 1, 'a') + R"("}}]}})"}) {
        EXPECT_EQ(streamed(a, stream_of({odd})), "error upstream_error") << odd;
    }
    EXPECT_EQ(streamed(a, "data: hello\n\n"), "error upstream_error");
    EXPECT_EQ(streamed(a, "data: {\"choices\":[\n\n"), "error upstream_error");
    // A name that does not end.
    const ToolLists all = a.lists();
    ToolStream filter(ToolDialect::Chat, {.lists = &all});
    std::string out;
    Result<void> fed =
        filter.feed("data: {\"choices\":[" + delta({piece(0, "", "a", "")}) + "]}\n\n", out);
    const std::string text =
        "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(10'000, 'x') + "\"}}]}\n\n";
    size_t bytes = 0;
    for (; fed && bytes < 2 * kToolEventsHeldBytesMax; bytes += text.size()) {
        fed = filter.feed(text, out);
    }
    EXPECT_FALSE(fed);
    EXPECT_EQ(out, "");
}

TEST(ChatStreams, AStreamThatBreaksOffLeaksNothing) {
    const std::string stream = split_name("delete_repository", {3, 6});
    const ToolLists all = Lists("del*,-delete_repository").lists();
    for (size_t end = 0; end < stream.size(); ++end) {
        ToolStream filter(ToolDialect::Chat, {.lists = &all});
        std::string out;
        ASSERT_TRUE(filter.feed(std::string_view(stream).substr(0, end), out));
        EXPECT_EQ(line_of_stream(out).find("del"), std::string::npos) << end;
    }
}

TEST(ChatStreams, AnEventWithoutItsEmptyLineIsJudgedToo) {
    const ToolLists all = Lists("a").lists();
    const std::string last = R"(data: {"choices":[)" + delta({piece(0, "", "x", "{}")}) + "]}";
    const auto out = feed_cut(ToolDialect::Chat, {.lists = &all}, last, 0);
    ASSERT_TRUE(out);
    EXPECT_EQ(line_of_stream(*out), " | <key> | ");
}

}  // namespace
}  // namespace keywarden::tools
