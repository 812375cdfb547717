// What every handler of the account and operator API works with.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/bound_secret.h"
#include "base/clock.h"
#include "base/http.h"
#include "domain/catalogue.h"
#include "domain/failed_attempts.h"
#include "domain/permission.h"
#include "domain/policy.h"
#include "domain/webhook.h"
#include "store/credential_directory.h"
#include "store/key_directory.h"
#include "store/price_directory.h"
#include "store/session_directory.h"
#include "store/spend_directory.h"
#include "store/usage_store.h"

namespace keywarden {

class ToolHealth;
class ToolSelector;

/// A route of the gateway, or a path of another service, as lists of endpoints know it.
struct KnownRoute {
    std::string_view path;
    Permission needs = Permission::AnyKey;
};

/// Whoever makes it (app/) keeps it alive as long as the routes.
struct AdminContext {
    KeyDirectory& keys;
    const Clock& clock;
    /// The user who runs the instance: who acts over the local socket.
    std::string operator_id{};
    /// The team of the first start, in whose name the local socket acts: it stays.
    std::string home_team_id{};
    /// The models there are; set before the first call.
    const Catalogue* models = nullptr;
    /// What they cost; set before the first call.
    PriceDirectory* prices = nullptr;
    /// What is spent and held; set before the first call.
    SpendDirectory* spend = nullptr;
    /// With what providers are called; set before the first call.
    CredentialDirectory* credentials = nullptr;
    /// Asks a provider for its models with that credential: with which status it answers.
    /// Errors: NotFound when there is no such provider; whatever kept it from answering.
    std::function<Result<int>(const std::string& provider, const BoundSecret& credential)>
        ask_provider{};
    /// Makes the next master key, beside the one that holds, or reads the one that was made.
    std::function<Result<Secret>()> make_master_key{};
    /// The next master key holds from here on, and the one before is gone.
    std::function<Result<void>()> keep_master_key{};
    /// Where clients on this machine find the gateway: for links that are made over the socket.
    std::function<std::string()> base_url = [] { return std::string(); };
    /// What chooses among tools, and what became of them; null only in tests: nothing does.
    ToolSelector* tool_selector = nullptr;
    ToolHealth* tool_health = nullptr;
    /// The sessions of people; null only in tests: there are none.
    SessionDirectory* sessions = nullptr;
    /// What signs for webhooks, and what they may reach; set before the first call.
    const WebhookSigner* webhook_signer = nullptr;
    WebhookAllow webhook_allow{};
    /// Sends one event now: why it was not taken, or nothing. Set before the first call.
    std::function<std::string(const Webhook&, const UsageEvent&)> send_event{};
    /// Mails a link to whom it is for: why it was not taken, or nothing. Null: there is no mail.
    std::function<std::string(
        const std::string& to, const std::string& subject, const std::string& text)>
        send_mail{};
    /// Where browsers find the console, as the configuration says; perhaps nothing.
    std::string public_url{};
    /// Which route that is; of several methods the first, where none is named.
    std::function<KnownRoute(std::optional<Method>, std::string_view path)> route_of =
        [](std::optional<Method>, std::string_view path) { return KnownRoute{.path = path}; };
    /// Held from the store's change of a budget, or of terms, until it is in force in `spend`: they
    /// must come to the same.
    std::unique_ptr<std::mutex> money_changes = std::make_unique<std::mutex>();
    /// What patterns of policies may fit; set before the first call.
    PolicyNames names{};
    /// Wrong keys that other services were presented, by their team and their client's address.
    std::unique_ptr<FailedAttempts> wrong_keys = std::make_unique<FailedAttempts>();
    /// What GET /metrics answers, in Prometheus' text format: from whether the store answers. Set
    /// before the first call.
    std::function<std::string(bool store_answers)> metrics{};
    /// True once the server stops taking new connections: /ready says so.
    std::function<bool()> draining = [] { return false; };
};

}  // namespace keywarden
