// The ways in which handlers make secrets and change keys.
#pragma once

#include <functional>
#include <string_view>

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

/// Runs a POST that mints a secret, at most once for an Idempotency-Key (see run_once), and answers
/// the record of its key with the secret.
/// Requires: `mint` hands `answer_of` to the directory.
Result<HttpResponse> mint_once(
    AdminContext& context,
    const ApiCall& call,
    std::string_view scope,
    int status,
    const std::function<Result<MintedKey>(const AnswerOf& answer_of)>& mint);

/// A revoked key is the end of a history. (RevokedApiKey would say that the caller's own is.)
Result<void> refuse_revoked(const Key& key);

}  // namespace keywarden
