// What is Bedrock's own about a call on its way there, and about a refusal of its.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "proxy/call.h"

namespace keywarden {

/// Takes over the caller's own keys of AWS from the body, and goes to the provider in the region
/// that it names. Requires: call->provider, one of Bedrock, and call->request.
/// Errors: InvalidRequest, with the field, where a key is half or no key, or where no provider of
/// the gateway has that model in that region.
Result<void> take_aws_fields(Call* call);

/// Writes the head of what goes out by call->upstream with that body: the model's id in the path,
/// a bearer or a signature made now. Errors: those of reveal_credential; CredentialUnreadable
/// for one that is no credential of AWS's.
Result<void> write_bedrock_head(Call* call, std::span<const std::string_view> body);

/// Whether the credential was taken. Where it was not, the error says what AWS calls that and how
/// far its clock is from ours if that may be why; what else it says repeats what was signed, the
/// token of the session too, and is passed over. Requires: the head of the answer has been read.
/// Errors: ProviderCredentialsRejected.
Result<void> check_aws_refusal(const Call& call);

}  // namespace keywarden
