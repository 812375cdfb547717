// Chats between clients and providers of which one side speaks Bedrock's Converse.

#include <array>
#include <future>
#include <string>

#include "base/event_stream.h"
#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::string_view kFrames = "application/vnd.amazon.eventstream";
constexpr std::string_view kAsked =
    R"({"model":"nova","messages":[{"role":"user","content":"hi"}],"max_tokens":64})";
constexpr std::string_view kConverseAsked =
    R"({"messages":[{"role":"user","content":[{"text":"hi"}]}],)"
    R"("inferenceConfig":{"maxTokens":64}})";
constexpr std::string_view kReply =
    R"({"output":{"message":{"role":"assistant","content":[{"text":"hello"}]}},)"
    R"("stopReason":"end_turn","usage":{"inputTokens":10,"outputTokens":7,"totalTokens":107,)"
    R"("cacheReadInputTokens":70,"cacheWriteInputTokens":20},"metrics":{"latencyMs":1}})";
constexpr std::string_view kCompletion =
    R"({"id":"chatcmpl-1","model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant",)"
    R"("content":"hello"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}})";

std::string chunk(std::string_view bytes) {
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
}

std::string stream_head(std::string_view type) {
    return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
           "\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string frame(std::string_view type, std::string_view payload, bool is_event = true) {
    const std::array headers = {FrameText{is_event ? ":event-type" : ":exception-type", type},
                                FrameText{":content-type", "application/json"},
                                FrameText{":message-type", is_event ? "event" : "exception"}};
    std::string out;
    append_frame(out, headers, payload);
    return out;
}
const std::string kStart = frame("messageStart", R"({"role":"assistant"})");
const std::string kText =
    frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"hello"}})");
const std::string kForbidden =
    frame("contentBlockStart",
          R"({"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"delete_all"}}})") +
    frame("contentBlockDelta",
          R"({"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"secret\":1}"}}})") +
    frame("contentBlockStop", R"({"contentBlockIndex":1})");
const std::string kStop = frame("messageStop", R"({"stopReason":"end_turn"})");
const std::string kMetadata =
    frame("metadata",
          R"({"usage":{"inputTokens":10,"outputTokens":7,"totalTokens":17},)"
          R"("metrics":{"latencyMs":3}})");

/// "type payload" of each frame; checks that all are whole.
std::string told(std::string_view stream) {
    FrameSplitter splitter;
    std::string out;
    while (!stream.empty()) {
        const auto next = splitter.next(stream);
        if (!next || !*next) return out + "damaged";
        const std::string_view exception = (*next)->header(":exception-type");
        out += exception.empty() ? (*next)->header(":event-type") : exception;
        out += " ";
        out += (*next)->payload;
        out += "\n";
    }
    return out;
}

class ConverseTranslations : public ProxyFixture {
protected:
    /// Providers of all three dialects, which are one imposter.
    void start_all(Imposter::Script script, std::string key = "ABSKexample") {
        imposter_ = std::make_unique<Imposter>(std::move(script));
        parts_.providers.push_back(
            open_provider({.name = "aws",
                           .base_url = "http://127.0.0.1:" + std::to_string(imposter_->port()),
                           .api_key = Secret(std::move(key)),
                           .region = "eu-central-1",
                           .dialect = Dialect::Bedrock,
                           .models = {{"nova", "amazon.nova-lite-v1:0"}}})
                .value());
        add_provider("up", imposter_->port(), {{"gpt-4o", ""}});
        add_provider("claude", imposter_->port(), {{"claude-x", ""}}, Dialect::Anthropic);
        start();
    }

    static Imposter::Script keeps_first(std::promise<std::string>* heard, std::string answer) {
        return [heard, answer = std::move(answer)](test::Peer& peer) {
            const std::string request = peer.hear_answer();
            if (request.empty()) return;
            heard->set_value(request);
            peer.say(answer);
        };
    }

    static Imposter::Script streams(std::string_view type, std::string bytes) {
        return [type, bytes = std::move(bytes)](test::Peer& peer) {
            std::string answer = stream_head(type);
            for (const char c : bytes) answer += chunk({&c, 1});
            while (!peer.hear_answer().empty()) peer.say(answer + std::string(kLastChunk));
        };
    }

    std::string streamed(std::string_view path, std::string_view body) {
        test::Peer peer = connect();
        peer.say(post(path, secret(), body));
        return unchunked(peer.hear_until(kLastChunk));
    }

    void team_allows(std::string_view tool) {
        Policy policy;
        policy.tools.allow = {*Glob::parse(tool)};
        directory_->policies().put(TeamRules{.id = "team_a", .policy = policy, .version = 2});
    }
};

