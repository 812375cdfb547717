// The one way in which a handler changes a key that is there.
#pragma once

#include <functional>

#include "admin/context.h"
#include "base/result.h"
#include "domain/key.h"
#include "domain/route.h"

namespace keywarden {

/// Changes the key that the path names and answers its record: the version must be the one that
/// If-Match asks for, the key must not be revoked, and the caller may not widen it beyond what it
/// holds itself.
/// `change` may run more than once: others race.
/// Errors: NotFound, VersionMismatch, InsufficientScope, InvalidRequest; those of `change`.
Result<HttpResponse> change_and_answer(AdminContext& context,
                                       const ApiCall& call,
                                       const std::function<Result<void>(Key&)>& change);

/// A revoked key is the end of a history. (RevokedApiKey would say that the caller's own is.)
Result<void> refuse_revoked(const Key& key);

}  // namespace keywarden
