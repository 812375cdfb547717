#include "providers/sandbox.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

using nlohmann::json;

Result<SandboxAnswer> ask(const std::string& path,
                          const json& body,
                          const std::string& model = "") {
    return answer_in_sandbox(
        {.path = path, .content_type = "application/json", .body = body.dump(), .model = model});
}

std::string bytes_of(SandboxAnswer answer) {
    std::string all;
    SandboxStep step;
    while (answer.steps.next(step)) all += step.bytes;
    return all;
}

/// The JSON of each frame of a stream, [DONE] left out.
std::vector<json> frames_of(SandboxAnswer answer) {
    std::vector<json> frames;
    SandboxStep step;
    while (answer.steps.next(step)) {
        std::string frame(step.bytes);
        EXPECT_TRUE(frame.ends_with("\n\n"));
        frame = frame.substr(frame.find("data: ") + 6);
        if (frame != "[DONE]\n\n") frames.push_back(json::parse(frame));
    }
    return frames;
}

json chat_body(const std::string& model, const std::string& text) {
    return {{"model", model}, {"messages", {{{"role", "user"}, {"content", text}}}}};
}

const json kWeather = {
    {"type", "function"},
    {"function",
     {{"name", "get_weather"},
      {"parameters",
       {{"type", "object"},
        {"required", {"city"}},
        {"properties", {{"city", {{"type", "string"}}}, {"days", {{"type", "integer"}}}}}}}}}};

json chat(const json& body) {
    Result<SandboxAnswer> answer = ask("/v1/chat/completions", body);
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return answer ? json::parse(bytes_of(std::move(*answer))) : json();
}

/// What an SDK puts together of a stream of chat chunks, as the message it would be.
struct Joined {
    std::map<size_t, std::string> text{};
    std::map<size_t, std::string> finish{};
    std::map<size_t, std::vector<json>> calls{};
    json usage = nullptr;
    size_t chunks = 0;  // with content
};

Joined join(const std::vector<json>& frames) {
    Joined out;
    for (const json& frame : frames) {
        if (frame.contains("usage") && !frame["usage"].is_null()) out.usage = frame["usage"];
        for (const json& choice : frame["choices"]) {
            const size_t index = choice["index"];
            const json& delta = choice["delta"];
            if (delta.contains("content") && delta["content"].is_string()) {
                out.text[index] += delta["content"];
                out.chunks += static_cast<size_t>(delta["content"] != "");
            }
            if (delta.contains("tool_calls")) {
                for (const json& part : delta["tool_calls"]) {
                    std::vector<json>& calls = out.calls[index];
                    if (part["index"] == calls.size()) {
                        calls.push_back(part);
                    } else {
                        std::string arguments = calls[part["index"]]["function"]["arguments"];
                        arguments += part["function"]["arguments"];
                        calls[part["index"]]["function"]["arguments"] = arguments;
                    }
                }
            }
            if (choice["finish_reason"].is_string()) out.finish[index] = choice["finish_reason"];
        }
    }
    return out;
}

TEST(Sandbox, TheSameRequestGetsTheSameBytes) {
    const json body = chat_body("sandbox", "Hello");
    const std::string first = bytes_of(*ask("/v1/chat/completions", body));
    EXPECT_EQ(bytes_of(*ask("/v1/chat/completions", body)), first);
    EXPECT_NE(bytes_of(*ask("/v1/chat/completions", chat_body("sandbox", "Hello!"))), first);
}

TEST(Sandbox, UsageIsTheNumberOfWords) {
    json body = chat_body("sandbox/words-31", "one two  three\nfour");
    body["messages"].push_back({{"role", "system"}, {"content", "five"}});
    const json answer = chat(body);
    EXPECT_EQ(answer["usage"]["prompt_tokens"], 5);
    EXPECT_EQ(answer["usage"]["completion_tokens"], 31);
    EXPECT_EQ(answer["usage"]["total_tokens"], 36);
}

TEST(Sandbox, MaxTokensCutsAndSaysSo) {
    json body = chat_body("sandbox/words-5", "Hello");
    for (const int64_t max : {4, 5, 6}) {
        body["max_tokens"] = max;
        const json answer = chat(body);
        EXPECT_EQ(answer["usage"]["completion_tokens"], std::min<int64_t>(max, 5));
        EXPECT_EQ(answer["choices"][0]["finish_reason"], max < 5 ? "length" : "stop");
    }
}