TEST_F(ConverseTranslations, AChatOfOpenAisGoesToBedrockAndIsSigned) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard, json_answer(kReply)), "AKIDEXAMPLE:a/secret");
    const std::string answer = chat(kAsked, "Accept: text/x\r\n");
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_NE(answer.find(R"("content":"hello")"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("prompt_tokens":100,"completion_tokens":7)"), std::string::npos);
    EXPECT_NE(answer.find(R"("id":"chatcmpl-)" + field(answer, "X-Request-Id")), std::string::npos);
    EXPECT_NE(answer.find(R"("model":"nova")"), std::string::npos);
    const std::string request = heard.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /model/amazon.nova-lite-v1%3A0/converse HTTP/1.1\r\n"))
        << request;
    EXPECT_NE(request.find("Credential=AKIDEXAMPLE/"), std::string::npos);
    EXPECT_EQ(field(request, "Accept"), "");
    EXPECT_TRUE(request.ends_with(std::string("\r\n\r\n") + std::string(kConverseAsked)))
        << request;
    EXPECT_EQ(row(1), "200 /v1/chat/completions nova  100+7");
}

TEST_F(ConverseTranslations, AChatOfAnthropicsGoesToBedrock) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard, json_answer(kReply)));
    const std::string answer = ask(post("/v1/messages", secret(), kAsked));
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_NE(answer.find(R"("content":[{"type":"text","text":"hello"}])"), std::string::npos);
    EXPECT_NE(answer.find(R"("id":"msg_)"), std::string::npos) << answer;
    const std::string request = heard.get_future().get();
    EXPECT_EQ(field(request, "Authorization"), "Bearer ABSKexample");
    EXPECT_EQ(field(request, "anthropic-version"), "");
}

TEST_F(ConverseTranslations, AClientOfBedrockGoesToOpenAis) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard, json_answer(kCompletion)));
    const std::string answer =
        ask(post("/model/gpt-4o/converse", secret(), kConverseAsked, "Accept: text/x\r\n"));
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_NE(
        answer.find(R"({"output":{"message":{"role":"assistant","content":[{"text":"hello"}]}},)"
                    R"("stopReason":"end_turn","usage":{"inputTokens":5,"outputTokens":7,)"
                    R"("totalTokens":12,"cacheReadInputTokens":0,"cacheWriteInputTokens":0},)"
                    R"("metrics":{"latencyMs":)"),
        std::string::npos)
        << answer;
    EXPECT_EQ(field(answer, "x-amzn-RequestId"), field(answer, "X-Request-Id"));
    const std::string request = heard.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /base/v1/chat/completions HTTP/1.1\r\n")) << request;
    EXPECT_EQ(field(request, "Accept"), "");
    EXPECT_TRUE(request.ends_with(R"({"model":"gpt-4o","messages":[{"role":"user",)"
                                  R"("content":"hi"}],"max_tokens":64})"))
        << request;
    EXPECT_EQ(row(1), "200 /model/{id}/converse gpt-4o  5+7");
}

TEST_F(ConverseTranslations, CredentialsOfTheBodyDoNotGoOn) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard, json_answer(kReply)));
    const std::string answer = chat(
        R"({"model":"nova","aws_access_key_id":"ASIAOWN","aws_secret_access_key":"own/secret",)"
        R"("messages":[{"role":"user","content":"hi"}]})");
    EXPECT_EQ(status(answer), 200) << answer;
    const std::string request = heard.get_future().get();
    EXPECT_NE(request.find("Credential=ASIAOWN/"), std::string::npos) << request;
    EXPECT_EQ(request.find("own/secret"), std::string::npos);
}

TEST_F(ConverseTranslations, WhatCannotBeSaidIsRefusedByName) {
    start_all(Imposter::answers(json_answer(kCompletion)));
    const std::string answer =
        ask(post("/model/gpt-4o/converse",
                 secret(),
                 R"({"messages":[{"role":"user","content":[{"text":"hi"}]}],)"
                 R"("guardrailConfig":{"guardrailIdentifier":"g"}})"));
    EXPECT_EQ(status(answer), 400);
    EXPECT_EQ(field(answer, "x-amzn-ErrorType"), "ValidationException");
    EXPECT_NE(answer.find("cannot say 'guardrailConfig'"), std::string::npos) << answer;
    EXPECT_NE(answer.find("unsupported_by_provider"), std::string::npos) << answer;
    EXPECT_EQ(imposter_->connections(), 0U);
}

