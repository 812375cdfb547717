#include <atomic>
#include <future>
#include <string>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kBody = R"({"model":"gpt-4o","messages":[]})";
constexpr std::string_view kAnswer = R"({"id":"one","usage":{"prompt_tokens":3}})";
constexpr std::string_view kStream =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 18\r\n\r\n"
    "data: 1\n\ndata: 2\n\n";
constexpr std::string_view kKey = "Idempotency-Key: retry-1\r\n";

class RepeatedCall : public ProxyFixture {
protected:
    /// A provider that counts what it is asked.
    void start_counting(std::string answer) {
        start([this, answer = std::move(answer)](test::Peer& peer) {
            while (!peer.hear_answer().empty()) {
                ++asked_;
                if (!peer.say(answer)) return;
            }
        });
    }
    std::string ask(test::Peer& peer, std::string_view body = kBody) {
        peer.say(post("/v1/chat/completions", secret(), body, kKey));
        return peer.hear_answer();
    }

    std::atomic<int> asked_ = 0;
};

TEST_F(RepeatedCall, IsMadeOnceAndGetsTheSameAnswer) {
    start_counting(json_answer(kAnswer));
    test::Peer peer = connect();
    const std::string first = ask(peer);
    EXPECT_TRUE(first.ends_with(kAnswer)) << first;
    EXPECT_EQ(field(first, "Idempotent-Replayed"), "");
    const std::string second = ask(peer);
    EXPECT_TRUE(second.ends_with(kAnswer)) << second;
    EXPECT_EQ(status(second), 200);
    EXPECT_EQ(field(second, "Idempotent-Replayed"), "true");
    EXPECT_EQ(field(second, "Content-Type"), "application/json");
    EXPECT_EQ(asked_, 1);
}

TEST_F(RepeatedCall, WithAnotherBodyIsAMismatch) {
    start_counting(json_answer(kAnswer));
    test::Peer peer = connect();
    ask(peer);
    EXPECT_EQ(status(ask(peer, R"({"model":"gpt-4o","messages":[1]})")), 422);
    EXPECT_EQ(asked_, 1);
}

TEST_F(RepeatedCall, OfAnotherApiKeyIsACallOfItsOwn) {
    start_counting(json_answer(kAnswer));
    test::Peer peer = connect();
    ask(peer);
    const MintedKey other = create(KeyKind::Full);
    peer.say(post("/v1/chat/completions", other.secret.reveal(), kBody, kKey));
    EXPECT_EQ(field(peer.hear_answer(), "Idempotent-Replayed"), "");
    EXPECT_EQ(asked_, 2);
}

TEST_F(RepeatedCall, AfterAFailureIsMadeAgain) {
    start_counting(json_answer(R"({"error":{"message":"busy"}})", "503 Busy"));
    test::Peer peer = connect();
    EXPECT_EQ(status(ask(peer)), 503);
    EXPECT_EQ(status(ask(peer)), 503);
    EXPECT_EQ(asked_, 2);
}

TEST_F(RepeatedCall, WhileTheFirstRunsIsAskedToWait) {
    std::promise<void> heard;
    std::promise<void> goes_on;
    start([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        heard.set_value();
        goes_on.get_future().wait();
        peer.say(json_answer(kAnswer));
    });
    test::Peer first = connect();
    first.say(post("/v1/chat/completions", secret(), kBody, kKey));
    heard.get_future().wait();
    test::Peer second = connect();
    EXPECT_EQ(status(ask(second)), 409);
    goes_on.set_value();
    EXPECT_TRUE(first.hear_answer().ends_with(kAnswer));
}

TEST_F(RepeatedCall, FindsTheStreamThatItsClientLeft) {
    std::promise<void> left;
    std::atomic<int> asked = 0;
    start([&](test::Peer& peer) {
        if (peer.hear_answer().empty()) return;
        ++asked;
        const std::string_view stream = kStream;
        peer.say(stream.substr(0, stream.size() - 9));
        left.get_future().wait();
        peer.say(stream.substr(stream.size() - 9));
    });
    {
        test::Peer client = connect();
        client.say(post("/v1/chat/completions", secret(), kBody, kKey));
        client.hear_until("data: 1\n\n");
    }
    left.set_value();
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o  left");  // it has ended
    test::Peer again = connect();
    const std::string answer = ask(again);
    EXPECT_TRUE(answer.ends_with("data: 1\n\ndata: 2\n\n")) << answer;
    EXPECT_EQ(asked, 1);
}

TEST_F(RepeatedCall, IsNoneWhereTheKeyIsForTheConnectionOnly) {
    start_counting(json_answer(kAnswer));
    test::Peer peer = connect();
    const std::string fields = "Connection: keep-alive, idempotency-key\r\n" + std::string(kKey);
    for (int i = 0; i < 2; ++i) {
        peer.say(post("/v1/chat/completions", secret(), kBody, fields));
        EXPECT_EQ(field(peer.hear_answer(), "Idempotent-Replayed"), "");
    }
    EXPECT_EQ(asked_, 2);
}

TEST_F(RepeatedCall, RefusesAKeyThatIsNone) {
    start_counting(json_answer(kAnswer));
    test::Peer peer = connect();
    const std::string field = "Idempotency-Key: " + std::string(256, 'a') + "\r\n";
    peer.say(post("/v1/chat/completions", secret(), kBody, field));
    EXPECT_EQ(status(peer.hear_answer()), 400);
    EXPECT_EQ(asked_, 0);
}

}  // namespace
}  // namespace keywarden
