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

/// A credential of the vault rests after what says that it is used up, or is none. Requires: the
/// head of the answer has been read.
void note_credential_answer(Call& call);

}  // namespace keywarden
