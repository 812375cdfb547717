// Sums over rows of rollups.
#pragma once

#include "store/sqlite/database.h"
#include "store/usage_store.h"

namespace keywarden {

/// Of rows of `r`, as read_sums takes them.
#define KEYWARDEN_SUMS_OF_R_                                                          \
    "sum(r.calls), sum(r.failed), sum(r.input), sum(r.cached_input), sum(r.output), " \
    "sum(r.reasoning), sum(r.unpriced), sum(r.cost), sum(r.tools_saved)"

/// Its columns begin at `first`.
inline UsageSums read_sums(const Query& row, int first) {
    return {.calls = row.integer(first),
            .failed = row.integer(first + 1),
            .input_tokens = row.integer(first + 2),
            .cached_input_tokens = row.integer(first + 3),
            .output_tokens = row.integer(first + 4),
            .reasoning_tokens = row.integer(first + 5),
            .unpriced_calls = row.integer(first + 6),
            .cost = {row.integer(first + 7)},
            .tool_tokens_saved = row.integer(first + 8)};
}

}  // namespace keywarden
