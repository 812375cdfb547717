#include "proxy/translation.h"

#include <future>
#include <string>

#include "base/money.h"
#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kAsked =
    R"({"model":"claude-x","messages":[{"role":"user","content":"hi"}]})";
constexpr std::string_view kMessage =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x",)"
    R"("content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn",)"
    R"("usage":{"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":7}})";
constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string chunk(std::string_view bytes) {
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
}

std::string event(const std::string& type, const std::string& rest) {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + rest + "}\n\n";
}
const std::string kStart = event("message_start",
                                 R"(,"message":{"id":"msg_1","model":"claude-x",)"
                                 R"("usage":{"input_tokens":10,"output_tokens":1}})");
const std::string kText =
    event("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"hello"})");
const std::string kEnd =
    event("message_delta", R"(,"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7})") +
    event("message_stop", "");

/// A client of OpenAI's and a provider of Anthropic's dialect.
class Translations : public ProxyFixture {
protected:
    void start_claude(Imposter::Script script) {
        imposter_ = std::make_unique<Imposter>(std::move(script));
        add_provider("claude", imposter_->port(), {{"claude-x", ""}}, Dialect::Anthropic);
        start();
    }

    /// The body of a stream that the provider sends like this, in chunks.
    std::string streamed(const std::string& chunks) {
        start_claude([&](test::Peer& peer) {
            if (!peer.hear_answer().empty()) peer.say(std::string(kHead) + chunks);
        });
        test::Peer peer = connect();
        peer.say(post("/v1/chat/completions",
                      secret(),
                      R"({"model":"claude-x","stream":true,"messages":[{"role":"user"}]})"));
        return unchunked(peer.hear_until(kLastChunk));
    }
};

TEST_F(Translations, ARequestGoesAndAnAnswerComesInTheOthersDialect) {
    std::promise<std::string> heard;
    start_claude([&](test::Peer& peer) {
        const std::string request = peer.hear_answer();
        if (request.empty()) return;
        heard.set_value(request);
        peer.say(json_answer(kMessage));
    });
    const std::string answer = chat(kAsked, "OpenAI-Beta: x\r\n");
    EXPECT_EQ(status(answer), 200);
    EXPECT_NE(answer.find(R"("content":"hello")"), std::string::npos) << answer;
    EXPECT_NE(answer.find(R"("prompt_tokens":100,"completion_tokens":7)"), std::string::npos);
    const std::string request = heard.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /base/v1/messages HTTP/1.1\r\n")) << request;
    EXPECT_EQ(field(request, "x-api-key"), kUpstreamKey);
    EXPECT_EQ(field(request, "OpenAI-Beta"), "");
    EXPECT_EQ(field(request, "anthropic-version"), "2023-06-01");
    EXPECT_TRUE(
        request.ends_with(R"({"model":"claude-x","messages":[{"role":"user","content":"hi"}],)"
                          R"("max_tokens":16384})"));
    EXPECT_EQ(row(1), "200 /v1/chat/completions claude-x  100+7");
}

TEST_F(Translations, AStreamComesEventByEvent) {
    const std::string body =
        streamed(chunk(kStart) + chunk(kText) + chunk(kEnd) + std::string(kLastChunk));
    EXPECT_NE(body.find(R"("delta":{"content":"hello"})"), std::string::npos) << body;
    EXPECT_TRUE(body.ends_with("data: [DONE]\n\n"));
    EXPECT_EQ(body.find("usage"), std::string::npos);  // nobody asked
    EXPECT_EQ(row(1), "200 /v1/chat/completions claude-x  10+7");
}

TEST_F(Translations, AStreamThatEndsTooSoonEndsInAnError) {
    const std::string body = streamed(chunk(kStart) + chunk(kText) + std::string(kLastChunk));
    EXPECT_NE(body.find(R"("content":"hello")"), std::string::npos) << body;
    EXPECT_NE(body.find(R"(data: {"error":{)"), std::string::npos) << body;
    EXPECT_EQ(body.find("[DONE]"), std::string::npos);
}

TEST_F(Translations, AnAnswerThatIsNoneIsAnUpstreamError) {
    start_claude(Imposter::answers(json_answer("[1]")));
    const std::string answer = chat(kAsked);
    EXPECT_EQ(status(answer), 502);
    EXPECT_NE(answer.find(R"("code":"upstream_error")"), std::string::npos) << answer;
}

