#include "app/credentials.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "app/probe.h"
#include "app/providers.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json/scan.h"
#include "base/json/write.h"
#include "base/log.h"
#include "net/blocking_client.h"

namespace keywarden {
namespace {

constexpr size_t kVaultAnswerMax = size_t{1} << 20U;
constexpr std::string_view kAddressVariable = "VAULT_ADDR";
constexpr std::string_view kTokenVariable = "VAULT_TOKEN";
constexpr CallTimeouts kBriefly{.connect = std::chrono::seconds(5),
                                .first_byte = std::chrono::seconds(5),
                                .idle = std::chrono::seconds(5),
                                .write_stall = std::chrono::seconds(5),
                                .total = std::chrono::seconds(10)};

std::unexpected<Error> bad_reference(std::string message) {
    return fail(Error{
        .code = ErrorCode::InvalidRequest, .message = std::move(message), .param = "reference"});
}

/// As the configuration's own api_key_env and api_key_file are read.
Result<Secret> read_here(const ProviderSettings& named, const Environment& environment) {
    auto value = credential_of(named, environment);
    if (value) return value;
    return bad_reference(value.error().message);
}

/// The text of a member, which is an object or a string.
Result<std::string_view> member_of(std::string_view object, std::string_view name, JsonType type) {
    std::array<JsonMember, 1> found;
    const std::array<std::string_view, 1> names = {name};
    const auto read = find_json_members(object, names, found);
    if (!read || !found[0].present || found[0].type != type) {
        return bad_reference(fmt::format("what the Vault has there has no '{}'", name));
    }
    return found[0].text_of(object);
}

/// Where a secret of the KV engine, version 2, is: "secret/team/openai" is secret/data/team/openai.
/// Source: developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 (read secret version).
std::string kv_path(std::string_view path) {
    const size_t slash = path.find('/');
    return fmt::format("/v1/{}/data/{}", path.substr(0, slash), path.substr(slash + 1));
}

Result<Secret> read_vault(const CredentialReference& reference,
                          const Environment& environment,
                          const std::string& ca_file) {
    const std::string_view address = environment.get(kAddressVariable);
    const std::string_view token = environment.get(kTokenVariable);
    if (address.empty() || token.empty()) {
        return bad_reference("VAULT_ADDR and VAULT_TOKEN must be set for the gateway");
    }
    const auto url = parse_url(address);
    if (!url) return bad_reference("VAULT_ADDR: " + url.error().message);
    if (!url->tls && !is_private_host(url->host)) {
        return bad_reference("VAULT_ADDR must begin with https://");
    }
    TRY(const auto client,
        BlockingClient::make({.tls = url->tls, .host = url->host, .port = url->port},
                             {.ca_file = url->tls ? ca_file : std::string(),
                              .timeouts = kBriefly,
                              .body_max = kVaultAnswerMax}));
    const auto answer = client->call({.target = url->path + kv_path(reference.rest),
                                      .headers = {{"X-Vault-Token", std::string(token)}}});
    if (!answer) return bad_reference("the Vault does not answer");
    if (answer->status != 200) {
        return bad_reference(fmt::format("the Vault answers {}", answer->status));
    }
    TRY(const std::string_view outer, member_of(answer->body, "data", JsonType::Object));
    TRY(const std::string_view inner, member_of(outer, "data", JsonType::Object));
    TRY(const std::string_view text, member_of(inner, reference.field, JsonType::String));
    std::string scratch;
    const auto value = json_text(text, scratch);
    if (!value) return bad_reference("what the Vault has there is no text");
    return Secret(std::string(*value));
}

}  // namespace

Result<VaultKeys> vault_keys(const Settings& settings, std::span<const Secret> masters) {
    VaultKeys keys;
    for (const Secret& master : masters) keys.masters.push_back(master.clone());
    if (settings.vault_form == "fernet") keys.form = SealForm::Fernet;
    if (!settings.vault_fernet_keys_file.empty()) {
        TRY(const Secret text, read_text_file(settings.vault_fernet_keys_file));
        auto opened = Fernet::open(text.reveal());
        if (!opened) {
            return fail(ErrorCode::InvalidConfig,
                        fmt::format("vault.fernet_keys_file: {}: {}",
                                    settings.vault_fernet_keys_file,
                                    opened.error().message));
        }
        keys.fernet = std::move(*opened);
    }
    if (keys.form == SealForm::Fernet && keys.fernet.empty()) {
        return fail(ErrorCode::InvalidConfig,
                    "vault.form is fernet, and vault.fernet_keys_file names no keys");
    }
    return keys;
}

Result<Secret> resolve_reference(std::string_view reference,
                                 const Environment& environment,
                                 const std::string& ca_file) {
    TRY(const CredentialReference parsed, parse_reference(reference));
    const ProviderSettings named{.name = "-", .place = "reference"};
    switch (parsed.kind) {
        case ReferenceKind::Env: {
            ProviderSettings variable = named;
            variable.api_key_env = parsed.rest;
            return read_here(variable, environment);
        }
        case ReferenceKind::File: {
            ProviderSettings file = named;
            file.api_key_file = parsed.rest;
            return read_here(file, environment);
        }
        case ReferenceKind::Vault:
            break;
    }
    return read_vault(parsed, environment, ca_file);
}

Result<std::unique_ptr<CredentialDirectory>> open_credentials(const Settings& settings,
                                                              const Environment& environment,
                                                              Instance& instance,
                                                              std::span<const Provider> providers) {
    CredentialParts parts{.store = &instance.store->credentials(), .clock = &system_clock()};
    TRY(parts.keys, vault_keys(settings, instance.master_keys));
    for (const Provider& provider : providers) {
        if (provider.kind == ProviderKind::Sandbox) continue;
        parts.origins.emplace_back(provider.name, provider.origin());
    }
    parts.resolve = [environment, ca_file = settings.upstream_ca_file](std::string_view reference) {
        return resolve_reference(reference, environment, ca_file);
    };
    auto out = std::make_unique<CredentialDirectory>(std::move(parts));
    TRY_VOID(out->load());
    return out;
}

Result<int> ask_with(std::span<const Provider> providers,
                     const std::string& name,
                     const BoundSecret& credential,
                     const std::string& ca_file) {
    const auto found = std::ranges::find(providers, name, &Provider::name);
    if (found == providers.end()) {
        return fail(ErrorCode::NotFound, "The provider is not configured any more.");
    }
    return ask_provider(*found, credential, ca_file);
}

CredentialAlarms::CredentialAlarms(CredentialDirectory& directory,
                                   UsageStore& store,
                                   std::string operator_team)
    : directory_(directory), store_(store), operator_team_(std::move(operator_team)) {}

Result<void> CredentialAlarms::write() {
    for (CredentialProblem& problem : directory_.take_problems()) {
        log(LogLevel::Error,
            "provider_credential.unusable",
            {{"credential", std::string_view(problem.id)},
             {"team_id", std::string_view(problem.team_id)},
             {"provider", std::string_view(problem.provider)},
             {"problem", std::string_view(problem.problem)}});
        waiting_.push_back(std::move(problem));
    }
    while (!waiting_.empty()) {
        const CredentialProblem& problem = waiting_.back();
        constexpr size_t kIdBytes = 10;
        const Digest digest = sha256(fmt::format(
            "credential\n{}\n{}\n{}", problem.id, problem.secret_version, problem.problem));
        std::string body = R"({"provider":)";
        append_json_string(body, problem.provider);
        body += R"(,"name":)";
        append_json_string(body, problem.name);
        body += R"(,"problem":)";
        append_json_string(body, problem.problem);
        body += "}";
        TRY_VOID(
            store_.add_event({.id = "event_" + to_hex(std::span(digest).first(kIdBytes)),
                              .team_id = problem.team_id.empty() ? operator_team_ : problem.team_id,
                              .kind = "provider_credential.unusable",
                              .target = problem.id,
                              .at = system_clock().now(),
                              .body = std::move(body)}));
        waiting_.pop_back();
    }
    return {};
}

}  // namespace keywarden
