// Webhooks in memory, and the events that they hear of.
#include <algorithm>
#include <mutex>
#include <utility>

#include "store/account_rules.h"
#include "store/key_rules.h"
#include "store/memory/memory_usage.h"

namespace keywarden {
namespace {

Webhook as_kept(Webhook hook) {
    hook.created_at = in_millis(hook.created_at);
    if (hook.rotated_at) hook.rotated_at = in_millis(*hook.rotated_at);
    return hook;
}

WebhookDelivery as_kept(WebhookDelivery delivery) {
    delivery.next_at = in_millis(delivery.next_at);
    if (delivery.delivered_at) delivery.delivered_at = in_millis(*delivery.delivered_at);
    return delivery;
}

}  // namespace

Result<std::vector<NumberedEvent>> MemoryUsage::events_after(std::string_view team_id,
                                                             int64_t n,
                                                             size_t limit) {
    const std::lock_guard lock(log_.mutex);
    std::vector<NumberedEvent> found;
    for (size_t i = 0; i < events_.size() && found.size() < limit; ++i) {
        if (event_numbers_[i] <= n) continue;
        if (!team_id.empty() && events_[i].team_id != team_id) continue;
        found.push_back({.n = event_numbers_[i], .event = events_[i]});
    }
    return found;
}

Webhook* MemoryUsage::find_webhook(std::string_view team_id, std::string_view id) {
    const auto found = std::ranges::find(webhooks_, id, &Webhook::id);
    return found == webhooks_.end() || found->team_id != team_id ? nullptr : &*found;
}

Result<void> MemoryUsage::create_webhook(const Webhook& hook, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        if (!hook.team_id.empty() && accounts_.team(hook.team_id) == nullptr) {
            return no_such("team");
        }
        if (std::ranges::count(webhooks_, hook.team_id, &Webhook::team_id) >= kWebhooksMax) {
            return too_many("webhooks", kWebhooksMax);
        }
        if (std::ranges::count(webhooks_, hook.id, &Webhook::id) > 0) {
            return taken("webhook", "id");
        }
        webhooks_.push_back(as_kept(hook));
        webhooks_.back().version = 1;
        webhooks_.back().delivery = {.cursor = event_numbers_.empty() ? 0 : event_numbers_.back()};
        return {};
    });
}

Result<void> MemoryUsage::update_webhook(const Webhook& hook, const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        Webhook* const stored = find_webhook(hook.team_id, hook.id);
        if (stored == nullptr) return no_such("webhook");
        if (stored->version != hook.version - 1) return changed_meanwhile("webhook");
        WebhookDelivery delivery = std::move(stored->delivery);
        delivery.failures = 0;
        delivery.next_at = {};
        *stored = as_kept(hook);
        stored->delivery = std::move(delivery);
        return {};
    });
}

Result<void> MemoryUsage::delete_webhook(std::string_view team_id,
                                         std::string_view id,
                                         const AuditEntry& audit) {
    return log_.change(audit, [&]() -> Result<void> {
        const Webhook* const stored = find_webhook(team_id, id);
        if (stored == nullptr) return no_such("webhook");
        webhooks_.erase(webhooks_.begin() + (stored - webhooks_.data()));
        return {};
    });
}

Result<Webhook> MemoryUsage::get_webhook(std::string_view team_id, std::string_view id) {
    const std::lock_guard lock(log_.mutex);
    const Webhook* const stored = find_webhook(team_id, id);
    if (stored == nullptr) return no_such("webhook");
    return *stored;
}

Result<std::vector<Webhook>> MemoryUsage::list_webhooks(std::string_view team_id) {
    const std::lock_guard lock(log_.mutex);
    std::vector<Webhook> found;
    for (const Webhook& hook : webhooks_) {
        if (hook.team_id == team_id) found.push_back(hook);
    }
    return found;
}

Result<std::vector<Webhook>> MemoryUsage::all_webhooks() {
    const std::lock_guard lock(log_.mutex);
    return webhooks_;
}

Result<bool> MemoryUsage::put_delivery(const Webhook& read, const WebhookDelivery& delivery) {
    const std::lock_guard lock(log_.mutex);
    Webhook* const stored = find_webhook(read.team_id, read.id);
    if (stored == nullptr || stored->version != read.version) return false;
    const int64_t cursor = std::max(stored->delivery.cursor, delivery.cursor);
    stored->delivery = as_kept(delivery);
    stored->delivery.cursor = cursor;
    return true;
}

}  // namespace keywarden