TEST_F(ConverseTranslations, ErrorsAreToldInTheClientsDialect) {
    start_all([](test::Peer& peer) {
        while (true) {
            const std::string request = peer.hear_answer();
            if (request.empty()) return;
            if (request.contains("/converse ")) {
                peer.say(
                    "HTTP/1.1 429 Slow\r\nContent-Type: application/json\r\nRetry-After: 120\r\n"
                    "x-amzn-ErrorType: ThrottlingException:http://x/\r\nContent-Length: 17\r\n\r\n"
                    R"({"message":"now"})");
            } else {
                peer.say(
                    "HTTP/1.1 529 Much\r\nContent-Type: application/json\r\n"
                    "x-should-retry: false\r\nContent-Length: 67\r\n\r\n"
                    R"({"type":"error","error":{"type":"overloaded_error","message":"no"}})");
            }
        }
    });
    const std::string throttled = chat(kAsked);
    EXPECT_EQ(status(throttled), 429);
    EXPECT_EQ(field(throttled, "Retry-After"), "120");
    EXPECT_NE(throttled.find(R"({"message":"now","type":"rate_limit_error","param":null,)"
                             R"("code":"ThrottlingException")"),
              std::string::npos)
        << throttled;
    const std::string busy = ask(post("/model/claude-x/converse", secret(), kConverseAsked));
    EXPECT_EQ(status(busy), 503);
    EXPECT_EQ(field(busy, "x-amzn-ErrorType"), "ServiceUnavailableException");
    EXPECT_NE(busy.find(R"("error_code":"overloaded_error")"), std::string::npos) << busy;
    EXPECT_NE(busy.find(R"({"message":"no",)"), std::string::npos) << busy;
}

