#include "app/gateway.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <iterator>
#include <thread>
#include <unistd.h>

#include "admin/routes.h"
#include "app/call_log.h"
#include "app/call_metrics.h"
#include "app/credentials.h"
#include "app/gateway_metrics.h"
#include "app/identity_providers.h"
#include "app/limit_file.h"
#include "app/mailer.h"
#include "app/money.h"
#include "app/probe.h"
#include "app/upkeep.h"
#include "app/webhook_sender.h"
#include "app/worker.h"
#include "base/log.h"
#include "base/version.h"
#include "cli/session.h"
#include "console/routes.h"
#include "domain/model_rules.h"
#include "domain/tool_selection.h"
#include "net/blocking_pool.h"
#include "store/tool_health.h"

namespace keywarden {
namespace {

/// What the thread has worked so far: a choice that waits for a processor is not slow.
MonoTime thread_time() {
    timespec worked{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &worked);
    return MonoTime(std::chrono::seconds(worked.tv_sec) + Nanos(worked.tv_nsec));
}

size_t thread_count(const Settings& settings) {
    if (settings.threads > 0) return static_cast<size_t>(settings.threads);
    return std::max(1U, std::thread::hardware_concurrency());
}

HttpServerOptions server_options(const Settings& settings, size_t threads) {
    HttpServerOptions out;
    out.connections_max = (static_cast<size_t>(settings.connections_max) + threads - 1) / threads;
    out.head_timeout = settings.head_timeout;
    out.body_idle_timeout = settings.body_timeout;
    out.keep_alive_timeout = settings.idle_timeout;
    out.write_stall_timeout = settings.write_timeout;
    return out;
}

ProxyLimits proxy_limits(const Settings& settings) {
    ProxyLimits out;
    out.json_body_max = static_cast<size_t>(settings.json_body_bytes_max);
    out.stream_body_max = static_cast<size_t>(settings.upload_bytes_max);
    out.upstream.connect = settings.upstream_connect_timeout;
    out.upstream.first_byte = settings.upstream_first_byte_timeout;
    out.upstream.idle = settings.upstream_idle_timeout;
    out.upstream.total = settings.upstream_total_timeout;
    out.retries = {.retries_max = settings.upstream_retries,
                   .within = settings.upstream_retry_within};
    out.breaker = {.failures_max = settings.upstream_breaker_failures,
                   .rest = settings.upstream_breaker_rest};
    out.failed_attempts = {.burst = settings.failed_attempts_burst,
                           .per_second = settings.failed_attempts_per_second};
    return out;
}

std::vector<ModelAlias> aliases_of(const Configuration& configuration) {
    std::vector<ModelAlias> out;
    for (const AliasSettings& alias : configuration.aliases) out.push_back({alias.id, alias.model});
    return out;
}

std::vector<ModelRoute> routes_of(const Configuration& configuration) {
    std::vector<ModelRoute> out;
    for (const RouteSettings& each : configuration.routes) out.push_back(each.route);
    return out;
}

KnownRoute known_route(const Proxy& proxy, std::optional<Method> method, std::string_view path) {
    const RouteMatch match = proxy.router().match(method, path);
    const bool is_ours = match.kind == RouteMatch::Kind::Found ||
                         (match.kind == RouteMatch::Kind::NoSuchMethod && !method);
    if (!is_ours) return {.path = path};
    return {.path = proxy.policy_path(match.route),
            .needs = proxy.facts(match.route).needs.permission};
}

}  // namespace

class Gateway::Impl {
public:
    explicit Impl(Instance& instance)
        : admin_{.keys = *instance.directory,
                 .clock = system_clock(),
                 .operator_id = instance.operator_id,
                 .home_team_id = instance.team_id,
                 .base_url = [this] { return base_url(); },
                 .sessions = instance.sessions.get(),
                 .draining = [this] { return draining_.load(); }},
          console_{.files = web_files(),
                   .store = instance.store.get(),
                   .sessions = instance.sessions.get(),
                   .policies = &instance.directory->policies(),
                   .clock = &system_clock(),
                   .totp_key = &instance.totp_key,
                   .team_id = instance.team_id},
          socket_path_(instance.dir.file(kOperatorSocketName)),
          limit_file_(instance.dir.file(kLimitFileName),
                      instance.directory->policies().counters(),
                      system_clock()) {}

