#include "app/config_reference.h"

#include <fmt/format.h>

#include "app/configuration.h"

namespace keywarden {
namespace {

constexpr std::string_view kHead = R"(# Settings

<!-- Made from src/app/settings.cc:
     KEYWARDEN_UPDATE_DOCS=1 build/dev/tests/reference/reference_test -->

A setting comes from, the later winning: its default, the TOML file of `--config` (or
`KEYWARDEN_CONFIG`), its environment variable, its flag. Any setting can be a flag:
`--set log.level=debug`. Lists are separated by commas in the environment and in flags. Relative
paths are relative to where the gateway is started. A setting that there is not is an error:
`keywarden config check` names the file, the line, and the nearest one; `keywarden config show`
says what holds and where it comes from.

```toml
[server]
listen = "0.0.0.0:8443"

[tls]
certificate = "/etc/keywarden/tls.pem"
key = "/etc/keywarden/tls.key"

[[provider]]
name = "openai"
api_key_env = "OPENAI_API_KEY"
models = ["gpt-4o", { id = "small", upstream = "gpt-4o-mini" }]

[aliases]
default = "gpt-4o"
```

| setting | default | expected | what it does |
|---|---|---|---|
)";

constexpr std::string_view kProviders = R"(
## `[[provider]]`

Each block is a provider that speaks OpenAI's dialect, Anthropic's, or Bedrock's. The built-in
`sandbox` is always there.

| field | kind | what it is |
|---|---|---|
)";

constexpr std::string_view kAliases = R"(
## `[aliases]`

Each entry lets clients say one id for another: `default = "gpt-4o"`. Only an id that stands here
resolves to another one.
)";

constexpr std::string_view kRoutes = R"(
## `[[route]]`

Each block is a model id of its own, behind which several models stand: see
[Fallbacks](../guide/fallbacks.md).

| field | kind | what it is |
|---|---|---|
)";

constexpr std::string_view kSignIn = R"(
## `[[sign_in.provider]]`

Each block is an identity provider (OpenID Connect) that people sign in to the console with: see
[Sign in](../guide/sign-in.md#single-sign-on).

| field | kind | what it is |
|---|---|---|
)";

}  // namespace

std::string config_reference() {
    std::string out(kHead);
    for (const SettingRow& row : all_settings()) {
        out += fmt::format("| `{}`<br>`{}`{} | {} | {} | {} |\n",
                           row.name,
                           environment_name(row),
                           row.flag.empty() ? "" : fmt::format("<br>`--{}`", row.flag),
                           row.fallback.empty() ? "empty" : fmt::format("`{}`", row.fallback),
                           expectation(row),
                           row.sentence);
    }
    out += kProviders;
    for (const ProviderField& field : provider_fields()) {
        out += fmt::format("| `{}` | {} | {} |\n", field.name, field.kind, field.sentence);
    }
    out += "\nKnown providers, and what they take otherwise: [Known providers](providers.md).\n";
    out += kAliases;
    out += kRoutes;
    for (const ProviderField& field : route_fields()) {
        out += fmt::format("| `{}` | {} | {} |\n", field.name, field.kind, field.sentence);
    }
    out += kSignIn;
    for (const ProviderField& field : sign_in_provider_fields()) {
        out += fmt::format("| `{}` | {} | {} |\n", field.name, field.kind, field.sentence);
    }
    return out;
}

}  // namespace keywarden
