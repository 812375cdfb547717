// Passkeys: what its handlers, and those that take one beside a password, have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "console/context.h"
#include "console/passkey_fields.h"
#include "console/person.h"
#include "domain/route.h"
#include "domain/webauthn.h"
#include "store/passkey_store.h"

namespace keywarden {

/// In place of the issuer of a session that began with a passkey alone, whose id stands in place of
/// the provider's name for it: no issuer is written so.
inline constexpr std::string_view kPasskeyIssuer = "passkey";

/// How the browser that asks finds the console: where the configuration says, or where it says
/// itself, which the Origin check has compared with the host that it asked.
/// Errors: InvalidRequest, whose message says why.
Result<RelyingParty> own_party(const ConsoleContext& context, const ApiCall& call);

/// "https://keys.example.com:8443": as browsers write where a page of that address is from.
/// Nothing for what is no address.
std::optional<std::string> origin_of(std::string_view url);

/// Remembers a question, whose `challenge` and time are filled in, and returns what the browser is
/// told of it. Errors: TooManyFailedAttempts, InvalidRequest.
Result<Json> begin_passkey(ConsoleContext& context, const ApiCall& call, PasskeyAttempt attempt);

/// Who was let in, and what the store is to note of the passkey.
struct ProvedPasskey {
    User user{};
    PasskeyUse use{};
};
/// Checks a passkey that is to let in `only`, after their password; or, null, whoever's it is, by
/// itself. Errors: InvalidSignIn, counted and told in the audit log; TooManyFailedAttempts,
/// InvalidRequest.
Result<ProvedPasskey> prove_passkey(ConsoleContext& context,
                                    const ApiCall& call,
                                    const PasskeyAnswer& answer,
                                    const User* only);

/// The row of what was done to one of a person's, by themselves.
AuditEntry passkey_entry(const ConsoleContext& context,
                         const ApiCall& call,
                         std::string_view user_id,
                         std::string action,
                         std::string_view passkey_id);

}  // namespace keywarden
