#include "app/configuration.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "app/identity_providers.h"
#include "app/mailer.h"
#include "app/providers.h"
#include "base/nearest_name.h"
#include "domain/key_format.h"
#include "domain/webhook.h"

namespace keywarden {
namespace {

constexpr std::array kProviderFields = {
    ProviderField{"name",
                  "text, required",
                  "What the provider is called in `provider/model`, in logs, and in answers. Known "
                  "ones need no address."},
    ProviderField{"kind",
                  "text",
                  "Which of the [known providers](providers.md) it is, where its name is not that: "
                  "its address, its dialect, how its key is sent, and what it takes otherwise."},
    ProviderField{"base_url",
                  "text",
                  "Where its API begins, as one gives it to an SDK of its dialect: "
                  "`https://api.openai.com/v1`, `https://api.anthropic.com`. Required unless the "
                  "name is a known one."},
    ProviderField{"api_version",
                  "text",
                  "Of Azure OpenAI: a dated version, such as `2024-10-21`, which names the "
                  "deployment in the path. Without it the v1 API is asked."},
    ProviderField{"api_key_env",
                  "text",
                  "The environment variable that holds its API key. A known provider has one by "
                  "custom, which may be absent; `bedrock` then looks for `AWS_ACCESS_KEY_ID` and "
                  "its companions. Keys of AWS are written `ID:SECRET` or `ID:SECRET:TOKEN`."},
    ProviderField{"api_key_file",
                  "text",
                  "The file that holds its API key, instead of `api_key_env`. Where there is no "
                  "key, none is sent."},
    ProviderField{"dialect",
                  "text",
                  "What it speaks: `openai` (the default, but for known ones), `anthropic`, or "
                  "`bedrock` (Converse)."},
    ProviderField{"region",
                  "text",
                  "Of Amazon Bedrock, and required there: `eu-central-1`. Its calls are signed for "
                  "it, and its address follows from it."},
    ProviderField{"privacy_class",
                  "text",
                  "What becomes of a prompt there: `standard` (the default), `zdr` (nothing is "
                  "kept), or `tee` (not even its operator can read it). It is your word: policies "
                  "that name classes rely on it."},
    ProviderField{"networks",
                  "list",
                  "Networks and addresses that it may be in although they are not public, such as "
                  "`[\"10.0.0.0/8\"]`: for a public name that stands for an address of your own, "
                  "and for plain `http` there. A `base_url` with a private host needs none."},
    ProviderField{
        "connect_timeout", "duration", "Of this provider, in place of `upstream.connect_timeout`."},
    ProviderField{"first_byte_timeout", "duration", "In place of `upstream.first_byte_timeout`."},
    ProviderField{"idle_timeout", "duration", "In place of `upstream.idle_timeout`."},
    ProviderField{"total_timeout", "duration", "In place of `upstream.total_timeout`."},
    ProviderField{"models",
                  "list",
                  "The models that clients may ask for by their bare id: texts, or "
                  "`{ id = \"…\", upstream = \"…\" }` where the provider calls it otherwise."},
};

constexpr std::array kRouteFields = {
    ProviderField{"name", "text, required", "The model id that clients say."},
    ProviderField{"targets",
                  "list, required",
                  "Up to 16 models, as clients may say them (no alias, no other route): texts, or "
                  "`{ model = \"…\", weight = 3 }`."},
    ProviderField{"strategy",
                  "text",
                  "`fallback` (the default): the first that can. `weighted`: one by weight, then "
                  "the others in their order."},
    ProviderField{"resend",
                  "true or false",
                  "Also goes on where a provider took the call and gave no answer: it may then be "
                  "worked on, and paid for, twice. Default: false."},
};

std::unexpected<Error> wrong(std::string_view place, std::string_view name, std::string_view what) {
    return fail(Error{.code = ErrorCode::InvalidConfig,
                      .message = fmt::format("{}: {}: {}", place, name, what),
                      .param = std::string(name)});
}

Result<void> set(Configuration& out,
                 const SettingRow& row,
                 std::string_view value,
                 const std::string& origin) {
    if (auto done = set_from_text(out.settings, row, value); !done) {
        return wrong(origin, row.name, done.error().message);
    }
    out.origins.at(static_cast<size_t>(&row - all_settings().data())) = origin;
    return {};
}

/// A variable that must be a setting, because it begins like one of a section.
bool belongs_to_a_section(std::string_view variable) {
    return std::ranges::any_of(all_settings(), [&](const SettingRow& row) {
        const size_t dot = row.name.find('.');
        if (dot == row.name.npos) return false;
        return variable.starts_with(environment_name(row).substr(0, 10 + dot + 1));
    });
}

Result<void> read_environment(const Environment& environment, Configuration& out) {
    std::vector<std::string> names;
    for (const SettingRow& row : all_settings()) names.push_back(environment_name(row));
    for (const auto& [variable, value] : environment.variables) {
        const auto found = std::ranges::find(names, variable);
        if (found != names.end()) {
            const auto& row = all_settings()[static_cast<size_t>(found - names.begin())];
            TRY_VOID(set(out, row, value, variable));
        } else if (belongs_to_a_section(variable)) {
            const std::vector<std::string_view> known(names.begin(), names.end());
            const std::string_view nearest = nearest_name(variable, known);
            return wrong(
                "environment",
                variable,
                nearest.empty()
                    ? "there is no such setting"
                    : fmt::format("there is no such setting; did you mean '{}'?", nearest));
        }
    }
    return {};
}

Result<void> read_flags(const std::vector<std::pair<std::string, std::string>>& flags,
                        Configuration& out) {
    for (const auto& [name, value] : flags) {
        const SettingRow* row = find_setting(name);
        if (row == nullptr) {
            std::vector<std::string_view> known;
            for (const SettingRow& each : all_settings()) known.push_back(each.name);
            const std::string_view nearest = nearest_name(name, known);
            return wrong(
                "--set",
                name,
                nearest.empty()
                    ? "there is no such setting"
                    : fmt::format("there is no such setting; did you mean '{}'?", nearest));
        }
        TRY_VOID(
            set(out, *row, value, row->flag.empty() ? "--set" : fmt::format("--{}", row->flag)));
    }
    return {};
}

const std::string& origin_of(const Configuration& configuration, std::string_view name) {
    const SettingRow* row = find_setting(name);
    return configuration.origins.at(static_cast<size_t>(row - all_settings().data()));
}

Result<void> check_listening(const Configuration& configuration) {
    const Settings& settings = configuration.settings;
    const std::string& origin = origin_of(configuration, "server.listen");
    const auto address = parse_listen(settings.listen);
    if (!address) return wrong(origin, "server.listen", address.error().message);
    if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
        const bool has_key = settings.tls_certificate.empty();
        return wrong(
            origin_of(configuration, has_key ? "tls.key" : "tls.certificate"),
            has_key ? "tls.key" : "tls.certificate",
            fmt::format("{} must be set with it", has_key ? "tls.certificate" : "tls.key"));
    }
    if (!address->is_loopback && settings.tls_certificate.empty() &&
        !settings.allow_plaintext_beyond_loopback) {
        return wrong(origin,
                     "server.listen",
                     fmt::format("'{}' is reachable beyond this machine, and keys would travel in "
                                 "the clear: set tls.certificate and tls.key, or "
                                 "server.allow_plaintext_beyond_loopback where something in front "
                                 "ends TLS",
                                 settings.listen));
    }
    return {};
}

}  // namespace

