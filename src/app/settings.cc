#include "app/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "base/money.h"
#include "domain/spike.h"

namespace keywarden {
namespace {

using S = Settings;
using enum SettingKind;

constexpr int64_t kSecond = 1'000;  // bounds of durations are milliseconds
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kKiB = 1'024;
constexpr int64_t kGiB = kKiB * kKiB * kKiB;
constexpr std::string_view kKeyFormats = "keywarden|orqen|orbitkit|orgn|opaque";

// clang-format off
constexpr std::array kRows = {
    SettingRow{.name = "server.listen", .kind = Text, .member = &S::listen,
        .fallback = "127.0.0.1:8080", .flag = "listen",
        .sentence = "The address and port to listen on; port 0 lets the system choose one."},
    SettingRow{.name = "server.threads", .kind = Count, .member = &S::threads,
        .fallback = "0", .min = 0, .max = 256, .flag = "threads",
        .sentence = "How many threads serve calls; 0 is one for each processor."},
    SettingRow{.name = "server.allow_plaintext_beyond_loopback", .kind = Flag,
        .member = &S::allow_plaintext_beyond_loopback, .fallback = "false",
        .sentence = "Lets the gateway listen beyond this machine without TLS; set it only where "
                    "something in front of it ends TLS."},
    SettingRow{.name = "server.connections_max", .kind = Count, .member = &S::connections_max,
        .fallback = "10000", .min = 1, .max = 1'000'000,
        .sentence = "How many client connections may be open at once; more are closed at once."},
    SettingRow{.name = "server.trusted_proxies", .kind = Text, .member = &S::trusted_proxies,
        .fallback = "",
        .sentence = "Addresses and networks, with commas between them, of proxies in front of the "
                    "gateway: of a call from these, X-Forwarded-For says who the client is. Empty: "
                    "nobody is believed."},
    SettingRow{.name = "tls.certificate", .kind = Text, .member = &S::tls_certificate,
        .fallback = "",
        .sentence = "A PEM file with the certificate and its chain; with tls.key it turns TLS on. "
                    "Read again on SIGHUP."},
    SettingRow{.name = "tls.key", .kind = Text, .member = &S::tls_key, .fallback = "",
        .sentence = "A PEM file with the certificate's private key. Read again on SIGHUP."},
    SettingRow{.name = "data_dir", .kind = Text, .member = &S::data_dir, .fallback = "data",
        .flag = "data-dir",
        .sentence = "The folder of the database, the master key, the pepper, and the operator's "
                    "socket; made on the first start, with mode 0700."},
    SettingRow{.name = "log.level", .kind = Choice, .member = &S::log_level, .fallback = "info",
        .choices = "debug|info|warning|error|off",
        .sentence = "The least important kind of event that is still logged."},
    SettingRow{.name = "log.format", .kind = Choice, .member = &S::log_format, .fallback = "auto",
        .choices = "auto|json|text",
        .sentence = "How a line of the log looks; auto is text on a terminal and JSON elsewhere."},
    SettingRow{.name = "limits.json_body_bytes_max", .kind = Bytes,
        .member = &S::json_body_bytes_max, .fallback = "32MiB", .min = kKiB, .max = kGiB,
        .sentence = "The longest JSON body of a call."},
    SettingRow{.name = "limits.upload_bytes_max", .kind = Bytes,
        .member = &S::upload_bytes_max, .fallback = "100MiB", .min = kKiB, .max = 16 * kGiB,
        .sentence = "The longest body of a call that uploads a file: images and audio."},
    SettingRow{.name = "limits.head_timeout", .kind = Duration, .member = &S::head_timeout,
        .fallback = "15s", .min = 100, .max = 5 * kMinute,
        .sentence = "How long a client may take to send the head of a request."},
    SettingRow{.name = "limits.body_timeout", .kind = Duration, .member = &S::body_timeout,
        .fallback = "30s", .min = 100, .max = kHour,
        .sentence = "How long a client may pause while it sends a body, or, all in all, be slower "
                    "than 1 KiB a second."},
    SettingRow{.name = "limits.write_timeout", .kind = Duration, .member = &S::write_timeout,
        .fallback = "1m", .min = 100, .max = kHour,
        .sentence = "How long a client may take nothing of an answer that waits for it."},
    SettingRow{.name = "limits.idle_timeout", .kind = Duration, .member = &S::idle_timeout,
        .fallback = "75s", .min = 100, .max = kHour,
        .sentence = "How long a kept-alive connection may wait for its next request."},
    SettingRow{.name = "limits.drain_timeout", .kind = Duration, .member = &S::drain_timeout,
        .fallback = "30s", .min = 0, .max = kHour,
        .sentence = "How long calls that are running may go on after SIGTERM."},
    SettingRow{.name = "upstream.connect_timeout", .kind = Duration,
        .member = &S::upstream_connect_timeout, .fallback = "10s", .min = 100, .max = kMinute,
        .sentence = "How long to wait for a connection to a provider, its TLS included."},
    SettingRow{.name = "upstream.first_byte_timeout", .kind = Duration,
        .member = &S::upstream_first_byte_timeout, .fallback = "10m", .min = 100, .max = kHour,
        .sentence = "How long a provider may take until the first byte of its answer."},
    SettingRow{.name = "upstream.idle_timeout", .kind = Duration,
        .member = &S::upstream_idle_timeout, .fallback = "5m", .min = 100, .max = kHour,
        .sentence = "How long a provider may pause within an answer."},
    SettingRow{.name = "upstream.total_timeout", .kind = Duration,
        .member = &S::upstream_total_timeout, .fallback = "1h", .min = 100, .max = 24 * kHour,
        .sentence = "How long one call to a provider may take from end to end."},
    SettingRow{.name = "upstream.retries", .kind = Count, .member = &S::upstream_retries,
        .fallback = "1", .min = 0, .max = 10,
        .sentence = "How often a call is tried again that a provider answered with 429 or 5xx, or "
                    "that could not be connected. What may have been worked on is never sent "
                    "twice."},
    SettingRow{.name = "upstream.retry_within", .kind = Duration,
        .member = &S::upstream_retry_within, .fallback = "5s", .min = 0, .max = 10 * kMinute,
        .sentence = "How long after its first attempt a call may be tried again; a provider's "
                    "Retry-After that is longer goes to the client at once."},
    SettingRow{.name = "upstream.breaker_failures", .kind = Count,
        .member = &S::upstream_breaker_failures, .fallback = "10", .min = 0, .max = 1'000,
        .sentence = "After so many failures of a provider in a row (no answer, 502, 503, 504, or "
                    "529) calls to it are refused at once; 0: never. A credential of the vault "
                    "rests after as many."},
    SettingRow{.name = "upstream.breaker_rest", .kind = Duration,
        .member = &S::upstream_breaker_rest, .fallback = "10s", .min = 100, .max = kHour,
        .sentence = "How long, until one call tries whether it works again."},
    SettingRow{.name = "upstream.ca_file", .kind = Text, .member = &S::upstream_ca_file,
        .fallback = "",
        .sentence = "A PEM file of the only authorities to trust for providers; empty: the "
                    "system's."},
    SettingRow{.name = "translation.uncarried", .kind = Choice,
        .member = &S::translation_uncarried, .fallback = "refuse", .choices = "refuse|drop",
        .sentence = "What becomes of what a client asks for and its model's provider, speaking "
                    "another dialect, has no word for: the call is refused, naming it; or it is "
                    "left out, and x-keywarden-dropped says so."},
    SettingRow{.name = "tools.on_forbidden_call", .kind = Choice,
        .member = &S::tools_on_forbidden_call, .fallback = "remove", .choices = "remove|refuse",
        .sentence = "What becomes of a call that a model makes to a tool which no list of tools "
                    "lets through: it is taken out of the answer, and a note says so; or the "
                    "answer is refused with tool_not_allowed."},
    SettingRow{.name = "keys.formats", .kind = Choices, .member = &S::key_formats,
        .fallback = "keywarden,orqen,orbitkit,orgn,opaque", .choices = kKeyFormats,
        .sentence = "The formats of API keys that are accepted."},
    SettingRow{.name = "keys.default_format", .kind = Choice, .member = &S::key_default_format,
        .fallback = "keywarden", .choices = "keywarden|orqen|orbitkit|orgn",
        .sentence = "The format of new keys that name none; one of keys.formats."},
    SettingRow{.name = "keys.rate_limit_rpm", .kind = Count, .member = &S::key_rate_limit_rpm,
        .fallback = "60", .min = 1, .max = 1'000'000,
        .sentence = "Requests a minute of a key that has no limit of its own."},
    SettingRow{.name = "keys.active_max", .kind = Count, .member = &S::keys_active_max,
        .fallback = "10", .min = 1, .max = 1'000'000,
        .sentence = "How many active keys a team may have."},
    SettingRow{.name = "keys.creations_per_hour", .kind = Count,
        .member = &S::key_creations_per_hour, .fallback = "5", .min = 1, .max = 1'000'000,
        .sentence = "How many keys a team may create within an hour."},
    SettingRow{.name = "keys.unused_after", .kind = Duration, .member = &S::keys_unused_after,
        .fallback = "90d", .min = kDay, .max = 3650 * kDay,
        .sentence = "How long nobody may use a key until it is listed as unused; nothing else "
                    "becomes of it."},
    SettingRow{.name = "keys.notice_ahead", .kind = Duration, .member = &S::keys_notice_ahead,
        .fallback = "14d", .min = kMinute, .max = 365 * kDay,
        .sentence = "How long before a key expires, or its rotation is due, its record, the "
                    "answers to it (Sunset), and keywarden doctor say so."},
    SettingRow{.name = "ledger.durability", .kind = Choice, .member = &S::ledger_durability,
        .fallback = "process", .choices = "process|power",
        .sentence = "What the record of a call survives before the call goes upstream: process, "
                    "the death of the gateway; power, that of the machine too, for a sync of the "
                    "disk."},
    SettingRow{.name = "ledger.journal_bytes_max", .kind = Bytes,
        .member = &S::ledger_journal_bytes_max, .fallback = "1GiB", .min = 16 * kKiB * kKiB,
        .max = 1024 * kGiB,
        .sentence = "How much room calls may take that are not in the database yet; when it is "
                    "used up, new ones are refused (ledger_unavailable)."},
    SettingRow{.name = "ledger.calls_kept", .kind = Duration, .member = &S::ledger_calls_kept,
        .fallback = "90d", .min = kDay, .max = 3650 * kDay,
        .sentence = "How long the row of a call is kept; what it adds up to is kept for ever."},
    SettingRow{.name = "spikes.factor", .kind = Count, .member = &S::spikes_factor,
        .fallback = "10", .min = 0, .max = kSpikeFactorMax,
        .sentence = "An hour of a key is a spike when it spends, or uses tokens, more than so many "
                    "times the busiest hour of its last seven days; 0: no spending is."},
    SettingRow{.name = "spikes.factor_elsewhere", .kind = Count,
        .member = &S::spikes_factor_elsewhere, .fallback = "3", .min = 1, .max = kSpikeFactorMax,
        .sentence = "The same for an hour with calls from a range of addresses (an IPv4 /8, an "
                    "IPv6 /16) that is new to the key."},
    SettingRow{.name = "spikes.spend_floor_usd", .kind = Dollars,
        .member = &S::spikes_spend_floor, .fallback = "5.00", .min = 0,
        .max = kSpikeDollarsMax,
        .sentence = "Below so much, what a key spends in an hour is no spike, whatever it spent "
                    "before."},
    SettingRow{.name = "spikes.token_floor", .kind = Count, .member = &S::spikes_token_floor,
        .fallback = "1000000", .min = 0, .max = kSpikeTokensMax,
        .sentence = "Below so many tokens, what a key uses in an hour is no spike."},
    SettingRow{.name = "spikes.refusals", .kind = Count, .member = &S::spikes_refusals,
        .fallback = "200", .min = 0, .max = kSpikeRefusalsMax,
        .sentence = "So many refusals (403) of a key within an hour are a spike by themselves; 0: "
                    "they never are."},
    SettingRow{.name = "spikes.action", .kind = Choice, .member = &S::spikes_action,
        .fallback = "event", .choices = "none|event|quarantine",
        .sentence = "What becomes of a key that spikes: event, its team is told of it; quarantine, "
                    "it is also held back (key_quarantined) until an owner or an admin of its team "
                    "releases it. A plan may say otherwise for its teams, of each of spikes.*."},
    SettingRow{.name = "vault.form", .kind = Choice, .member = &S::vault_form,
        .fallback = "envelope", .choices = "envelope|fernet",
        .sentence = "How credentials of providers are sealed in the database; those that are there "
                    "take another form on with `keywarden vault rotate`."},
    SettingRow{.name = "vault.fernet_keys_file", .kind = Text,
        .member = &S::vault_fernet_keys_file, .fallback = "",
        .sentence = "A file of Fernet keys, a line each: the first encrypts where vault.form is "
                    "fernet, and all of them open tokens that are imported."},
    SettingRow{.name = "webhooks.allow", .kind = Text, .member = &S::webhooks_allow,
        .fallback = "",
        .sentence = "Hosts, addresses, and networks (10.0.0.0/8) that webhooks may reach although "
                    "they are private, and without TLS, with commas between them; all others must "
                    "be public, and https."},
    SettingRow{.name = "sign_in.public_url", .kind = Text, .member = &S::public_url,
        .fallback = "",
        .sentence = "Where browsers find the console, such as https://keys.example.com: identity "
                    "providers send people back there, and links in mails lead there. Empty: where "
                    "the browser asked, by its Host header; then there are no mails."},
    SettingRow{.name = "mail.server", .kind = Text, .member = &S::mail_server, .fallback = "",
        .sentence = "The mail server that takes over invitations and links to set a password: "
                    "smtp://HOST (port 587, STARTTLS) or smtps://HOST (port 465). Plain text goes "
                    "to this machine only. Empty: links are shown to whoever makes them, and "
                    "nothing is mailed."},
    SettingRow{.name = "mail.from", .kind = Text, .member = &S::mail_from, .fallback = "",
        .sentence = "Whom mails are from: keys@example.com, or Keywarden <keys@example.com>."},
    SettingRow{.name = "mail.username", .kind = Text, .member = &S::mail_username, .fallback = "",
        .sentence = "The name to sign in to the mail server with; empty: nobody signs in."},
    SettingRow{.name = "mail.password_file", .kind = Text, .member = &S::mail_password_file,
        .fallback = "",
        .sentence = "A file with the password that goes with mail.username, on one line."},
    SettingRow{.name = "mail.ca_file", .kind = Text, .member = &S::mail_ca_file, .fallback = "",
        .sentence = "A PEM file of the only authorities to trust for the mail server; empty: the "
                    "system's."},
    SettingRow{.name = "metrics.token_file", .kind = Text, .member = &S::metrics_token_file,
        .fallback = "",
        .sentence = "A file with the token that opens GET /metrics to the network: one word of 32 "
                    "characters or more. Empty: metrics are for the local socket alone."},
    SettingRow{.name = "auth.failed_attempts_burst", .kind = Count,
        .member = &S::failed_attempts_burst, .fallback = "20", .min = 1, .max = 1'000'000,
        .sentence = "How many wrong keys an address may send before it is made to wait."},
    SettingRow{.name = "auth.failed_attempts_per_second", .kind = Count,
        .member = &S::failed_attempts_per_second, .fallback = "1", .min = 1, .max = 1'000'000,
        .sentence = "How many wrong keys a second an address may go on sending after that."},
    SettingRow{.name = "prices.estimate_input_usd_per_million", .kind = Dollars,
        .member = &S::estimate_input_price, .fallback = "5.00", .min = 0, .max = 1'000'000,
        .sentence = "What a million tokens of input cost at a model that has no price, for teams "
                    "whose calls are then estimated."},
    SettingRow{.name = "prices.estimate_output_usd_per_million", .kind = Dollars,
        .member = &S::estimate_output_price, .fallback = "25.00", .min = 0, .max = 1'000'000,
        .sentence = "The same for a million tokens of output."},
};
// clang-format on

struct Unit {
    std::string_view name;
    int64_t size;
};
constexpr std::array kDurations = {  // in milliseconds
    Unit{"ms", 1},
    Unit{"s", kSecond},
    Unit{"m", kMinute},
    Unit{"h", kHour},
    Unit{"d", 24 * kHour}};
constexpr std::array kByteUnits = {Unit{"", 1},
                                   Unit{"KB", 1'000},
                                   Unit{"KiB", kKiB},
                                   Unit{"MB", 1'000'000},
                                   Unit{"MiB", kKiB* kKiB},
                                   Unit{"GB", 1'000'000'000},
                                   Unit{"GiB", kGiB}};
constexpr std::array kNoUnits = {Unit{"", 1}};

std::span<const Unit> units_of(SettingKind kind) {
    if (kind == Duration) return kDurations;
    if (kind == Bytes) return kByteUnits;
    return kNoUnits;
}

/// A whole number and one of `units`, or nothing.
std::optional<int64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
    int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc()) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
    for (const Unit& each : units) {
        if (each.name != unit) continue;
        int64_t product = 0;
        if (__builtin_mul_overflow(number, each.size, &product)) return std::nullopt;
        return product;
    }
    return std::nullopt;
}

/// With the largest unit that divides it.
std::string write_quantity(int64_t value, std::span<const Unit> units) {
    Unit best = units.front();
    for (const Unit& each : units) {
        if (value != 0 && value % each.size == 0 && each.size >= best.size) best = each;
    }
    return fmt::format("{}{}", value / best.size, best.name);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const size_t end = std::min(text.find(separator), text.size());
        std::string_view part = text.substr(0, end);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        parts.push_back(part);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

/// Of a bound: those fit.
NanoUsd dollars(int64_t whole) { return {whole * 1'000'000'000}; }

bool is_choice(const SettingRow& row, std::string_view text) {
    const auto choices = split(row.choices, '|');
    return std::ranges::find(choices, text) != choices.end();
}

/// Fills the member that `kind` calls for; false when the text does not fit.
bool assign(Settings& settings, const SettingRow& row, std::string_view text) {
    if (const auto* member = std::get_if<std::string S::*>(&row.member)) {
        settings.*(*member) = text;
        return row.kind == Text || is_choice(row, text);
    }
    if (const auto* member = std::get_if<bool S::*>(&row.member)) {
        settings.*(*member) = text == "true";
        return text == "true" || text == "false";
    }
    if (const auto* member = std::get_if<std::vector<std::string> S::*>(&row.member)) {
        const auto parts = split(text, ',');
        settings.*(*member) = {parts.begin(), parts.end()};
        return !parts.empty() &&
               std::ranges::all_of(parts, [&](auto part) { return is_choice(row, part); });
    }
    if (const auto* member = std::get_if<NanoUsd S::*>(&row.member)) {
        const Result<NanoUsd> amount = parse_usd(text);
        if (!amount || *amount < dollars(row.min) || *amount > dollars(row.max)) return false;
        settings.*(*member) = *amount;
        return true;
    }
    const std::optional<int64_t> value = parse_quantity(text, units_of(row.kind));
    if (!value || *value < row.min || *value > row.max) return false;
    if (const auto* member = std::get_if<int64_t S::*>(&row.member)) {
        settings.*(*member) = *value;
    } else {
        settings.*(std::get<Nanos S::*>(row.member)) = std::chrono::milliseconds(*value);
    }
    return true;
}

}  // namespace

std::span<const SettingRow> all_settings() { return kRows; }

const SettingRow* find_setting(std::string_view name) {
    const auto* const found = std::ranges::find(kRows, name, &SettingRow::name);
    return found == kRows.end() ? nullptr : &*found;
}

std::string environment_name(const SettingRow& row) {
    std::string out = "KEYWARDEN_";
    for (const char c : row.name) {
        out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return out;
}

std::string expectation(const SettingRow& row) {
    const auto bound = [&](int64_t value) { return write_quantity(value, units_of(row.kind)); };
    const std::string choices = fmt::format("{}", fmt::join(split(row.choices, '|'), ", "));
    switch (row.kind) {
        case Text:
            return "text";
        case Choice:
            return "one of " + choices;
        case Choices:
            return "a list of " + choices;
        case Flag:
            return "true or false";
        case Count:
            return fmt::format("a whole number from {} to {}", row.min, row.max);
        case Bytes:
            return fmt::format("a size from {} to {}", bound(row.min), bound(row.max));
        case Duration:
            return fmt::format("a duration from {} to {}", bound(row.min), bound(row.max));
        case Dollars:
            return fmt::format("dollars from {} to {}, such as \"0.075\"", row.min, row.max);
    }
    return {};
}

Result<void> set_from_text(Settings& settings, const SettingRow& row, std::string_view text) {
    if (assign(settings, row, text)) return {};
    return fail(ErrorCode::InvalidConfig,
                fmt::format("expected {}, got '{}'", expectation(row), text));
}

std::string value_text(const Settings& settings, const SettingRow& row) {
    if (const auto* text = std::get_if<std::string S::*>(&row.member)) return settings.*(*text);
    if (const auto* flag = std::get_if<bool S::*>(&row.member)) {
        return settings.*(*flag) ? "true" : "false";
    }
    if (const auto* list = std::get_if<std::vector<std::string> S::*>(&row.member)) {
        return fmt::format("{}", fmt::join(settings.*(*list), ","));
    }
    if (const auto* count = std::get_if<int64_t S::*>(&row.member)) {
        return write_quantity(settings.*(*count), units_of(row.kind));
    }
    if (const auto* amount = std::get_if<NanoUsd S::*>(&row.member)) {
        return format_usd(settings.*(*amount));
    }
    const Nanos value = settings.*(std::get<Nanos S::*>(row.member));
    return write_quantity(std::chrono::duration_cast<std::chrono::milliseconds>(value).count(),
                          units_of(row.kind));
}

Settings default_settings() {
    Settings out{};
    for (const SettingRow& row : kRows) (void)assign(out, row, row.fallback);
    return out;
}

}  // namespace keywarden
