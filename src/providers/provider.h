// A provider: where calls go, with which credential, and which models it has.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/url.h"
#include "domain/policy.h"

namespace keywarden {

inline constexpr size_t kProviderNameMax = 64;
inline constexpr size_t kProviderModelsMax = 10'000;
inline constexpr size_t kModelIdMax = 256;

enum class ProviderKind : uint8_t {
    OpenAiCompatible,  // over HTTP
    Sandbox,           // built in, offline: providers/sandbox.h
};

struct ProviderModel {
    std::string id;           // what clients say
    std::string upstream_id;  // what the provider is told; empty: the same
};

/// One `[[provider]]` of the configuration, as written.
struct ProviderConfig {
    std::string name{};      // "groq": also the first part of "groq/llama-3.3-70b-versatile"
    std::string base_url{};  // empty: the known provider's own address
    Secret api_key{};        // empty: none is sent (a model server of your own)
    PrivacyClass privacy = PrivacyClass::Standard;  // what becomes of a prompt there
    std::vector<ProviderModel> models{};
};

/// A provider that has been checked.
struct Provider {
    ProviderKind kind = ProviderKind::OpenAiCompatible;
    std::string name{};
    PrivacyClass privacy = PrivacyClass::Standard;
    Url base{};                           // empty for the sandbox
    std::string path_prefix{};            // "/openai/v1": see upstream_path
    Secret authorization{};               // the value of the Authorization header; empty: send none
    std::vector<ProviderModel> models{};  // no upstream_id is empty
};

/// Checks a configuration. A name of the table below needs no base_url; "sandbox" takes none, and
/// no key.
/// Errors: InvalidConfig for a name outside `a-z0-9_-`, an unknown name without a base_url, an
/// address that parse_url refuses, plain http to a host that is not private (is_private_host), a
/// key with white space or control characters, a model id that is empty, too long, not printable
/// ASCII without spaces, or there twice. No message repeats a key or an address.
Result<Provider> open_provider(ProviderConfig config);

/// Where a call goes: `path` is our own route ("/v1/chat/completions"). base_url is what one would
/// give to an OpenAI SDK, so the "/v1" of `path` is replaced by base_url's path; a base_url
/// without a path means "/v1".
/// Requires: `path` begins with "/v1/".
std::string upstream_path(const Provider& provider, std::string_view path);

/// A provider whose address is known: only those that speak OpenAI's dialect.
struct KnownProvider {
    std::string_view name;
    std::string_view base_url;
    std::string_view api_key_env;  // where its own SDK looks for the key: the default
};

/// Sorted by name. The table is registry.cc.
std::span<const KnownProvider> known_providers();

/// Null when there is none of that name.
const KnownProvider* find_known_provider(std::string_view name);

}  // namespace keywarden