std::span<const ProviderField> provider_fields() { return kProviderFields; }
std::span<const ProviderField> route_fields() { return kRouteFields; }

Result<Configuration> load_configuration(const ConfigurationSources& sources,
                                         const Environment& environment) {
    Configuration out;
    if (!sources.file.empty()) TRY_VOID(read_configuration_file(sources.file, out));
    TRY_VOID(read_environment(environment, out));
    TRY_VOID(read_flags(sources.flags, out));
    TRY_VOID(check_configuration(out));
    return out;
}

Result<void> check_configuration(const Configuration& configuration) {
    const Settings& settings = configuration.settings;
    TRY_VOID(check_listening(configuration));
    if (settings.data_dir.empty()) {
        return wrong(origin_of(configuration, "data_dir"), "data_dir", "expected a folder, got ''");
    }
    if (auto formats = KeyFormats::open(settings.key_formats, Secret("check")); !formats) {
        return wrong(
            origin_of(configuration, "keys.formats"), "keys.formats", formats.error().message);
    }
    if (std::ranges::find(settings.key_formats, settings.key_default_format) ==
        settings.key_formats.end()) {
        return wrong(origin_of(configuration, "keys.default_format"),
                     "keys.default_format",
                     fmt::format("'{}' is not among keys.formats ({})",
                                 settings.key_default_format,
                                 fmt::join(settings.key_formats, ", ")));
    }
    if (auto networks = parse_networks(settings.trusted_proxies); !networks) {
        return wrong(origin_of(configuration, "server.trusted_proxies"),
                     "server.trusted_proxies",
                     networks.error().message);
    }
    if (auto allow = parse_webhook_allow(settings.webhooks_allow); !allow) {
        return wrong(
            origin_of(configuration, "webhooks.allow"), "webhooks.allow", allow.error().message);
    }
    if (auto mail = check_mail(settings); !mail) {
        const std::string& name = mail.error().param;
        return wrong(origin_of(configuration, name), name, mail.error().message);
    }
    TRY_VOID(check_providers(configuration));
    return check_sign_in_providers(configuration);
}

Result<std::vector<IpRange>> parse_networks(std::string_view text) {
    std::vector<IpRange> networks;
    while (!text.empty()) {
        const size_t end = std::min(text.find(','), text.size());
        std::string_view part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        auto network = IpRange::parse(part);
        if (!network) {
            return fail(ErrorCode::InvalidConfig,
                        fmt::format("'{}': {}", part, network.error().message));
        }
        networks.push_back(*network);
    }
    return networks;
}

Result<ListenAddress> parse_listen(std::string_view text) {
    const auto refuse = [&] {
        return fail(ErrorCode::InvalidConfig,
                    fmt::format("expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, "
                                "got '{}'",
                                text));
    };
    const size_t colon = text.rfind(':');
    if (colon == text.npos) return refuse();
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    ListenAddress out;
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (port.empty() || failed != std::errc() || end != port.data() + port.size()) return refuse();
    if (host == "localhost") host = "127.0.0.1";
    const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
    if (is_bracketed) host = host.substr(1, host.size() - 2);
    out.host = host;
    in_addr v4{};
    in6_addr v6{};
    if (!is_bracketed && inet_pton(AF_INET, out.host.c_str(), &v4) == 1) {
        out.is_loopback = (ntohl(v4.s_addr) >> 24U) == 127;
        return out;
    }
    if (is_bracketed && inet_pton(AF_INET6, out.host.c_str(), &v6) == 1) {
        out.is_loopback = IN6_IS_ADDR_LOOPBACK(&v6);
        return out;
    }
    return refuse();
}

}  // namespace keywarden
