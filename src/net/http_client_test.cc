#include "net/http_client.h"

#include <array>
#include <fcntl.h>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_peer.h"

namespace keywarden {
namespace {

using test::LoopThread;
using test::Peer;

/// A listener whose test plays the upstream by hand, on a thread of its own.
class Upstream {
public:
    /// `script` is called with each connection in turn; it ends with the last script.
    explicit Upstream(std::vector<std::function<void(Peer&)>> scripts) {
        fd_ = *listen_tcp("127.0.0.1", 0);
        const int flags = fcntl(fd_.get(), F_GETFL);
        fcntl(fd_.get(), F_SETFL, flags & ~O_NONBLOCK);
        port_ = local_port(fd_.get());
        thread_ = std::thread([this, scripts = std::move(scripts)] {
            for (const auto& script : scripts) {
                Peer peer(accept(fd_.get(), nullptr, nullptr));
                script(peer);
            }
        });
    }
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;
    ~Upstream() {
        shutdown(fd_.get(), SHUT_RDWR);  // an accept that nobody met any more
        thread_.join();
    }
    uint16_t port() const { return port_; }

private:
    OwnedFd fd_;
    uint16_t port_ = 0;
    std::thread thread_;
};

/// What one call came to.
struct Outcome {
    int status = 0;
    std::string body{};
    std::optional<Error> error{};
    int attempts = 0;
    size_t idle_after = 0;
};

/// A client on its own loop.
class Client {
public:
    explicit Client(uint16_t port, HttpClientOptions options = {}) {
        thread_.call([&] {
            resolver_ = std::make_unique<Resolver>(thread_.loop());
            client_ =
                std::make_unique<HttpClient>(thread_.loop(), resolver_.get(), nullptr, options);
            pool_ = client_->pool({.host = "127.0.0.1", .port = port});
        });
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        thread_.call([&] {
            client_.reset();
            resolver_.reset();
        });
    }

    Outcome get(std::string_view method = "GET", CallTimeouts timeouts = {}, bool whole = false) {
        const std::string name(method);
        Outcome outcome =
            thread_.await<Outcome>([&] { return talk(pool_, name, timeouts, whole); });
        outcome.idle_after = thread_.call([&] { return client_->idle_connections(); });
        return outcome;
    }
    LoopThread& thread() { return thread_; }
    HttpClient& client() { return *client_; }
    OriginPool* pool() { return pool_; }

private:
    static Task<Outcome> talk(OriginPool* pool,
                              std::string method,
                              CallTimeouts timeouts,
                              bool whole) {
        const std::string head = method + " / HTTP/1.1\r\nHost: x\r\n\r\n";
        const std::array<std::string_view, 1> pieces = {head};
        UpstreamCall call(pool, timeouts);
        Outcome outcome;
        const auto sent = co_await call.exchange(method, pieces);
        outcome.attempts = call.attempts();
        if (!sent) {
            outcome.error = sent.error();
            co_return outcome;
        }
        outcome.status = call.head().status();
        for (;;) {
            const auto piece =
                whole ? co_await call.read_rest(1'000'000) : co_await call.read_piece();
            if (!piece) {
                outcome.error = piece.error();
                co_return outcome;
            }
            outcome.body.append(piece->data(), piece->size());
            if (piece->empty() || whole) co_return outcome;
        }
    }

