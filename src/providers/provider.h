// A provider: where calls go, with which credential, and which models it has.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bound_secret.h"
#include "base/error_body.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/units.h"
#include "base/url.h"
#include "domain/ip_range.h"
#include "domain/policy.h"

namespace keywarden {

inline constexpr size_t kProviderNameMax = 64;
inline constexpr size_t kProviderModelsMax = 10'000;
inline constexpr size_t kModelIdMax = 256;
/// The version of Anthropic's API, where a client names none: the one that its documents tell of.
inline constexpr std::string_view kAnthropicVersion = "2023-06-01";

enum class ProviderKind : uint8_t {
    Http,
    Sandbox,  // built in, offline: providers/sandbox.h
};

struct ProviderModel {
    std::string id;           // what clients say
    std::string upstream_id;  // what the provider is told; empty: the same
};

/// Those that it names; the others are the instance's.
struct ProviderTimeouts {
    std::optional<Nanos> connect{};
    std::optional<Nanos> first_byte{};
    std::optional<Nanos> idle{};
    std::optional<Nanos> total{};
};

/// The field of a request that carries a credential to a provider, and what stands before the
/// credential in it. Bedrock's calls may be signed instead: see providers/bedrock.h.
struct CredentialField {
    std::string_view name = "Authorization";
    std::string_view before = "Bearer ";
};

/// What a provider of OpenAI's dialect takes otherwise than OpenAI's own documents say. What a
/// client says is rewritten where that means the same.
struct Quirks {
    bool knows_max_completion_tokens = true;   // else `max_tokens` is said in its place
    bool wants_max_completion_tokens = false;  // some of its models know no `max_tokens`
    bool takes_stream_options = true;  // else they are taken out: its streams tell usage unasked
    bool knows_developer = true;       // the role; else it is said as `system`
    std::string_view rerank_path{};    // empty: beside its other endpoints
};

/// One `[[provider]]` of the configuration, as written.
struct ProviderConfig {
    std::string name{};         // "groq": also the first part of "groq/llama-3.3-70b-versatile"
    std::string kind{};         // which known provider it is; empty: as its name or address says
    std::string base_url{};     // empty: the known provider's own address
    Secret api_key{};           // empty: none is sent (a model server of your own)
    std::string region{};       // of AWS: for Bedrock, which needs one
    std::string api_version{};  // of Azure, where its deployments are named in the path
    std::optional<Dialect> dialect{};               // empty: the known provider's own, or OpenAI's
    PrivacyClass privacy = PrivacyClass::Standard;  // what becomes of a prompt there
    std::vector<IpRange> networks{};                // where it may be though they are not public
    ProviderTimeouts timeouts{};
    std::vector<ProviderModel> models{};
};

/// A provider that has been checked.
struct Provider {
    ProviderKind kind = ProviderKind::Http;
    Dialect dialect = Dialect::OpenAi;  // that it speaks; the sandbox speaks all that there are
    std::string name{};
    PrivacyClass privacy = PrivacyClass::Standard;
    Url base{};                       // empty for the sandbox
    std::string path_prefix{};        // "/openai/v1": see upstream_path
    std::string region{};             // of AWS; empty but for Bedrock
    std::string api_version{};        // of Azure; not empty: see deployment_path
    CredentialField credential{};     // how its credentials are sent
    Quirks quirks{};                  // of OpenAI's dialect
    BoundSecret api_key{};            // empty: send none
    std::vector<IpRange> networks{};  // see may_reach
    ProviderTimeouts timeouts{};
    std::vector<ProviderModel> models{};  // no upstream_id is empty

    /// Where its credentials may go. Requires: it is not the sandbox.
    Origin origin() const { return {.tls = base.tls, .host = base.host, .port = base.port}; }
};

/// Checks a configuration. A kind, or a name, of the table below needs no base_url, but Azure does;
/// "sandbox" takes none, and no key. Errors: InvalidConfig for a name outside `a-z0-9_-`, a kind
/// not in the table, an unknown name without a base_url, an api_version that is no date or not
/// Azure's, an address that parse_url or may_reach refuses, plain http to a host that is not
/// private without `networks`, a key with white space or control characters, a region where none is
/// needed or none where one is, a model id that is empty, too long, not printable ASCII without
/// spaces, or there twice. No message repeats a key or an address.
Result<Provider> open_provider(ProviderConfig config);

/// Whether calls to the provider may go to that address, whatever its name stands for just now: to
/// its `networks`; to public addresses, over https; and, where the host that was written is itself
/// one of this machine or of a private network, to what is_of_ones_own.
bool may_reach(const Provider& provider, IpAddress address);

/// Of those that a provider may speak: "openai", "anthropic", "bedrock". Nothing for any other
/// name.
std::optional<Dialect> dialect_named(std::string_view name);

/// Where a call goes: `path` is our own route ("/v1/chat/completions"). base_url is what one would
/// give to the dialect's own SDK. To OpenAI's that is with its version, so the "/v1" of `path` is
/// replaced by base_url's path, and a base_url without a path means "/v1"; to Anthropic's it is
/// without, so `path` is added, and a "/v1" at the end of base_url is taken for the same.
/// Requires: `path` begins with "/v1/" (for Bedrock, see bedrock_path).
std::string upstream_path(const Provider& provider, std::string_view path);

/// The same where Azure's dated versions name the deployment in the path: with the query.
/// Requires: the provider has an api_version.
std::string deployment_path(const Provider& provider,
                            std::string_view path,
                            std::string_view model);

/// A provider whose address is known.
struct KnownProvider {
    std::string_view name;
    std::string_view base_url;     // of Bedrock, with REGION where the region goes
    std::string_view api_key_env;  // where its own SDK looks for the key: the default
    Dialect dialect = Dialect::OpenAi;
    Quirks quirks{};
    std::string_view source{};  // who says so
};

/// Sorted by name. The table is registry.cc.
std::span<const KnownProvider> known_providers();

/// Null when there is none of that name.
const KnownProvider* find_known_provider(std::string_view name);

/// The one that a provider is: of that kind, else of that name, else at that address. Null: none.
const KnownProvider* known_as(const ProviderConfig& config);

/// docs/reference/providers.md.
std::string provider_reference();

}  // namespace keywarden