TEST(Sandbox, AStreamHasTheChosenNumberOfChunksAndWaits) {
    json body = chat_body("sandbox/chunks-50+delay-20+slow-1000", "Hello");
    body["stream"] = true;
    SandboxAnswer answer = *ask("/v1/chat/completions", body);
    EXPECT_TRUE(answer.streams);
    EXPECT_EQ(join(frames_of(answer)).chunks, 50U);
    SandboxStep step;
    EXPECT_EQ(answer.steps.first_delay, std::chrono::seconds(1));
    ASSERT_TRUE(answer.steps.next(step));
    EXPECT_EQ(step.delay, Nanos(0));
    while (answer.steps.next(step)) EXPECT_EQ(step.delay, std::chrono::milliseconds(20));
}

TEST(Sandbox, AnEchoInMoreChunksThanWordsIsCutBetweenCharacters) {
    json body = chat_body("sandbox/echo+chunks-9", "caf\xc3\xa9 \xe4\xbd\xa0\xe5\xa5\xbd!");
    body["stream"] = true;
    const Joined joined = join(frames_of(*ask("/v1/chat/completions", body)));
    EXPECT_EQ(joined.text.at(0), "caf\xc3\xa9 \xe4\xbd\xa0\xe5\xa5\xbd!");
    EXPECT_EQ(joined.chunks, 8U);  // it has no more characters
}

TEST(Sandbox, UsageOfAStreamIsSentOnlyWhenAskedFor) {
    json body = chat_body("sandbox/words-3", "Hello");
    body["stream"] = true;
    EXPECT_TRUE(join(frames_of(*ask("/v1/chat/completions", body))).usage.is_null());
    body["stream_options"] = {{"include_usage", true}};
    const std::vector<json> frames = frames_of(*ask("/v1/chat/completions", body));
    EXPECT_EQ(frames.back()["choices"], json::array());
    EXPECT_EQ(frames.back()["usage"]["completion_tokens"], 3);
    for (const json& frame : frames) EXPECT_TRUE(frame.contains("usage"));
}

TEST(Sandbox, AToolIsCalledWhenItIsNamedOrDemanded) {
    const auto calls = [](const std::string& model, const std::string& text, const json& more) {
        json body = chat_body(model, text);
        body["tools"] = json::array({kWeather});
        body.update(more);
        const json answer = chat(body);
        const json& message = answer["choices"][0]["message"];
        const size_t count = message.contains("tool_calls") ? message["tool_calls"].size() : 0;
        EXPECT_EQ(answer["choices"][0]["finish_reason"], count > 0 ? "tool_calls" : "stop");
        for (size_t i = 0; i < count; ++i) {
            const json arguments =
                json::parse(message["tool_calls"][i]["function"]["arguments"].get<std::string>());
            EXPECT_TRUE(arguments["city"].is_string());
            EXPECT_TRUE(arguments["days"].is_number_integer());
        }
        return count;
    };
    const json named = {{"type", "function"}, {"function", {{"name", "get_weather"}}}};
    EXPECT_EQ(calls("sandbox", "What's the weather in Rome?", json::object()), 1U);
    EXPECT_EQ(calls("sandbox", "Get me a coffee", json::object()), 0U);
    EXPECT_EQ(calls("sandbox", "Hello", {{"tool_choice", "required"}}), 1U);
    EXPECT_EQ(calls("sandbox", "Hello", {{"tool_choice", named}}), 1U);
    EXPECT_EQ(calls("sandbox", "the weather", {{"tool_choice", "none"}}), 0U);
    EXPECT_EQ(calls("sandbox/tools-3", "Hello", json::object()), 3U);
    EXPECT_EQ(calls("sandbox/tools-3", "Hello", {{"parallel_tool_calls", false}}), 1U);
}

TEST(Sandbox, AToolsResultIsAnsweredInWords) {
    json body = chat_body("sandbox", "the weather?");
    body["tools"] = json::array({kWeather});
    body["messages"].push_back({{"role", "tool"}, {"tool_call_id", "x"}, {"content", "18"}});
    EXPECT_EQ(chat(body)["choices"][0]["finish_reason"], "stop");
}

TEST(Sandbox, EmbeddingsAreUnitVectorsAndCommonWordsBringThemNear) {
    const json body = {{"model", "sandbox"},
                       {"input", {"the quiet river", "a quiet river", "lanterns everywhere"}},
                       {"dimensions", 256}};
    const json data = json::parse(bytes_of(*ask("/v1/embeddings", body)))["data"];
    const auto dot = [&](size_t a, size_t b) {
        double sum = 0;
        for (size_t i = 0; i < 256; ++i) {
            sum += data[a]["embedding"][i].get<double>() * data[b]["embedding"][i].get<double>();
        }
        return sum;
    };
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(dot(i, i), 1, 1e-5);
    EXPECT_GT(dot(0, 1), 0.5);
    EXPECT_LT(dot(0, 2), 0.3);
}

