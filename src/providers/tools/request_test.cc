// Conformance: what requests offer, and what they insist on.
#include <string>

#include "providers/tools/tools_fixture.h"

namespace keywarden::tools {
namespace {

/// "2/3 {…}": how many were kept of how many, and what goes up; "as it was": nothing changes.
std::string pruned(ToolDialect dialect, const Lists& lists, std::string_view body) {
    const ToolLists all = lists.lists();
    const auto request = prune_tools(dialect, body, all);
    if (!request) {
        std::string line = error_line(request.error()) + " " + request.error().param;
        for (const Fact& fact : request.error().facts) {
            if (fact.name == "denied_by") line += " " + std::get<std::string>(fact.value);
        }
        return line;
    }
    return std::to_string(request->kept) + "/" + std::to_string(request->offered) + " " +
           request->body.value_or("as it was");
}

std::string chat(const Lists& lists, std::string_view body) {
    return pruned(ToolDialect::Chat, lists, body);
}

std::string function(std::string_view name) {
    return R"({"type":"function", "function": {"name":")" + std::string(name) + R"("}})";
}

const std::string kA = function("a");
const std::string kB = function("b");
const std::string kX = function("x");

std::string offers(std::initializer_list<std::string> tools, std::string_view rest = "") {
    std::string list;
    for (const std::string& tool : tools) list += (list.empty() ? "" : " , ") + tool;
    return R"({"model":"m","tools": [)" + list + "]" + std::string(rest) + "}";
}

TEST(OfferedTools, AreKeptByteForByteOrTakenOut) {
    const Lists ab("a,b");
    EXPECT_EQ(chat(ab, offers({kA, kB})), "2/2 as it was");
    EXPECT_EQ(chat(ab, offers({kX, kA, kB})), "2/3 " + offers({kA, kB}));
    EXPECT_EQ(chat(ab, offers({kA, kX, kB})), "2/3 " + offers({kA, kB}));
    EXPECT_EQ(chat(ab, offers({kA, kB, kX})), "2/3 " + offers({kA, kB}));
    EXPECT_EQ(chat(ab, offers({kX, kA, kX, kX, kB, kX})), "2/6 " + offers({kA, kB}))
        << "as often as it is there";
    EXPECT_EQ(chat(ab, R"({"model":"m"})"), "0/0 as it was");
    EXPECT_EQ(chat(ab, R"({"model":"m","tools":[]})"), "0/0 as it was");
    EXPECT_EQ(chat(ab, R"({"model":"m","tools":null,"tool_choice":null})"), "0/0 as it was");
}

TEST(OfferedTools, NoneLeftTakesTheFieldAndTheChoiceWithIt) {
    const Lists none("none");
    EXPECT_EQ(chat(none, offers({kA, kX})), R"(0/2 {"model":"m"})");
    EXPECT_EQ(
        chat(none, offers({kA}, R"(,"tool_choice":"required","parallel_tool_calls":true,"n":1)")),
        R"(0/1 {"model":"m","n":1})");
    EXPECT_EQ(chat(none, R"({"tool_choice":"auto","tools":[)" + kA + R"(],"model":"m"})"),
              R"(0/1 {"model":"m"})");
    EXPECT_EQ(chat(none, R"({"tools":[)" + kA + "]}"), "0/1 {}");
    EXPECT_EQ(chat(none, R"({"functions":[{"name":"a"}],"function_call":"auto","model":"m"})"),
              R"(0/1 {"model":"m"})");
    EXPECT_EQ(
        chat(Lists("a"), R"({"functions":[{"name":"x"},{"name":"a"}],"function_call":"auto"})"),
        R"(1/2 {"functions":[{"name":"a"}],"function_call":"auto"})");
}

TEST(OfferedTools, NamesAreExact) {
    const Lists search("search,get_*");
    const auto is_kept = [&](std::string_view name) {
        return chat(search, offers({function(name)})) == "1/1 as it was";
    };
    EXPECT_TRUE(is_kept("search"));
    EXPECT_TRUE(is_kept(R"(sear\u0063h)"));
    EXPECT_TRUE(is_kept("get_"));
    EXPECT_TRUE(is_kept("get_weather"));
    for (const char* const other :
         {"Search", "searc\u04bb", "search ", " search", "search\u200b", "", "researchsearch"}) {
        EXPECT_FALSE(is_kept(other)) << other;
    }
    EXPECT_FALSE(is_kept("get_" + std::string(kToolNameBytesMax, 'x')));
    EXPECT_EQ(chat(Lists("sëarch"), offers({function("sëarch"), function("search")})),
              "1/2 " + offers({function("sëarch")}));
    EXPECT_EQ(chat(Lists("-x"), offers({function(""), kX})), "1/2 " + offers({function("")}));
    EXPECT_EQ(chat(Lists("a,b", "b,x"), offers({kA, kB, kX})), "1/3 " + offers({kB}));
    EXPECT_EQ(chat(Lists("*,-x"), offers({kA, kX})), "1/2 " + offers({kA}));
}

TEST(OfferedTools, EveryNameOfAToolMustBeLetThrough) {
    const Lists a("a");
    EXPECT_EQ(chat(a, offers({R"({"type":"function","name":"x","function":{"name":"a"}})", kA})),
              "1/2 " + offers({kA}));
    EXPECT_EQ(chat(a, offers({R"({"type":"custom","custom":{"name":"x"}})", kA})),
              "1/2 " + offers({kA}));
    EXPECT_EQ(chat(a, offers({R"({"type":"namespace","name":"a","tools":[)" + kX + "]}", kA})),
              "1/2 " + offers({kA}));
    EXPECT_EQ(chat(a, offers({R"({"type":"namespace","name":"a","tools":[)" + kA + "]}"})),
              "1/1 as it was");
}

TEST(OfferedTools, WhatCannotBeLookedIntoIsRefused) {
    const Lists a("a");
    for (const char* const tool : {"7",
                                   "null",
                                   R"("a")",
                                   "[]",
                                   "{}",
                                   R"({"type":"function"})",
                                   R"({"type":"function","function":{}})",
                                   R"({"type":"function","function":{"name":7}})",
                                   R"({"type":"function","function":"a"})",
                                   R"({"type":7,"name":"a"})",
                                   R"({"name":"a","name":"x"})",
                                   R"({"name":"a","Name":"x"})",
                                   R"({"name":"\ud800"})",
                                   R"({"name":"a","tools":7})"}) {
        EXPECT_EQ(chat(a, offers({tool})), "error invalid_request tools") << tool;
    }
    EXPECT_EQ(chat(a, R"({"functions":[7]})"), "error invalid_request functions");
    EXPECT_EQ(chat(a, R"({"tools":{}})"), "error invalid_request tools");
    EXPECT_EQ(chat(a, R"({"tools":[],"tools":[)" + kX + "]}"), "error invalid_request tools");
    EXPECT_EQ(chat(a, R"({"functions":[],"Functions":[)" + kX + "]}"),
              "error invalid_request functions");
    std::string deep = kA;
    for (int i = 0; i < 5; ++i) deep = R"({"name":"a","tools":[)" + deep + "]}";
    EXPECT_EQ(chat(a, offers({deep})), "error invalid_request tools");
}

TEST(OfferedTools, MayBeManyButNotTooMany) {
    std::string list = kA;
    for (size_t i = 1; i < kToolsJudgedMax; ++i) list += "," + (i % 2 == 0 ? kA : kX);
    EXPECT_EQ(chat(Lists("a"), R"({"tools":[)" + list + "]}").substr(0, 9), "512/1024 ");
    list += "," + kA;
    EXPECT_EQ(chat(Lists("a"), R"({"tools":[)" + list + "]}"), "error invalid_request tools");
    const std::string schema(1 << 20U, 'x');
    const std::string big =
        R"({"type":"function","function":{"name":"a","description":")" + schema + R"("}})";
    EXPECT_EQ(chat(Lists("a"), offers({big, kX})), "1/2 " + offers({big}));
    const std::string nested =
        R"({"name":"a","parameters":)" + std::string(400, '[') + std::string(400, ']') + "}";
    EXPECT_EQ(chat(Lists("a"), offers({nested, kX})), "1/2 " + offers({nested}));
}

TEST(ChosenTools, ThatAreNotLetThroughRefuseTheCall) {
    const Lists a("a", "-y");
    const auto choose = [&](std::string_view choice) {
        const std::string answer =
            chat(a, offers({kA}, R"(,"tool_choice":)" + std::string(choice)));
        return answer == "1/1 as it was" ? "ok" : answer;
    };
    const std::string denied = "error tool_not_allowed tool_choice key";
    EXPECT_EQ(choose(R"("auto")"), "ok");
    EXPECT_EQ(choose(R"("required")"), "ok");
    EXPECT_EQ(choose(R"("none")"), "ok");
    EXPECT_EQ(choose(R"("any")"), "ok");
    EXPECT_EQ(choose(R"("a")"), "ok") << "some take a bare name";
    EXPECT_EQ(choose(R"("x")"), denied);
    EXPECT_EQ(choose(kA), "ok");
    EXPECT_EQ(choose(kX), denied);
    EXPECT_EQ(choose(function("y")), "error tool_not_allowed tool_choice team");
    EXPECT_EQ(choose(R"({"type":"function","name":"x"})"), denied);
    EXPECT_EQ(choose(R"({"type":"custom","custom":{"name":"x"}})"), denied);
    EXPECT_EQ(choose(R"({"type":"auto"})"), "ok");
    EXPECT_EQ(
        choose(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[)" + kA + "]}}"),
        "ok");
    EXPECT_EQ(choose(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[)" + kA +
                     "," + kX + "]}}"),
              denied);
    EXPECT_EQ(choose(R"({"type":"allowed_tools","mode":"auto","tools":[)" + kX + "]}"), denied);
    EXPECT_EQ(choose(R"({"type":"web_search"})"), denied);
    EXPECT_EQ(choose("7"), "error invalid_request tool_choice");
    EXPECT_EQ(choose(R"({"type":"allowed_tools","allowed_tools":[]})"),
              "error invalid_request tool_choice");
    EXPECT_EQ(chat(a, R"({"tool_choice":)" + kX + "}"), denied) << "though it is not offered";
    EXPECT_EQ(chat(Lists("none"), R"({"tool_choice":)" + kA + R"(,"tools":[)" + kA + "]}"), denied);
    EXPECT_EQ(chat(a, R"({"functions":[{"name":"a"}],"function_call":{"name":"x"}})"),
              "error tool_not_allowed function_call key");
    EXPECT_EQ(chat(a, R"({"functions":[{"name":"a"}],"function_call":{"name":"a"}})"),
              "1/1 as it was");
}

