// What a translation between the dialects costs: of a small call, and of each event of a stream.
//
//   chat_bench [--benchmark_filter=…]
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "providers/chat.h"

namespace keywarden {
namespace {

// As their vendors' SDKs ask, and as they answer.
constexpr std::string_view kOpenAiRequest =
    R"({"messages":[{"role":"system","content":"You are a helpful assistant."},)"
    R"({"role":"user","content":"What is the capital of Norway, and how many live there?"}],)"
    R"("model":"claude-opus-5-5","max_completion_tokens":256,"temperature":0.7,"stream":true,)"
    R"("stream_options":{"include_usage":true}})";
constexpr std::string_view kAnthropicRequest =
    R"({"max_tokens":256,"messages":[{"role":"user","content":"What is the capital of Norway, and )"
    R"(how many live there?"}],"model":"gpt-6.2-sol","stream":true,)"
    R"("system":"You are a helpful assistant.","temperature":0.7})";
constexpr std::string_view kOpenAiAnswer =
    R"({"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion",)"
    R"("created":1741570283,"model":"gpt-6.2-sol","choices":[{"index":0,"message":{)"
    R"("role":"assistant","content":"Oslo. About 720,000 people live there.","refusal":null,)"
    R"("annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":27,)"
    R"("completion_tokens":12,"total_tokens":39,"prompt_tokens_details":{"cached_tokens":0,)"
    R"("audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},)"
    R"("service_tier":"default","system_fingerprint":"fp_fc9f1d7035"})";
constexpr std::string_view kAnthropicAnswer =
    R"({"model":"claude-opus-5-5","id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message",)"
    R"("role":"assistant","content":[{"type":"text","text":"Oslo. About 720,000 people live )"
    R"(there."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":27,)"
    R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":{)"
    R"("ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":12,)"
    R"("service_tier":"standard"}})";
constexpr ChatEvent kOpenAiStart{
    .data =
        R"({"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk",)"
        R"("created":1741570283,"model":"gpt-6.2-sol","service_tier":"default",)"
        R"("system_fingerprint":"fp_fc9f1d7035","choices":[{"index":0,"delta":{"role":"assistant",)"
        R"("content":"","refusal":null},"logprobs":null,"finish_reason":null}],)"
        R"("obfuscation":"x"})"};
constexpr ChatEvent kOpenAiText{
    .data = R"({"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk",)"
            R"("created":1741570283,"model":"gpt-6.2-sol","service_tier":"default",)"
            R"("system_fingerprint":"fp_fc9f1d7035","choices":[{"index":0,)"
            R"("delta":{"content":" people"},)"
            R"("logprobs":null,"finish_reason":null}],"obfuscation":"Nab7xTx"})"};
constexpr ChatEvent kOpenAiArguments{
    .data =
        R"({"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk",)"
        R"("created":1741570283,"model":"gpt-6.2-sol","service_tier":"default",)"
        R"("system_fingerprint":"fp_fc9f1d7035","choices":[{"index":0,"delta":{"tool_calls":[{)"
        R"("index":0,"function":{"arguments":"{\"ci"}}]},"logprobs":null,"finish_reason":null}],)"
        R"("obfuscation":"Nab7xTx"})"};
constexpr ChatEvent kAnthropicStart{
    .data = R"({"type":"message_start","message":{"model":"claude-opus-5-5","id":"msg_1",)"
            R"("type":"message",)"
            R"("role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{)"
            R"("input_tokens":27,"output_tokens":1}}})"};
constexpr ChatEvent kAnthropicText{
    .data = R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta",)"
            R"("text":" people"}})"};

constexpr std::string_view kConverseRequest =
    R"({"messages":[{"role":"user","content":[{"text":"What is the capital of Norway, and how )"
    R"(many live there?"}]}],"system":[{"text":"You are a helpful assistant."}],)"
    R"("inferenceConfig":{"maxTokens":256,"temperature":0.7}})";