TEST_F(Translations, AProvidersErrorKeepsItsWords) {
    start_claude(Imposter::answers(
        json_answer(R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})",
                    "429 Too Many Requests\r\nRetry-After: 7")));
    const std::string answer = chat(kAsked);
    EXPECT_EQ(status(answer), 429);
    EXPECT_EQ(field(answer, "Retry-After"), "7");
    EXPECT_NE(answer.find(R"({"error":{"message":"slow","type":"rate_limit_error",)"),
              std::string::npos)
        << answer;
}

TEST_F(Translations, WhatCannotBeCarriedIsRefusedBeforeAnythingIsTaken) {
    charge_calls();
    start_claude(Imposter::answers(json_answer(kMessage)));
    const std::string answer =
        chat(R"({"model":"claude-x","seed":1,"messages":[{"role":"user"}]})");
    EXPECT_EQ(status(answer), 400);
    EXPECT_NE(answer.find(R"("param":"seed","code":"unsupported_by_provider")"), std::string::npos)
        << answer;
    EXPECT_EQ(imposter_->connections(), 0U);
    row(1);
    money_->journal->sync();
    EXPECT_TRUE(money_->journal->next_batch(10).rows.empty());
}

TEST_F(Translations, WhatIsLeftOutIsSaid) {
    parts_.uncarried = Uncarried::LeftOut;
    start_claude(Imposter::answers(json_answer(kMessage)));
    const std::string answer =
        chat(R"({"model":"claude-x","seed":1,"store":true,"messages":[{"role":"user"}]})");
    EXPECT_EQ(status(answer), 200);
    EXPECT_EQ(field(answer, "x-keywarden-dropped"), "seed, store");
}

TEST_F(Translations, WhatIsLeftOutStaysWithinItsField) {
    parts_.uncarried = Uncarried::LeftOut;
    start_claude(Imposter::answers(json_answer(kMessage)));
    const std::string long_name(2'000, 'z');
    const std::string answer = chat(R"({"model":"claude-x","a\r\nX-Evil: 1,\u00e9":1,")" +
                                    long_name + R"(":1,"messages":[{"role":"user"}]})");
    EXPECT_EQ(status(answer), 200);
    EXPECT_EQ(field(answer, "x-keywarden-dropped"), "a??X-Evil:?1???, ...");
    EXPECT_EQ(field(answer, "X-Evil"), "");
}

TEST_F(Translations, TheOutputHasTheBoundForWhichMoneyIsHeld) {
    charge_calls();
    constexpr Price kPrice{
        .input = 1'000'000'000, .output = 10'000'000'000, .output_tokens_max = 100};
    ASSERT_TRUE(money_->prices.put("claude/claude-x", kPrice, {.tenant = "instance"}));
    std::promise<std::string> heard;
    start_claude([&](test::Peer& peer) {
        const std::string request = peer.hear_answer();
        if (request.empty()) return;
        heard.set_value(request);
        peer.say(json_answer(kMessage));
    });
    EXPECT_EQ(status(chat(kAsked)), 200);
    EXPECT_TRUE(heard.get_future().get().ends_with(R"("max_tokens":100})"));
}

TEST_F(Translations, ABudgetBoundsTheOutputThere) {
    charge_calls();
    constexpr Price kPrice{
        .input = 1'000'000'000, .output = 10'000'000'000, .output_tokens_max = 100};
    ASSERT_TRUE(money_->prices.put("claude/claude-x", kPrice, {.tenant = "instance"}));
    money_->spend.put_budget({.id = "budget_1",
                              .team_id = "team_a",
                              .name = "all",
                              .amount = {1'000'000'000},
                              .period = Period::Month});
    std::promise<std::string> heard;
    start_claude([&](test::Peer& peer) {
        const std::string request = peer.hear_answer();
        if (request.empty()) return;
        heard.set_value(request);
        peer.say(json_answer(kMessage));
    });
    EXPECT_EQ(status(chat(kAsked)), 200);
    EXPECT_NE(heard.get_future().get().find(R"("max_tokens":100})"), std::string::npos);
}

}  // namespace
}  // namespace keywarden