TEST(OfferedTools, OfTheProviderGoByTheirNameOrType) {
    const auto kept = [](std::string_view list, std::string_view tool) {
        const std::string body = R"({"tools":[)" + std::string(tool) + "]}";
        return pruned(ToolDialect::Responses, Lists(list), body) == "1/1 as it was";
    };
    EXPECT_TRUE(kept("web_search", R"({"type":"web_search"})"));
    EXPECT_TRUE(kept("web_search", R"({"type":"web_search_preview"})"));
    EXPECT_TRUE(kept("web_search_preview", R"({"type":"web_search_preview"})"));
    EXPECT_TRUE(kept("web_search", R"({"type":"web_search_preview_2025_03_11"})"));
    EXPECT_TRUE(kept("computer", R"({"type":"computer_use_preview","display_width":1})"));
    EXPECT_FALSE(kept("-web_search", R"({"type":"web_search_preview"})"));
    EXPECT_FALSE(kept("a", R"({"type":"code_interpreter","container":{"type":"auto"}})"));
    EXPECT_TRUE(kept("mcp", R"({"type":"mcp","server_label":"s","server_url":"https://s"})"));
    EXPECT_FALSE(kept("s,a", R"({"type":"mcp","server_label":"s","allowed_tools":["a"]})"));
    EXPECT_TRUE(kept("bash", R"({"type":"bash_20250124","name":"bash"})")) << "Anthropic's";
    EXPECT_FALSE(kept("a", R"({"type":"web_search_20250305","name":"web_search"})"));
}

TEST(OfferedTools, ServersAndOptionsThatBringToolsAreJudgedToo) {
    const std::string servers =
        R"({"model":"m","mcp_servers":[{"url":"https://s","name":"s"}],"max_tokens":9})";
    EXPECT_EQ(pruned(ToolDialect::Messages, Lists("a"), servers),
              R"(0/0 {"model":"m","max_tokens":9})");
    EXPECT_EQ(pruned(ToolDialect::Messages, Lists("mcp"), servers), "0/0 as it was");
    EXPECT_EQ(chat(Lists("a"), R"({"model":"m","web_search_options":{}})"), R"(0/0 {"model":"m"})");
    EXPECT_EQ(chat(Lists("web_search"), R"({"web_search_options":{}})"), "0/0 as it was");
    EXPECT_EQ(pruned(ToolDialect::Responses, Lists("a"), R"({"prompt":{"id":"p"}})"),
              "error tool_not_allowed prompt key");
    EXPECT_EQ(pruned(ToolDialect::Responses, Lists("a"), R"({"prompt":null})"), "0/0 as it was");
    EXPECT_EQ(chat(Lists("a"), R"({"prompt":"of a text completion"})"), "0/0 as it was");
}

TEST(OfferedTools, InAnthropicsDialect) {
    const Lists a("a");
    const auto messages = [&](std::string_view body) {
        return pruned(ToolDialect::Messages, a, body);
    };
    EXPECT_EQ(messages(R"({"tools":[{"name":"x"},{"name":"a"}],"tool_choice":{"type":"any"}})"),
              R"(1/2 {"tools":[{"name":"a"}],"tool_choice":{"type":"any"}})");
    EXPECT_EQ(messages(R"({"tools":[{"name":"x"}],"tool_choice":{"type":"auto"},"stream":true})"),
              R"(0/1 {"stream":true})");
    EXPECT_EQ(messages(R"({"tools":[{"name":"a"}],"tool_choice":{"type":"tool","name":"x"}})"),
              "error tool_not_allowed tool_choice key");
    EXPECT_EQ(messages(R"({"tools":[{"name":"a"}],"tool_choice":{"type":"tool","name":"a"}})"),
              "1/1 as it was");
    EXPECT_EQ(messages(R"({"messages":[{"role":"assistant","content":[{"type":"tool_use",
                          "id":"1","name":"x","input":{}}]}]})"),
              "0/0 as it was")
        << "what was called stays told";
}

