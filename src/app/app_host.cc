#include "app/app_host.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <poll.h>

#include "app/doctor.h"
#include "app/gateway.h"
#include "app/identity_providers.h"
#include "app/instance.h"
#include "app/process.h"
#include "app/providers.h"
#include "app/setup_link.h"
#include "base/json/write.h"
#include "base/log.h"
#include "base/version.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 5> kLevels = {"debug", "info", "warning", "error", "off"};

void configure_log_as(const Settings& settings, const Terminal& terminal, bool has_color) {
    const auto level = std::ranges::find(kLevels, settings.log_level) - kLevels.begin();
    const bool is_text = settings.log_format == "text" ||
                         (settings.log_format == "auto" && terminal.err_is_terminal);
    configure_log(static_cast<LogLevel>(level),
                  is_text ? LogFormat::Text : LogFormat::Json,
                  has_color && terminal.err_is_terminal);
}

/// Where clients on this machine will find a gateway that does not run yet.
std::string future_base_url(const Settings& settings) {
    return fmt::format(
        "{}://{}", settings.tls_certificate.empty() ? "http" : "https", settings.listen);
}

/// Prints the first key, once, and only then notes that it was shown.
Result<bool> show_first_key(Instance& instance,
                            const std::string& base_url,
                            bool as_json,
                            std::ostream& out) {
    TRY(const auto made, make_first_key(instance));
    if (!made) return false;
    if (as_json) {
        std::string line = R"({"id":)";
        append_json_string(line, made->key.id);
        line += R"(,"key":)";
        append_json_string(line, made->secret.reveal());
        out << line << "}\n";
    } else {
        out << first_key_words(made->secret, base_url);
    }
    if (!out.flush()) {
        return fail(ErrorCode::StartupFailed,
                    "the first key could not be printed: standard output is closed or full");
    }
    TRY_VOID(note_first_key_shown(instance));
    return true;
}

void reload_credentials(Gateway& gateway) {
    const auto reloaded = gateway.reload_credentials();
    if (reloaded) return;
    log(LogLevel::Error,
        "provider_credentials.reload_failed",
        {{"message", std::string_view(reloaded.error().message)}});
}

void reload_certificate(Gateway& gateway) {
    const auto reloaded = gateway.reload_certificate();
    if (reloaded) {
        if (*reloaded) log(LogLevel::Info, "tls.reloaded");
    } else {
        log(LogLevel::Error,
            "tls.reload_failed",
            {{"message", std::string_view(reloaded.error().message)}});
    }
}

/// Waits for the first signal that ends the gateway, drains it, and says what to exit with. A
/// second signal ends everything at once.
int wait_for_end(Gateway& gateway, Signals& signals, Nanos drain_bound) {
    bool is_draining = false;
    for (;;) {
        const Signals::What what = signals.wait();
        if (what == Signals::What::Reload) {
            reload_certificate(gateway);
            reload_credentials(gateway);
        } else if (what == Signals::What::Woken) {
            if (is_draining) return kExitOk;
        } else if (is_draining) {
            log(LogLevel::Warning, "server.ended_at_once");
            flush_log();
            std::_Exit(kExitInterrupted);
        } else {
            is_draining = true;
            log(LogLevel::Info, "server.draining");
            gateway.drain(drain_bound, [&signals] { signals.wake(); });
        }
    }
}

/// Nobody can "try again later" at a start: what is wrong with the database is for who starts it.
Result<std::unique_ptr<Instance>> open_at_start(const Configuration& configuration) {
    auto instance = open_instance(configuration, system_clock());
    if (instance || instance.error().code != ErrorCode::StoreUnavailable) return instance;
    Error error = std::move(instance).error();
    error.code = ErrorCode::StartupFailed;
    const std::string path = fmt::format("{}/{}", configuration.settings.data_dir, kDatabaseName);
    if (!error.message.starts_with(path)) {
        error.message = fmt::format("{}: {}", path, error.message);
    }
    return fail(std::move(error));
}

}  // namespace

Result<ConfigurationSources> sources_of(const Arguments& arguments,
                                        const Environment& environment) {
    ConfigurationSources out;
    out.file = environment.get("KEYWARDEN_CONFIG");
    if (arguments.has("config")) out.file = arguments.get("config");
    for (const auto& [option, value] : arguments.options) {
        if (option == "set") {
            const size_t equals = value.find('=');
            if (equals == value.npos) {
                return fail(ErrorCode::InvalidConfig,
                            fmt::format("--set: expected NAME=VALUE, got '{}'", value));
            }
            out.flags.emplace_back(value.substr(0, equals), value.substr(equals + 1));
            continue;
        }
        const auto rows = all_settings();
        const auto row = std::ranges::find(rows, option, &SettingRow::flag);
        if (row != rows.end()) out.flags.emplace_back(row->name, value);
    }
    return out;
}

