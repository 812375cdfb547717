#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "base/version.h"
#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr std::string_view kBody =
    R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]})";
constexpr std::string_view kReply =
    R"({"id":"c1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}})";

/// Keeps what it heard and answers with a small completion.
class Recording {
public:
    Imposter::Script script(std::string answer = json_answer(kReply)) {
        return [this, answer](test::Peer& peer) {
            for (;;) {
                const std::string request = peer.hear_answer();
                if (request.empty()) return;
                {
                    const std::lock_guard lock(mutex_);
                    requests_.push_back(request);
                }
                if (!peer.say(answer)) return;
            }
        };
    }
    std::string request(size_t i = 0) {
        const std::lock_guard lock(mutex_);
        return i < requests_.size() ? requests_[i] : "no request";
    }
    std::string body(size_t i = 0) {
        const std::string all = request(i);
        return all.substr(all.find("\r\n\r\n") + 4);
    }

private:
    std::mutex mutex_;
    std::vector<std::string> requests_;
};

class Relay : public ProxyFixture {
protected:
    Recording upstream_;
};

TEST_F(Relay, PassesTheBodyUnchangedAndTheAnswerBack) {
    start(upstream_.script());
    const std::string answer = chat(kBody);
    EXPECT_EQ(status(answer), 200) << answer;
    EXPECT_TRUE(answer.ends_with(kReply));
    EXPECT_EQ(upstream_.body(), kBody);
    EXPECT_EQ(row(1), "200 /v1/chat/completions gpt-4o  5+7");
}

TEST_F(Relay, WritesTheHeadAnew) {
    start(upstream_.script());
    chat(kBody,
         "Accept: application/json\r\nAccept-Encoding: gzip\r\nCookie: session=1\r\n"
         "X-Forwarded-For: 192.0.2.9\r\nUser-Agent: sdk\r\nx-keywarden-team: other\r\n"
         "OpenAI-Organization: org-1\r\nOpenAI-Beta: assistants=v2\r\n"
         "Connection: keep-alive, idempotency-key\r\nIdempotency-Key: for one hop\r\n");
    EXPECT_EQ(upstream_.request(),
              "POST /base/v1/chat/completions HTTP/1.1\r\n"
              "Host: 127.0.0.1:" +
                  std::to_string(imposter_->port()) +
                  "\r\n"
                  "User-Agent: keywarden/" +
                  std::string(version()) +
                  "\r\n"
                  "Authorization: Bearer " +
                  std::string(kUpstreamKey) +
                  "\r\n"
                  "Content-Type: application/json\r\n"
                  "Accept: application/json\r\n"
                  "OpenAI-Beta: assistants=v2\r\n"
                  "Content-Length: " +
                  std::to_string(kBody.size()) + "\r\n\r\n" + std::string(kBody));
}

TEST_F(Relay, AnIdempotencyKeyIsBoundToTheTeam) {
    start(upstream_.script());
    ASSERT_TRUE(store_->accounts().create_team(
        {.id = "team_b", .name = "B", .created_at = clock_.now()}, {.tenant = "test"}));
    const MintedKey colleague = create(KeyKind::Full);
    const MintedKey stranger = create(KeyKind::Full, 60, "team_b");
    size_t i = 0;
    const auto sent = [&](const Secret& key, const std::string& word) {
        ask(post("/v1/chat/completions", key.reveal(), kBody, "Idempotency-Key: " + word + "\r\n"));
        return field(upstream_.request(i++), "Idempotency-Key");
    };
    const std::string first = sent(key_.secret, "order-1");
    EXPECT_EQ(first.size(), 64U);
    EXPECT_EQ(first.find("order"), std::string::npos);
    EXPECT_EQ(sent(colleague.secret, "order-1"), first);
    EXPECT_NE(sent(key_.secret, "order-2"), first);
    EXPECT_NE(sent(stranger.secret, "order-1"), first);
}

TEST_F(Relay, NoFormOfTheCallersKeyReachesTheProvider) {
    start(upstream_.script());
    const std::string key(secret());
    const std::string length = "Content-Length: " + std::to_string(kBody.size()) + "\r\n\r\n";
    for (const std::string& form : {"Authorization: bearer " + key,
                                    "x-api-key: " + key,
                                    "Api-Key:  " + key,
                                    "authorization: BEARER   " + key + "  ",
                                    "x-api-key: " + key + "\r\nAuthorization: Bearer " + key}) {
        const std::string answer =
            ask("POST /v1/chat/completions?key=" + key + " HTTP/1.1\r\nHost: g\r\n" + form +
                "\r\n" + length + std::string(kBody));
        EXPECT_EQ(status(answer), 200) << form;
    }
    for (size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(upstream_.request(i).find(key.substr(8)), std::string::npos) << i;
        EXPECT_EQ(field(upstream_.request(i), "Authorization"),
                  "Bearer " + std::string(kUpstreamKey));
    }
}

TEST_F(Relay, PutsTheProvidersIdOfTheModelIn) {
    start(upstream_.script());
    for (const char* id : {"small", "up/small", "up_small", R"(\u0073mall)"}) {
        chat(std::string(R"({"model" : ")") + id + R"(","messages":[]})");
    }
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(upstream_.body(i), R"({"model" : "small-2024","messages":[]})");
    }
}

TEST_F(Relay, UsesTheBodysOwnCredentialForThatCallOnly) {
    start(upstream_.script());
    chat(R"({"api_key":"own-key","model":"gpt-4o","aws_region_name":"eu-1","messages":[]})");
    chat(kBody);
    EXPECT_EQ(upstream_.body(0), R"({"model":"gpt-4o","messages":[]})");
    EXPECT_EQ(field(upstream_.request(0), "Authorization"), "Bearer own-key");
    EXPECT_EQ(field(upstream_.request(1), "Authorization"), "Bearer " + std::string(kUpstreamKey));
}

