// Lists of the gateway, page by page.
#pragma once

#include <cstddef>
#include <string>

#include "cli/answer.h"
#include "cli/session.h"

namespace keywarden {

/// A query out of options that were given: "?from=…&key=…"; empty where none was. Options are
/// called as the parameters are.
std::string query_of(const Arguments& arguments, std::span<const std::string_view> options);

/// At most `rows_max` entries of a list, from its beginning. `target` may have a query.
/// Errors: those of Session::call.
Result<Json> read_pages(const Session& session,
                        const Arguments& arguments,
                        const std::string& target,
                        size_t rows_max);

/// How many rows `--limit` asks for; else `otherwise`. Errors: InvalidRequest.
Result<size_t> rows_asked(const Arguments& arguments, size_t otherwise);

}  // namespace keywarden
