// The fields of a provider's credential that a caller may set, and what is shown of one.
#pragma once

#include <optional>
#include <string>

#include "admin/context.h"
#include "admin/json_body.h"
#include "base/secret.h"
#include "domain/provider_credential.h"

namespace keywarden {

/// A credential being made or changed.
struct CredentialDraft {
    ProviderCredential row{};
    std::optional<Secret> value{};  // as it was sent
    std::string token{};            // or sealed by Fernet elsewhere
    bool names_reference = false;
    Secret aws_access_key_id{};  // of Bedrock: these three become one value
    Secret aws_secret_access_key{};
    Secret aws_session_token{};

    bool has_value() const { return value || !token.empty() || names_reference; }
};

/// Takes the body's fields over; what is absent stays. With `is_new`, provider and name are among
/// them. Errors: UnknownField, InvalidRequest.
Result<void> read_credential(const Json& object, bool is_new, CredentialDraft& draft);

/// The `provider_credential` object of the API: a preview, never the value. Of the operator's, a
/// team sees that it is there, and neither preview nor reference.
Json credential_record(AdminContext& context, const ProviderCredential& credential, bool is_owner);

}  // namespace keywarden
