// For tests: a gateway on a loop of its own with real sockets, and a provider that does what a
// script says and keeps what it heard.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/id.h"
#include "net/http_server.h"
#include "net/test_imposter.h"
#include "net/test_peer.h"
#include "proxy/money_fixture.h"
#include "proxy/pipeline.h"
#include "store/open.h"

namespace keywarden {

inline std::string json_answer(std::string_view body, std::string_view status = "200 OK") {
    return "HTTP/1.1 " + std::string(status) +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

/// A call as an SDK makes it.
inline std::string post(std::string_view path,
                        std::string_view secret,
                        std::string_view body,
                        std::string_view fields = "") {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer " + std::string(secret) +
           "\r\nContent-Type: application/json\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

inline std::string get(std::string_view path, std::string_view secret) {
    return "GET " + std::string(path) +
           " HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer " + std::string(secret) +
           "\r\n\r\n";
}

/// The value of a field of an answer; empty when it is not there.
inline std::string field(const std::string& answer, const std::string& name) {
    const size_t at = answer.find("\r\n" + name + ": ");
    if (at == std::string::npos || at > answer.find("\r\n\r\n")) return {};
    const size_t begin = at + name.size() + 4;
    return answer.substr(begin, answer.find("\r\n", begin) - begin);
}

inline int status(const std::string& answer) {
    return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0;
}

/// The pieces of a chunked body, put together. What comes before the end is in `answer`.
inline std::string unchunked(std::string_view answer) {
    std::string body;
    answer.remove_prefix(answer.find("\r\n\r\n") + 4);
    while (!answer.empty()) {
        const size_t line = answer.find("\r\n");
        const size_t size = std::stoul(std::string(answer.substr(0, line)), nullptr, 16);
        if (size == 0) return body;
        body += answer.substr(line + 2, size);
        answer.remove_prefix(line + 2 + size + 2);
    }
    return body + "(no end)";
}

class ProxyFixture : public testing::Test {
protected:
    static constexpr std::string_view kUpstreamKey = "upstream-key-of-the-test";

    void SetUp() override {
        ASSERT_TRUE(store_->accounts().create_team(
            {.id = "team_a", .name = "A", .created_at = clock_.now()}, {.tenant = "test"}));
        directory_ = *KeyDirectory::load(*store_, formats_, defaults_, clock_);
        key_ = create(KeyKind::Full);
    }

    void TearDown() override {
        if (server_ == nullptr) return;
        thread_->await<void>([this] { return drain(server_.get()); });
        thread_->call([this] {
            server_.reset();
            pipeline_.reset();
            client_.reset();
            resolver_.reset();
            return true;
        });
        thread_.reset();
        if (money_ != nullptr) {
            EXPECT_EQ(money_->spend.balance("team_a").held.value, 0) << "whatever it was about";
        }
    }

    MintedKey create(KeyKind kind, int64_t rpm = 1'000'000, std::string team_id = "team_a") {
        Key key;
        key.id = new_id("key");
        key.team_id = std::move(team_id);
        key.name = "test";
        key.kind = kind;
        key.rate_limit_rpm = rpm;
        return *directory_->create(key, "", false);
    }

    void add_provider(std::string name,
                      uint16_t port,
                      std::vector<ProviderModel> models,
                      Dialect dialect = Dialect::OpenAi) {
        parts_.providers.push_back(
            *open_provider({.name = std::move(name),
                            .base_url = "http://127.0.0.1:" + std::to_string(port) + "/base/v1",
                            .api_key = Secret(std::string(kUpstreamKey)),
                            .dialect = dialect,
                            .models = std::move(models)}));
    }

    /// A gateway with one provider, "up", that has "gpt-4o" and "small" (there: "small-2024").
    void start(Imposter::Script script) {
        imposter_ = std::make_unique<Imposter>(std::move(script));
        add_provider("up", imposter_->port(), {{"gpt-4o", ""}, {"small", "small-2024"}});
        start();
    }

    /// From `start` on calls are charged, and written into a journal of at most so many bytes.
    void charge_calls(size_t journal_bytes_max = size_t{64} << 20U) {
        money_ = std::make_unique<TestMoney>(clock_, store_->usage(), journal_bytes_max);
        parts_.spend = &money_->spend;
        parts_.prices = &money_->prices;
    }

    void start() {
        parts_.keys = directory_.get();
        parts_.blocking = &blocking_;
        if (!parts_.on_call) {
            parts_.on_call = [this](const CallLine& row) {
                const std::lock_guard lock(rows_mutex_);
                rows_.push_back(std::to_string(row.status) + " " + std::string(row.route) + " " +
                                std::string(row.model) + " " + std::string(row.error) +
                                (row.client_left ? " left" : "") + usage_text(row.usage));
                rows_changed_.notify_all();
            };
        }
        auto proxy = Proxy::open(std::move(parts_));
        ASSERT_TRUE(proxy) << proxy.error().message;
        proxy_ = *std::move(proxy);
        thread_ = std::make_unique<test::LoopThread>();
        thread_->call([this] {
            resolver_ = std::make_unique<Resolver>(thread_->loop());
            client_ = std::make_unique<HttpClient>(thread_->loop(), resolver_.get(), nullptr);
            pipeline_ = std::make_unique<Pipeline>(proxy_.get(),
                                                   thread_->loop(),
                                                   client_.get(),
                                                   money_ ? &money_->journal->writer(0) : nullptr);
            server_ = std::make_unique<HttpServer>(thread_->loop(), pipeline_.get());
            OwnedFd listener = *listen_tcp("127.0.0.1", 0);
            port_ = local_port(listener.get());
            return server_->listen(std::move(listener)).has_value();
        });
    }

    void listen_locally(const std::string& path) {
        ASSERT_TRUE(thread_->call([&] { return server_->listen(*listen_unix(path)); }));
    }

    /// Until the gateway has so many connections to providers.
    void wait_for_upstream_connections(size_t count) {
        const auto now = [this] {
            return thread_->call([this] { return client_->connections(); });
        };
        while (now() != count) std::this_thread::yield();
    }

    test::Peer connect() const { return test::Peer(port_); }
    std::string_view secret() const { return key_.secret.reveal(); }

    /// One call on a connection of its own.
    std::string ask(const std::string& request) const {
        test::Peer peer = connect();
        peer.say(request);
        return peer.hear_answer();
    }
    std::string chat(std::string_view body, std::string_view fields = "") const {
        return ask(post("/v1/chat/completions", secret(), body, fields));
    }

    /// The row of the call that ended last, once there are `count`.
    std::string row(size_t count) {
        std::unique_lock lock(rows_mutex_);
        rows_changed_.wait_for(lock, test::kPatience, [&] { return rows_.size() >= count; });
        return rows_.size() < count ? "no row" : rows_[count - 1];
    }

    static std::string usage_text(const TokenUsage& usage) {
        if (usage.empty()) return "";
        return " " + std::to_string(usage.input.value_or(-1)) + "+" +
               std::to_string(usage.output.value_or(-1));
    }

    ManualClock clock_;
    KeyFormats formats_ = *KeyFormats::open({"keywarden"}, Secret("a pepper for tests"));
    KeyDefaults defaults_{.caps = {.active_keys_max = 1'000, .creations_per_hour_max = 1'000}};
    std::unique_ptr<Store> store_ = *open_store("memory:");
    std::unique_ptr<KeyDirectory> directory_;
    BlockingPool blocking_{{.threads = 2}};
    std::unique_ptr<TestMoney> money_;
    ProxyParts parts_;
    std::unique_ptr<Proxy> proxy_;
    std::unique_ptr<Imposter> imposter_;
    MintedKey key_;
    uint16_t port_ = 0;

private:
    /// A call whose client left reads on for kDrainMax, which is no less than a drain waits.
    static Task<void> drain(HttpServer* server) {
        bool all_ended = co_await server->drain(Nanos(0));
        if (!all_ended) all_ended = co_await server->drain(Nanos(0));
        EXPECT_TRUE(all_ended);
    }

    std::unique_ptr<test::LoopThread> thread_;
    std::unique_ptr<Resolver> resolver_;
    std::unique_ptr<HttpClient> client_;
    std::unique_ptr<Pipeline> pipeline_;
    std::unique_ptr<HttpServer> server_;
    std::mutex rows_mutex_;
    std::condition_variable rows_changed_;
    std::vector<std::string> rows_;
};

}  // namespace keywarden
