// Amazon Bedrock: where its models are asked, and what shows who asks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/units.h"
#include "providers/provider.h"

namespace keywarden {

/// A pair of keys of AWS, with the token of a session if it is one that ends. Views.
struct AwsKeys {
    std::string_view access_key_id;
    std::string_view secret_access_key;
    std::string_view session_token{};
};

/// A credential for Bedrock is one word: an API key of Bedrock, which goes out as a bearer; or a
/// pair of keys, "AKIA…:SECRET" or "ASIA…:SECRET:TOKEN", with which a call is signed. Nothing of
/// either kind has a colon in it.
/// Returns: the keys of a pair; nothing for an API key.
/// Errors: InvalidConfig for a colon with nothing before or behind it, or a third one.
Result<std::optional<AwsKeys>> read_aws_credential(std::string_view credential);

/// The same as one word.
Secret aws_credential(const AwsKeys& keys);

/// "eu-central-1".
bool is_aws_region(std::string_view text);

/// "https://bedrock-runtime.eu-central-1.amazonaws.com". Requires: is_aws_region(region).
/// Source: AWS General Reference, "Amazon Bedrock endpoints and quotas".
std::string bedrock_url(std::string_view region);

/// Where a call of Converse goes: `path` is our route, "/model/{id}/converse".
std::string bedrock_path(const Provider& provider, std::string_view path, std::string_view model);

/// What is sent, as far as a signature covers it.
struct BedrockRequest {
    std::string_view path;  // as bedrock_path gives it
    Digest body{};
    TimePoint at{};
};

/// The fields that show who asks, each with the end of its line: a bearer, or a signature and what
/// belongs to it. The request has `Content-Type: application/json` and the provider's own Host.
/// Requires: the provider is one of Bedrock.
/// Errors: those of read_aws_credential.
Result<Secret> bedrock_credential_fields(const Provider& provider,
                                         std::string_view credential,
                                         const BedrockRequest& request);

}  // namespace keywarden
