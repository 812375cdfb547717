#include "providers/tool_offer.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/json/scan.h"

namespace keywarden {
namespace {

using enum ToolDialect;

/// A line a turn: "user: hi", "assistant: [a b]", "tool!: ".
std::string told(const ToolOffer& offer) {
    constexpr std::array kRoles = {"system", "user", "assistant", "tool"};
    std::string out;
    for (const ToolTurn& turn : offer.turns()) {
        out += out.empty() ? "" : "\n";
        out += kRoles.at(static_cast<size_t>(turn.role));
        if (turn.is_error) out += "!";
        out += ":";
        if (!turn.text.empty()) out += " " + std::string(turn.text);
        for (const std::string_view call : turn.calls) out += " [" + std::string(call) + "]";
    }
    return out;
}

std::string names_of(const ToolOffer& offer) {
    std::string out;
    for (const std::string_view tool : offer.tools()) {
        const auto read = read_tool_definition(offer.dialect(), tool);
        out += (out.empty() ? "" : " ") + (read ? read->name : "-");
    }
    return out;
}

std::unique_ptr<ToolOffer> offer_of(ToolDialect dialect, const std::string& body) {
    std::array<JsonMember, 1> found;
    constexpr std::array<std::string_view, 1> kModel = {"model"};
    EXPECT_TRUE(find_json_members(body, kModel, found)) << body;
    return ToolOffer::read(dialect, body);
}

constexpr std::string_view kTurns =
    "system: be brief\nuser: say \"hi\" twice\nassistant: well [a] [b]\n"
    "tool:\ntool:\nuser: now this";

TEST(ToolOffer, ReadsChats) {
    const std::string body = R"({"model":"m","messages":[
        {"role":"developer","content":"be brief"},
        {"role":"user","content":[{"type":"text","text":"say \"hi\""},{"type":"image_url"},
                                  {"type":"text","text":"twice"}]},
        {"role":"assistant","content":"well","tool_calls":[
            {"id":"1","type":"function","function":{"name":"a","arguments":"{\"name\":\"x\"}"}},
            {"id":"2","type":"function","function":{"arguments":"{}","name":"b"}}]},
        {"role":"tool","tool_call_id":"1","content":"secret"},
        {"role":"tool","tool_call_id":"2","content":"secret"},
        {"role":"user","content":"now this"}],
      "tools":[{"type":"function","function":{"name":"a"}},{"type":"web_search"},
               {"type":"custom","custom":{"name":"c"}}],
      "tool_choice":{"type":"function","function":{"name":"a"}}})";
    const auto offer = offer_of(Chat, body);
    ASSERT_TRUE(offer);
    EXPECT_EQ(told(*offer), kTurns);
    EXPECT_EQ(names_of(*offer), "a - -") << "what is no function has no name here";
    ASSERT_EQ(offer->chosen().size(), 1U);
    EXPECT_EQ(offer->chosen()[0], "a");
    EXPECT_FALSE(offer->tools_are_off());
}

TEST(ToolOffer, ReadsLegacyFunctions) {
    const std::string body = R"({"messages":[{"role":"user","content":"x"},
        {"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}},
        {"role":"function","name":"f","content":"1"}],
        "functions":[{"name":"f","parameters":{}},{"name":"g"}],"function_call":{"name":"g"}})";
    const auto offer = offer_of(Chat, body);
    ASSERT_TRUE(offer);
    EXPECT_EQ(told(*offer), "user: x\nassistant: [f]\ntool:");
    EXPECT_EQ(names_of(*offer), "f g");
    EXPECT_EQ(offer->chosen()[0], "g");
    EXPECT_FALSE(offer_of(Chat, R"({"messages":[],"tools":[{}],"functions":[{}]})")) << "both";
}