TEST(Sandbox, Base64EmbeddingsAreTheSameNumbers) {
    json body = {{"model", "sandbox"}, {"input", "hello"}, {"dimensions", 3}};
    const std::vector<float> plain =
        json::parse(bytes_of(*ask("/v1/embeddings", body)))["data"][0]["embedding"];
    body["encoding_format"] = "base64";
    const std::string coded =
        json::parse(bytes_of(*ask("/v1/embeddings", body)))["data"][0]["embedding"];
    ASSERT_EQ(coded.size(), 16U);  // 12 bytes
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    uint32_t group = 0;
    for (size_t i = 0; i < coded.size(); ++i) {
        group = group << 6 | static_cast<uint32_t>(alphabet.find(coded[i]));
        if (i % 4 != 3) continue;
        for (const int shift : {16, 8, 0}) bytes += static_cast<char>(group >> shift);
    }
    std::vector<float> read(3);
    std::memcpy(read.data(), bytes.data(), 12);
    EXPECT_EQ(read, plain);
}

TEST(Sandbox, ChosenErrorsAreAnswersAndWrongRequestsAreErrors) {
    const SandboxAnswer limited = *ask("/v1/embeddings", {{"model", "sandbox/error-429"}});
    EXPECT_EQ(limited.status, 429);
    EXPECT_EQ(limited.headers.back().name, "Retry-After");
    EXPECT_EQ(ask("/v1/embeddings", {{"model", "sandbox"}}).error().param, "input");
    EXPECT_EQ(ask("/v1/nothing", json::object()).error().code, ErrorCode::NotFound);
    EXPECT_EQ(ask("/v1/embeddings", {{"model", "nothing"}}).error().code, ErrorCode::ModelNotFound);
    EXPECT_EQ(ask("/v1/embeddings", {{"model", 7}}).error().param, "model");
    // What the router resolved goes before what the body says; answers name the body's.
    json body = chat_body("my-alias", "Hello");
    const SandboxAnswer routed = *ask("/v1/chat/completions", body, "sandbox/words-1");
    EXPECT_EQ(json::parse(bytes_of(routed))["model"], "my-alias");
    // A router that took the provider's name off has it put on again.
    EXPECT_EQ(chat(chat_body("words-1", "Hello"))["model"], "sandbox/words-1");
}

TEST(Sandbox, WrongRequestsNameTheirField) {
    struct Row {
        std::string path;
        json more;
        std::string param;
    };
    const std::string c = "/v1/chat/completions";
    const json tools = {{"tools", json::array({kWeather})}};
    for (const Row& row : std::vector<Row>{
             {c, {{"messages", nullptr}}, "messages"},
             {c, {{"messages", json::array()}}, "messages"},
             {c, {{"messages", {{{"content", "x"}}}}}, "messages"},
             {c, {{"messages", {{{"role", "user"}, {"content", 7}}}}}, "content"},
             {c, {{"n", 129}}, "n"},
             {c, {{"n", 1.5}}, "n"},
             {c, {{"max_tokens", 0}}, "max_tokens"},
             {c, {{"stream", "yes"}}, "stream"},
             {c, {{"stream_options", {{"include_usage", true}}}}, "stream_options"},
             {c, {{"stop", 7}}, "stop"},
             {c, {{"tools", 7}}, "tools"},
             {c, {{"tool_choice", "required"}}, "tool_choice"},
             {c, {{"tools", json::array({kWeather})}, {"tool_choice", "get_time"}}, "tool_choice"},
             {c, {{"response_format", {{"type", "xml"}}}}, "response_format"},
             {c, {{"response_format", {{"type", "json_schema"}}}}, "response_format"},
             {c, {{"logprobs", true}}, "logprobs"},
             {"/v1/completions", {{"prompt", nullptr}}, "prompt"},
             {"/v1/completions", {{"prompt", {1, -1}}}, "prompt"},
             {"/v1/completions", {{"prompt", {"a", "b"}}, {"n", 65}}, "n"},
             {"/v1/completions", {{"prompt", "a"}, {"logprobs", 1}}, "logprobs"},
             {"/v1/responses", {{"input", nullptr}}, "input"},
             {"/v1/responses", {{"input", {7}}}, "input"},
             {"/v1/responses",
              {{"input", "a"}, {"previous_response_id", "resp_1"}},
              "previous_response_id"},
             {"/v1/embeddings", {{"input", 7}}, "input"},
             {"/v1/embeddings", {{"input", json::array()}}, "input"},
             {"/v1/embeddings", {{"input", {{{"a", 1}}}}}, "input"},
             {"/v1/embeddings", {{"input", "a"}, {"dimensions", 4097}}, "dimensions"},
             {"/v1/embeddings", {{"input", "a"}, {"encoding_format", "hex"}}, "encoding_format"},
             {"/v1/embeddings",
              {{"input", std::vector<std::string>(2048)}, {"dimensions", 4096}},
              "input"},
             {"/v1/moderations", {{"input", 7}}, "input"},
             {"/v1/rerank", {{"query", "a"}}, "documents"},
             {"/v1/rerank", {{"documents", {"a"}}}, "query"},
             {"/v1/images/generations", json::object(), "prompt"},
             {"/v1/images/edits", {{"prompt", "x"}}, "image"},
             {"/v1/images/generations", {{"prompt", "x"}, {"stream", true}}, "stream"},
             {"/v1/audio/speech", json::object(), "input"},
             {"/v1/audio/transcriptions", {{"file", "x"}}, "file"},
         }) {
        json body = row.path == c ? chat_body("sandbox", "Hello") : json{{"model", "sandbox"}};
        body.update(row.more);
        const Result<SandboxAnswer> answer = ask(row.path, body);
        ASSERT_FALSE(answer) << body;
        EXPECT_EQ(answer.error().code, ErrorCode::InvalidRequest) << body;
        EXPECT_EQ(answer.error().param, row.param) << body;
    }
}

