#include "domain/webhook.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>
#include <utility>

#include "domain/public_address.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 4> kEventKinds = {
    "budget.threshold", "key.spike", "provider_credential.unusable", "usage.unpriced"};

constexpr Nanos kFirstWait = std::chrono::seconds(5);
constexpr int64_t kWaitFactor = 4;

std::unexpected<Error> bad_url(std::string message) {
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = "'url': " + std::move(message),
                 .param = "url"});
}

bool is_query_char(char c) { return c > ' ' && c < 0x7f && c != '#' && c != '"' && c != '\\'; }

std::string_view bytes_of(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

}  // namespace

std::span<const std::string_view> event_kinds() { return kEventKinds; }

bool wants(const Webhook& hook, std::string_view kind) {
    return hook.events.empty() || std::ranges::find(hook.events, kind) != hook.events.end();
}

Nanos webhook_wait(int64_t failures) {
    Nanos wait = kFirstWait;
    for (int64_t i = 1; i < failures && wait < kWebhookWaitMax; ++i) wait *= kWaitFactor;
    return std::min(wait, kWebhookWaitMax);
}

bool WebhookAllow::has(std::string_view host) const {
    return std::ranges::find(hosts, host) != hosts.end();
}

bool WebhookAllow::has(IpAddress address) const {
    return std::ranges::any_of(networks,
                               [&](const IpRange& range) { return range.contains(address); });
}

Result<WebhookAllow> parse_webhook_allow(std::string_view text) {
    WebhookAllow allow;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        const std::string_view entry = trimmed(part);
        if (entry.empty()) continue;
        if (auto range = IpRange::parse(entry)) {
            allow.networks.push_back(*range);
            continue;
        }
        const auto url = parse_url(fmt::format("https://{}/", entry));
        if (!url || url->host != entry || entry.find('/') != std::string_view::npos) {
            return fail(ErrorCode::InvalidConfig,
                        fmt::format("'{}' is neither a host in lower case nor a network such as "
                                    "10.0.0.0/8.",
                                    entry));
        }
        allow.hosts.emplace_back(entry);
    }
    return allow;
}

Result<WebhookTarget> check_webhook_url(std::string_view url, const WebhookAllow& allow) {
    const std::string_view address = url.substr(0, url.find('?'));
    const std::string_view query = url.substr(address.size());
    auto parsed = parse_url(address);
    if (!parsed) return bad_url(std::move(parsed).error().message);
    if (url.size() > kUrlBytesMax || !std::ranges::all_of(query, is_query_char)) {
        return bad_url("The address is too long, or has a query that is not written plainly.");
    }
    const std::optional<IpAddress> literal = parse_ip(parsed->host);
    const bool is_allowed =
        allow.has(std::string_view(parsed->host)) || (literal && allow.has(*literal));
    if (!is_allowed && !parsed->tls) return bad_url("The address must begin with https://.");
    const bool is_public_one = literal ? is_public(*literal) : !is_private_host(parsed->host);
    if (!is_allowed && !is_public_one) {
        return bad_url("The address is of a private network, which the operator has not allowed.");
    }
    const size_t path = address.find('/', address.find("://") + 3);
    WebhookTarget target{.url = *std::move(parsed)};
    target.target = path == std::string_view::npos ? "/" : address.substr(path);
    target.target += query;
    return target;
}

bool may_reach(std::string_view host, IpAddress address, const WebhookAllow& allow) {
    return is_public(address) || allow.has(host) || allow.has(address);
}

// ---- signatures ---------------------------------------------------------------------------------

WebhookSigner::WebhookSigner(const Secret& pepper) : key_(pepper.reveal()) {}

Digest WebhookSigner::key_of(const Webhook& hook, int64_t generation) const {
    return key_.sign(fmt::format("webhook\n{}\n{}", hook.id, generation));
}

Secret WebhookSigner::secret_of(const Webhook& hook) const {
    return Secret("whsec_" + to_base64(bytes_of(key_of(hook, hook.generation))));
}

std::string WebhookSigner::sign(const Webhook& hook,
                                std::string_view message_id,
                                TimePoint at,
                                std::string_view body) const {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
    const std::string signed_text = fmt::format("{}.{}.{}", message_id, seconds, body);
    const auto one = [&](int64_t generation) {
        const Digest key = key_of(hook, generation);
        return "v1," + to_base64(bytes_of(HmacKey(bytes_of(key)).sign(signed_text)));
    };
    std::string signatures = one(hook.generation);
    if (hook.rotated_at && at - *hook.rotated_at < kWebhookGrace) {
        signatures += " " + one(hook.generation - 1);
    }
    return signatures;
}

}  // namespace keywarden
