// Every event of a stream says whose it is: a hundred thousand of them, and a third of the clients
// leave in the middle.
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr int kStreams = 1'000;
constexpr int kEvents = 100;
constexpr int kThreads = 8;

class Nonces : public ProxyFixture {
protected:
    static std::string nonce_of(int stream) { return "nonce-" + std::to_string(stream) + ":"; }

    /// The provider: echoes the nonce of each call, on connections that are used again.
    static void echo(test::Peer& peer) {
        for (;;) {
            const std::string request = peer.hear_answer();
            const size_t at = request.find(R"("user":")");
            if (at == std::string::npos) return;
            const std::string nonce = nonce_of(std::stoi(request.substr(at + 8)));
            std::string events;
            for (int i = 0; i < kEvents; ++i) {
                events += R"(data: {"choices":[{"delta":{"content":")" + nonce + std::to_string(i) +
                          "\"}}]}\n\n";
            }
            events += "data: [DONE]\n\n";
            const size_t half = events.size() / 2;
            if (!peer.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " +
                          std::to_string(events.size()) + "\r\n\r\n" + events.substr(0, half)) ||
                !peer.say(events.substr(half))) {
                return;
            }
        }
    }

    /// Reads a stream to its end, or so far. Returns how many events of it came whole.
    int read(int stream, size_t bytes) {
        test::Peer peer = connect();
        peer.say(post("/v1/chat/completions",
                      secret(),
                      R"({"model":"up/gpt-4o","stream":true,"messages":[],"user":")" +
                          std::to_string(stream) + "\"}",
                      "Connection: close\r\n"));
        const std::string heard = peer.hear_bytes(bytes);
        const std::string nonce = nonce_of(stream);
        int seen = 0;
        for (size_t at = heard.find("nonce-"); at != std::string::npos;
             at = heard.find("nonce-", at + 1), ++seen) {
            const std::string whole = nonce + std::to_string(seen) + "\"";
            if (heard.size() - at < whole.size()) break;  // it was cut off
            if (heard.compare(at, whole.size(), whole) != 0) return -1;
        }
        return seen;
    }
};

TEST_F(Nonces, NoByteOfOneCallReachesAnother) {
    start(echo);
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::atomic<int> whole = 0;
    std::atomic<int> cut = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < kThreads; ++i) {
        clients.emplace_back([&, i, seed_here = random()] {
            std::mt19937_64 dice(seed_here);
            for (int stream = i; stream < kStreams; stream += kThreads) {
                const bool leaves = stream % 3 == 0;
                const int seen = read(stream, leaves ? 200 + dice() % 4'000 : size_t{1} << 20U);
                ASSERT_GE(seen, 0) << "an event of another call came in " << stream;
                if (leaves) {
                    cut += seen;
                } else {
                    ASSERT_EQ(seen, kEvents) << stream;
                    whole += seen;
                }
            }
        });
    }
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(whole, kStreams * 2 / 3 * kEvents);
    EXPECT_GT(cut, 0);
}

}  // namespace
}  // namespace keywarden