TEST_F(ConverseTranslations, ItsRefusalOfOurKeyIsOurs) {
    start_all(
        Imposter::answers("HTTP/1.1 403 No\r\nContent-Type: application/json\r\nx-amzn-ErrorType: "
                          "InvalidSignatureException\r\nContent-Length: 24\r\n\r\n"
                          R"({"message":"canonical.."})"));
    const std::string answer = chat(kAsked);
    EXPECT_EQ(status(answer), 502);
    EXPECT_NE(answer.find("InvalidSignatureException"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("canonical"), std::string::npos);
}

TEST_F(ConverseTranslations, AStreamOfFramesBecomesEvents) {
    start_all(streams(kFrames, kStart + kText + kStop + kMetadata));
    const std::string got =
        streamed("/v1/chat/completions",
                 R"({"model":"nova","stream":true,"stream_options":{"include_usage":true},)"
                 R"("messages":[{"role":"user","content":"hi"}]})");
    EXPECT_NE(got.find(R"("delta":{"content":"hello"})"), std::string::npos) << got;
    EXPECT_NE(got.find(R"("prompt_tokens":10,"completion_tokens":7)"), std::string::npos) << got;
    EXPECT_TRUE(got.ends_with("data: [DONE]\n\n")) << got;
    EXPECT_EQ(row(1), "200 /v1/chat/completions nova  10+7");
}

TEST_F(ConverseTranslations, AStreamAsksForFrames) {
    std::promise<std::string> heard;
    start_all(keeps_first(&heard,
                          stream_head(kFrames) + chunk(kStart + kText + kStop + kMetadata) +
                              std::string(kLastChunk)));
    const std::string got =
        streamed("/v1/messages",
                 R"({"model":"nova","stream":true,"max_tokens":9,"messages":[{"role":"user",)"
                 R"("content":"hi"}]})");
    EXPECT_NE(got.find(R"("type":"text_delta","text":"hello")"), std::string::npos) << got;
    EXPECT_TRUE(heard.get_future().get().starts_with(
        "POST /model/amazon.nova-lite-v1%3A0/converse-stream HTTP/1.1\r\n"));
}

TEST_F(ConverseTranslations, EventsBecomeFramesWithTheirChecksums) {
    const std::string start = R"(data: {"id":"c","model":"gpt-4o","choices":[{"index":0,"delta":)";
    start_all(streams("text/event-stream",
                      start + R"({"role":"assistant","content":""}}]})" + "\n\n" + start +
                          R"({"content":"hello"},"finish_reason":null}]})" + "\n\n" + start +
                          R"({},"finish_reason":"stop"}]})" + "\n\n" +
                          R"(data: {"choices":[],"usage":{"prompt_tokens":5,)"
                          R"("completion_tokens":7}})"
                          "\n\ndata: [DONE]\n\n"));
    const std::string got = told(streamed("/model/gpt-4o/converse-stream", kConverseAsked));
    EXPECT_TRUE(got.starts_with(
        "messageStart {\"role\":\"assistant\"}\n"
        "contentBlockDelta {\"delta\":{\"text\":\"hello\"},\"contentBlockIndex\":0}\n"
        "contentBlockStop {\"contentBlockIndex\":0}\nmessageStop {\"stopReason\":\"end_turn\"}\n"
        "metadata {\"usage\":{\"inputTokens\":5,\"outputTokens\":7,\"totalTokens\":12,"))
        << got;
    EXPECT_EQ(row(1), "200 /model/{id}/converse-stream gpt-4o  5+7");
}

TEST_F(ConverseTranslations, AStreamThatBreaksOffEndsInAnError) {
    start_all(streams(kFrames, kStart + kText + kStop + kMetadata.substr(0, 30)));
    const std::string got =
        streamed("/v1/chat/completions",
                 R"({"model":"nova","stream":true,"messages":[{"role":"user","content":"hi"}]})");
    EXPECT_NE(got.find(R"(data: {"error":{)"), std::string::npos) << got;
    EXPECT_EQ(got.find("[DONE]"), std::string::npos) << got;
}

TEST_F(ConverseTranslations, ADamagedFrameGoesNoFurther) {
    std::string damaged = kText;
    damaged[damaged.find("hello")] ^= 1;
    start_all(streams(kFrames, kStart + damaged + kStop + kMetadata));
    const std::string got =
        streamed("/v1/chat/completions",
                 R"({"model":"nova","stream":true,"messages":[{"role":"user","content":"hi"}]})");
    EXPECT_NE(got.find("damaged"), std::string::npos) << got;
    EXPECT_EQ(got.find("ello"), std::string::npos) << got;
}

TEST_F(ConverseTranslations, AStreamOfEventsThatBreaksOffEndsInAnException) {
    start_all(streams("text/event-stream",
                      R"(data: {"id":"c","model":"gpt-4o","choices":[{"index":0,"delta":)"
                      R"({"content":"hello"}}]})"
                      "\n\n"));
    const std::string got = told(streamed("/model/gpt-4o/converse-stream", kConverseAsked));
    EXPECT_NE(got.find("\"text\":\"hello\""), std::string::npos) << got;
    EXPECT_NE(got.find("\nmodelStreamErrorException {"), std::string::npos) << got;
}

TEST_F(ConverseTranslations, ToolsAreTakenOutBeforeARequestIsTranslated) {
    std::promise<std::string> heard;
    start_all(keeps_first(
        &heard,
        json_answer(R"({"output":{"message":{"role":"assistant","content":[{"toolUse":)"
                    R"({"toolUseId":"1","name":"delete_all","input":{"secret":1}}},)"
                    R"({"toolUse":{"toolUseId":"2","name":"a","input":{}}}]}},)"
                    R"("stopReason":"tool_use","usage":{"inputTokens":1,"outputTokens":2}})")));
    team_allows("a");
    const std::string answer =
        chat(R"({"model":"nova","messages":[{"role":"user","content":"hi"}],"tools":[)"
             R"({"type":"function","function":{"name":"a"}},)"
             R"({"type":"function","function":{"name":"delete_all"}}]})");
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_EQ(answer.find("delete_all"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("secret"), std::string::npos) << answer;
    EXPECT_NE(answer.find("list of tools"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("name":"a")"), std::string::npos) << answer;
    EXPECT_EQ(heard.get_future().get().find("delete_all"), std::string::npos);
}

TEST_F(ConverseTranslations, AForbiddenCallOfAStreamOfFramesDoesNotBecomeEvents) {
    start_all(streams(kFrames, kStart + kText + kForbidden + kStop + kMetadata));
    team_allows("a");
    for (const std::string_view path : {"/v1/chat/completions", "/v1/messages"}) {
        const std::string got =
            streamed(path,
                     R"({"model":"nova","stream":true,"max_tokens":9,"messages":[{"role":"user",)"
                     R"("content":"hi"}]})");
        EXPECT_NE(got.find("hello"), std::string::npos) << got;
        EXPECT_EQ(got.find("delete_all"), std::string::npos) << got;
        EXPECT_EQ(got.find("secret"), std::string::npos) << got;
        EXPECT_NE(got.find("list of tools"), std::string::npos) << got;
    }
}

TEST_F(ConverseTranslations, AForbiddenCallOfEventsDoesNotBecomeFrames) {
    const std::string start = R"(data: {"id":"c","model":"gpt-4o","choices":[{"index":0,"delta":)";
    start_all(streams(
        "text/event-stream",
        start + R"({"role":"assistant","tool_calls":[{"index":0,"id":"1","type":"function",)" +
            R"("function":{"name":"delete_all","arguments":"{\"secret\":1}"}}]}}]})" + "\n\n" +
            start + R"({},"finish_reason":"tool_calls"}]})" + "\n\ndata: [DONE]\n\n"));
    team_allows("a");
    const std::string got = told(streamed("/model/gpt-4o/converse-stream", kConverseAsked));
    EXPECT_EQ(got.find("delete_all"), std::string::npos) << got;
    EXPECT_EQ(got.find("secret"), std::string::npos) << got;
    EXPECT_NE(got.find("list of tools"), std::string::npos) << got;
    EXPECT_NE(got.find("messageStop {\"stopReason\":\"end_turn\"}"), std::string::npos) << got;
}

}  // namespace
}  // namespace keywarden
