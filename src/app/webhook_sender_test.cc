#include "app/webhook_sender.h"

#include <chrono>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/socket.h"
#include "net/test_name_server.h"
#include "net/test_peer.h"
#include "store/open.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

/// What a receiver was sent.
struct Received {
    std::string path, id, timestamp, signature, type, body;
};

class WebhookSenderTest : public testing::Test {
protected:
    void SetUp() override {
        store_ = open_store("memory:").value();
        for (const char* team : {"team_a", "team_b"}) {
            ASSERT_TRUE(
                store_->accounts().create_team({.id = team, .name = team}, {.tenant = "test"}));
        }
        make_sender("127.0.0.1");
    }

    void make_sender(std::string_view allowed, std::string name_servers = {}) {
        sender_ = std::make_unique<WebhookSender>(
            WebhookParts{.store = &store_->usage(),
                         .signer = &signer_,
                         .allow = parse_webhook_allow(allowed).value(),
                         .name_servers = std::move(name_servers),
                         .clock = &clock_});
    }

    Webhook add(const std::string& id,
                const std::string& team = "team_a",
                std::vector<std::string> events = {}) {
        Webhook hook{.id = id,
                     .team_id = team,
                     .url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/" + id + "?q",
                     .events = std::move(events),
                     .created_at = clock_.now()};
        EXPECT_TRUE(store_->usage().create_webhook(hook, {.tenant = "test"}));
        return hook;
    }
    void happen(const std::string& id,
                const std::string& kind = "key.spike",
                const std::string& team = "team_a") {
        ASSERT_TRUE(store_->usage().add_event({.id = id,
                                               .team_id = team,
                                               .kind = kind,
                                               .target = "key_1",
                                               .at = clock_.now(),
                                               .body = R"({"of":"spend"})"}));
    }
    int64_t look() { return sender_->look().value(); }
    WebhookDelivery delivery(const std::string& id, const std::string& team = "team_a") {
        return store_->usage().get_webhook(team, id)->delivery;
    }
    std::vector<Received> received() {
        const std::lock_guard lock(mutex_);
        return received_;
    }
    /// The paths and ids that were sent so far.
    std::string told() {
        std::string text;
        for (const Received& each : received()) text += each.path + " " + each.id + ", ";
        return text;
    }

    /// The ids that were sent to one path so far.
    std::string told(std::string_view path) {
        std::string text;
        for (const Received& each : received()) text += each.path == path ? each.id + " " : "";
        return text;
    }
    /// Waits until that was told there, and not for ever.
    std::string told_in_time(std::string_view path, std::string_view ids) {
        const auto until = std::chrono::steady_clock::now() + test::kPatience;
        while (told(path) != ids && std::chrono::steady_clock::now() < until) {
            std::this_thread::yield();
        }
        return told(path);
    }

    Task<void> receive(Exchange* exchange) {
        const auto body = co_await exchange->read_body(100'000);
        if (!body) co_return;
        const RequestHead& head = exchange->head();
        int status = 0;
        {
            const std::lock_guard lock(mutex_);
            received_.push_back({.path = std::string(head.target()),
                                 .id = std::string(head.value("webhook-id")),
                                 .timestamp = std::string(head.value("webhook-timestamp")),
                                 .signature = std::string(head.value("webhook-signature")),
                                 .type = std::string(head.value("content-type")),
                                 .body = {body->data(), body->size()}});
            status = status_;
        }
        exchange->start(status);
        if (status == 307) exchange->add_field("Location", "/elsewhere");
        co_await exchange->send("thanks");
    }
    void answer(int status) {
        const std::lock_guard lock(mutex_);
        status_ = status;
    }

    ManualClock clock_;
    WebhookSigner signer_{Secret(std::string("a pepper for tests"))};
    std::unique_ptr<Store> store_;
    std::mutex mutex_;
    std::vector<Received> received_;
    int status_ = 204;
    test::TestServer server_{[this](Exchange* exchange) { return receive(exchange); }};
    std::unique_ptr<WebhookSender> sender_;
};

TEST_F(WebhookSenderTest, AnEventIsSentSignedAndOnce) {
    happen("event_0");
    const Webhook hook = add("h");
    happen("event_1");
    EXPECT_EQ(look(), 1);
    EXPECT_EQ(look(), 0);
    ASSERT_EQ(received().size(), 1U) << "what was before it, it does not hear of";
    const Received got = received()[0];
    EXPECT_EQ(got.path, "/h?q");
    EXPECT_EQ(got.id, "event_1");
    EXPECT_EQ(got.type, "application/json");
    EXPECT_EQ(got.timestamp, std::to_string(clock_.now().time_since_epoch() / 1s));
    EXPECT_EQ(got.signature, signer_.sign(hook, "event_1", clock_.now(), got.body));
    EXPECT_EQ(got.body,
              R"({"type":"key.spike","timestamp":")" + format_iso8601(clock_.now()) +
                  R"(","team":"team_a","target":"key_1","data":{"of":"spend"}})");
    EXPECT_EQ(delivery("h").delivered, 1);
    EXPECT_EQ(delivery("h").delivered_at, clock_.now());
}