TEST(ToolOffer, MasksByWhatIsAllowed) {
    const std::string tools = R"([{"type":"function","function":{"name":"a"}},)"
                              R"({"type":"function","function":{"name":"b\"b"}},)"
                              R"({"type":"function","function":{"name":"c"}},{"type":"custom"}])";
    const std::string begin = R"({"messages":[], "tools":)" + tools;
    const auto masked = [&](std::string_view choice, const std::vector<uint32_t>& kept) {
        const std::string body = begin + std::string(choice) + "}";
        return offer_of(Chat, body)->with_allowed(kept).value_or("");
    };
    const std::string mask =
        R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto",)"
        R"("tools":[{"type":"function","function":{"name":"a"}},)"
        R"({"type":"function","function":{"name":"b\"b"}}]}})";
    EXPECT_EQ(masked("", {0, 1}), begin + "," + mask + "}");
    EXPECT_EQ(masked(R"(,"tool_choice":"auto")", {0, 1}), begin + "," + mask + "}");
    EXPECT_EQ(masked(R"(,"tool_choice": null)", {0, 1}),
              begin + R"(,"tool_choice": )" + mask.substr(14) + "}");
    const std::string required = masked(R"(,"tool_choice":"required")", {2});
    EXPECT_TRUE(required.contains(
        R"("mode":"required","tools":[{"type":"function","function":{"name":"c"}}])"))
        << required;
    for (const std::string_view choice :
         {R"(,"tool_choice":{"type":"function","function":{"name":"a"}})",
          R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}})",
          R"(,"tool_choice":"none")",
          R"(,"function_call":"auto")"}) {
        EXPECT_EQ(masked(choice, {0}), "") << choice;
    }
    EXPECT_EQ(masked("", {0, 3}), "") << "what is no function cannot be named";
}

TEST(ToolOffer, MasksResponsesInTheirOwnWay) {
    const std::string body =
        R"({"input":"hi","tools":[{"type":"function","name":"a"},{"type":"function","name":"b"}]})";
    EXPECT_EQ(offer_of(Responses, body)->with_allowed(std::vector<uint32_t>{1}),
              body.substr(0, body.size() - 1) +
                  R"(,"tool_choice":{"type":"allowed_tools","mode":"auto",)"
                  R"("tools":[{"type":"function","name":"b"}]}})");
    const std::string other = R"({"messages":[],"tools":[{"name":"a"}]})";
    EXPECT_FALSE(offer_of(Messages, other)->with_allowed(std::vector<uint32_t>{0}));
}

TEST(ToolOffer, WhatBecomesOfAChoiceIsWhatThePolicySays) {
    using enum CachePolicy;
    const std::string body =
        R"({"input":"hi","tools":[{"type":"function","name":"a"},{"type":"function","name":"b"}]})";
    const auto offer = offer_of(Responses, body);
    Selection chosen{.outcome = SelectionOutcome::Selected, .kept = {1}, .pays = false};
    const auto outcome = [&](CachePolicy policy, bool can_mask) {
        return way_of(*offer, chosen, policy, can_mask).outcome;
    };
    EXPECT_EQ(outcome(Auto, false), SelectionOutcome::CacheIsCheaper);
    EXPECT_EQ(outcome(Auto, true), SelectionOutcome::Masked);
    EXPECT_EQ(outcome(Select, true), SelectionOutcome::Selected);
    EXPECT_EQ(outcome(Mask, true), SelectionOutcome::Masked);
    EXPECT_EQ(outcome(Mask, false), SelectionOutcome::LeftWhole);
    EXPECT_EQ(outcome(Leave, true), SelectionOutcome::LeftWhole);
    EXPECT_EQ(way_of(*offer, chosen, Mask, true).masked, offer->with_allowed(chosen.kept));
    chosen.pays = true;
    EXPECT_EQ(outcome(Auto, true), SelectionOutcome::Selected);
    EXPECT_EQ(outcome(Leave, true), SelectionOutcome::LeftWhole);
    chosen.outcome = SelectionOutcome::MostWouldStay;
    EXPECT_EQ(outcome(Mask, true), SelectionOutcome::MostWouldStay);
    EXPECT_TRUE(takes_masks(Auto, "openai"));
    EXPECT_FALSE(takes_masks(Auto, "groq"));
    EXPECT_TRUE(takes_masks(Mask, "")) << "who says so knows";
}

