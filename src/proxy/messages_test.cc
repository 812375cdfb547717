// Anthropic's dialect, in and out.

#include <future>
#include <string>

#include "base/money.h"
#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kBody =
    R"({ "model":"claude-x", "max_tokens" : 64,"messages":[{"role":"user","content":"\u00e9"}] })";
constexpr std::string_view kReply =
    R"({"type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn",)"
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
const std::string kStart =
    event("message_start", R"(,"message":{"usage":{"input_tokens":10,"output_tokens":1}})");
const std::string kDelta =
    event("content_block_delta", R"(,"index":0,"delta":{"type":"text_delta","text":"hello"})");
const std::string kEnd =
    event("message_delta", R"(,"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7})");
const std::string kStop = event("message_stop", "");

class Messages : public ProxyFixture {
protected:
    /// A gateway with a provider of each dialect: "claude" has "claude-x", "up" has "gpt-4o".
    void start_both(Imposter::Script script) {
        imposter_ = std::make_unique<Imposter>(std::move(script));
        add_provider("claude",
                     imposter_->port(),
                     {{"claude-x", ""}, {"alias", "claude-y"}},
                     Dialect::Anthropic);
        add_provider("up", imposter_->port(), {{"gpt-4o", ""}});
        parts_.providers.push_back(*open_provider({.name = "sandbox"}));
        start();
    }

    std::string say(std::string_view body,
                    std::string_view fields = "",
                    std::string_view path = "/v1/messages") const {
        return ask(post(path, secret(), body, fields));
    }
};

TEST_F(Messages, PassByteForByteWithTheProvidersKeyInItsField) {
    std::promise<std::string> heard;
    start_both([&](test::Peer& peer) {
        const std::string request = peer.hear_answer();
        if (request.empty()) return;
        heard.set_value(request);
        peer.say(json_answer(kReply));
    });
    const std::string answer = ask(
        "POST /v1/messages?beta=true HTTP/1.1\r\nHost: h\r\nx-api-key: " + std::string(secret()) +
        "\r\nanthropic-version: 2024-01-01\r\nanthropic-beta: a,b\r\nanthropic-beta: c\r\n"
        "Content-Length: " +
        std::to_string(kBody.size()) + "\r\n\r\n" + std::string(kBody));
    EXPECT_EQ(status(answer), 200);
    EXPECT_TRUE(answer.ends_with(kReply));
    EXPECT_EQ(field(answer, "request-id"), field(answer, "X-Request-Id"));
    const std::string request = heard.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /base/v1/messages?beta=true HTTP/1.1\r\n")) << request;
    EXPECT_TRUE(request.ends_with(kBody));
    EXPECT_EQ(field(request, "x-api-key"), kUpstreamKey);
    EXPECT_EQ(field(request, "Authorization"), "");
    EXPECT_EQ(field(request, "anthropic-version"), "2024-01-01");
    EXPECT_NE(request.find("\r\nanthropic-beta: a,b\r\nanthropic-beta: c\r\n"), request.npos)
        << request;
    EXPECT_EQ(row(1), "200 /v1/messages claude-x  100+7");
}

TEST_F(Messages, NameTheVersionWhereTheClientDoesNotAndPassNoOtherQuery) {
    std::promise<std::string> heard;
    start_both([&](test::Peer& peer) {
        const std::string request = peer.hear_answer();
        if (request.empty()) return;
        heard.set_value(request);
        peer.say(json_answer(kReply));
    });
    EXPECT_EQ(status(say(R"({"model":"alias"})", "", "/v1/messages?beta=true&x=1")), 200);
    const std::string request = heard.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /base/v1/messages HTTP/1.1\r\n")) << request;
    EXPECT_EQ(field(request, "anthropic-version"), "2023-06-01");
    EXPECT_TRUE(request.ends_with(R"({"model":"claude-y"})"));
}

