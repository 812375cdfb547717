// Every setting, declared once: a member here and its row in settings.cc.
//
// From the rows come the file's grammar, the environment's names, the flags, the reference
// (docs/reference/config.md), `keywarden config show`, and what is said about a wrong value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace keywarden {

struct Settings {
    std::string listen;
    int64_t threads;
    bool allow_plaintext_beyond_loopback;
    int64_t connections_max;
    std::string trusted_proxies;
    std::string tls_certificate;
    std::string tls_key;
    std::string data_dir;
    std::string log_level;
    std::string log_format;
    int64_t json_body_bytes_max;
    int64_t upload_bytes_max;
    Nanos head_timeout;
    Nanos body_timeout;
    Nanos write_timeout;
    Nanos idle_timeout;
    Nanos drain_timeout;
    Nanos upstream_connect_timeout;
    Nanos upstream_first_byte_timeout;
    Nanos upstream_idle_timeout;
    Nanos upstream_total_timeout;
    int64_t upstream_retries;
    Nanos upstream_retry_within;
    int64_t upstream_breaker_failures;
    Nanos upstream_breaker_rest;
    std::string upstream_ca_file;
    std::string translation_uncarried;
    std::string tools_on_forbidden_call;
    std::vector<std::string> key_formats;
    std::string key_default_format;
    int64_t key_rate_limit_rpm;
    int64_t keys_active_max;
    int64_t key_creations_per_hour;
    Nanos keys_unused_after;
    Nanos keys_notice_ahead;
    std::string ledger_durability;
    int64_t ledger_journal_bytes_max;
    Nanos ledger_calls_kept;
    std::string vault_form;
    std::string vault_fernet_keys_file;
    std::string metrics_token_file;
    int64_t failed_attempts_burst;
    int64_t failed_attempts_per_second;
    int64_t spikes_factor;
    int64_t spikes_factor_elsewhere;
    NanoUsd spikes_spend_floor;
    int64_t spikes_token_floor;
    int64_t spikes_refusals;
    std::string spikes_action;
    std::string webhooks_allow;
    std::string public_url;
    std::string mail_server;
    std::string mail_from;
    std::string mail_username;
    std::string mail_password_file;
    std::string mail_ca_file;
    NanoUsd estimate_input_price;   // a million tokens
    NanoUsd estimate_output_price;  // a million tokens
};

/// What a value looks like. Each kind is held by one type of member.
enum class SettingKind : uint8_t {
    Text,      // std::string
    Choice,    // std::string, one of `choices`
    Flag,      // bool: true or false
    Count,     // int64_t
    Bytes,     // int64_t: 512, 64KiB, 100MB
    Duration,  // Nanos: 250ms, 10s, 5m, 24h
    Dollars,   // NanoUsd: 12, 0.075
    Choices,   // std::vector<std::string>, each one of `choices`
};

using SettingMember = std::variant<std::string Settings::*,
                                   bool Settings::*,
                                   int64_t Settings::*,
                                   Nanos Settings::*,
                                   NanoUsd Settings::*,
                                   std::vector<std::string> Settings::*>;

struct SettingRow {
    std::string_view name;  // its path in the file: "server.listen"
    SettingKind kind;
    SettingMember member;
    std::string_view fallback;  // the default, written as in the environment
    int64_t min = 0;            // of a count, of bytes, of milliseconds, of whole dollars
    int64_t max = 0;
    std::string_view choices{};  // "json|text"
    std::string_view flag{};     // of the command line, where it has one of its own: "listen"
    std::string_view sentence{};
};

/// In the order in which they are documented.
std::span<const SettingRow> all_settings();

/// The row of that name, or null.
const SettingRow* find_setting(std::string_view name);

/// "KEYWARDEN_SERVER_LISTEN".
std::string environment_name(const SettingRow& row);

/// "one of json, text", "a duration from 1s to 5m, such as 30s": what `row` takes, for people.
std::string expectation(const SettingRow& row);

/// Reads `text` into the row's member. Lists are separated by commas.
/// Errors: InvalidConfig, whose message is only `expected …, got …`: the caller says where.
Result<void> set_from_text(Settings& settings, const SettingRow& row, std::string_view text);

/// The member's value, written so that set_from_text reads it back.
std::string value_text(const Settings& settings, const SettingRow& row);

/// Every setting at its default.
Settings default_settings();

}  // namespace keywarden
