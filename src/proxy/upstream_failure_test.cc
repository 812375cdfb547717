#include <string>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kBody = R"({"model":"gpt-4o","messages":[]})";

class UpstreamFailure : public ProxyFixture {
protected:
    /// The answer to one call when the provider says `bytes` and closes.
    std::string answer_to(std::string bytes) {
        start([bytes = std::move(bytes)](test::Peer& peer) {
            if (!peer.hear_answer().empty()) peer.say(bytes);
        });
        return chat(kBody);
    }
    static std::string code(const std::string& answer) {
        const size_t at = answer.find(R"("code":")");
        if (at == std::string::npos) return "no code";
        return answer.substr(at + 8, answer.find('"', at + 8) - at - 8);
    }
};

TEST_F(UpstreamFailure, AProviderThatIsDownIs502) {
    {
        const Imposter gone([](test::Peer&) {});
        add_provider("up", gone.port(), {{"gpt-4o", ""}});
    }
    start();
    const std::string answer = chat(kBody);
    EXPECT_EQ(status(answer), 502);
    EXPECT_EQ(code(answer), "upstream_error");
    EXPECT_EQ(answer.find("127.0.0.1"), std::string::npos) << "the address is not the caller's";
    EXPECT_EQ(row(1), "502 /v1/chat/completions gpt-4o upstream_error");
}

TEST_F(UpstreamFailure, AnEndBeforeTheAnswerIs502) {
    const std::string answer = answer_to("");
    EXPECT_EQ(status(answer), 502);
    EXPECT_EQ(code(answer), "upstream_error");
}

TEST_F(UpstreamFailure, GarbageIs502) {
    EXPECT_EQ(status(answer_to("SSH-2.0-OpenSSH_9.2\r\n\r\n")), 502);
}

TEST_F(UpstreamFailure, AHeadWithoutEndIs502) {
    EXPECT_EQ(status(answer_to("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x'))), 502);
}

TEST_F(UpstreamFailure, AShorterBodyThanPromisedClosesTheConnection) {
    const std::string answer = answer_to(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\":");
    EXPECT_EQ(status(answer), 200);
    EXPECT_EQ(field(answer, "Content-Length"), "100");
    EXPECT_TRUE(answer.ends_with(R"({"a":)"));
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o upstream_error");
}

TEST_F(UpstreamFailure, ALongerBodyThanPromisedIsCutAndTheConnectionNotUsedAgain) {
    const std::string answer =
        answer_to(json_answer("{}") + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(status(answer), 200);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n{}"));
    EXPECT_EQ(status(chat(kBody)), 200);
    EXPECT_EQ(imposter_->connections(), 2U);
}

TEST_F(UpstreamFailure, BrokenChunksCloseTheConnection) {
    const std::string answer = answer_to(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\n{}\r\nzz\r\n");
    EXPECT_FALSE(answer.ends_with("0\r\n\r\n")) << answer;
}

TEST_F(UpstreamFailure, ItsRefusalOfOurKeyIsNotTheCallers) {
    const std::string answer = answer_to(json_answer(
        R"({"error":{"message":"Incorrect API key provided: upstream-key"}})", "401 Unauthorized"));
    EXPECT_EQ(status(answer), 502);
    EXPECT_EQ(code(answer), "provider_credentials_rejected");
    EXPECT_EQ(answer.find("upstream-key"), std::string::npos);
}

TEST_F(UpstreamFailure, ItsOwn4xxPassesAsItIs) {
    constexpr std::string_view kError =
        R"({"error":{"message":"too long","type":"invalid_request_error","code":"context"}})";
    const std::string answer = answer_to(json_answer(kError, "400 Bad Request"));
    EXPECT_EQ(status(answer), 400);
    EXPECT_TRUE(answer.ends_with(kError));
}

TEST_F(UpstreamFailure, ItsRateLimitPassesWithItsRetryAfter) {
    const std::string answer = answer_to(
        "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 7\r\n"
        "Content-Length: 2\r\n\r\n{}");
    EXPECT_EQ(status(answer), 429);
    EXPECT_EQ(field(answer, "Retry-After"), "7");
}

TEST_F(UpstreamFailure, APageOfAProxyInBetweenBecomesAnErrorOfTheDialect) {
    const std::string answer = answer_to(
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>");
    EXPECT_EQ(status(answer), 404);
    EXPECT_EQ(answer.find("<html>"), std::string::npos);
    EXPECT_NE(answer.find(R"({"error":{"message":"The provider 'up')"), std::string::npos);
}

TEST_F(UpstreamFailure, Its500Is502) {
    const std::string answer = answer_to(json_answer("{}", "500 Internal Server Error"));
    EXPECT_EQ(status(answer), 502);
    EXPECT_EQ(code(answer), "upstream_error");
}

TEST_F(UpstreamFailure, ARedirectIsNotFollowed) {
    EXPECT_EQ(status(answer_to("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                               "Content-Length: 0\r\n\r\n")),
              502);
}

TEST_F(UpstreamFailure, SilenceEndsInATimeout) {
    parts_.limits.upstream.first_byte = std::chrono::milliseconds(20);
    start([](test::Peer& peer) {
        peer.hear_answer();
        peer.hear_all();
    });
    const std::string answer = chat(kBody);
    EXPECT_EQ(status(answer), 504);
    EXPECT_EQ(code(answer), "upstream_timeout");
}

TEST_F(UpstreamFailure, AnAnswerThatStallsEndsInATimeout) {
    parts_.limits.upstream.idle = std::chrono::milliseconds(20);
    start([](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
        peer.hear_all();
    });
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions", secret(), kBody));
    const std::string body = unchunked(peer.hear_until("0\r\n\r\n"));
    EXPECT_TRUE(body.starts_with("data: 1\n\ndata: {\"error\":{")) << body;
    EXPECT_NE(body.find("upstream_timeout"), std::string::npos);
}

TEST_F(UpstreamFailure, AClientThatLeavesAtAnyPointHarmsNoOther) {
    start(Imposter::answers(json_answer("{}")));
    const std::string call = post("/v1/chat/completions", secret(), kBody);
    for (size_t cut = 0; cut <= call.size(); cut += 7) {
        test::Peer peer = connect();
        peer.say(std::string_view(call).substr(0, cut));
    }
    EXPECT_EQ(status(chat(kBody)), 200);
}

}  // namespace
}  // namespace keywarden