TEST_F(Messages, AreRefusedInTheirDialect) {
    start_both(Imposter::answers(json_answer(kReply)));
    const std::string wrong = ask(post("/v1/messages", "kw_live_wrong", kBody));
    EXPECT_EQ(status(wrong), 401);
    EXPECT_NE(wrong.find(R"({"type":"error","error":{"type":"authentication_error",)"),
              std::string::npos);
    const std::string unknown = say(R"({"model":"nope"})");
    EXPECT_EQ(status(unknown), 404);
    EXPECT_NE(unknown.find(R"("type":"not_found_error")"), std::string::npos);
    EXPECT_NE(unknown.find(R"("request_id":")" + field(unknown, "request-id")), std::string::npos);
}

TEST_F(Messages, WhatIsNoChatGoesOnlyWhereItIsSpoken) {
    start_both(Imposter::answers(json_answer(kReply)));
    const std::string count =
        ask(post("/v1/messages/count_tokens", secret(), R"({"model":"gpt-4o"})"));
    EXPECT_EQ(status(count), 400);
    EXPECT_NE(count.find("'up' has no /v1/messages/count_tokens"), std::string::npos) << count;
    const std::string embedded =
        ask(post("/v1/embeddings", secret(), R"({"model":"claude-x","input":"a"})"));
    EXPECT_EQ(status(embedded), 400);
    EXPECT_NE(embedded.find(R"("code":"unsupported_by_provider")"), std::string::npos) << embedded;
    EXPECT_EQ(imposter_->connections(), 0U);
}

TEST_F(Messages, TellWhatIsLeftAsAnthropicDoes) {
    key_ = create(KeyKind::Full, 60);
    start_both(Imposter::answers(json_answer(kReply)));
    const TimePoint before = system_clock().now();
    const std::string answer = say(kBody);
    EXPECT_EQ(field(answer, "anthropic-ratelimit-requests-limit"), "60");
    EXPECT_EQ(field(answer, "anthropic-ratelimit-requests-remaining"), "59");
    const std::string reset = field(answer, "anthropic-ratelimit-requests-reset");
    const std::optional<TimePoint> when = parse_iso8601(reset);
    ASSERT_TRUE(when) << reset;
    EXPECT_GT(*when, before);
    EXPECT_LE(*when, system_clock().now() + std::chrono::minutes(2));
    EXPECT_EQ(field(answer, "x-ratelimit-limit-requests"), "");
}

TEST_F(Messages, AreMeteredFromBothEndsOfAStream) {
    const std::string events = kStart + event("ping", "") + kDelta + kEnd + kStop;
    start_both([&](test::Peer& peer) {
        while (!peer.hear_answer().empty()) {
            peer.say(std::string(kHead) + chunk(events) + std::string(kLastChunk));
        }
    });
    test::Peer peer = connect();
    peer.say(post("/v1/messages", secret(), R"({"model":"claude-x","stream":true})"));
    EXPECT_EQ(unchunked(peer.hear_until(kLastChunk)), events);
    EXPECT_EQ(row(1), "200 /v1/messages claude-x  10+7");
}

TEST_F(Messages, ThatDieEndInAnErrorEventAndCostWhatWasWritten) {
    charge_calls();
    constexpr Price kPrice{.input = 1'000'000'000, .output = 10'000'000'000};
    ASSERT_TRUE(money_->prices.put("claude/claude-x", kPrice, {.tenant = "instance"}));
    start_both([](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(std::string(kHead) + chunk(kStart) + chunk(kDelta) + chunk(kDelta) +
                 chunk("event: content_block_delta\ndata: {\"ha"));
    });
    test::Peer peer = connect();
    peer.say(post("/v1/messages", secret(), R"({"model":"claude-x","stream":true})"));
    const std::string body = unchunked(peer.hear_until(kLastChunk));
    EXPECT_TRUE(body.starts_with(kStart + kDelta + kDelta +
                                 "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
                                 "\"api_error\","))
        << body;
    row(1);
    money_->journal->sync();
    const std::vector<CallRecord> rows = money_->journal->next_batch(10).rows;
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].basis, UsageBasis::Counted);
    EXPECT_EQ(rows[0].usage.input, 10);  // as its beginning said
    EXPECT_GT(*rows[0].usage.output, 1);
}

TEST_F(Messages, CountingTokensCostsNothing) {
    charge_calls();
    constexpr Price kPrice{.input = 1'000'000'000, .output = 10'000'000'000, .per_request = 5};
    ASSERT_TRUE(money_->prices.put("claude/claude-x", kPrice, {.tenant = "instance"}));
    start_both(Imposter::answers(json_answer(R"({"input_tokens":2095})")));
    const std::string answer = say(kBody, "", "/v1/messages/count_tokens");
    EXPECT_TRUE(answer.ends_with(R"({"input_tokens":2095})"));
    row(1);
    money_->journal->sync();
    const std::vector<CallRecord> rows = money_->journal->next_batch(10).rows;
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].cost.value, 0);
    EXPECT_EQ(rows[0].held.value, 0);
    EXPECT_EQ(rows[0].outcome, CallOutcome::Settled);
}

TEST_F(Messages, AreToldWhenTheProviderIsOverloaded) {
    start_both(
        Imposter::answers("HTTP/1.1 529 Overloaded\r\nContent-Type: "
                          "application/json\r\nContent-Length: 2\r\n\r\n{}"));
    EXPECT_EQ(status(say(kBody)), 529);
}

TEST_F(Messages, AreAnsweredByTheSandbox) {
    start_both(Imposter::answers(json_answer(kReply)));
    const std::string answer =
        say(R"({"model":"sandbox","max_tokens":9,"messages":[{"role":"user","content":"a b"}]})");
    EXPECT_EQ(status(answer), 200);
    EXPECT_NE(answer.find(R"("type":"message")"), std::string::npos) << answer;
    EXPECT_EQ(row(1), "200 /v1/messages sandbox  2+9");
}

}  // namespace
}  // namespace keywarden