    LoopThread thread_;
    std::unique_ptr<Resolver> resolver_;
    std::unique_ptr<HttpClient> client_;
    OriginPool* pool_ = nullptr;
};

void hear_request(Peer& peer) { ASSERT_NE(peer.hear_until("\r\n\r\n"), ""); }

/// Hears a request, says these bytes, and waits for the client to close.
std::function<void(Peer&)> answers(std::string bytes) {
    return [bytes = std::move(bytes)](Peer& peer) {
        hear_request(peer);
        peer.say(bytes);
        peer.hear_all();
    };
}

/// The same, but ends its own side at once.
std::function<void(Peer&)> answers_and_ends(std::string bytes) {
    return [bytes = std::move(bytes)](Peer& peer) {
        hear_request(peer);
        peer.say(bytes);
        peer.end_writing();
        peer.hear_all();
    };
}

TEST(HttpClient, ReadsEachKindOfBody) {
    struct Case {
        std::string answer;
        std::string body;
        bool ends;
        size_t idle_after;
    };
    const std::vector<Case> cases = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", false, 1},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
         "hello",
         false,
         1},
        {"HTTP/1.1 200 OK\r\n\r\nhello", "hello", true, 0},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", false, 0},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
         "hello",
         false,
         0},
        {"HTTP/1.1 204 No Content\r\n\r\n", "", false, 1},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", "", false, 1},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", false, 1},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
         "ok",
         false,
         1},
    };
    for (const bool whole : {false, true}) {
        for (const Case& each : cases) {
            Upstream upstream({each.ends ? answers_and_ends(each.answer) : answers(each.answer)});
            Client client(upstream.port());
            const Outcome outcome = client.get("GET", {}, whole);
            EXPECT_FALSE(outcome.error) << outcome.error->detail;
            EXPECT_EQ(outcome.body, each.body) << each.answer;
            EXPECT_EQ(outcome.idle_after, each.idle_after) << each.answer;
        }
    }
}

TEST(HttpClient, AnAnswerCutAnywhereReadsTheSame) {
    const std::string answer =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: v\r\n\r\n";
    std::vector<std::function<void(Peer&)>> scripts;
    scripts.emplace_back([&](Peer& peer) {
        for (size_t cut = 1; cut < answer.size(); ++cut) {
            hear_request(peer);
            peer.say(answer.substr(0, cut));
            peer.say(answer.substr(cut));
        }
        peer.hear_all();
    });
    Upstream upstream(std::move(scripts));
    Client client(upstream.port());
    for (size_t cut = 1; cut < answer.size(); ++cut) {
        const Outcome outcome = client.get("GET", {}, cut % 2 == 0);
        ASSERT_FALSE(outcome.error) << cut << outcome.error->detail;
        ASSERT_EQ(outcome.body, "hello world") << cut;
    }
    EXPECT_EQ(client.thread().call([&] { return client.client().connections(); }), 1U);
}

TEST(HttpClient, AnUpstreamThatLiesIsAnError) {
    for (const std::string bytes : {
             "",
             "HTTP/1.1 200 OK\r\nContent-Le",
             "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
             "HTTP/1.1 101 Switching Protocols\r\n\r\n",
             "SSH-2.0-OpenSSH\r\n",
             "HTTP/1.1 200 OK\r\nfolded:\r\n yes\r\n\r\n",
         }) {
        for (const bool whole : {false, true}) {
            Upstream upstream({answers_and_ends(bytes)});
            Client client(upstream.port());
            const Outcome outcome = client.get("GET", {}, whole);
            ASSERT_TRUE(outcome.error) << bytes;
            EXPECT_EQ(outcome.error->code, ErrorCode::UpstreamError) << bytes;
            EXPECT_EQ(outcome.idle_after, 0U);
            EXPECT_EQ(outcome.attempts, 1) << bytes;
            EXPECT_EQ(outcome.error->message.find("127.0.0.1"), std::string::npos);
            EXPECT_NE(outcome.error->detail.find("127.0.0.1"), std::string::npos);
        }
    }
}

TEST(HttpClient, InterimAnswersAreBounded) {
    std::string endless;
    for (int i = 0; i < 100; ++i) endless += "HTTP/1.1 102 Processing\r\n\r\n";
    Upstream upstream({answers(endless)});
    Client client(upstream.port());
    ASSERT_TRUE(client.get().error);
}

