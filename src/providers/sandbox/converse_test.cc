// The sandbox in Bedrock's dialect.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/event_stream.h"
#include "providers/sandbox.h"

namespace keywarden {
namespace {

using nlohmann::json;

const json kHello = {
    {"messages", {{{"role", "user"}, {"content", {{{"text", "one two three"}}}}}}}};
const json kTools = {{"tools",
                      {{{"toolSpec",
                         {{"name", "get_weather"},
                          {"inputSchema",
                           {{"json",
                             {{"type", "object"},
                              {"required", {"city"}},
                              {"properties", {{"city", {{"type", "string"}}}}}}}}}}}}}},
                     {"toolChoice", {{"any", json::object()}}}};

Result<SandboxAnswer> ask(const std::string& operation,
                          const json& body,
                          const std::string& model = "sandbox") {
    return answer_in_sandbox({.path = "/model/{id}/" + operation,
                              .content_type = "application/json",
                              .body = body.dump(),
                              .model = model});
}

std::string bytes_of(SandboxAnswer answer) {
    std::string all;
    SandboxStep step;
    while (answer.steps.next(step)) all += step.bytes;
    return all;
}

json whole(const json& body, const std::string& model = "sandbox") {
    auto answer = ask("converse", body, model);
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return answer ? json::parse(bytes_of(std::move(*answer))) : json();
}

struct Event {
    std::string type;
    json payload;
};

std::vector<Event> stream(const json& body, const std::string& model = "sandbox") {
    auto answer = ask("converse-stream", body, model);
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    const std::string bytes = bytes_of(std::move(*answer));
    std::vector<Event> events;
    FrameSplitter splitter;
    std::string_view rest = bytes;
    while (const auto frame = splitter.next(rest).value()) {
        const std::string_view type = frame->header(":event-type");
        events.push_back({std::string(type.empty() ? frame->header(":exception-type") : type),
                          json::parse(frame->payload)});
    }
    return events;
}

TEST(SandboxConverse, AStreamSaysWhatAWholeAnswerSays) {
    const json answer = whole(kHello);
    EXPECT_EQ(answer["stopReason"], "end_turn");
    EXPECT_EQ(answer["usage"]["inputTokens"], 3);
    std::string text;
    const std::vector<Event> events = stream(kHello);
    for (const Event& event : events) {
        if (event.type == "contentBlockDelta") {
            text += event.payload["delta"]["text"].get<std::string>();
        }
    }
    EXPECT_EQ(json(text), answer["output"]["message"]["content"][0]["text"]);
    EXPECT_EQ(events.front().type, "messageStart");
    EXPECT_EQ(events.back().type, "metadata");
    EXPECT_EQ(events.back().payload["usage"], answer["usage"]);
}

TEST(SandboxConverse, CallsTools) {
    json body = kHello;
    body["toolConfig"] = kTools;
    const json answer = whole(body);
    EXPECT_EQ(answer["stopReason"], "tool_use");
    const json use = answer["output"]["message"]["content"][0]["toolUse"];
    EXPECT_EQ(use["name"], "get_weather");
    EXPECT_TRUE(use["input"]["city"].is_string());
    std::string input;
    for (const Event& event : stream(body)) {
        if (event.type == "contentBlockStart") {
            EXPECT_EQ(event.payload["start"]["toolUse"]["toolUseId"], use["toolUseId"]);
        }
        if (event.type == "contentBlockDelta") {
            input += event.payload["delta"]["toolUse"]["input"].get<std::string>();
        }
    }
    EXPECT_EQ(json::parse(input), use["input"]);
    body["messages"].push_back({{"role", "assistant"}, {"content", {{{"toolUse", use}}}}});
    body["messages"].push_back(
        {{"role", "user"},
         {"content",
          {{{"toolResult", {{"toolUseId", "t"}, {"content", {{{"text", "sunny"}}}}}}}}}});
    body["toolConfig"].erase("toolChoice");
    EXPECT_EQ(whole(body)["stopReason"], "end_turn");
}

TEST(SandboxConverse, StopsWhereItIsTold) {
    json body = kHello;
    body["inferenceConfig"] = {{"maxTokens", 2}};
    EXPECT_EQ(whole(body, "echo")["output"]["message"]["content"][0]["text"], "one two");
    EXPECT_EQ(whole(body, "echo")["stopReason"], "max_tokens");
    body["inferenceConfig"] = {{"stopSequences", {"three"}}};
    EXPECT_EQ(whole(body, "echo")["stopReason"], "stop_sequence");
}

TEST(SandboxConverse, FailsAsBedrockDoes) {
    const auto refused = ask("converse", kHello, "error-429");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 429);
    const bool is_named = std::ranges::any_of(refused->headers, [](const Header& header) {
        return header.name == "x-amzn-ErrorType" && header.value == "ThrottlingException";
    });
    EXPECT_TRUE(is_named);
    EXPECT_EQ(stream(kHello, "fail").back().type, "modelStreamErrorException");
    EXPECT_FALSE(ask("converse", {{"messages", json::array()}}));
    EXPECT_FALSE(ask("converse", {{"messages", {{{"role", "user"}, {"content", "text"}}}}}));
    EXPECT_FALSE(
        ask("converse", {{"messages", {{{"role", "system"}, {"content", json::array()}}}}}));
}

}  // namespace
}  // namespace keywarden
