// Webhooks: where somebody wants to hear of events, and how far they have heard.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/units.h"
#include "base/url.h"
#include "domain/ip_range.h"

namespace keywarden {

inline constexpr int64_t kWebhooksMax = 10;  // of a team, and of the operator
inline constexpr int64_t kWebhookTriesMax = 10;
inline constexpr Nanos kWebhookWaitMax = std::chrono::hours(6);
/// For so long after a rotation what is sent is signed with the secret before, too.
inline constexpr Nanos kWebhookGrace = std::chrono::hours(24);

/// What happened with the events of a webhook so far.
struct WebhookDelivery {
    int64_t cursor = 0;    // the number of the last event that is done with
    int64_t failures = 0;  // of the one after it, in a row
    TimePoint next_at{};   // no sooner is it tried
    int64_t delivered = 0;
    int64_t given_up = 0;  // after kWebhookTriesMax
    std::optional<TimePoint> delivered_at{};
    std::string last_error{};  // empty: the last try went well, or there was none
};

struct Webhook {
    std::string id{};       // "hook_…"
    std::string team_id{};  // empty: the operator's, who hears of all teams
    std::string url{};
    std::vector<std::string> events{};  // kinds; empty: all
    bool is_paused = false;             // what happens meanwhile is sent once it goes on
    int64_t generation = 1;             // of its secret
    std::optional<TimePoint> rotated_at{};
    TimePoint created_at{};
    int64_t version = 1;
    WebhookDelivery delivery{};
};

/// What may happen: "budget.threshold", "key.spike", … Whatever writes a new one adds it there.
std::span<const std::string_view> event_kinds();

/// A test is for every webhook.
inline constexpr std::string_view kTestEvent = "webhook.test";

bool wants(const Webhook& hook, std::string_view kind);

/// How long to wait after so many failures in a row (at least one): 5 s, then four times as long
/// each time, up to kWebhookWaitMax.
Nanos webhook_wait(int64_t failures);

// ---- where to -----------------------------------------------------------------------------------

/// What the operator lets webhooks reach besides public addresses over https.
struct WebhookAllow {
    std::vector<std::string> hosts{};
    std::vector<IpRange> networks{};

    bool has(std::string_view host) const;
    bool has(IpAddress address) const;
};

/// "hooks.internal, 10.0.0.0/8, 127.0.0.1". Errors: InvalidConfig, naming the entry.
Result<WebhookAllow> parse_webhook_allow(std::string_view text);

struct WebhookTarget {
    Url url{};             // without its query
    std::string target{};  // path and query, as they were written
};

/// Whether a webhook may be set to that address: https to a public name or address, or whatever the
/// operator allows. What a name stands for is vetted again when it is called.
/// Errors: InvalidRequest, with `url` as its param; it never repeats the address.
Result<WebhookTarget> check_webhook_url(std::string_view url, const WebhookAllow& allow);

/// Whether what is sent to `host` may go to that address.
bool may_reach(std::string_view host, IpAddress address, const WebhookAllow& allow);

// ---- signatures ---------------------------------------------------------------------------------

/// Makes the secrets of webhooks out of the instance's own: none of them is kept anywhere, and the
/// database alone gives none away. Threads: any.
/// Source: Standard Webhooks, "Symmetric signatures".
class WebhookSigner {
public:
    explicit WebhookSigner(const Secret& pepper);

    /// "whsec_" and base64, as receivers are given it.
    Secret secret_of(const Webhook& hook) const;

    /// The value of `webhook-signature`: "v1,…", and a second one for a while after a rotation.
    std::string sign(const Webhook& hook,
                     std::string_view message_id,
                     TimePoint at,
                     std::string_view body) const;

private:
    Digest key_of(const Webhook& hook, int64_t generation) const;

    HmacKey key_;
};

}  // namespace keywarden
