// Webhooks: what every store promises of them, and of the events that they hear of.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/contract/store_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

class WebhookContract : public StoreContract {
protected:
    static AuditEntry an_audit(std::string tenant = "team_a") {
        return {
            .at = kNow, .tenant = std::move(tenant), .actor = {"system", "test"}, .action = "test"};
    }
    UsageStore& usage() { return store_->usage(); }
    Result<void> create(const std::string& id, const std::string& team = "team_a") {
        return usage().create_webhook({.id = id,
                                       .team_id = team,
                                       .url = "https://example.com/" + id,
                                       .events = {"key.spike", "budget.threshold"},
                                       .created_at = kNow},
                                      an_audit(team.empty() ? "instance" : team));
    }
    void happen(const std::string& id, const std::string& team = "team_a") {
        ASSERT_TRUE(usage().add_event(
            {.id = id, .team_id = team, .kind = "key.spike", .at = kNow, .body = "{}"}));
    }
    std::string heard(const std::string& team, int64_t n, size_t limit = 100) {
        std::string ids;
        for (const NumberedEvent& each : usage().events_after(team, n, limit).value()) {
            ids += each.event.id + " ";
        }
        return ids;
    }
};

INSTANTIATE_TEST_SUITE_P(Memory, WebhookContract, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, WebhookContract, testing::Values("sqlite:"));

TEST_P(WebhookContract, GivesBackAWebhookAsItWasGiven) {
    ASSERT_TRUE(create("hook_1"));
    const Webhook got = usage().get_webhook("team_a", "hook_1").value();
    EXPECT_EQ(got.team_id, "team_a");
    EXPECT_EQ(got.url, "https://example.com/hook_1");
    EXPECT_EQ(got.events, (std::vector<std::string>{"key.spike", "budget.threshold"}));
    EXPECT_EQ(got.generation, 1);
    EXPECT_EQ(got.created_at, kNow);
    EXPECT_EQ(got.version, 1);
    EXPECT_FALSE(got.rotated_at || got.delivery.delivered_at);
    EXPECT_EQ(usage().get_webhook("team_b", "hook_1").error().code, ErrorCode::NotFound);
    EXPECT_EQ(usage().list_webhooks("team_b")->size(), 0U);
    EXPECT_EQ(create("hook_2", "team_none").error().code, ErrorCode::NotFound);
}

TEST_P(WebhookContract, TheOperatorsAreNoTeams) {
    ASSERT_TRUE(create("hook_1"));
    ASSERT_TRUE(create("hook_2", ""));
    EXPECT_EQ(usage().list_webhooks("")->front().id, "hook_2");
    EXPECT_EQ(usage().get_webhook("", "hook_1").error().code, ErrorCode::NotFound);
    EXPECT_EQ(usage().all_webhooks()->size(), 2U);
}

TEST_P(WebhookContract, ThereAreOnlySoMany) {
    for (int64_t i = 0; i < kWebhooksMax; ++i) ASSERT_TRUE(create("h" + std::to_string(i)));
    EXPECT_EQ(create("more").error().code, ErrorCode::InvalidRequest);
    ASSERT_TRUE(create("theirs", "team_b"));
    ASSERT_TRUE(usage().delete_webhook("team_a", "h0", an_audit("team_a")));
    EXPECT_TRUE(create("more"));
    EXPECT_EQ(usage().delete_webhook("team_a", "h0", an_audit("team_a")).error().code,
              ErrorCode::NotFound);
}

TEST_P(WebhookContract, HearsOfWhatComesAfterIt) {
    happen("e1");
    ASSERT_TRUE(create("hook_1"));
    happen("e2");
    happen("e3", "team_b");
    happen("e2");
    happen("e4");
    const int64_t from = usage().get_webhook("team_a", "hook_1")->delivery.cursor;
    EXPECT_EQ(heard("team_a", from), "e2 e4 ");
    EXPECT_EQ(heard("", from), "e2 e3 e4 ");
    EXPECT_EQ(heard("", from, 2), "e2 e3 ");
    EXPECT_EQ(heard("", 0), "e1 e2 e3 e4 ");
    EXPECT_EQ(heard("team_none", 0), "");
}

TEST_P(WebhookContract, KeepsHowFarItHasCome) {
    ASSERT_TRUE(create("hook_1"));
    const WebhookDelivery delivery{.cursor = 7,
                                   .failures = 2,
                                   .next_at = kNow + 5s,
                                   .delivered = 3,
                                   .given_up = 1,
                                   .delivered_at = kNow,
                                   .last_error = "answered 500"};
    const Webhook first = usage().get_webhook("team_a", "hook_1").value();
    ASSERT_TRUE(*usage().put_delivery(first, delivery));
    Webhook got = usage().get_webhook("team_a", "hook_1").value();
    EXPECT_EQ(got.delivery.cursor, 7);
    EXPECT_EQ(got.delivery.failures, 2);
    EXPECT_EQ(got.delivery.next_at, kNow + 5s);
    EXPECT_EQ(got.delivery.delivered, 3);
    EXPECT_EQ(got.delivery.given_up, 1);
    EXPECT_EQ(got.delivery.delivered_at, kNow);
    EXPECT_EQ(got.delivery.last_error, "answered 500");
    ASSERT_TRUE(*usage().put_delivery(first, {.cursor = 6}));
    EXPECT_EQ(usage().get_webhook("team_a", "hook_1")->delivery.cursor, 7) << "never back";
    EXPECT_FALSE(*usage().put_delivery({.id = "hook_none", .team_id = "team_a"}, delivery));

    ASSERT_TRUE(*usage().put_delivery(first, delivery));
    got.generation = 2;
    got.rotated_at = kNow;
    got.is_paused = true;
    got.version = 2;
    ASSERT_TRUE(usage().update_webhook(got, an_audit("team_a")));
    got = usage().get_webhook("team_a", "hook_1").value();
    EXPECT_EQ(got.generation, 2);
    EXPECT_EQ(got.rotated_at, kNow);
    EXPECT_TRUE(got.is_paused);
    EXPECT_EQ(got.delivery.cursor, 7);
    EXPECT_EQ(got.delivery.failures, 0) << "it is tried anew";
    EXPECT_EQ(got.delivery.next_at, TimePoint());
    EXPECT_FALSE(*usage().put_delivery(first, delivery)) << "it has changed";
    EXPECT_EQ(usage().get_webhook("team_a", "hook_1")->delivery.failures, 0);
    EXPECT_EQ(usage().update_webhook(got, an_audit("team_a")).error().code,
              ErrorCode::VersionMismatch);
}

}  // namespace
}  // namespace keywarden