TEST_F(WebhookSenderTest, EachHearsOfItsOwnTeamAndKindsAndTheOperatorOfAll) {
    add("a");
    add("spikes", "team_a", {"key.spike"});
    add("b", "team_b");
    add("all", "");
    happen("e1", "budget.threshold");
    happen("e2", "key.spike", "team_b");
    happen("e3", "key.spike");
    EXPECT_EQ(look(), 2 + 1 + 1 + 3);
    EXPECT_EQ(told("/a?q"), "e1 e3 ");
    EXPECT_EQ(told("/spikes?q"), "e3 ");
    EXPECT_EQ(told("/b?q"), "e2 ");
    EXPECT_EQ(told("/all?q"), "e1 e2 e3 ");
}

TEST_F(WebhookSenderTest, OneThatFailsIsTriedAgainInOrderAndNotSooner) {
    add("h");
    happen("e1");
    happen("e2");
    answer(500);
    EXPECT_EQ(look(), 0);
    EXPECT_EQ(look(), 0);
    EXPECT_EQ(told(), "/h?q e1, ");
    EXPECT_EQ(delivery("h").last_error, "answered 500");
    EXPECT_EQ(delivery("h").next_at, clock_.now() + 5s);
    clock_.advance(5s);
    EXPECT_EQ(look(), 0);
    clock_.advance(5s);
    EXPECT_EQ(look(), 0);
    EXPECT_EQ(received().size(), 2U);
    clock_.advance(15s);
    answer(200);
    EXPECT_EQ(look(), 2);
    EXPECT_EQ(told(), "/h?q e1, /h?q e1, /h?q e1, /h?q e2, ");
    EXPECT_EQ(delivery("h").last_error, "");
    EXPECT_EQ(delivery("h").failures, 0);
}

TEST_F(WebhookSenderTest, WhatIsNeverTakenIsGivenUpOnceAndTheNextIsTried) {
    add("h");
    happen("e1");
    answer(503);
    for (int64_t i = 0; i < kWebhookTriesMax; ++i) {
        EXPECT_EQ(look(), 0);
        clock_.advance(kWebhookWaitMax);
    }
    EXPECT_EQ(look(), 0);
    EXPECT_EQ(std::ssize(received()), kWebhookTriesMax);
    EXPECT_EQ(delivery("h").given_up, 1);
    happen("e2");
    answer(200);
    EXPECT_EQ(look(), 1);
    EXPECT_EQ(received().back().id, "e2");
}

TEST_F(WebhookSenderTest, AStartGoesOnFromWhereItWas) {
    add("h");
    happen("e1");
    EXPECT_EQ(look(), 1);
    happen("e2");
    make_sender("127.0.0.1");
    EXPECT_EQ(look(), 1);
    EXPECT_EQ(told(), "/h?q e1, /h?q e2, ");
}

TEST_F(WebhookSenderTest, ARedirectIsNotFollowed) {
    add("h");
    happen("e1");
    answer(307);
    EXPECT_EQ(look(), 0);
    EXPECT_EQ(told(), "/h?q e1, ");
    EXPECT_EQ(delivery("h").last_error, "answered 307");
}

TEST_F(WebhookSenderTest, NothingGoesWhereTheOperatorNoLongerAllows) {
    add("h");
    happen("e1");
    make_sender("");
    EXPECT_EQ(look(), 0);
    EXPECT_TRUE(received().empty());
    EXPECT_FALSE(delivery("h").last_error.empty());
}

