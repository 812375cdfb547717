#include "domain/provider_credential.h"

#include <algorithm>
#include <fmt/format.h>

namespace keywarden {
namespace {

// Seven characters are shown, so there must be enough left to guess.
constexpr size_t kPreviewedMin = 20;

std::unexpected<Error> wrong(std::string param, std::string_view what) {
    return fail(Error{.code = ErrorCode::InvalidRequest,
                      .message = fmt::format("The field '{}' {}.", param, what),
                      .param = param});
}

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

}  // namespace

Result<void> check_credential(const ProviderCredential& credential) {
    if (credential.name.empty() || credential.name.size() > kCredentialNameMax ||
        !std::ranges::all_of(credential.name, is_name_char)) {
        return wrong("name", "must have 1 to 64 characters of a-z, 0-9, '_', '-' and '.'");
    }
    if (credential.weight < 1 || credential.weight > kCredentialWeightMax) {
        return wrong("weight", "must be from 1 to 1000");
    }
    if (credential.cooldown < Nanos(0) || credential.cooldown > kCredentialCooldownMax) {
        return wrong("cooldown_s", "must be from 0 to 86400");
    }
    if (credential.reference.size() > kCredentialReferenceMax) {
        return wrong("reference", "must have at most 512 characters");
    }
    return {};
}

Result<void> check_credential_value(std::string_view value) {
    if (!value.empty() && value.size() <= kCredentialBytesMax &&
        std::ranges::all_of(value, is_visible)) {
        return {};
    }
    return fail(ErrorCode::InvalidRequest,
                "A provider's key is one word of visible ASCII characters, at most 8192 of them.");
}

Result<CredentialReference> parse_reference(std::string_view text) {
    using enum ReferenceKind;
    const std::string_view scheme = text.substr(0, text.find(':'));
    CredentialReference out{.rest = text.substr(std::min(text.size(), scheme.size() + 1))};
    if (text.size() > kCredentialReferenceMax || !std::ranges::all_of(text, is_visible)) {
        return wrong("reference", "must be one word of at most 512 visible characters");
    }
    if (scheme == "cmd") {
        return wrong("reference", "cannot be a command: the gateway runs no programs");
    }
    if (scheme == "env" && !out.rest.empty()) return out;
    out.kind = File;
    if (scheme == "file" && out.rest.starts_with('/')) return out;
    out.kind = Vault;
    const size_t hash = out.rest.find('#');
    if (scheme == "vault" && hash != out.rest.npos) {
        out.field = out.rest.substr(hash + 1);
        out.rest = out.rest.substr(0, hash);
        const size_t slash = out.rest.find('/');
        const bool is_whole = slash != out.rest.npos && slash > 0 && slash + 1 < out.rest.size();
        const bool is_plain = std::ranges::all_of(
            out.rest, [](char c) { return is_name_char(c) || c == '/' || (c >= 'A' && c <= 'Z'); });
        if (is_whole && is_plain && !out.rest.contains("..") && !out.field.empty()) return out;
    }
    return wrong("reference", "must be env:NAME, file:/PATH, or vault:MOUNT/PATH#FIELD");
}

std::string preview_of(std::string_view value) {
    if (value.size() < kPreviewedMin) return "…";
    return fmt::format("{}…{}", value.substr(0, 3), value.substr(value.size() - 4));
}

std::string text_of(const Origin& origin) {
    const bool is_ipv6 = origin.host.contains(':');
    return fmt::format("{}://{}{}{}:{}",
                       origin.tls ? "https" : "http",
                       is_ipv6 ? "[" : "",
                       origin.host,
                       is_ipv6 ? "]" : "",
                       origin.port);
}

AuditFacts audit_facts(const ProviderCredential& credential) {
    AuditFacts facts = {{"provider", credential.provider},
                        {"name", credential.name},
                        {"weight", credential.weight},
                        {"cooldown_s", int64_t{credential.cooldown / std::chrono::seconds(1)}},
                        {"enabled", credential.is_enabled},
                        {"origin", credential.origin},
                        {"secret_version", credential.secret_version}};
    if (credential.reference.empty()) {
        facts.emplace_back("preview", credential.preview);
    } else {
        facts.emplace_back("reference", credential.reference);
    }
    return facts;
}

}  // namespace keywarden
