// Idempotency-Key: a POST that creates something happens at most once.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "admin/context.h"
#include "admin/json_body.h"
#include "base/result.h"
#include "domain/route.h"
#include "store/store.h"

namespace keywarden {

inline constexpr size_t kIdempotencyKeyMax = 255;

/// What a creation answers.
struct Created {
    int status = 201;
    Json record;
    Json shown_once = Json::object();  // over the record: a new secret, which no replay shows
};

/// What the store is to keep of the answer, in the transaction of the creation itself, so that a
/// crash leaves both or none. Nothing when the request has no Idempotency-Key.
using AnswerNote = std::function<std::optional<IdempotencyRecord>(int status, const Json& record)>;

/// Runs `create`, or answers again what it answered before to the same Idempotency-Key of the
/// same team and `scope` (the route), with `Idempotent-Replayed: true`. Without the header it
/// just runs. A failure is not remembered: the same key may be tried again.
///
/// A record's `version` becomes the ETag, and the `id` of a new one (201) its Location.
/// Requires: `create` hands the note of what it answers to the store.
/// Errors: InvalidRequest when the header is not 1 to 255 visible characters;
/// IdempotencyMismatch for another body; IdempotencyInProgress; those of `create`.
Result<HttpResponse> run_once(AdminContext& context,
                              const ApiCall& call,
                              std::string_view scope,
                              const std::function<Result<Created>(const AnswerNote&)>& create);

/// Stores `change` with what it answers, both or none. Errors: those of `change`.
Result<void> store_answered(AdminContext& context,
                            const std::optional<IdempotencyRecord>& answer,
                            const std::function<Result<void>()>& change);

}  // namespace keywarden
