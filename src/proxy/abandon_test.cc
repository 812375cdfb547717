// Clients that leave, at whatever byte of the way there or back: what their calls used is known to
// the token all the same.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

constexpr int kCalls = 1'000;
constexpr int kThreads = 8;
constexpr int64_t kMillion = 1'000'000;
constexpr Price kPrice{.input = 1'000 * kMillion, .output = 10'000 * kMillion};

struct Seen {
    CallOutcome outcome{};
    UsageBasis basis{};
    TokenUsage usage{};
    NanoUsd cost{};
};

/// By path: in the provider's own dialect, or translated.
class Abandon : public ProxyFixture, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        ProxyFixture::SetUp();
        charge_calls();
        ASSERT_TRUE(money_->prices.put("up/gpt-4o", kPrice, {.tenant = "instance"}));
        start([this](test::Peer& peer) { serve(peer); });
    }

    /// A call used as many tokens as its number says.
    static std::string usage_of(int number) {
        return R"("usage":{"prompt_tokens":)" + std::to_string(number) +
               R"(,"completion_tokens":)" + std::to_string(2 * number) + "}";
    }

    void serve(test::Peer& peer) {
        for (;;) {
            const std::string request = peer.hear_answer();
            const size_t at = request.find(R"("user":")");
            if (at == std::string::npos) return;
            const int number = std::stoi(request.substr(at + 8));
            {
                const std::lock_guard lock(mutex_);
                ++reached_[number];
            }
            const bool is_stream = request.find(R"("stream":true)") != std::string::npos;
            if (!(is_stream ? say_stream(peer, number)
                            : peer.say(json_answer(whole_answer(number))))) {
                return;
            }
        }
    }
    static std::string whole_answer(int number) {
        return R"({"choices":[{"message":{"content":"word"},"finish_reason":"stop"}],)" +
               usage_of(number) + "}";
    }
    static bool say_stream(test::Peer& peer, int number) {
        const std::string word = "data: {\"choices\":[{\"delta\":{\"content\":\"word\"}}]}\n\n";
        const std::string end =
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
            "data: {\"choices\":[]," +
            usage_of(number) + "}\n\ndata: [DONE]\n\n";
        constexpr int kWords = 8;
        bool heard =
            peer.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " +
                     std::to_string(kWords * word.size() + end.size()) + "\r\n\r\n");
        for (int i = 0; i < kWords && heard; ++i) heard = peer.say(word);
        return heard && peer.say(end);
    }

    /// A client that is gone once it has said and heard so much.
    void leave(int number, std::mt19937_64& random) {
        const std::string user = "\"" + std::to_string(number) + "\"";
        const bool is_own = std::string_view(GetParam()) == "/v1/chat/completions";
        const std::string body =
            R"({"model":"up/gpt-4o","max_tokens":9,"messages":[{"role":"user","content":"hi"}],)" +
            (is_own ? R"("user":)" + user : R"("metadata":{"user_id":)" + user + "}") +
            (random() % 2 == 0 ? R"(,"stream":true})" : "}");
        const std::string request =
            post(GetParam(),
                 secret(),
                 body,
                 "X-Keywarden-Session-Id: " + std::to_string(number) + "\r\nConnection: close\r\n");
        const size_t bytes = 1 + random() % (request.size() + 1'200);
        test::Peer peer = connect();
        peer.say(std::string_view(request).substr(0, bytes));
        if (bytes >= request.size()) {
            ++asked_;
            peer.hear_bytes(bytes - request.size());
        }
    }

    /// What has come into the journal since the last time.
    void read_rows() {
        money_->journal->sync();
        for (bool has_more = true; has_more;) {
            const Journal::Batch& batch = money_->journal->next_batch(1'000);
            has_more = !batch.rows.empty();
            for (const CallRecord& row : batch.rows) {
                const int number = std::stoi(std::string(row.session_id));
                const Seen seen{row.outcome, row.basis, row.usage, row.cost};
                EXPECT_TRUE(rows_.try_emplace(number, seen).second) << number << " has two rows";
            }
            (void)money_->journal->applied();
        }
    }

    std::mutex mutex_;
    std::map<int, int> reached_;
    std::map<int, Seen> rows_;
    std::atomic<int> asked_ = 0;
};

TEST_P(Abandon, AThousandClientsLeaveAnywhereAndNotATokenIsMissed) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<std::thread> clients;
    for (int i = 0; i < kThreads; ++i) {
        clients.emplace_back([this, i, seed_here = random()] {
            std::mt19937_64 dice(seed_here);
            for (int n = i; n < kCalls; n += kThreads) leave(n + 1, dice);
        });
    }
    for (std::thread& client : clients) client.join();
    const MonoTime until = precise_mono() + test::kPatience;
    while (std::ssize(rows_) < asked_ && precise_mono() < until) read_rows();

    ASSERT_EQ(std::ssize(rows_), asked_) << "who asked has a row, and nobody else";
    int64_t cost = 0;
    int exact = 0;
    for (const auto& [number, row] : rows_) {
        cost += row.cost.value;
        if (!reached_.contains(number)) {
            EXPECT_EQ(row.outcome, CallOutcome::Voided) << number;
            continue;
        }
        EXPECT_EQ(row.outcome, CallOutcome::Settled) << number;
        EXPECT_EQ(row.basis, UsageBasis::Exact) << number;
        EXPECT_EQ(row.usage.input, number);
        EXPECT_EQ(row.usage.output, 2 * number);
        ++exact;
    }
    EXPECT_EQ(exact, std::ssize(reached_));
    EXPECT_GT(exact, kCalls / 4);
    EXPECT_EQ(money_->spend.balance("team_a").balance.value, -cost);
    EXPECT_EQ(money_->spend.balance("team_a").held.value, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Paths, Abandon, testing::Values("/v1/chat/completions", "/v1/messages"), [](const auto& info) {
        return std::string_view(info.param).contains("chat") ? "Own" : "Translated";
    });

}  // namespace
}  // namespace keywarden