    ~Impl() {
        workers_.clear();
        if (socket_is_ours_) (void)::unlink(socket_path_.c_str());
    }

    Result<void> start(const Configuration& configuration,
                       Instance& instance,
                       std::vector<Provider> providers,
                       const Environment& environment) {
        const Settings& settings = configuration.settings;
        const size_t threads = thread_count(settings);
        TRY_VOID(open_tls(settings));
        TRY(money_, Money::open(settings, instance, providers, threads, tool_health_.trials()));
        TRY(credentials_, open_credentials(settings, environment, instance, providers));
        TRY_VOID(open_webhooks(settings, instance));
        TRY_VOID(open_mail(settings));
        console_.public_url = settings.public_url;
        TRY(console_.sso, open_single_sign_on(configuration, environment, instance.team_id));
        if (console_.sso != nullptr || mailer_) {
            elsewhere_ =
                std::make_unique<BlockingPool>(BlockingPoolOptions{.threads = 8, .queued_max = 64});
        }
        TRY_VOID(open_proxy(configuration, instance, std::move(providers)));
        join_vault(settings, instance);
        shared_ = {.proxy = proxy_.get(),
                   .server_tls = server_tls_.get(),
                   .client_tls = client_tls_.get(),
                   .server_options = server_options(settings, threads)};

        // Every listener stands before the first thread serves: a start that fails served nobody.
        TRY(address_, parse_listen(settings.listen));
        TRY_VOID(check_port_is_free(address_));
        std::vector<OwnedFd> listeners;
        for (size_t i = 0; i < threads; ++i) {
            TRY(OwnedFd listener, listen_tcp(address_.host, address_.port));
            address_.port = local_port(listener.get());
            listeners.push_back(std::move(listener));
        }
        TRY(OwnedFd unix_listener, listen_unix(socket_path_));
        socket_is_ours_ = true;
        if (const auto loaded = limit_file_.load(); !loaded) {
            log(LogLevel::Warning,
                "limits.not_restored",
                {{"message", std::string_view(loaded.error().message)}});
        }
        for (OwnedFd& listener : listeners) {
            TRY(auto worker,
                Worker::start(shared_,
                              &money_->journal().writer(workers_.size()),
                              std::move(listener),
                              std::exchange(unix_listener, {})));
            workers_.push_back(std::move(worker));
        }
        alarms_ = std::make_unique<CredentialAlarms>(
            *credentials_, instance.store->usage(), instance.team_id);
        upkeep_ = std::make_unique<Upkeep>(instance, limit_file_, *money_, *alarms_);
        webhooks_->start();
        return {};
    }

    std::string address() const { return with_port(address_.host); }

    std::string base_url() const {
        std::string host = address_.host;
        if (host == "0.0.0.0") host = "127.0.0.1";
        if (host == "::") host = "::1";
        return fmt::format("{}://{}", server_tls_ == nullptr ? "http" : "https", with_port(host));
    }

    Result<bool> reload_certificate() {
        if (server_tls_ == nullptr) return false;
        TRY_VOID(server_tls_->reload());
        return true;
    }

    Result<void> reload_credentials() { return credentials_->load(); }

    void drain(Nanos bound, const std::function<void()>& when_done) {
        if (draining_.exchange(true)) return;
        left_ = workers_.size();
        for (const auto& worker : workers_) {
            worker->drain(bound, [this, when_done] {
                if (left_.fetch_sub(1) == 1) when_done();
            });
        }
    }

private:
    std::string with_port(const std::string& host) const {
        return host.find(':') == host.npos ? fmt::format("{}:{}", host, address_.port)
                                           : fmt::format("[{}]:{}", host, address_.port);
    }

