#include "net/http_server.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_peer.h"

namespace keywarden {
namespace {

using test::FunctionHandler;
using test::Peer;
using test::TestServer;

/// Answers with the method, the target, and the body.
Task<void> echo(Exchange* exchange) {
    std::string text(exchange->head().method());
    text += " " + std::string(exchange->head().target()) + " ";
    const auto body = co_await exchange->read_body(1'000'000);
    if (!body) {
        exchange->start(info(body.error().code).http_status);
        co_await exchange->send(info(body.error().code).slug);
        co_return;
    }
    text.append(body->data(), body->size());
    exchange->start(200);
    co_await exchange->send(text);
}

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

std::string get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
    TestServer server(echo);
    Peer peer(server.port());
    for (const std::string target : {"/a", "/b?c=d", "/e"}) {
        peer.say(get(target));
        const std::string answer = peer.hear_answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
        EXPECT_EQ(answer.find("Connection"), std::string::npos);
        EXPECT_EQ(body_of(answer), "GET " + target + " ");
    }
    EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpServer, AnswersAPipelineInOrder) {
    TestServer server(echo);
    Peer peer(server.port());
    std::string all;
    for (int i = 0; i < 100; ++i) {
        all += get("/" + std::to_string(i));
        all += "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab" +
               std::to_string(i % 10) + "\r\n0\r\n\r\n";
    }
    peer.say(all);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(body_of(peer.hear_answer()), "GET /" + std::to_string(i) + " ");
        EXPECT_EQ(body_of(peer.hear_answer()), "POST /p ab" + std::to_string(i % 10));
    }
}

TEST(HttpServer, ARequestCutAnywhereReadsTheSame) {
    TestServer server(echo);
    const std::string request =
        "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nT: v\r\n\r\n";
    Peer peer(server.port());
    for (size_t cut = 1; cut < request.size(); ++cut) {
        peer.say(request.substr(0, cut));
        peer.say(request.substr(cut));
        ASSERT_EQ(body_of(peer.hear_answer()), "POST /x hello world") << cut;
    }
}

TEST(HttpServer, TakesBodiesOfAnySizeUpToTheBound) {
    TestServer server(echo);
    Peer peer(server.port());
    for (const size_t size : {0U, 1U, 4'000U, 4'032U, 5'000U, 65'536U, 200'000U, 1'000'000U}) {
        const std::string body(size, 'b');
        peer.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) +
                 "\r\n\r\n" + body);
        ASSERT_EQ(body_of(peer.hear_answer()), "POST / " + body);
        char hex[20];
        snprintf(hex, sizeof hex, "%zx", size);
        peer.say("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                 (size == 0 ? "" : std::string(hex) + "\r\n" + body + "\r\n") + "0\r\n\r\n");
        ASSERT_EQ(body_of(peer.hear_answer()), "POST / " + body);
    }
}

TEST(HttpServer, ABodyOverTheBoundIsRefusedSoThatTheClientHearsIt) {
    TestServer server(echo);
    for (const std::string framing : {"Content-Length: 20000000", "Transfer-Encoding: chunked"}) {
        Peer peer(server.port());
        peer.say("POST / HTTP/1.1\r\nHost: x\r\n" + framing + "\r\n\r\n1000000\r\n");
        const std::string part(1'000'000, 'x');
        for (int i = 0; i < 15; ++i) ASSERT_TRUE(peer.say(part));  // goes on speaking
        const std::string answer = peer.hear_answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
        EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
        EXPECT_TRUE(peer.hears_end());
    }
}

