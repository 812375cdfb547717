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
                const int fd = accept(fd_.get(), nullptr, nullptr);
                if (fd < 0) return;  // nobody came any more
                Peer peer(fd);
                script(peer);
            }
        });
    }
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;
    ~Upstream() {
        shutdown(fd_.get(), SHUT_RDWR);  // ends an accept that nobody met
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

private:
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

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// An upstream whose first connection answers once, hears the second request, and just goes away.
std::vector<std::function<void(Peer&)>> dies_on_the_second_request() {
    return {[](Peer& peer) {
                hear_request(peer);
                peer.say(kOk);
                hear_request(peer);
                peer.close_now();
            },
            answers(kOk)};
}

TEST(HttpClient, ARequestThatMayHaveArrivedIsSentAgainOnlyIfItsMethodAllowsIt) {
    for (const std::string method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
        Upstream upstream(dies_on_the_second_request());
        Client client(upstream.port());
        EXPECT_EQ(client.get().attempts, 1);
        const Outcome again = client.get(method);
        EXPECT_FALSE(again.error) << method;
        EXPECT_EQ(again.attempts, 2) << method;
    }
    for (const std::string method : {"POST", "PATCH", "get", "MKCOL"}) {
        Upstream upstream(dies_on_the_second_request());
        Client client(upstream.port());
        EXPECT_EQ(client.get().attempts, 1);
        const Outcome once = client.get(method);
        ASSERT_TRUE(once.error) << method;
        EXPECT_EQ(once.error->code, ErrorCode::UpstreamError);
        EXPECT_EQ(once.attempts, 1) << method;
    }
}

/// A client whose loop sees nothing of what the upstream does between two requests: all of it
/// happens within one turn.
class Unseen {
public:
    enum class End : uint8_t { Closes, Resets, Speaks };

    /// What comes of a request on a connection that idled for `idle` and then ended so.
    static Outcome request(const std::string& method, Nanos idle, End end) {
        Unseen unseen(end);
        return unseen.thread_.await<Outcome>([&] { return unseen.talk(method, idle); });
    }

private:
    explicit Unseen(End end)
        : upstream_({[this, end](Peer& peer) { answer_then(peer, end); }, answers(kOk)}) {
        thread_.call([&] {
            resolver_ = std::make_unique<Resolver>(thread_.loop());
            client_ = std::make_unique<HttpClient>(thread_.loop(), resolver_.get(), nullptr);
        });
    }
    Unseen(const Unseen&) = delete;
    Unseen& operator=(const Unseen&) = delete;
    ~Unseen() {
        thread_.call([&] {
            client_.reset();
            resolver_.reset();
        });
    }

    void answer_then(Peer& peer, End end) {
        hear_request(peer);
        peer.say(kOk);
        idled_.get_future().wait();
        if (end == End::Speaks) {
            peer.say("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
        } else {
            const linger reset{.l_onoff = end == End::Resets ? 1 : 0, .l_linger = 0};
            setsockopt(peer.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            peer.close_now();
        }
        ended_.set_value();
    }

    Task<Outcome> talk(std::string method, Nanos idle) {
        OriginPool* const pool = client_->pool({.host = "127.0.0.1", .port = upstream_.port()});
        Outcome outcome = co_await Client::talk(pool, "GET", {}, false);
        const MonoTime then = thread_.loop()->mono() + idle;
        clock_.advance(idle);
        while (thread_.loop()->mono() < then) co_await thread_.loop()->yield();
        idled_.set_value();
        ended_.get_future().wait();
        outcome = co_await Client::talk(pool, method, {}, false);
        co_return outcome;
    }

    std::promise<void> idled_;
    std::promise<void> ended_;
    ManualClock clock_;
    Upstream upstream_;
    LoopThread thread_{{.clock = &clock_, .sweep_every = std::chrono::milliseconds(3)}};
    std::unique_ptr<Resolver> resolver_;
    std::unique_ptr<HttpClient> client_;
};

TEST(HttpClient, AKeptConnectionIsAskedBeforeARequestIsTrustedToIt) {
    for (const auto end : {Unseen::End::Closes, Unseen::End::Resets, Unseen::End::Speaks}) {
        const Outcome outcome = Unseen::request("POST", std::chrono::seconds(1), end);
        EXPECT_FALSE(outcome.error) << outcome.error->detail;
        EXPECT_EQ(outcome.status, 200);
        EXPECT_EQ(outcome.attempts, 1) << "nothing was sent on the old one";
    }
}

TEST(HttpClient, ARequestOfWhichNothingWentOutIsSentAgain) {
    const Outcome outcome = Unseen::request("POST", Nanos(0), Unseen::End::Resets);
    EXPECT_FALSE(outcome.error) << outcome.error->detail;
    EXPECT_EQ(outcome.body, "ok");
    EXPECT_EQ(outcome.attempts, 2);
}

TEST(HttpClient, WhatWentIntoAClosedConnectionMayHaveArrived) {
    const Outcome post = Unseen::request("POST", Nanos(0), Unseen::End::Closes);
    ASSERT_TRUE(post.error);
    EXPECT_EQ(post.error->code, ErrorCode::UpstreamError);
    EXPECT_EQ(post.attempts, 1);
    const Outcome get = Unseen::request("GET", Nanos(0), Unseen::End::Closes);
    EXPECT_FALSE(get.error);
    EXPECT_EQ(get.attempts, 2);
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