    std::vector<ApiRoute> own_routes() {
        std::vector<ApiRoute> routes = admin_routes(admin_);
        std::ranges::move(console_routes(console_), std::back_inserter(routes));
        return routes;
    }

    Result<void> open_tls(const Settings& settings) {
        TRY(client_tls_, ClientTls::load(settings.upstream_ca_file));
        if (settings.tls_certificate.empty()) return {};
        TRY(server_tls_, ServerTls::load(settings.tls_certificate, settings.tls_key));
        return {};
    }

    void join_vault(const Settings& settings, Instance& instance) {
        admin_.credentials = credentials_.get();
        admin_.ask_provider = [proxy = proxy_.get(), ca_file = settings.upstream_ca_file](
                                  const std::string& name, const BoundSecret& credential) {
            return ask_with(proxy->parts().providers, name, credential, ca_file);
        };
        admin_.make_master_key = [&instance] { return make_next_master_key(instance); };
        admin_.keep_master_key = [&instance] { return keep_next_master_key(instance); };
    }

    Result<void> open_webhooks(const Settings& settings, Instance& instance) {
        TRY(admin_.webhook_allow, parse_webhook_allow(settings.webhooks_allow));
        admin_.webhook_signer = &instance.webhooks;
        webhooks_ = std::make_unique<WebhookSender>(WebhookParts{.store = &instance.store->usage(),
                                                                 .signer = &instance.webhooks,
                                                                 .allow = admin_.webhook_allow});
        admin_.send_event = [sender = webhooks_.get()](const Webhook& hook,
                                                       const UsageEvent& event) {
            return sender->send(hook, event);
        };
        return {};
    }

    Result<void> open_mail(const Settings& settings) {
        admin_.public_url = settings.public_url;
        TRY(mailer_, Mailer::open(settings));
        if (!mailer_) return {};
        admin_.send_mail = [mailer = &*mailer_](const std::string& to,
                                                const std::string& subject,
                                                const std::string& text) {
            return mailer->send(to, subject, text);
        };
        return {};
    }

    Result<void> open_proxy(const Configuration& configuration,
                            Instance& instance,
                            std::vector<Provider> providers) {
        ProxyParts parts{
            .keys = instance.directory.get(),
            .spend = &money_->spend(),
            .prices = &money_->prices(),
            .credentials = credentials_.get(),
            .tool_selector = &tool_selector_,
            .tool_health = &tool_health_,
            .blocking = &blocking_,
            .slow = &slow_,
            .elsewhere = elsewhere_.get(),
            .sessions = instance.sessions.get(),
            .providers = std::move(providers),
            .aliases = aliases_of(configuration),
            .routes = routes_of(configuration),
            .api_routes = own_routes(),
            .pages = console_pages(console_),
            .operator_team_id = instance.team_id,
            .limits = proxy_limits(configuration.settings),
            .uncarried = configuration.settings.translation_uncarried == "drop"
                             ? Uncarried::LeftOut
                             : Uncarried::Refused,
            .forbidden_call = configuration.settings.tools_on_forbidden_call == "refuse"
                                  ? ForbiddenCall::Refused
                                  : ForbiddenCall::Removed,
            .on_call = [this, money = money_.get()](const CallLine& line) {
                log_call(line);
                metrics_->note(line);
                if (line.status != kRefusedStatus || line.key_id.empty()) return;
                money->refused().note(line.team_id, line.key_id, system_clock().now());
            }};
        TRY(const auto metrics_token,
            read_metrics_token(configuration.settings.metrics_token_file));
        if (metrics_token) parts.route_token = {.path = "/metrics", .digest = *metrics_token};
        TRY(parts.trusted_proxies, parse_networks(configuration.settings.trusted_proxies));
        admin_.wrong_keys = std::make_unique<FailedAttempts>(parts.limits.failed_attempts);
        TRY(proxy_, Proxy::open(std::move(parts)));
        remember_repeatable();
        metrics_ = std::make_unique<CallMetrics>(*proxy_, thread_count(configuration.settings));
        admin_.metrics = [this, started_at = system_clock().now()](bool store_answers) {
            MetricsText text;
            text.begin(Metric::BuildInfo);
            text.add({{"version", version()}}, 1);
            metrics_->write(text);
            write_gateway_metrics({.journal = money_->journal().state(),
                                   .store_answers = store_answers,
                                   .draining = draining_.load(),
                                   .started_at = started_at,
                                   .now = system_clock().now()},
                                  text);
            return std::move(text).take();
        };
        admin_.models = &proxy_->catalogue();
        admin_.tool_selector = &tool_selector_;
        admin_.tool_health = &tool_health_;
        admin_.prices = &money_->prices();
        admin_.spend = &money_->spend();
        admin_.route_of = [proxy = proxy_.get()](std::optional<Method> method,
                                                 std::string_view path) {
            return known_route(*proxy, method, path);
        };
        admin_.names = policy_names(proxy_->catalogue(), proxy_->policy_paths());
        return {};
    }

