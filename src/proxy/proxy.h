// The data plane as its threads share it: routes, models, keys, and bounds.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "base/units.h"
#include "domain/breaker.h"
#include "domain/catalogue.h"
#include "domain/failed_attempts.h"
#include "domain/ip_range.h"
#include "domain/retry.h"
#include "domain/route.h"
#include "domain/router.h"
#include "domain/usage.h"
#include "net/blocking_pool.h"
#include "net/http_client.h"
#include "providers/chat.h"
#include "providers/provider.h"
#include "providers/tools.h"
#include "proxy/endpoints.h"
#include "proxy/replay.h"
#include "store/key_directory.h"

namespace keywarden {

class CredentialDirectory;
class PriceDirectory;
class SessionDirectory;
class SpendDirectory;
class ToolHealth;
class ToolSelector;

/// Bounds on one call. What the sockets themselves bound is in net/.
struct ProxyLimits {
    size_t json_body_max = size_t{32} << 20U;     // of a JSON body for a provider
    size_t stream_body_max = size_t{100} << 20U;  // of a multipart body, which streams through
    size_t api_body_max = size_t{1} << 20U;       // of our own API's requests
    CallTimeouts upstream{};
    RetryRule retries{};
    BreakerRule breaker{};
    FailedAttemptsRule failed_attempts{};
};

/// What is said of a call in the log: metadata only. The views live as long as the callback.
struct CallLine {
    std::string_view request_id;
    std::string_view method;
    std::string_view route;  // as declared: "/v1/models/{id+}"; empty: no route
    std::string_view key_id;
    std::string_view team_id;
    std::string_view provider;
    std::string_view model;
    std::string_view error;         // the slug of our own error; empty: none
    std::string_view error_detail;  // for our log only
    int status = 0;                 // 0: the client left before it was answered
    int attempts = 0;               // requests sent upstream
    bool streamed = false;
    bool client_left = false;
    TokenUsage usage{};
    Nanos duration{};
    Nanos overhead{};  // of it, what was not waiting for the provider
    NanoUsd cost{};
    size_t route_row = 0;     // of the router; where there is a route
    size_t provider_row = 0;  // of ProxyParts::providers; where there is a provider
};

/// A secret that is no API key, and opens one of the operator's routes.
struct RouteToken {
    std::string_view path{};  // empty: there is none
    Digest digest{};          // SHA-256 of the secret
};

struct ProxyParts {
    KeyDirectory* keys = nullptr;
    SpendDirectory* spend = nullptr;  // both null only in tests, whose calls cost nothing
    const PriceDirectory* prices = nullptr;
    /// Credentials beside the configuration's; null only in tests: there are none.
    const CredentialDirectory* credentials = nullptr;
    ToolSelector* tool_selector = nullptr;  // null only in tests: nothing is selected
    ToolHealth* tool_health = nullptr;      // null only in tests: nobody counts
    BlockingPool* blocking = nullptr;       // where handlers of `api_routes` run
    BlockingPool* slow = nullptr;           // and those that hash a password
    BlockingPool* elsewhere = nullptr;      // and those that ask another service; null: none do
    SessionDirectory* sessions = nullptr;   // of people; null only in tests: there are none
    std::vector<Provider> providers{};
    std::vector<ModelAlias> aliases{};
    std::vector<ModelRoute> routes{};
    std::vector<ApiRoute> api_routes{};  // everything that the proxy does not relay
    /// What answers a browser that asks for a page where no route is; its value is the path.
    std::optional<ApiRoute> pages{};
    /// Whom the local socket acts for: its Caller has is_operator and this team, and no key.
    std::string operator_team_id{};
    RouteToken route_token{};
    ProxyLimits limits{};
    Uncarried uncarried = Uncarried::Refused;               // what a provider's dialect cannot say
    ForbiddenCall forbidden_call = ForbiddenCall::Removed;  // to a tool that no list lets through
    std::vector<IpRange> trusted_proxies{};                 // whose X-Forwarded-For is believed
    /// Called at the end of each call on its loop's thread. Must not block.
    std::function<void(const CallLine&)> on_call{};
};

/// Built once, then only read, but for `keys`, `failed_attempts`, `replays` and breakers. Threads:
/// any.
class Proxy {
public:
    /// `parts.keys` and `parts.blocking` must outlive it.
    /// Errors: InvalidConfig (models, aliases and routes, see Catalogue), StartupFailed (routes of
    /// the API).
    static Result<std::unique_ptr<Proxy>> open(ProxyParts parts);

    const ProxyParts& parts() const { return parts_; }
    const Router& router() const { return router_; }
    const Catalogue& catalogue() const { return catalogue_; }
    FailedAttempts& failed_attempts() { return failed_attempts_; }
    Replays& replays() { return replays_; }

    /// Rows of the router: the endpoints first, then the API's; after them, that of the pages.
    const RouteFacts& facts(size_t route) const;
    const Endpoint* endpoint(size_t route) const;  // null: one of the API's
    const ApiRoute& api_route(size_t route) const;
    /// Nothing where there are no pages.
    std::optional<size_t> pages_route() const;

    /// What lists of endpoints say: of two paths for one thing, the one under /v1/account.
    std::string_view policy_path(size_t route) const { return policy_paths_[route]; }

    std::span<const std::string_view> policy_paths() const { return policy_paths_; }

    /// The head of a request to a provider as far as it is the same for each: request line, Host,
    /// User-Agent. Requires: the route is a relayed one, the provider is none of ours.
    std::string_view upstream_head(size_t provider, size_t route) const {
        return heads_[provider][route];
    }

    /// The provider's own, where it has any, over those of all.
    const CallTimeouts& timeouts(size_t provider) const { return timeouts_[provider]; }
    Breaker& breaker(size_t provider) { return breakers_[provider]; }

    /// How many calls to the route there have been before.
    uint64_t next_of_route(const CatalogueRoute& route) {
        return route_turns_[route.index].fetch_add(1, std::memory_order_relaxed);
    }

    /// Every route the gateway answers, for documents and their tests.
    static std::vector<RouteFacts> routes_of(const std::vector<ApiRoute>& api_routes);

private:
    Proxy(ProxyParts parts, Router router, Catalogue catalogue);

    static std::string upstream_head_of(const Provider& provider, const Endpoint& endpoint);

    ProxyParts parts_;
    Router router_;
    Catalogue catalogue_;
    FailedAttempts failed_attempts_{parts_.limits.failed_attempts};
    Replays replays_;
    std::vector<std::string_view> policy_paths_;   // one a route
    std::vector<std::vector<std::string>> heads_;  // one a provider and endpoint
    std::vector<CallTimeouts> timeouts_;           // one a provider, as are these
    std::vector<Breaker> breakers_;
    std::vector<std::atomic<uint64_t>> route_turns_;  // one a route
};

}  // namespace keywarden
