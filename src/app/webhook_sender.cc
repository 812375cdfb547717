#include "app/webhook_sender.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/json/write.h"
#include "base/log.h"
#include "net/blocking_client.h"

namespace keywarden {
namespace {

constexpr auto kTick = std::chrono::seconds(1);

std::string message_of(const UsageEvent& event) {
    return fmt::format(R"({{"type":{},"timestamp":"{}","team":{},"target":{},"data":{}}})",
                       json_string(event.kind),
                       format_iso8601(event.at),
                       json_string(event.team_id),
                       json_string(event.target),
                       event.body.empty() ? "{}" : event.body);
}

std::string failure_of(const Error& error, bool was_refused) {
    if (was_refused) return "its address may not be reached";
    if (error.code == ErrorCode::UpstreamTimeout) return "no answer in time";
    return "could not be reached";
}

}  // namespace

WebhookSender::~WebhookSender() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    for (std::thread& thread : threads_) thread.join();
}

void WebhookSender::start() {
    thread_ = std::thread([this] { run(); });
}

void WebhookSender::run() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kTick, [this] { return stopping_.load(); })) {
        const Result<void> done = line_up();  // a store that is away is told of by the upkeep
    }
}

Result<int64_t> WebhookSender::look() {
    std::unique_lock lock(mutex_);
    const int64_t before = taken_;
    TRY_VOID(line_up());
    wake_.wait(lock, [this] { return in_hand_.empty(); });
    return taken_ - before;
}

Result<void> WebhookSender::line_up() {
    TRY(std::vector<Webhook> hooks, parts_.store->all_webhooks());
    for (Webhook& hook : hooks) {
        const bool is_due = !hook.is_paused && hook.delivery.next_at <= parts_.clock->now();
        if (is_due && in_hand_.insert(hook.id).second) line_.push_back(std::move(hook));
    }
    while (threads_.size() < std::min(in_hand_.size(), kThreadsMax)) {
        threads_.emplace_back([this] { serve(); });
    }
    wake_.notify_all();
    return {};
}

std::deque<Webhook>::iterator WebhookSender::next_in_line() {
    return std::ranges::find_if(line_, [this](const Webhook& hook) {
        const auto owner = of_owners_.find(hook.team_id);
        return owner == of_owners_.end() || owner->second < kOfOneOwnerMax;
    });
}

void WebhookSender::serve() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || next_in_line() != line_.end(); });
        if (stopping_) return;
        const auto next = next_in_line();
        const Webhook hook = std::move(*next);
        line_.erase(next);
        ++of_owners_[hook.team_id];
        lock.unlock();
        const Result<int64_t> taken = look_at(hook);  // of one that fails, it comes again
        lock.lock();
        taken_ += taken.value_or(0);
        in_hand_.erase(hook.id);
        if (--of_owners_[hook.team_id] == 0) of_owners_.erase(hook.team_id);
        wake_.notify_all();
    }
}

Result<int64_t> WebhookSender::look_at(const Webhook& hook) {
    WebhookDelivery delivery = hook.delivery;
    TRY(const std::vector<NumberedEvent> events,
        parts_.store->events_after(hook.team_id, delivery.cursor, kEventsAtOnce));
    bool goes_on = true;
    for (const NumberedEvent& next : events) {
        if (!goes_on || stopping_) break;
        if (!wants(hook, next.event.kind)) {
            delivery.cursor = next.n;
            continue;
        }
        goes_on = settle(hook, next, send(hook, next.event), delivery);
        TRY(const bool is_as_read, parts_.store->put_delivery(hook, delivery));
        goes_on = goes_on && is_as_read;
    }
    if (delivery.cursor != hook.delivery.cursor) {
        TRY_VOID(parts_.store->put_delivery(hook, delivery));
    }
    return delivery.delivered - hook.delivery.delivered;
}

bool WebhookSender::settle(const Webhook& hook,
                           const NumberedEvent& next,
                           const std::string& failure,
                           WebhookDelivery& delivery) const {
    const TimePoint now = parts_.clock->now();
    delivery.last_error = failure;
    if (failure.empty()) {
        delivery.cursor = next.n;
        delivery.failures = 0;
        ++delivery.delivered;
        delivery.delivered_at = now;
        return true;
    }
    ++delivery.failures;
    const bool is_given_up = delivery.failures >= kWebhookTriesMax;
    log(LogLevel::Warning,
        is_given_up ? "webhook.given_up" : "webhook.failed",
        {{"webhook_id", std::string_view(hook.id)},
         {"event_id", std::string_view(next.event.id)},
         {"tries", delivery.failures},
         {"message", std::string_view(failure)}});
    delivery.next_at = now + webhook_wait(delivery.failures);
    if (is_given_up) {
        delivery.cursor = next.n;
        delivery.failures = 0;
        ++delivery.given_up;
    }
    return false;
}

std::string WebhookSender::send(const Webhook& hook, const UsageEvent& event) const {
    const auto target = check_webhook_url(hook.url, parts_.allow);
    if (!target) return target.error().message;  // the operator allows less than once
    bool was_refused = false;
    BlockingClientOptions options{.timeouts = {.connect = kAnswerWithin,
                                               .first_byte = kAnswerWithin,
                                               .idle = kAnswerWithin,
                                               .write_stall = kAnswerWithin,
                                               .total = kAnswerWithin}};
    options.resolver.servers = parts_.name_servers;
    options.resolver.may_reach = [&](std::string_view, const SocketAddress& address) {
        const auto ip = parse_ip(address.host());
        const bool may = ip && may_reach(target->url.host, *ip, parts_.allow);
        was_refused = was_refused || !may;
        return may;
    };
    auto client = BlockingClient::make(
        {.tls = target->url.tls, .host = target->url.host, .port = target->url.port}, options);
    if (!client) return client.error().message;
    const TimePoint now = parts_.clock->now();
    const std::string body = message_of(event);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    const BlockingRequest request{
        .method = "POST",
        .target = target->target,
        .headers = {{"Content-Type", "application/json"},
                    {"webhook-id", event.id},
                    {"webhook-timestamp", std::to_string(seconds)},
                    {"webhook-signature", parts_.signer->sign(hook, event.id, now, body)}},
        .body = body};
    const auto answer = (*client)->stream(
        request, {}, [](std::string_view) { return false; });  // what it says is not looked at
    if (!answer) return failure_of(answer.error(), was_refused);
    if (answer->status >= 200 && answer->status < 300) return {};
    return fmt::format("answered {}", answer->status);
}

}  // namespace keywarden
