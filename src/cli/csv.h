// Comma-separated values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace keywarden {

/// Rows of cells. Cells in quotes may hold commas, new lines, and quotes doubled; empty lines and a
/// byte order mark are left out. Source: RFC 4180.
/// Errors: InvalidRequest, with the line: a quote that does not end, or stands where none may.
Result<std::vector<std::vector<std::string>>> read_csv(std::string_view text);

}  // namespace keywarden