TEST(HttpClient, ReusesAConnectionOnlyAfterACleanEnd) {
    const std::string surplus =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 SMUGGLED";
    Upstream upstream(
        {answers(surplus), answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")});
    Client client(upstream.port());
    const Outcome first = client.get();
    EXPECT_EQ(first.body, "ok");
    EXPECT_EQ(first.idle_after, 0U);
    EXPECT_EQ(client.get().body, "no");
}

TEST(HttpClient, TheAnswerToHeadHasNoBody) {
    Upstream upstream({answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")});
    Client client(upstream.port());
    const Outcome outcome = client.get("HEAD");
    EXPECT_FALSE(outcome.error);
    EXPECT_EQ(outcome.body, "");
    EXPECT_EQ(outcome.idle_after, 1U);
}

TEST(HttpClient, SendsAgainWhenAKeptConnectionTurnsOutDead) {
    const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    std::vector<std::function<void(Peer&)>> scripts;
    scripts.emplace_back([&](Peer& peer) {
        hear_request(peer);
        peer.say(ok);
        hear_request(peer);  // the second request comes here, and this side just goes away
        peer.close_now();
    });
    scripts.emplace_back(answers(ok));
    Upstream upstream(std::move(scripts));
    Client client(upstream.port());
    EXPECT_EQ(client.get("POST").attempts, 1);
    const Outcome again = client.get("POST");
    EXPECT_EQ(again.body, "ok");
    EXPECT_EQ(again.attempts, 2);
}

TEST(HttpClient, NeverSendsAgainOnceAByteOfTheAnswerCame) {
    std::vector<std::function<void(Peer&)>> scripts;
    scripts.emplace_back([&](Peer& peer) {
        hear_request(peer);
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        hear_request(peer);
        peer.say("H");
        peer.close_now();
    });
    Upstream upstream(std::move(scripts));
    Client client(upstream.port());
    EXPECT_EQ(client.get().body, "ok");
    const Outcome again = client.get();
    EXPECT_TRUE(again.error);
    EXPECT_EQ(again.attempts, 1);
}

TEST(HttpClient, NeverSendsAgainOnAFreshConnection) {
    std::vector<std::function<void(Peer&)>> scripts;
    scripts.emplace_back([](Peer& peer) { hear_request(peer); });
    Upstream upstream(std::move(scripts));
    Client client(upstream.port());
    const Outcome outcome = client.get();
    EXPECT_TRUE(outcome.error);
    EXPECT_EQ(outcome.attempts, 1);
}

TEST(HttpClient, AnIdleConnectionThatClosesLeavesThePool) {
    std::promise<void> close;
    std::vector<std::function<void(Peer&)>> scripts;
    scripts.emplace_back([&](Peer& peer) {
        hear_request(peer);
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        close.get_future().wait();
    });
    Upstream upstream(std::move(scripts));
    Client client(upstream.port());
    EXPECT_EQ(client.get().idle_after, 1U);
    close.set_value();
    while (client.thread().call([&] { return client.client().connections(); }) > 0) {
        std::this_thread::yield();
    }
}

TEST(HttpClient, IdleConnectionsAreFewAndGrowOld) {
    const auto ok = answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    Upstream upstream({ok, ok});
    Client none(upstream.port(), {.idle_max = 0});
    EXPECT_EQ(none.get().idle_after, 0U);
    Client brief(upstream.port(), {.idle_timeout = std::chrono::milliseconds(1)});
    EXPECT_FALSE(brief.get().error);
    while (brief.thread().call([&] { return brief.client().connections(); }) > 0) {
        std::this_thread::yield();
    }
}

TEST(HttpClient, TellsWhatTookTooLong) {
    using std::chrono::milliseconds;
    Upstream upstream({answers(""),
                       answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"),
                       answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")});
    Client client(upstream.port());
    const Outcome silent = client.get("GET", {.first_byte = milliseconds(20)});
    ASSERT_TRUE(silent.error);
    EXPECT_EQ(silent.error->code, ErrorCode::UpstreamTimeout);
    EXPECT_NE(silent.error->detail.find("wait for the answer"), std::string::npos);
    const Outcome stalled = client.get("GET", {.idle = milliseconds(20)});
    ASSERT_TRUE(stalled.error);
    EXPECT_EQ(stalled.error->code, ErrorCode::UpstreamTimeout);
    EXPECT_EQ(stalled.body, "he");
    const Outcome total = client.get("GET", {.total = milliseconds(20)});
    ASSERT_TRUE(total.error);
    EXPECT_EQ(total.error->code, ErrorCode::UpstreamTimeout);
}

TEST(HttpClient, NobodyListeningIsAnErrorAtOnce) {
    uint16_t port = 0;
    {
        const OwnedFd gone = *listen_tcp("127.0.0.1", 0);
        port = local_port(gone.get());
    }
    Client client(port);
    const Outcome outcome = client.get();
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::UpstreamError);
    EXPECT_NE(outcome.error->detail.find("Connection refused"), std::string::npos);
    EXPECT_EQ(outcome.attempts, 0);
}

TEST(HttpClient, ConnectionsToAnOriginAreBounded) {
    Upstream upstream({});
    Client client(upstream.port(), {.connections_max = 0});
    const Outcome outcome = client.get();
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::Overloaded);
}

Task<std::string> upload(OriginPool* pool, size_t pieces_max, size_t* written) {
    UpstreamCall call(pool, {});
    const auto opened = co_await call.open(
        "POST", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
    if (!opened) co_return opened.error().detail;
    const std::string piece(65'536, 'p');
    const std::array<std::string_view, 1> pieces = {piece};
    for (size_t i = 0; i < pieces_max; ++i) {
        const auto more = co_await call.write(pieces);
        if (!more) co_return more.error().detail;
        if (!*more) break;
        *written += piece.size();
    }
    const auto head = co_await call.read_head();
    if (!head) co_return head.error().detail;
    const auto rest = co_await call.read_rest(1'000);
    if (!rest) co_return rest.error().detail;
    co_return std::to_string(call.head().status()) + " " + std::string(rest->data(), rest->size());
}

TEST(HttpClient, HearsAnAnswerThatComesBeforeTheBodyIsSent) {
    std::promise<void> answered;
    std::vector<std::function<void(Peer&)>> scripts;
    scripts.emplace_back([&](Peer& peer) {
        hear_request(peer);
        peer.say("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nmuch");
        answered.get_future().wait();  // reads nothing more: only the early answer ends the upload
    });
    Upstream upstream(std::move(scripts));
    Client client(upstream.port());
    size_t written = 0;
    const std::string answer =
        client.thread().await<std::string>([&] { return upload(client.pool(), 16'000, &written); });
    answered.set_value();
    EXPECT_EQ(answer, "413 much");
    EXPECT_LT(written, 1'000'000'000U);
    EXPECT_EQ(client.thread().call([&] { return client.client().idle_connections(); }), 0U);
}

/// Aborts a call from outside, as a relay does whose client has gone.
Task<bool> abort_while_waiting(Loop* loop, OriginPool* pool) {
    UpstreamCall call(pool, {});
    loop->post([&call] { call.abort(); });
    const std::array<std::string_view, 1> pieces = {"GET / HTTP/1.1\r\nHost: x\r\n\r\n"};
    const auto sent = co_await call.exchange("GET", pieces);
    co_return !sent && call.aborted();
}

TEST(HttpClient, AnAbortedCallEndsAndItsConnectionWithIt) {
    std::vector<std::function<void(Peer&)>> scripts;
    scripts.emplace_back([](Peer& peer) { peer.hear_all(); });  // ends when the client closes
    Upstream upstream(std::move(scripts));
    Client client(upstream.port());
    EXPECT_TRUE(client.thread().await<bool>(
        [&] { return abort_while_waiting(client.thread().loop(), client.pool()); }));
    EXPECT_EQ(client.thread().call([&] { return client.client().connections(); }), 0U);
}

}  // namespace
}  // namespace keywarden