TEST(HttpServer, AnswersContinueOnlyWhenTheBodyIsWanted) {
    TestServer server([](Exchange* exchange) -> Task<void> {
        if (exchange->head().path() == "/wanted") co_await echo(exchange);
        if (exchange->started()) co_return;
        exchange->start(401);
        co_await exchange->send("no");
    });
    const std::string fields =
        " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    Peer wanted(server.port());
    wanted.say("POST /wanted" + fields);
    EXPECT_EQ(wanted.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    wanted.say("ok");
    EXPECT_EQ(body_of(wanted.hear_answer()), "POST /wanted ok");
    wanted.say("POST /wanted" + fields + "ok");  // did not wait: needs no 100
    EXPECT_EQ(body_of(wanted.hear_answer()), "POST /wanted ok");

    Peer unwanted(server.port());
    unwanted.say("POST /other" + fields);
    const std::string answer = unwanted.hear_answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << answer;
    // The body may or may not come now: only a closed connection leaves no doubt.
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    unwanted.end_writing();
    EXPECT_TRUE(unwanted.hears_end());
}

TEST(HttpServer, AnUnreadBodyDoesNotBecomeTheNextRequest) {
    TestServer server([](Exchange* exchange) -> Task<void> {
        exchange->start(403);
        co_await exchange->send(exchange->head().target());
    });
    const std::string smuggled = get("/smuggled");
    const std::string length = std::to_string(smuggled.size());
    Peer sized(server.port());
    sized.say("POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n" +
              smuggled + get("/second"));
    EXPECT_EQ(body_of(sized.hear_answer()), "/first");
    EXPECT_EQ(body_of(sized.hear_answer()), "/second");
    Peer chunked(server.port());
    chunked.say("POST /first HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                smuggled);
    const std::string answer = chunked.hear_answer();
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    chunked.end_writing();
    EXPECT_TRUE(chunked.hears_end());
}

TEST(HttpServer, SmugglingEndsTheConnection) {
    TestServer server(echo);
    for (const std::string fields : {"Content-Length: 4\r\nTransfer-Encoding: chunked",
                                     "Content-Length: 4\r\nContent-Length: 5",
                                     "Transfer-Encoding: xchunked",
                                     "Transfer-Encoding : chunked",
                                     "Content-Length: +4"}) {
        Peer peer(server.port());
        peer.say("POST /v1/x HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n\r\n0\r\n\r\n" +
                 get("/evil"));
        peer.end_writing();
        const std::string all = peer.hear_all();
        EXPECT_TRUE(all.starts_with("HTTP/1.1 400 ")) << all;
        EXPECT_NE(all.find("X-Request-Id: "), std::string::npos);
        EXPECT_NE(all.find("\"code\":\"invalid_request\""), std::string::npos) << all;
        EXPECT_EQ(all.find("/evil"), std::string::npos);
        EXPECT_EQ(all.find("HTTP/1.1 200"), std::string::npos) << all;
    }
}

TEST(HttpServer, SaysWhatIsWrongWithAHead) {
    TestServer server(echo);
    const auto status = [&](const std::string& bytes) {
        Peer peer(server.port());
        peer.say(bytes);
        peer.end_writing();
        const std::string answer = peer.hear_all();
        return answer.size() > 12 ? answer.substr(9, 3) : "";
    };
    EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), "400");
    EXPECT_EQ(status("GET / HTTP/2.0\r\n\r\n"), "505");
    EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: tea\r\n\r\n"),
              "417");
    EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(40'000, 'a') + "\r\n\r\n"),
              "431");
    EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\n"), "") << "the client ended in the middle";
    EXPECT_EQ(status(""), "");
    EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel"), "400");
    EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
              "400");
}

// The buffer is full to its last byte, so the next read makes room, and moves it, before it waits.
TEST(HttpServer, ALateHeadIsAnsweredInItsDialectThoughItsBytesHaveMoved) {
    TestServer server(echo, {.head_timeout = std::chrono::milliseconds(30)});
    std::string head = "POST /v1/messages HTTP/1.1\r\nHost: x\r\nX-Long: ";
    head.append(Buffer::kSmall - head.size(), 'a');
    Peer peer(server.port());
    peer.say(head);
    const std::string answer = peer.hear_answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
    EXPECT_TRUE(body_of(answer).starts_with(R"({"type":"error")")) << answer;
}