TEST(ToolOffer, ReadsMessages) {
    const std::string body = R"({"system":[{"type":"text","text":"be brief"}],"messages":[
        {"role":"user","content":"say \"hi\" twice"},
        {"role":"assistant","content":[{"type":"text","text":"well"},
            {"type":"tool_use","id":"1","name":"a","input":{"name":"x"}},
            {"type":"tool_use","id":"2","name":"b","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"s"},
            {"type":"tool_result","tool_use_id":"2","content":"s"},
            {"type":"text","text":"now this"}]}],
        "tools":[{"name":"a","input_schema":{}},{"type":"bash_20250124","name":"bash"},
                 {"type":"custom","name":"c","input_schema":{}}],"tool_choice":{"type":"none"}})";
    const auto offer = offer_of(Messages, body);
    ASSERT_TRUE(offer);
    EXPECT_EQ(told(*offer), kTurns);
    EXPECT_EQ(names_of(*offer), "a - c");
    EXPECT_TRUE(offer->tools_are_off());
}

TEST(ToolOffer, ReadsConverse) {
    const std::string body = R"({"system":[{"text":"be brief"}],"messages":[
        {"role":"user","content":[{"text":"say \"hi\""},{"text":"twice"}]},
        {"role":"assistant","content":[{"text":"well"},
            {"toolUse":{"toolUseId":"1","name":"a","input":{}}},
            {"toolUse":{"toolUseId":"2","name":"b","input":{}}}]},
        {"role":"user","content":[{"toolResult":{"toolUseId":"1","content":[]}},
            {"toolResult":{"toolUseId":"2","content":[],"status":"error"}},{"text":"now this"}]}],
        "toolConfig":{"tools":[{"toolSpec":{"name":"a","inputSchema":{"json":{}}}},
            {"cachePoint":{"type":"default"}}],"toolChoice":{"tool":{"name":"a"}}}})";
    const auto offer = offer_of(Converse, body);
    ASSERT_TRUE(offer);
    std::string wanted(kTurns);
    wanted.replace(wanted.rfind("tool:"), 5, "tool!:");
    EXPECT_EQ(told(*offer), wanted);
    EXPECT_EQ(names_of(*offer), "a") << "a cache mark is no tool";
    EXPECT_EQ(offer->chosen()[0], "a");
}

TEST(ToolOffer, ReadsResponses) {
    const std::string body = R"({"instructions":"be brief","input":[
        {"role":"user","content":[{"type":"input_text","text":"say \"hi\" twice"}]},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"well"}]},
        {"type":"reasoning","summary":[]},
        {"type":"function_call","name":"a","arguments":"{}","call_id":"1"},
        {"type":"function_call_output","call_id":"1","output":"s"},
        {"role":"user","content":"now this"}],
        "tools":[{"type":"function","name":"a","parameters":{}},{"type":"mcp","server_label":"x"}],
        "tool_choice":{"type":"allowed_tools","mode":"auto",
                       "tools":[{"type":"function","name":"a"},{"type":"function","name":"z"}]}})";
    const auto offer = offer_of(Responses, body);
    ASSERT_TRUE(offer);
    EXPECT_EQ(told(*offer),
              "system: be brief\nuser: say \"hi\" twice\nassistant: well\nassistant: [a]\ntool:\n"
              "user: now this");
    EXPECT_EQ(names_of(*offer), "a -");
    EXPECT_EQ(std::vector(offer->chosen().begin(), offer->chosen().end()),
              (std::vector<std::string_view>{"a", "z"}));
    EXPECT_EQ(told(*offer_of(Responses, R"({"input":"hi","tools":[{}]})")), "user: hi");
}

TEST(ToolOffer, LeavesAloneWhatIsKnownElsewhereOrNotUnderstood) {
    for (const char* body : {R"({"input":"x","tools":[{}],"previous_response_id":"r"})",
                             R"({"input":"x","tools":[{}],"conversation":"c"})",
                             R"({"input":"x","tools":[{}],"prompt":{"id":"p"}})",
                             R"({"input":"x","tools":[7]})",
                             R"({"input":"x","tools":{}})",
                             R"({"input":"x","tools":[]})",
                             R"({"input":7,"tools":[{}]})",
                             R"({"input":[7],"tools":[{}]})",
                             R"({"input":[{"role":"ghost"}],"tools":[{}]})",
                             R"({"input":"x","tools":null})",
                             R"({"input":"x"})"}) {
        EXPECT_FALSE(offer_of(Responses, body)) << body;
    }
    EXPECT_TRUE(offer_of(Responses, R"({"input":"x","tools":[{}],"prompt":null})"));
}

std::string only(ToolDialect dialect, const std::string& body, std::vector<uint32_t> kept) {
    return offer_of(dialect, body)->with_only(kept);
}

