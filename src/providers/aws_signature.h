// AWS Signature Version 4: shows a service of AWS who calls, and that nothing was changed on the
// way, without sending the secret.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/units.h"

namespace keywarden {

/// A field of a head, by its name in any case.
struct AwsField {
    std::string_view name;
    std::string_view value;
};

/// What is signed. Views of the caller's.
struct AwsRequest {
    std::string_view method;
    std::string_view path;           // as it goes out, encoded: it is encoded once more here
    std::string_view query{};        // as it goes out, without '?'
    std::span<const AwsField> head;  // all that is signed: "host" and "x-amz-date" belong to it
    Digest body{};                   // SHA-256 of it
    bool path_is_plain = false;      // a service that takes "//" and "/../" as they are
};

/// Who signs, when, and for what.
struct AwsSigner {
    std::string_view access_key_id;
    std::string_view secret_access_key;
    std::string_view region;   // "eu-central-1"
    std::string_view service;  // "bedrock"
    TimePoint at{};            // services refuse one that is 5 to 15 minutes off their own clock
};

/// The signature, with the texts that it was made from: whoever compares finds the first that
/// differs.
struct AwsSignature {
    std::string canonical_request;
    std::string string_to_sign;
    std::string signature;      // in hex
    std::string authorization;  // the value of that field
};

/// Threads: any.
/// Source: AWS, "Create a signed AWS API request" (Signature Version 4, header form).
AwsSignature aws_sign(const AwsRequest& request, const AwsSigner& signer);

/// "20150830T123600Z": the value of the field `X-Amz-Date`.
std::string aws_date(TimePoint at);

/// `text` as one part of a path: all but letters, digits and "-._~" becomes %XX.
std::string aws_encoded(std::string_view text);

}  // namespace keywarden