TEST_F(WebhookSenderTest, ANameThatStandsForAPrivateAddressIsNotConnectedTo) {
    test::NameServer names(60);
    Webhook hook = add("h");
    hook.url = "https://known.test:" + std::to_string(server_.port()) + "/";
    make_sender("", names.address());
    EXPECT_EQ(sender_->send(hook, {.id = "e"}), "its address may not be reached");
    EXPECT_GT(names.asked(), 0);
    EXPECT_EQ(server_.connections(), 0U);
    hook.url = "http" + hook.url.substr(5);
    make_sender("known.test", names.address());
    EXPECT_EQ(sender_->send(hook, {.id = "e"}), "") << "the operator allows it";
}

TEST_F(WebhookSenderTest, AReceiverThatIsGoneIsNoAnswer) {
    Webhook hook = add("h");
    hook.url = "http://127.0.0.1:1/";
    EXPECT_EQ(sender_->send(hook, {.id = "e"}), "could not be reached");
}

TEST_F(WebhookSenderTest, WhatHappensWhileItIsPausedIsSentOnceItGoesOn) {
    Webhook hook = add("h");
    hook.is_paused = true;
    ++hook.version;
    ASSERT_TRUE(store_->usage().update_webhook(hook, {.tenant = "test"}));
    happen("e1");
    EXPECT_EQ(look(), 0);
    hook.is_paused = false;
    ++hook.version;
    ASSERT_TRUE(store_->usage().update_webhook(hook, {.tenant = "test"}));
    EXPECT_EQ(look(), 1);
    EXPECT_EQ(told(), "/h?q e1, ");
}

TEST_F(WebhookSenderTest, ItLooksByItself) {
    add("h");
    happen("e1");
    sender_->start();
    EXPECT_EQ(told_in_time("/h?q", "e1 "), "e1 ");
}

/// A receiver that takes connections and says nothing until it ends.
class SilentReceiver {
public:
    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(local_port(listener_.get())) + "/";
    }
    /// Waits for the first connection.
    void wait() { first_ = OwnedFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
    /// Resets all connections, also those that were never accepted.
    void end() {
        first_ = OwnedFd();
        listener_ = OwnedFd();
    }

private:
    static OwnedFd listen() {
        OwnedFd listener = *listen_tcp("127.0.0.1", 0);
        ::fcntl(listener.get(), F_SETFL, 0);  // it waits in accept
        return listener;
    }
    OwnedFd listener_ = listen();
    OwnedFd first_;
};

TEST_F(WebhookSenderTest, ASlowReceiverHoldsUpNobodyButItself) {
    SilentReceiver silent;
    for (size_t i = 0; i < WebhookSender::kOfOneOwnerMax; ++i) {
        Webhook hook = add("slow" + std::to_string(i), "team_b");
        hook.url = silent.url();
        ++hook.version;
        ASSERT_TRUE(store_->usage().update_webhook(hook, {.tenant = "test"}));
    }
    add("theirs", "team_b");
    add("h");
    happen("e1", "key.spike", "team_b");
    happen("e2");
    sender_->start();
    EXPECT_EQ(told_in_time("/h?q", "e2 "), "e2 ");
    happen("e3");
    EXPECT_EQ(told_in_time("/h?q", "e2 e3 "), "e2 e3 ");
    EXPECT_EQ(told("/theirs?q"), "") << "a team has only so many at the same time";
    silent.end();
    EXPECT_EQ(told_in_time("/theirs?q", "e1 "), "e1 ");
}

TEST_F(WebhookSenderTest, WhatIsChangedWhileItHasItsTurnIsNotSaidToFail) {
    SilentReceiver silent;
    Webhook hook = add("h");
    const std::string url = std::exchange(hook.url, silent.url());
    ++hook.version;
    ASSERT_TRUE(store_->usage().update_webhook(hook, {.tenant = "test"}));
    happen("e1");
    std::thread looking([&] { look(); });
    silent.wait();
    hook.url = url;
    ++hook.version;
    ASSERT_TRUE(store_->usage().update_webhook(hook, {.tenant = "test"}));
    silent.end();
    looking.join();
    EXPECT_EQ(delivery("h").failures, 0);
    look();
    EXPECT_EQ(told("/h?q"), "e1 ");
}

}  // namespace
}  // namespace keywarden