Result<Configuration> AppHost::configuration(const Arguments& arguments) const {
    TRY(const ConfigurationSources sources, sources_of(arguments, environment_));
    return load_configuration(sources, environment_);
}

Result<int> AppHost::serve(const Arguments& arguments, Terminal& terminal) {
    TRY(Configuration configuration, this->configuration(arguments));
    Settings& settings = configuration.settings;
    if (arguments.has("json")) settings.log_format = "json";
    configure_log_as(settings, terminal, environment_.get("NO_COLOR").empty());
    prepare_process();
    Signals signals;
    TRY(auto providers, open_providers(configuration, environment_));
    for (const ProviderSettings& provider : configuration.providers) {
        const std::string open = why_others_read_key(provider);
        if (!open.empty()) {
            log(LogLevel::Warning, "provider.key_file_open", {{"message", std::string_view(open)}});
        }
    }
    TRY(const auto instance, open_at_start(configuration));
    TRY(const auto gateway,
        Gateway::start(configuration, *instance, std::move(providers), environment_));
    const bool as_json = arguments.has("json");
    TRY_VOID(show_first_key(*instance, gateway->base_url(), as_json, terminal.out));
    TRY_VOID(show_setup_link(
        *instance, gateway->base_url(), as_json, terminal.out_is_terminal, terminal.out));
    log(LogLevel::Info,
        "server.started",
        {{"address", std::string_view(gateway->address())},
         {"tls", !settings.tls_certificate.empty()},
         {"data_dir", std::string_view(settings.data_dir)},
         {"version", version()}});
    const int code = wait_for_end(*gateway, signals, settings.drain_timeout);
    log(LogLevel::Info, "server.stopped");
    return code;
}

bool AppHost::pause(std::chrono::seconds time) {
    const std::chrono::milliseconds bound = time;
    (void)::poll(nullptr, 0, static_cast<int>(bound.count()));
    return true;
}

Result<void> AppHost::init(const Arguments& arguments, Terminal& terminal) {
    TRY(const Configuration configuration, this->configuration(arguments));
    prepare_process();
    TRY(const auto instance, open_at_start(configuration));
    TRY(const bool is_new,
        show_first_key(*instance,
                       future_base_url(configuration.settings),
                       arguments.has("json"),
                       terminal.out));
    if (!is_new) {
        terminal.err << fmt::format("{} is ready; nothing was changed.\n",
                                    configuration.settings.data_dir);
    }
    return {};
}

Result<void> AppHost::check_configuration(const Arguments& arguments) {
    TRY(const Configuration configuration, this->configuration(arguments));
    TRY(auto providers, open_providers(configuration, environment_));
    TRY_VOID(open_single_sign_on(configuration, environment_, {}));
    return Gateway::check(configuration, std::move(providers));
}

Result<std::vector<ShownSetting>> AppHost::show_configuration(const Arguments& arguments) {
    TRY(const Configuration configuration, this->configuration(arguments));
    std::vector<ShownSetting> out;
    for (size_t i = 0; i < all_settings().size(); ++i) {
        const SettingRow& row = all_settings()[i];
        out.push_back({.name = std::string(row.name),
                       .value = value_text(configuration.settings, row),
                       .origin = configuration.origins[i]});
    }
    for (const ProviderSettings& provider : configuration.providers) {
        const auto credential = credential_of(provider, environment_);
        out.push_back({.name = fmt::format("provider.{}", provider.name),
                       .value = fmt::format("{}, {}",
                                            provider.models.empty() ? "any model"
                                            : provider.models.size() == 1
                                                ? "1 model"
                                                : fmt::format("{} models", provider.models.size()),
                                            !credential           ? "its credential is missing"
                                            : credential->empty() ? "no credential"
                                                                  : "credential ********"),
                       .origin = provider.place});
    }
    for (const AliasSettings& alias : configuration.aliases) {
        out.push_back({.name = fmt::format("aliases.{}", alias.id),
                       .value = alias.model,
                       .origin = alias.place});
    }
    for (const RouteSettings& each : configuration.routes) {
        std::vector<std::string_view> targets;
        for (const ModelRoute::Target& target : each.route.targets) targets.push_back(target.model);
        out.push_back(
            {.name = fmt::format("route.{}", each.route.id),
             .value = fmt::format("{}: {}", name(each.route.strategy), fmt::join(targets, ", ")),
             .origin = each.place});
    }
    return out;
}

std::vector<Finding> AppHost::examine(const Arguments& arguments) {
    const auto configuration = this->configuration(arguments);
    if (configuration) return examine_set_up(*configuration, environment_);
    return {{.grade = Finding::Grade::Bad,
             .what = "configuration",
             .found = configuration.error().message,
             .advice = std::string(info(configuration.error().code).help)}};
}

}  // namespace keywarden
