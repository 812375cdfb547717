// GET /v1/models and /v1/models/{id}: the catalogue in OpenAI's shape.
#pragma once

#include "net/task.h"
#include "proxy/call.h"

namespace keywarden {

/// Errors: ModelNotFound.
Task<Result<void>> answer_models(Call* call);

}  // namespace keywarden