constexpr std::string_view kConverseAnswer =
    R"({"metrics":{"latencyMs":551},"output":{"message":{"content":[{"text":"Oslo. About 720,000 )"
    R"(people live there."}],"role":"assistant"}},"stopReason":"end_turn","usage":{)"
    R"("cacheReadInputTokens":0,"cacheWriteInputTokens":0,"inputTokens":27,"outputTokens":12,)"
    R"("serverToolUsage":{},"totalTokens":39}})";
constexpr ChatEvent kConverseStart{.data = R"({"p":"abcdefghij","role":"assistant"})",
                                   .type = "messageStart"};
constexpr ChatEvent kConverseText{
    .data = R"({"contentBlockIndex":0,"delta":{"text":" people"},"p":"abcdefghijklmn"})",
    .type = "contentBlockDelta"};

void expect(bool holds) {
    if (holds) return;
    std::fputs("what is measured does not work\n", stderr);
    std::exit(1);
}

void request(benchmark::State& state, Dialect from, Dialect to, std::string_view body) {
    for (auto step : state) {
        auto translated = translate_request(from, to, body, {.model = "upstream"});
        expect(translated.has_value());
        benchmark::DoNotOptimize(bounded(*translated, to, 256));
    }
}

void answer(benchmark::State& state, Dialect from, Dialect to, std::string_view body) {
    for (auto step : state) {
        auto translated = translate_answer(from, to, body, {.now = 1});
        expect(translated.has_value());
        benchmark::DoNotOptimize(translated);
    }
}

void event(benchmark::State& state,
           Dialect from,
           Dialect to,
           const ChatEvent& start,
           const ChatEvent& data) {
    ChatStream stream({.from = from, .to = to, .facts = {.now = 1}});
    std::string out;
    expect(stream.feed(start, out).has_value());
    for (auto step : state) {
        out.clear();
        expect(stream.feed(data, out).has_value());
        benchmark::DoNotOptimize(out);
    }
}

constexpr Dialect kOpenAi = Dialect::OpenAi;
constexpr Dialect kAnthropic = Dialect::Anthropic;
constexpr Dialect kBedrock = Dialect::Bedrock;
BENCHMARK_CAPTURE(request, openai_to_anthropic, kOpenAi, kAnthropic, kOpenAiRequest);
BENCHMARK_CAPTURE(request, anthropic_to_openai, kAnthropic, kOpenAi, kAnthropicRequest);
BENCHMARK_CAPTURE(request, openai_to_bedrock, kOpenAi, kBedrock, kOpenAiRequest);
BENCHMARK_CAPTURE(request, bedrock_to_openai, kBedrock, kOpenAi, kConverseRequest);
BENCHMARK_CAPTURE(answer, openai_to_anthropic, kOpenAi, kAnthropic, kOpenAiAnswer);
BENCHMARK_CAPTURE(answer, anthropic_to_openai, kAnthropic, kOpenAi, kAnthropicAnswer);
BENCHMARK_CAPTURE(answer, bedrock_to_openai, kBedrock, kOpenAi, kConverseAnswer);
BENCHMARK_CAPTURE(answer, anthropic_to_bedrock, kAnthropic, kBedrock, kAnthropicAnswer);
BENCHMARK_CAPTURE(event, openai_to_anthropic, kOpenAi, kAnthropic, kOpenAiStart, kOpenAiText);
BENCHMARK_CAPTURE(
    event, openai_to_anthropic_tool, kOpenAi, kAnthropic, kOpenAiStart, kOpenAiArguments);
BENCHMARK_CAPTURE(event, anthropic_to_openai, kAnthropic, kOpenAi, kAnthropicStart, kAnthropicText);
BENCHMARK_CAPTURE(event, bedrock_to_openai, kBedrock, kOpenAi, kConverseStart, kConverseText);
BENCHMARK_CAPTURE(event, openai_to_bedrock, kOpenAi, kBedrock, kOpenAiStart, kOpenAiText);

}  // namespace
}  // namespace keywarden

BENCHMARK_MAIN();