TEST(Sandbox, ChoicesThatTogetherAreTooLongAreRefused) {
    json body = chat_body("sandbox/echo", std::string(1'000'000, 'x'));
    body["n"] = 16;
    EXPECT_TRUE(ask("/v1/chat/completions", body));
    body["n"] = 17;
    EXPECT_FALSE(ask("/v1/chat/completions", body));
}

TEST(Sandbox, ACutComesInTheMiddle) {
    json body = chat_body("sandbox/cut", "Hello");
    const size_t length =
        bytes_of(*ask("/v1/chat/completions", chat_body("sandbox", "Hello"))).size();
    for (const bool stream : {false, true}) {
        body["stream"] = stream;
        SandboxAnswer answer = *ask("/v1/chat/completions", body);
        std::string sent;
        SandboxStep step;
        while (answer.steps.next(step) && !step.cut) sent += step.bytes;
        EXPECT_TRUE(step.cut);
        EXPECT_FALSE(answer.steps.next(step));
        EXPECT_GT(sent.size(), 100U);
        EXPECT_FALSE(sent.contains("[DONE]"));
        if (!stream) {
            EXPECT_LT(sent.size(), length);
        }
    }
}

/// Requests that mean the same but for `stream`, of all kinds.
rc::Gen<std::string> any_chat() {
    return rc::gen::exec([] {
        const std::string controls = *rc::gen::elementOf(std::vector<std::string>{
            "sandbox", "sandbox/echo", "sandbox/tools-3", "sandbox/words-0", "sandbox/words-200"});
        json body = chat_body(
            controls,
            *rc::gen::elementOf(std::vector<std::string>{"Hello",
                                                         "",
                                                         "the weather\n\n in \"R\xc3\xb4me\" END x",
                                                         "\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
                                                         " \t "}));
        if (*rc::gen::arbitrary<bool>()) body["tools"] = json::array({kWeather});
        if (*rc::gen::arbitrary<bool>()) body["n"] = *rc::gen::inRange(1, 4);
        if (*rc::gen::arbitrary<bool>()) body["stop"] = {"END"};
        if (*rc::gen::arbitrary<bool>()) body["max_tokens"] = *rc::gen::inRange(1, 30);
        if (*rc::gen::arbitrary<bool>()) body["response_format"] = {{"type", "json_object"}};
        return body.dump();
    });
}

RC_GTEST_PROP(SandboxProperty, DeltasPutTogetherAreTheWholeAnswer, ()) {
    json body = json::parse(*any_chat());
    const json whole = chat(body);
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
    const std::string model = body["model"];
    // Without a number of words, how much is said follows from the chunks.
    const bool follows = !model.contains("words") && !model.contains("echo");
    const int chunks = *rc::gen::inRange(0, 60);
    const std::string more = "+delay-1+chunks-" + std::to_string(chunks);
    const Joined joined = join(frames_of(
        *ask("/v1/chat/completions", body, follows || chunks == 0 ? model : model + more)));
    RC_ASSERT((joined.usage == whole["usage"]));
    RC_ASSERT(joined.finish.size() == whole["choices"].size());
    for (const json& choice : whole["choices"]) {
        const size_t index = choice["index"];
        const json& message = choice["message"];
        RC_ASSERT((json(joined.finish.at(index)) == choice["finish_reason"]));
        const bool called = message.contains("tool_calls");
        RC_ASSERT(called == joined.calls.contains(index));
        if (!called) {
            RC_ASSERT((json(joined.text.at(index)) == message["content"]));
            continue;
        }
        json calls = joined.calls.at(index);
        for (json& call : calls) call.erase("index");
        RC_ASSERT((calls == message["tool_calls"]));
    }
}

}  // namespace
}  // namespace keywarden
