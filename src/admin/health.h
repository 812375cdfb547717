// Whether the store answers.
#pragma once

#include "admin/context.h"
#include "base/result.h"

namespace keywarden {

/// Asks it for something that is not there. Errors: StoreUnavailable.
Result<void> ask_store(AdminContext& context);

}  // namespace keywarden