TEST(OfferedTools, InBedrocksDialect) {
    const auto converse = [](std::string_view list, std::string_view body) {
        return pruned(ToolDialect::Converse, Lists(list), body);
    };
    const std::string a = R"({"toolSpec":{"name":"a","inputSchema":{"json":{}}}})";
    const std::string x = R"({"toolSpec":{"name":"x"}})";
    const std::string mark = R"({"cachePoint":{"type":"default"}})";
    const auto config = [](const std::string& tools, const std::string& rest = "") {
        return R"({"messages":[],"toolConfig":{"tools":[)" + tools + "]" + rest + "}}";
    };
    EXPECT_EQ(converse("a", config(a + "," + x + "," + mark)), "1/2 " + config(a + "," + mark));
    EXPECT_EQ(converse("a", config(a + "," + mark)), "1/1 as it was");
    EXPECT_EQ(converse("none", config(a + "," + mark)), R"(0/1 {"messages":[]})");
    EXPECT_EQ(converse("a", config(R"({"systemTool":{"name":"nova_grounding"}},)" + a)),
              "1/2 " + config(a));
    EXPECT_EQ(converse("a", config(a, R"(,"toolChoice":{"tool":{"name":"x"}})")),
              "error tool_not_allowed toolConfig.toolChoice key");
    EXPECT_EQ(converse("a", config(a, R"(,"toolChoice":{"tool":{"name":"a"}})")), "1/1 as it was");
    EXPECT_EQ(converse("a", config(a, R"(,"toolChoice":{"any":{}})")), "1/1 as it was");
    EXPECT_EQ(converse("a", config(R"({"unheardOf":{}})")),
              "error invalid_request toolConfig.tools");
    EXPECT_EQ(converse("a", config(R"({"toolSpec":{"name":"a"},"toolSpec":{"name":"x"}})")),
              "error invalid_request toolSpec");
    EXPECT_EQ(converse("a", R"({"toolConfig":7})"), "error invalid_request toolConfig");
    EXPECT_EQ(converse("a",
                       R"({"additionalModelRequestFields":{"tools":[{"type":"bash_20250124",
                           "name":"bash"}],"anthropic_beta":["b"]}})"),
              R"(0/1 {"additionalModelRequestFields":{"anthropic_beta":["b"]}})")
        << "what a model takes beyond Converse";
}

}  // namespace
}  // namespace keywarden::tools
