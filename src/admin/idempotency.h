// Idempotency-Key: a POST that creates something happens at most once.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "admin/context.h"
#include "base/result.h"
#include "domain/route.h"

namespace keywarden {

inline constexpr size_t kIdempotencyKeyMax = 255;

/// What a creation answers, and what its replay says: the same without the secret.
struct Created {
    HttpResponse answer;
    std::string replay_body{};
};

/// Runs `create`, or answers again what it answered before to the same Idempotency-Key of the
/// same team and `scope` (the route), with `Idempotent-Replayed: true`. Without the header it
/// just runs. A failure is not remembered: the same key may be tried again.
/// Errors: InvalidRequest when the header is not 1 to 255 visible characters;
/// IdempotencyMismatch for another body; IdempotencyInProgress; those of `create`.
Result<HttpResponse> run_once(AdminContext& context,
                              const ApiCall& call,
                              std::string_view scope,
                              const std::function<Result<Created>()>& create);

}  // namespace keywarden
