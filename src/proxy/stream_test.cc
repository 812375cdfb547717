#include <future>
#include <string>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kBody = R"({"model":"gpt-4o","stream":true,"messages":[]})";
constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n";

std::string chunk(std::string_view bytes) {
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
}

std::string delta(std::string_view text) {
    return R"(data: {"choices":[{"delta":{"content":")" + std::string(text) +
           "\"}}],\"usage\":null}\n\n";
}

constexpr std::string_view kLastChunk = "0\r\n\r\n";

class Streaming : public ProxyFixture {};

TEST_F(Streaming, AsksForUsageAndTakesItsChunkOutAgain) {
    std::promise<std::string> heard;
    start([&](test::Peer& peer) {
        const std::string request = peer.hear_answer();
        if (request.empty()) return;
        heard.set_value(request);
        peer.say(std::string(kHead) + chunk(delta("a")) + chunk(delta("b")) + chunk(kUsage) +
                 chunk("data: [DONE]\n\n") + std::string(kLastChunk));
    });
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions", secret(), kBody));
    const std::string answer = peer.hear_until(kLastChunk);
    EXPECT_EQ(unchunked(answer), delta("a") + delta("b") + "data: [DONE]\n\n");
    EXPECT_EQ(field(answer, "Content-Type"), "text/event-stream");
    const std::string asked = R"({"stream_options":{"include_usage":true},)";
    EXPECT_TRUE(heard.get_future().get().ends_with(asked + std::string(kBody.substr(1))));
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o  5+2");
}

TEST_F(Streaming, LeavesTheChunkToAClientThatAskedForIt) {
    start([](test::Peer& peer) {
        const std::string request = peer.hear_answer();
        if (request.empty()) return;
        const bool as_sent = request.ends_with(R"("stream_options":{"include_usage":true}})");
        peer.say(std::string(kHead) + chunk(as_sent ? kUsage : "data: wrong\n\n") +
                 std::string(kLastChunk));
    });
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions",
                  secret(),
                  R"({"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true}})"));
    EXPECT_EQ(unchunked(peer.hear_until(kLastChunk)), kUsage);
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o  5+2");
}

TEST_F(Streaming, EachEventGoesOnWithoutWaitingForTheNext) {
    std::promise<void> heard_first;
    start([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(std::string(kHead) + chunk(delta("first")));
        heard_first.get_future().wait();  // the second is sent only once the first has arrived
        peer.say(chunk(delta("second")) + std::string(kLastChunk));
    });
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions", secret(), kBody));
    std::string answer = peer.hear_until("\n\n");
    EXPECT_NE(answer.find("first"), std::string::npos);
    heard_first.set_value();
    answer += peer.hear_until(kLastChunk);
    EXPECT_EQ(unchunked(answer), delta("first") + delta("second"));
}

TEST_F(Streaming, EventsCutAnywhereArriveWhole) {
    const std::string events = ": ping\n\n" + delta("a") + delta("\\\"usage\\\":{}") +
                               std::string(kUsage) + "data: [DONE]\n\n";
    const std::string wanted =
        ": ping\n\n" + delta("a") + delta("\\\"usage\\\":{}") + "data: [DONE]\n\n";
    size_t cut = 0;
    start([&](test::Peer& peer) {
        while (!peer.hear_answer().empty()) {
            // Two chunks, and two writes: the cut is seen both in the framing and in the reads.
            peer.say(std::string(kHead) + chunk(events.substr(0, cut)));
            peer.say(chunk(events.substr(cut)) + std::string(kLastChunk));
        }
    });
    test::Peer peer = connect();
    for (cut = 1; cut < events.size(); ++cut) {
        peer.say(post("/v1/chat/completions", secret(), kBody));
        ASSERT_EQ(unchunked(peer.hear_until(kLastChunk)), wanted) << "cut at " << cut;
    }
}

TEST_F(Streaming, AProviderThatDiesMidStreamEndsInAnErrorEvent) {
    start([](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(std::string(kHead) + chunk(delta("a")) + chunk("data: {\"half"));
    });
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions", secret(), kBody));
    const std::string body = unchunked(peer.hear_until(kLastChunk));
    EXPECT_TRUE(body.starts_with(delta("a") + R"(data: {"error":{)")) << body;
    EXPECT_EQ(body.find("half"), std::string::npos);
    EXPECT_TRUE(body.ends_with("\n\n"));
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o upstream_error");
}

TEST_F(Streaming, AClientThatLeavesLetsTheUsageBeRead) {
    std::promise<void> client_left;
    start([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(std::string(kHead) + chunk(delta("a")));
        client_left.get_future().wait();
        peer.say(chunk(delta("b")) + chunk(kUsage) + std::string(kLastChunk));
        peer.hear_answer();
    });
    {
        test::Peer peer = connect();
        peer.say(post("/v1/chat/completions", secret(), kBody));
        peer.hear_until("\n\n");
    }
    client_left.set_value();
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o  left 5+2");
}

TEST_F(Streaming, AfterAClientLeftTheProviderIsStoppedWithinABound) {
    std::promise<void> stopped;
    start([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(kHead);
        while (peer.say(chunk(delta(std::string(1'000, 'x'))))) {  // it never ends
        }
        stopped.set_value();
    });
    {
        test::Peer peer = connect();
        peer.say(post("/v1/chat/completions", secret(), kBody));
        peer.hear_until("\n\n");
    }
    EXPECT_EQ(stopped.get_future().wait_for(test::kPatience), std::future_status::ready);
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o  left");
}

TEST_F(Streaming, AClientThatDoesNotReadHoldsTheProviderBack) {
    std::atomic<size_t> sent = 0;
    std::promise<void> blocked;
    start([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        peer.say(kHead);
        const std::string event = chunk(delta(std::string(60'000, 'x')));
        const timeval brief{.tv_sec = 0, .tv_usec = 300'000};
        setsockopt(peer.fd(), SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof brief);
        while (sent < 400 * event.size() && peer.say(event)) sent += event.size();
        blocked.set_value();
    });
    test::Peer peer = connect();
    const int small = 16'384;
    setsockopt(peer.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    peer.say(post("/v1/chat/completions", secret(), kBody));
    ASSERT_EQ(blocked.get_future().wait_for(test::kPatience), std::future_status::ready);
    // What is under way is in the kernel's buffers and in one piece of ours, not in our memory.
    EXPECT_LT(sent, size_t{16} << 20U);
}

TEST_F(Streaming, ResponsesAreMeteredWithoutBeingAskedFor) {
    start([](test::Peer& peer) {
        const std::string request = peer.hear_answer();
        if (request.empty()) return;
        const bool as_sent = request.ends_with(R"({"model":"gpt-4o","stream":true,"input":"x"})");
        peer.say(
            std::string(kHead) +
            chunk("event: response.completed\ndata: {\"response\":{\"usage\":{\"input_tokens\":3"
                  ",\"output_tokens\":4}}}\n\n") +
            chunk(as_sent ? "data: ok\n\n" : "data: changed\n\n") + std::string(kLastChunk));
    });
    test::Peer peer = connect();
    peer.say(post("/v1/responses", secret(), R"({"model":"gpt-4o","stream":true,"input":"x"})"));
    EXPECT_TRUE(unchunked(peer.hear_until(kLastChunk)).ends_with("data: ok\n\n"));
    EXPECT_EQ(row(1), "200 /v1/responses gpt-4o  3+4");
}

}  // namespace
}  // namespace keywarden