TEST(ToolOffer, ToolsThatStayKeepTheirBytes) {
    const std::string body =
        R"({"a":1, "tools" : [ {"name" : "a" }, {"name":"b"} , {"name":"c"}],"messages":[]})";
    EXPECT_EQ(only(Messages, body, {0, 2}),
              R"({"a":1, "tools" : [{"name" : "a" },{"name":"c"}],"messages":[]})");
    EXPECT_EQ(only(Messages, body, {2, 0}),
              R"({"a":1, "tools" : [{"name":"c"},{"name" : "a" }],"messages":[]})");
}

TEST(ToolOffer, AMarkOfTheCacheMovesToTheLastThatStays) {
    const auto body = [](std::string_view tools) {
        return R"({"messages":[],"tools":[)" + std::string(tools) + "]}";
    };
    const std::string marked =
        body(R"({"name":"a"},{"name":"b"},{"cache_control":{"type":"ephemeral"}, "name":"c"})");
    EXPECT_EQ(only(Messages, marked, {0, 2}),
              body(R"({"name":"a"},{"cache_control":{"type":"ephemeral"}, "name":"c"})"));
    EXPECT_EQ(only(Messages, marked, {0, 1}),
              body(R"({"name":"a"},{"name":"b","cache_control":{"type":"ephemeral"}})"));
    EXPECT_EQ(only(Messages, marked, {2, 1}),
              body(R"({"name":"c"},{"name":"b","cache_control":{"type":"ephemeral"}})"));
    const std::string config =
        R"({"toolConfig":{"tools":[{"toolSpec":{"name":"a"}},{"cachePoint":{"type":"default"}},)"
        R"({"toolSpec":{"name":"b"}}]},"messages":[]})";
    EXPECT_EQ(only(Converse, config, {1}),
              R"({"toolConfig":{"tools":[{"toolSpec":{"name":"b"}},)"
              R"({"cachePoint":{"type":"default"}}]},"messages":[]})");
}

TEST(ToolDefinition, IsReadInEachDialect) {
    const std::string inner = R"("name":"g\u0065t","description":"Get\nit.")";
    const std::string schema =
        R"({"type":"object","required":["city"],"properties":{"city":{"type":"string",)"
        R"("description":"Which.","enum":["A","B",3]},"days":{"type":"array","items":{"type":)"
        R"("object","properties":{"n":{"description":"How many."}}}}}})";
    const std::vector<std::pair<ToolDialect, std::string>> written = {
        {Chat, R"({"type":"function","function":{)" + inner + R"(,"parameters":)" + schema + "}}"},
        {Responses, R"({"type":"function",)" + inner + R"(,"parameters":)" + schema + "}"},
        {Messages, "{" + inner + R"(,"input_schema":)" + schema + "}"},
        {Converse, R"({"toolSpec":{)" + inner + R"(,"inputSchema":{"json":)" + schema + "}}}"}};
    for (const auto& [dialect, text] : written) {
        const auto tool = read_tool_definition(dialect, text);
        ASSERT_TRUE(tool) << text;
        EXPECT_EQ(tool->name, "get");
        EXPECT_EQ(tool->description, "Get\nit.");
        EXPECT_EQ(tool->parameter_names, "city days n ");
        EXPECT_EQ(tool->parameter_count, 3U);
        EXPECT_EQ(tool->required, std::vector<std::string>{"city"});
        EXPECT_EQ(tool_name_of(text), "") << "an escaped one is left to the reader";
    }
    EXPECT_EQ(tool_name_of(R"({"toolSpec":{"name":"a"}})"), "a");
    EXPECT_EQ(tool_name_of("7"), "");
}

TEST(ToolDefinition, WhatIsNoFunctionIsNone) {
    for (const char* text : {"7",
                             "[]",
                             R"({"name":7})",
                             R"({"name":""})",
                             R"({"type":"mcp","name":"x"})",
                             R"({"type":"bash_20250124","name":"bash"})",
                             R"({"type":"function","function":{"description":"x"}})"}) {
        EXPECT_FALSE(read_tool_definition(Chat, text)) << text;
        EXPECT_FALSE(read_tool_definition(Messages, text)) << text;
    }
}

}  // namespace
}  // namespace keywarden
