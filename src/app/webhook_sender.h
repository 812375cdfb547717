// Sends events to the webhooks that want them: signed, again until they are taken, in order.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "domain/webhook.h"
#include "store/usage_store.h"

namespace keywarden {

struct WebhookParts {
    UsageStore* store = nullptr;
    const WebhookSigner* signer = nullptr;
    WebhookAllow allow{};
    std::string name_servers{};  // asked instead of the system's: for tests
    const Clock* clock = &system_clock();
};

/// Where each webhook has come to is in the store, so a start goes on from there: an event is
/// delivered at least once, and its id is the same each time. One that fails waits for its next
/// try, and those after it with it; after kWebhookTriesMax it is given up.
/// Source: Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature).
class WebhookSender {
public:
    explicit WebhookSender(WebhookParts parts) : parts_(std::move(parts)) {}
    ~WebhookSender();
    WebhookSender(const WebhookSender&) = delete;
    WebhookSender& operator=(const WebhookSender&) = delete;

    /// Looks again and again from here on, on a thread of its own, until it is destroyed.
    void start();

    /// Sends what is due now. Returns how many events were taken. Errors: the store's.
    /// Threads: one.
    Result<int64_t> look();

    /// Sends one event. Returns why it was not taken; nothing when it was. Threads: any.
    std::string send(const Webhook& hook, const UsageEvent& event) const;

    static constexpr size_t kEventsAtOnce = 20;  // of a webhook, before the next one's turn
    static constexpr Nanos kAnswerWithin = std::chrono::seconds(10);

private:
    void run();
    Result<int64_t> look_at(const Webhook& hook);
    /// Whether the next event may be sent at once.
    bool settle(const Webhook& hook,
                const NumberedEvent& next,
                const std::string& failure,
                WebhookDelivery& delivery) const;

    WebhookParts parts_;
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::thread thread_;
};

}  // namespace keywarden
