// Connections as they live and end: many at once, peers that leave or do not read, drain, sockets.
#include <atomic>
#include <filesystem>
#include <future>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_peer.h"

namespace keywarden {
namespace {

using std::chrono::milliseconds;
using test::Peer;
using test::TestServer;

std::string get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

Task<void> say_peer(Exchange* exchange) {
    exchange->start(200);
    co_await exchange->send(exchange->peer());
}

TEST(HttpServer, SixtyFourConnectionsAreServedTurnByTurn) {
    TestServer server(say_peer);
    std::vector<Peer> peers;
    for (int i = 0; i < 64; ++i) peers.emplace_back(server.port());
    for (int round = 0; round < 5; ++round) {
        for (Peer& peer : peers) peer.say(get("/"));
        for (Peer& peer : peers) EXPECT_TRUE(peer.hear_answer().ends_with("127.0.0.1"));
    }
    EXPECT_EQ(server.connections(), 64U);
    peers.clear();
    while (server.connections() > 0) std::this_thread::yield();
}

TEST(HttpServer, OneConnectionTooManyIsToldSo) {
    TestServer server(say_peer, {.connections_max = 1});
    Peer first(server.port());
    first.say(get("/"));
    first.hear_answer();
    Peer second(server.port());
    const std::string answer = second.hear_answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    EXPECT_NE(answer.find("Retry-After: 1\r\n"), std::string::npos);
    first.say(get("/"));
    EXPECT_TRUE(first.hear_answer().starts_with("HTTP/1.1 200 "));
}

/// Waits for the peer to go, as a relay does while its upstream is silent.
class GoneFlag final : public PeerWatch {
public:
    void peer_gone() override { gone = true; }
    bool gone = false;
};

Task<void> wait_for_leave(Exchange* exchange, std::atomic<int>* left) {
    GoneFlag flag;
    exchange->watch_peer(&flag);
    exchange->start(200);
    exchange->start_body();
    co_await exchange->write("here");
    while (!flag.gone) co_await exchange->loop()->sleep(milliseconds(1));
    EXPECT_TRUE(exchange->peer_gone() || flag.gone);
    ++*left;
}

TEST(HttpServer, ARunningCallHearsThatItsClientLeft) {
    std::atomic<int> left = 0;
    TestServer server([&](Exchange* exchange) { return wait_for_leave(exchange, &left); });
    Peer closing(server.port());
    closing.say(get("/"));
    closing.hear_until("here");
    EXPECT_EQ(left, 0);
    closing.close_now();
    while (left < 1) std::this_thread::yield();
    Peer half(server.port());  // an end of its side counts as leaving: nginx and Go do the same
    half.say(get("/"));
    half.hear_until("here");
    half.end_writing();
    while (left < 2) std::this_thread::yield();
    while (server.connections() > 0) std::this_thread::yield();
}

TEST(HttpServer, AClientThatHalfClosesAfterItsRequestIsAnswered) {
    TestServer server(say_peer);
    Peer peer(server.port());
    peer.say(get("/") + get("/"));
    peer.end_writing();
    const std::string all = peer.hear_all();
    EXPECT_NE(all.find("127.0.0.1HTTP/1.1 200 OK"), std::string::npos) << all;
}

Task<void> pour(Exchange* exchange, std::atomic<size_t>* poured, IoStatus* ended) {
    const std::string piece(65'536, 'p');
    exchange->start(200);
    exchange->start_body();
    IoStatus status = IoStatus::Ok;
    while (status == IoStatus::Ok && *poured < 1'000'000'000) {
        status = co_await exchange->write(piece);
        *poured += piece.size();
    }
    *ended = status;
}

TEST(HttpServer, AClientThatDoesNotReadHoldsTheWriterUpAndThenLoses) {
    std::atomic<size_t> poured = 0;
    IoStatus ended = IoStatus::Ok;
    {
        TestServer server([&](Exchange* exchange) { return pour(exchange, &poured, &ended); },
                          {.write_stall_timeout = milliseconds(50)});
        Peer peer(server.port());
        peer.say(get("/"));
        while (server.connections() == 0 || poured == 0) std::this_thread::yield();
        while (server.connections() > 0) std::this_thread::yield();
    }
    EXPECT_EQ(ended, IoStatus::TimedOut);
    // Only what the kernel's buffers take: the rest was never produced.
    EXPECT_LT(poured, 50'000'000U);
}

Task<void> wait_then_answer(Exchange* exchange, std::atomic<bool>* started, bool* go_on) {
    *started = true;
    while (!*go_on) co_await exchange->loop()->sleep(milliseconds(1));
    exchange->start(200);
    co_await exchange->send("late");
}

TEST(HttpServer, DrainLetsCallsFinishAndClosesTheIdle) {
    std::atomic<bool> started = false;
    bool go_on = false;
    TestServer server(
        [&](Exchange* exchange) { return wait_then_answer(exchange, &started, &go_on); });
    Peer idle(server.port());
    Peer busy(server.port());
    busy.say(get("/"));
    while (!started) std::this_thread::yield();
    auto drained = std::async(std::launch::async, [&] { return server.drain(test::kPatience); });
    EXPECT_TRUE(idle.hears_end());
    Peer late(server.port());
    EXPECT_TRUE(late.fd() < 0 || late.hears_end()) << "nobody listens any more";
    server.thread().call([&] { go_on = true; });
    const std::string answer = busy.hear_answer();
    EXPECT_TRUE(answer.ends_with("late"));
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(busy.hears_end());
    EXPECT_TRUE(drained.get());
}

TEST(HttpServer, DrainAbortsWhatDoesNotFinishInTime) {
    std::atomic<int> left = 0;
    TestServer server([&](Exchange* exchange) { return wait_for_leave(exchange, &left); });
    Peer stuck(server.port());
    stuck.say(get("/"));
    stuck.hear_until("here");
    EXPECT_TRUE(server.drain(milliseconds(5)));
    EXPECT_EQ(left, 1) << "the handler was told as if its client had left";
    EXPECT_EQ(server.connections(), 0U);
    EXPECT_EQ(stuck.hear_all().find("0\r\n\r\n"), std::string::npos);
}

TEST(HttpServer, ServesAUnixSocketOfMode0600) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("kw_net_" + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    const std::string path = (folder / "s").string();
    {
        TestServer server(say_peer);
        server.thread().call(
            [&] { return server.server()->listen(*listen_unix(path)).has_value(); });
        struct stat found{};
        ASSERT_EQ(stat(path.c_str(), &found), 0);
        EXPECT_EQ(found.st_mode & 0777U, 0600U);
        Peer peer(path);
        peer.say(get("/"));
        EXPECT_TRUE(peer.hear_answer().ends_with("unix"));
        EXPECT_FALSE(listen_unix(path)) << "somebody listens there";
    }
    EXPECT_TRUE(listen_unix(path)) << "a stale socket is replaced";
    std::filesystem::remove_all(folder);
}

TEST(HttpServer, OutOfDescriptorsItRestsAndComesBack) {
    TestServer server(say_peer);
    Peer before(server.port());
    before.say(get("/"));
    before.hear_answer();
    Peer waiting(server.port());  // its descriptor is ours; the server's own comes next
    waiting.say(get("/"));
    EXPECT_TRUE(waiting.hear_answer().ends_with("127.0.0.1"));
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    Peer refused(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    rlimit none = limit;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    const SocketAddress address = *parse_address("127.0.0.1", server.port());
    const auto* where = reinterpret_cast<const sockaddr*>(&address.storage);
    ASSERT_EQ(connect(refused.fd(), where, address.size), 0);
    refused.say(get("/"));
    before.say(get("/"));  // the others go on
    EXPECT_TRUE(before.hear_answer().ends_with("127.0.0.1"));
    setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_TRUE(refused.hear_answer().ends_with("127.0.0.1"));
}

}  // namespace
}  // namespace keywarden