    /// What was made for an Idempotency-Key before this start.
    void remember_repeatable() {
        const MonoTime start = precise_mono();
        const TimePoint now = system_clock().now();
        for (const RepeatableCall& call : money_->take_repeatable()) {
            const Nanos age = now - call.ended_at;
            if (age < kRepeatsKept) proxy_->replays().remember(call.key, call.call, start - age);
        }
    }

    ToolSelector tool_selector_{thread_time};
    ToolHealth tool_health_{};
    AdminContext admin_;
    ConsoleContext console_;
    std::string socket_path_;
    bool socket_is_ours_ = false;
    LimitFile limit_file_;
    std::unique_ptr<Money> money_;
    std::unique_ptr<CredentialDirectory> credentials_;
    std::unique_ptr<CredentialAlarms> alarms_;
    std::unique_ptr<WebhookSender> webhooks_;
    std::optional<Mailer> mailer_;
    ListenAddress address_;
    std::atomic<bool> draining_ = false;
    std::atomic<size_t> left_ = 0;  // workers that still drain
    std::unique_ptr<ClientTls> client_tls_;
    std::unique_ptr<ServerTls> server_tls_;
    BlockingPool blocking_;
    // One thread, as each password takes 64 MiB; who waits behind more is refused.
    BlockingPool slow_{{.threads = 1, .queued_max = 32}};
    std::unique_ptr<BlockingPool> elsewhere_;  // null: nobody else is asked
    std::unique_ptr<Proxy> proxy_;
    std::unique_ptr<CallMetrics> metrics_;
    WorkerShared shared_;
    std::unique_ptr<Upkeep> upkeep_;
    std::vector<std::unique_ptr<Worker>> workers_;  // last: they end before what they use
};

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::start(const Configuration& configuration,
                                                Instance& instance,
                                                std::vector<Provider> providers,
                                                const Environment& environment) {
    auto impl = std::make_unique<Impl>(instance);
    TRY_VOID(impl->start(configuration, instance, std::move(providers), environment));
    return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Result<void> Gateway::check(const Configuration& configuration, std::vector<Provider> providers) {
    const Settings& settings = configuration.settings;
    TRY_VOID(ClientTls::load(settings.upstream_ca_file));
    if (!settings.tls_certificate.empty()) {
        TRY_VOID(ServerTls::load(settings.tls_certificate, settings.tls_key));
    }
    TRY_VOID(read_metrics_token(settings.metrics_token_file));
    TRY_VOID(Mailer::open(settings));
    TRY_VOID(Proxy::open({.providers = std::move(providers),
                          .aliases = aliases_of(configuration),
                          .routes = routes_of(configuration)}));
    return {};
}

std::string Gateway::address() const { return impl_->address(); }
std::string Gateway::base_url() const { return impl_->base_url(); }
Result<bool> Gateway::reload_certificate() { return impl_->reload_certificate(); }
Result<void> Gateway::reload_credentials() { return impl_->reload_credentials(); }
void Gateway::drain(Nanos bound, const std::function<void()>& when_done) {
    impl_->drain(bound, when_done);
}

}  // namespace keywarden
