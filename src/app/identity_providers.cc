#include "app/identity_providers.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <string_view>
#include <utility>

#include "app/providers.h"
#include "console/provider_client.h"

namespace keywarden {
namespace {

constexpr std::string_view kDefaultTeam = "default";
constexpr size_t kNameMax = 32;

constexpr std::array kFields = {
    ProviderField{
        "name",
        "text, required",
        "What it is called in addresses: lower-case letters, digits, and `-`. Its callback "
        "is `/auth/oidc/NAME/callback`."},
    ProviderField{
        "label", "text", "What its button says after \"Continue with\". Default: the name."},
    ProviderField{
        "issuer",
        "text, required",
        "Its issuer, to the letter as its tokens and its discovery document say it. It is "
        "`https`, but on this machine."},
    ProviderField{"client_id", "text, required", "The id of the gateway's client there."},
    ProviderField{
        "client_secret_env", "text", "The environment variable that holds the client's secret."},
    ProviderField{
        "client_secret_file",
        "text",
        "The file that holds it, instead. Neither: a public client, which proves itself by "
        "PKCE alone."},
    ProviderField{"scopes", "list", "Default: `[\"openid\", \"email\", \"profile\"]`."},
    ProviderField{"algorithms",
                  "list",
                  "What its tokens may be signed with, of `RS256`, `PS256`, `ES256`, and `EdDSA`. "
                  "Default: `[\"RS256\", \"ES256\"]`."},
    ProviderField{"max_age",
                  "duration",
                  "How long ago one may have signed in there, from 1m to 24h. It is asked for, and "
                  "checked."},
    ProviderField{
        "networks",
        "list",
        "Networks and addresses that it may be in although they are not public. An issuer "
        "with a private host needs none for that host."},
    ProviderField{"provision",
                  "true or false",
                  "Whether somebody whom nobody knows here gets an account: with an email that the "
                  "provider has verified, of one of the `domains`. Default: false."},
    ProviderField{"domains", "list", "The domains of the emails of new people."},
    ProviderField{
        "team",
        "text",
        "The team (its id, or `default`) that a new person joins, where no group says it."},
    ProviderField{"role", "text", "What they are in it. Default: `member`."},
    ProviderField{"groups_claim", "text", "The claim that lists groups. Default: `groups`."},
    ProviderField{
        "groups",
        "list",
        "What groups make of people: `{ group = \"…\", team = \"…\", role = \"…\" }`, or "
        "`{ group = \"…\", operator = true }`. Looked at on each sign-in; who is in none of "
        "them is not let in."},
};

std::unexpected<Error> wrong(const SignInProviderSettings& provider,
                             std::string_view field,
                             std::string_view what) {
    return fail(Error{.code = ErrorCode::InvalidConfig,
                      .message = fmt::format("{}: sign_in.provider{}{}: {}",
                                             provider.place,
                                             field.empty() ? "" : ".",
                                             field,
                                             what)});
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Result<void> check_one(const SignInProviderSettings& provider) {
    const IdentityProviderTerms& terms = provider.terms;
    if (!is_name(terms.name)) {
        return wrong(provider, "name", "expected up to 32 lower-case letters, digits, and '-'");
    }
    const auto issuer = parse_url(terms.issuer);
    if (!issuer) return wrong(provider, "issuer", issuer.error().message);
    if (!check_endpoint(terms.issuer, *issuer)) {
        return wrong(provider, "issuer", "it must begin with https://");
    }
    if (!provider.client_secret_env.empty() && !provider.client_secret_file.empty()) {
        return wrong(provider, {}, "client_secret_env and client_secret_file exclude each other");
    }
    if (std::ranges::find(terms.scopes, "openid") == terms.scopes.end()) {
        return wrong(provider, "scopes", "'openid' must be among them");
    }
    if (terms.algorithms.empty()) return wrong(provider, "algorithms", "expected at least one");
    if (terms.provisions && terms.domains.empty()) {
        return wrong(provider, "provision", "it needs 'domains': whose emails get an account");
    }
    return {};
}

/// As the keys of providers of models are read.
Result<Secret> secret_of(const SignInProviderSettings& settings, const Environment& environment) {
    const bool is_file = !settings.client_secret_file.empty();
    if (!is_file && settings.client_secret_env.empty()) return Secret();
    const ProviderSettings named{.name = "-",
                                 .api_key_env = settings.client_secret_env,
                                 .api_key_file = settings.client_secret_file,
                                 .place = settings.place};
    auto secret = credential_of(named, environment);
    if (secret && !secret->empty()) return secret;
    return wrong(settings,
                 is_file ? "client_secret_file" : "client_secret_env",
                 secret ? "there is no secret in it" : secret.error().message);
}

}  // namespace

std::span<const ProviderField> sign_in_provider_fields() { return kFields; }

Result<void> check_sign_in_providers(const Configuration& configuration) {
    const std::string& url = configuration.settings.public_url;
    if (!url.empty() && (!parse_url(url) || url.ends_with('/'))) {
        return fail(ErrorCode::InvalidConfig,
                    "sign_in.public_url: expected an address such as https://keys.example.com, "
                    "without a slash at its end");
    }
    if (configuration.sign_in_providers.size() > kIdentityProvidersMax) {
        return fail(ErrorCode::InvalidConfig, "sign_in.provider: there are too many");
    }
    std::set<std::string_view> names;
    std::set<std::string_view> issuers;
    for (const SignInProviderSettings& provider : configuration.sign_in_providers) {
        TRY_VOID(check_one(provider));
        if (!names.insert(provider.terms.name).second) {
            return wrong(provider, "name", "there are two of that name");
        }
        if (!issuers.insert(provider.terms.issuer).second) {
            return wrong(provider, "issuer", "there are two of that issuer");
        }
    }
    return {};
}

Result<std::unique_ptr<IdentityProvider>> open_identity_provider(
    const SignInProviderSettings& settings,
    const Environment& environment,
    const std::string& ca_file,
    const std::string& default_team) {
    IdentityProviderTerms terms = settings.terms;
    terms.ca_file = ca_file;
    if (terms.label.empty()) terms.label = terms.name;
    if (terms.team_id == kDefaultTeam) terms.team_id = default_team;
    for (GroupRole& rule : terms.groups) {
        if (rule.team_id == kDefaultTeam) rule.team_id = default_team;
    }
    TRY(Secret secret, secret_of(settings, environment));
    return std::make_unique<IdentityProvider>(std::move(terms), std::move(secret), system_clock());
}

Result<std::unique_ptr<SingleSignOn>> open_single_sign_on(const Configuration& configuration,
                                                          const Environment& environment,
                                                          const std::string& default_team) {
    if (configuration.sign_in_providers.empty()) return nullptr;
    auto out = std::make_unique<SingleSignOn>();
    out->public_url = configuration.settings.public_url;
    for (const SignInProviderSettings& settings : configuration.sign_in_providers) {
        TRY(auto provider,
            open_identity_provider(
                settings, environment, configuration.settings.upstream_ca_file, default_team));
        out->providers.push_back(std::move(provider));
    }
    return out;
}

}  // namespace keywarden
