// Sends events to the webhooks that want them: signed, again until they are taken, in order.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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
///
/// Each webhook's events are sent one after another; several webhooks have their turn at the same
/// time, so that a slow receiver holds up nobody but itself, and no team all threads.
/// Source: Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature).
class WebhookSender {
public:
    explicit WebhookSender(WebhookParts parts) : parts_(std::move(parts)) {}
    ~WebhookSender();
    WebhookSender(const WebhookSender&) = delete;
    WebhookSender& operator=(const WebhookSender&) = delete;

    /// Looks again and again from here on, on a thread of its own, until it is destroyed.
    void start();

    /// Sends what is due now, and waits until that is done. Returns how many events were taken.
    /// Errors: the store's. Threads: one.
    Result<int64_t> look();

    /// Sends one event. Returns why it was not taken; nothing when it was. Threads: any.
    std::string send(const Webhook& hook, const UsageEvent& event) const;

    static constexpr size_t kThreadsMax = 16;
    static constexpr size_t kOfOneOwnerMax = 4;  // of a team's, or the operator's, at the same time
    static constexpr size_t kEventsAtOnce = 20;  // of a webhook, before the next one's turn
    static constexpr Nanos kAnswerWithin = std::chrono::seconds(10);

private:
    void run();
    /// Puts those that are due and not in hand into the line. With the lock held, so that what it
    /// reads of one is as its last turn left it. Errors: the store's.
    Result<void> line_up();
    /// A thread: takes one after another out of the line, until the end.
    void serve();
    /// The next of the line whose owner has not enough of the threads. With the lock held.
    std::deque<Webhook>::iterator next_in_line();
    /// Has its turn. Returns how many events were taken.
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
    std::deque<Webhook> line_;                 // those whose turn comes
    std::set<std::string> in_hand_;            // ids of these, and of those that have their turn
    std::map<std::string, size_t> of_owners_;  // how many have it
    int64_t taken_ = 0;
    std::vector<std::thread> threads_;  // made as they are needed
    std::thread thread_;
};

}  // namespace keywarden
