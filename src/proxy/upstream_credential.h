// With what a call goes to its provider: the caller's own credential, one of the vault's, or the
// one that the configuration names.
#pragma once

#include "base/result.h"
#include "net/buffer.h"
#include "proxy/call.h"

namespace keywarden {

/// Chooses it, before anything is sent. Requires: call->provider, call->request, call->upstream.
/// Errors: CredentialUnreadable when there are some in the vault and none can be used, or when the
/// one that is chosen belongs to another origin.
Result<void> choose_credential(Call* call);

/// Writes it into the head of what goes out by call.upstream; nothing where there is none.
/// Errors: CredentialUnreadable when it belongs to another origin than that: it is not written.
Result<void> append_credential(Call& call, Buffer& out);

/// What it is, for who does not send it as it is. Empty where there is none.
/// Requires: choose_credential was fine. Errors: CredentialUnreadable, as above. The view lives as
/// long as the request.
Result<std::string_view> reveal_credential(const Call& call);

/// A credential of the vault rests after what says that it is used up, or is none, and after
/// failures in a row. Requires: the head of the answer has been read.
void note_credential_answer(Call& call);

/// Whether the call may go out with another one that does not rest. Requires: it went out.
bool has_other_credential(const Call& call);

}  // namespace keywarden