TEST_F(Relay, OneConnectionServesManyCallsAndPipelinedOnes) {
    start(upstream_.script());
    test::Peer peer = connect();
    const std::string call = post("/v1/chat/completions", secret(), kBody);
    peer.say(call + call + call);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(peer.hear_answer().ends_with(kReply)) << i;
    peer.say(call);
    EXPECT_TRUE(peer.hear_answer().ends_with(kReply));
    EXPECT_EQ(imposter_->connections(), 1U);
}

TEST_F(Relay, EveryAnswerCarriesItsFields) {
    start(upstream_.script(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        "openai-processing-ms: 12\r\nSet-Cookie: a=b\r\nServer: them\r\nx-request-id: theirs\r\n"
        "Connection: keep-alive, x-hop\r\nx-hop: 1\r\nx-ratelimit-limit-requests: 9\r\n\r\n{}"));
    const MintedKey key = create(KeyKind::Inference, 60);
    const std::string answer =
        ask(post("/v1/chat/completions", key.secret.reveal(), kBody, "X-Request-Id: mine-1\r\n"));
    EXPECT_EQ(field(answer, "X-Request-Id").size(), 36U);
    EXPECT_EQ(field(answer, "X-Client-Request-Id"), "mine-1");
    EXPECT_EQ(field(answer, "RateLimit-Policy"), R"("rpm";q=60;w=60)");
    EXPECT_TRUE(field(answer, "RateLimit").starts_with(R"("rpm";r=59;t=)"));
    EXPECT_EQ(field(answer, "x-ratelimit-limit-requests"), "60");
    EXPECT_EQ(field(answer, "x-ratelimit-remaining-requests"), "59");
    EXPECT_TRUE(field(answer, "x-ratelimit-reset-requests").ends_with("s"));
    EXPECT_EQ(field(answer, "x-keywarden-model"), "gpt-4o");
    EXPECT_EQ(field(answer, "x-keywarden-provider"), "up");
    EXPECT_EQ(field(answer, "x-keywarden-attempts"), "1");
    EXPECT_FALSE(field(answer, "x-keywarden-overhead-us").empty());
    EXPECT_EQ(field(answer, "openai-processing-ms"), "12");
    for (const char* dropped : {"Set-Cookie", "Server", "x-hop", "x-request-id"}) {
        EXPECT_EQ(field(answer, dropped), "") << dropped;
    }
}

TEST_F(Relay, ARefusedCallTakesNothingAndSaysWhenToComeBack) {
    start(upstream_.script());
    const MintedKey key = create(KeyKind::Full, 1);
    const std::string call = post("/v1/chat/completions", key.secret.reveal(), kBody);
    EXPECT_EQ(status(ask(post("/v1/chat/completions", key.secret.reveal(), "{"))), 400);
    EXPECT_EQ(status(ask(call)), 200);
    const std::string refused = ask(call);
    EXPECT_EQ(status(refused), 429);
    EXPECT_NE(refused.find("rate_limit_exceeded"), std::string::npos);
    EXPECT_NE(refused.find(R"("denied_by":"key","limit":1,"used":1,"remaining":0,)"),
              std::string::npos)
        << refused;
    EXPECT_NE(field(refused, "Retry-After"), "");
    EXPECT_TRUE(field(refused, "RateLimit").starts_with(R"("rpm";r=0;t=)"));
    EXPECT_EQ(row(3), "429 /v1/chat/completions gpt-4o rate_limit_exceeded");
}

TEST_F(Relay, ChunkedAnswersAndAnswersToTheEndOfTheConnectionPass) {
    start([](test::Peer& peer) {
        peer.hear_answer();
        peer.say(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n");
        peer.hear_answer();
        peer.say(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}");
    });
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions", secret(), kBody));
    EXPECT_EQ(unchunked(peer.hear_until("0\r\n\r\n")), R"({"a":1})");
    peer.say(post("/v1/chat/completions", secret(), kBody));
    EXPECT_EQ(unchunked(peer.hear_until("0\r\n\r\n")), "{}");
}

TEST_F(Relay, AConnectionThatClosedWhileItIdledIsReplacedUnseen) {
    start([](test::Peer& peer) {
        peer.hear_answer();
        peer.say(json_answer(kReply));  // and closes
    });
    for (size_t i = 1; i <= 5; ++i) {
        EXPECT_EQ(status(chat(kBody)), 200);
        EXPECT_EQ(imposter_->connections(), i);
        wait_for_upstream_connections(0);
    }
}

TEST_F(Relay, ACallThatMayHaveArrivedIsNotSentTwice) {
    std::atomic<int> heard = 0;
    start([&](test::Peer& peer) {
        peer.hear_answer();
        ++heard;
        peer.say(json_answer(kReply));
        if (peer.hear_answer().empty()) return;
        ++heard;  // the whole second call has come, and this side just goes away
    });
    EXPECT_EQ(status(chat(kBody)), 200);
    const std::string lost = chat(kBody);
    EXPECT_EQ(status(lost), 502);
    EXPECT_NE(lost.find("upstream_error"), std::string::npos);
    EXPECT_EQ(field(lost, "x-keywarden-attempts"), "1");
    EXPECT_EQ(heard, 2);
    EXPECT_EQ(imposter_->connections(), 1U);
    EXPECT_EQ(status(chat(kBody)), 200) << "the next one goes on a connection of its own";
}

}  // namespace
}  // namespace keywarden