TEST(HttpServer, SlowPeersRunIntoTheirTimeouts) {
    using std::chrono::milliseconds;
    TestServer server(echo,
                      {.head_timeout = milliseconds(30),
                       .body_idle_timeout = milliseconds(30),
                       .keep_alive_timeout = milliseconds(30)});
    Peer slow_head(server.port());
    slow_head.say("GET / HTTP/1.1\r\nHos");
    EXPECT_TRUE(slow_head.hear_answer().starts_with("HTTP/1.1 408 "));
    slow_head.close_now();
    Peer slow_body(server.port());
    slow_body.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
    EXPECT_TRUE(slow_body.hear_answer().starts_with("HTTP/1.1 408 "));
    slow_body.close_now();
    Peer silent(server.port());
    EXPECT_TRUE(silent.hears_end());
    Peer idle(server.port());
    idle.say(get("/"));
    EXPECT_TRUE(idle.hear_answer().starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(idle.hears_end());
}

/// A server whose time passes when a test says so.
class Timed {
public:
    explicit Timed(FunctionHandler::Function function, HttpServerOptions options = {})
        : server_(std::move(function),
                  options,
                  nullptr,
                  {.clock = &clock_, .sweep_every = std::chrono::milliseconds(3)}) {}

    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;
    ~Timed() {
        while (server_.connections() > 0) std::this_thread::yield();  // a drain would wait for time
    }

    /// What has been said by now has been read when it returns.
    void pass(Nanos time) {
        server_.thread().call([&] { clock_.advance(time); });
    }
    uint16_t port() const { return server_.port(); }
    ManualClock* clock() { return &clock_; }

private:
    ManualClock clock_;  // moved on the loop's thread only
    TestServer server_;
};

TEST(HttpServer, ABodyThatTricklesIs408) {
    for (const std::string framing : {"Content-Length: 100000", "Transfer-Encoding: chunked"}) {
        Timed server(echo);
        Peer peer(server.port());
        peer.say("POST /v1/x HTTP/1.1\r\nHost: x\r\n" + framing + "\r\n\r\n");
        for (int i = 0; i < 4; ++i) {  // never so late that a single wait would be too long
            peer.say(framing.starts_with("T") ? "1\r\nx\r\n" : "x");
            server.pass(std::chrono::seconds(10));
        }
        const std::string answer = peer.hear_answer();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
        EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    }
}

TEST(HttpServer, ABodyMayTakeLongIfItKeepsComing) {
    Timed server(echo);
    Peer peer(server.port());
    const std::string piece(20'000, 'x');
    peer.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
    for (int i = 0; i < 10; ++i) {
        peer.say(piece);
        server.pass(std::chrono::seconds(15));
    }
    EXPECT_TRUE(peer.hear_answer().starts_with("HTTP/1.1 200 "));
}

Task<void> take_its_time(Exchange* exchange, ManualClock* clock) {
    size_t size = 0;
    for (;;) {
        const auto piece = co_await exchange->read_piece();
        if (!piece) co_return;
        if (piece->empty()) break;
        size += piece->size();
        const MonoTime then = exchange->loop()->mono() + std::chrono::seconds(60);
        clock->advance(std::chrono::seconds(60));
        while (exchange->loop()->mono() < then) co_await exchange->loop()->yield();
    }
    exchange->start(200);
    co_await exchange->send(std::to_string(size));
}

TEST(HttpServer, TheTimeThatWeTakeIsNotTheClients) {
    ManualClock* clock = nullptr;
    Timed server([&clock](Exchange* exchange) { return take_its_time(exchange, clock); });
    clock = server.clock();
    Peer peer(server.port());
    peer.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n");
    for (int i = 0; i < 50; ++i) peer.say(std::string(1'000, 'x'));
    EXPECT_TRUE(peer.hear_answer().ends_with("50000"));
}

TEST(HttpServer, SpeaksHttp10) {
    TestServer server(echo);
    Peer plain(server.port());
    plain.say("GET /a HTTP/1.0\r\n\r\n");
    const std::string answer = plain.hear_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(body_of(answer), "GET /a ");
    Peer keeping(server.port());
    for (int i = 0; i < 2; ++i) {
        keeping.say("GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_NE(keeping.hear_answer().find("Connection: keep-alive\r\n"), std::string::npos);
    }
}

TEST(HttpServer, LeavesOutBodiesThatMayNotBe) {
    TestServer server([](Exchange* exchange) -> Task<void> {
        const bool empty = exchange->head().path() == "/204";
        exchange->start(empty ? 204 : 200);
        co_await exchange->send("five!");
    });
    Peer peer(server.port());
    peer.say("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string head = peer.hear_until("\r\n\r\n");
    EXPECT_NE(head.find("Content-Length: 5\r\n"), std::string::npos);
    peer.say(get("/204"));
    const std::string empty = peer.hear_until("\r\n\r\n");
    EXPECT_TRUE(empty.starts_with("HTTP/1.1 204 ")) << "the body of HEAD was left out: " << empty;
    EXPECT_EQ(empty.find("Content-Length"), std::string::npos);
    peer.say(get("/"));
    EXPECT_EQ(body_of(peer.hear_answer()), "five!");
}

TEST(HttpServer, StreamsInChunksOrToTheEnd) {
    TestServer server([](Exchange* exchange) -> Task<void> {
        const bool sized = exchange->head().path() == "/sized";
        exchange->release_request();
        exchange->start(200);
        if (sized) {
            exchange->start_body(6);
        } else {
            exchange->start_body();
        }
        co_await exchange->write("");
        const std::array<std::string_view, 3> pieces = {"a", "", "b"};
        co_await exchange->write(pieces);
        co_await exchange->write("cd");
        co_await exchange->end("ef");
    });
    Peer peer(server.port());
    for (int i = 0; i < 2; ++i) {
        peer.say(get("/"));
        EXPECT_NE(peer.hear_until("\r\n\r\n").find("Transfer-Encoding: chunked\r\n"),
                  std::string::npos);
        EXPECT_EQ(peer.hear_until("0\r\n\r\n"), "2\r\nab\r\n2\r\ncd\r\n2\r\nef\r\n0\r\n\r\n");
        peer.say(get("/sized"));
        EXPECT_EQ(body_of(peer.hear_answer()), "abcdef");
        peer.say("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_NE(peer.hear_until("\r\n\r\n").find("Transfer-Encoding: chunked\r\n"),
                  std::string::npos);
    }
    Peer old(server.port());
    old.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const std::string answer = old.hear_all();
    EXPECT_EQ(answer.find("Transfer-Encoding"), std::string::npos);
    EXPECT_EQ(body_of(answer), "abcdef");
}

TEST(HttpServer, AnAnswerLeftUnfinishedLooksUnfinished) {
    TestServer server([](Exchange* exchange) -> Task<void> {
        const std::string path(exchange->head().path());
        if (path == "/silent") co_return;
        exchange->start(200);
        if (path == "/started") co_return;
        if (path == "/short") {
            exchange->start_body(10);
            co_await exchange->end("five!");
            co_return;
        }
        exchange->start_body();
        co_await exchange->write("part");
    });
    for (const std::string path : {"/silent", "/started"}) {
        Peer peer(server.port());
        peer.say(get(path));
        EXPECT_TRUE(peer.hear_answer().starts_with("HTTP/1.1 500 ")) << path;
    }
    Peer chunked(server.port());
    chunked.say(get("/chunked"));
    const std::string all = chunked.hear_all();
    EXPECT_TRUE(all.ends_with("4\r\npart\r\n")) << all;  // and no last chunk
    Peer shorter(server.port());
    shorter.say(get("/short") + get("/silent"));
    EXPECT_TRUE(shorter.hear_all().ends_with("five!")) << "nothing may follow a short body";
}

TEST(HttpServer, AFieldCannotSplitAnAnswer) {
    TestServer server([](Exchange* exchange) -> Task<void> {
        exchange->start(200);
        exchange->add_field("X-Bad", "a\r\nSet-Cookie: b");
        exchange->add_field("X-Good", "fine\tthis");
        exchange->add_field("X-Number", 42U);
        co_await exchange->send("");
    });
    Peer peer(server.port());
    peer.say(get("/"));
    const std::string head = peer.hear_answer();
    EXPECT_EQ(head.find("Set-Cookie"), std::string::npos);
    EXPECT_NE(head.find("X-Good: fine\tthis\r\nX-Number: 42\r\n"), std::string::npos);
}

/// Sends the body back in the pieces in which it comes.
Task<void> echo_in_pieces(Exchange* exchange) {
    std::string all;
    for (;;) {
        const auto piece = co_await exchange->read_piece();
        if (!piece) co_return;
        if (piece->empty()) break;
        all += *piece;
    }
    exchange->start(200);
    co_await exchange->send(std::string(exchange->head().target()) + all);
}

TEST(HttpServer, ReadsLongBodiesPieceByPiece) {
    TestServer server(echo_in_pieces);
    Peer peer(server.port());
    std::string body;
    for (int i = 0; i < 100'000; ++i) body += static_cast<char>('a' + i % 26);
    std::string chunks;
    for (size_t at = 0; at < body.size(); at += 10'000)
        chunks += "2710\r\n" + body.substr(at, 10'000) + "\r\n";
    const std::string sized =
        "POST /sized HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + body;
    const std::string chunked =
        "POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks +
        "0\r\n\r\n";
    peer.say(sized + chunked + sized);  // what comes early belongs to the next request
    EXPECT_EQ(body_of(peer.hear_answer()), "/sized" + body);
    EXPECT_EQ(body_of(peer.hear_answer()), "/chunked" + body);
    EXPECT_EQ(body_of(peer.hear_answer()), "/sized" + body);
}

}  // namespace
}  // namespace keywarden
