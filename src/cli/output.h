// What commands print for people: tables, and answers to questions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/session.h"

namespace keywarden {

/// Columns as wide as their widest cell, the first row in bold when `color`. Control characters
/// are shown as '?': what a gateway sends must not drive the terminal.
std::string table(const std::vector<std::vector<std::string>>& rows, bool color);

/// Text for a terminal: control characters but for new lines and tabs become '?'.
std::string printable(std::string_view text);

/// Asks "… [y/N]" before what cannot be undone; --yes answers it.
/// Errors: InvalidRequest when the answer is not yes, or when there is nobody to ask.
Result<void> confirm(Session& session, const Arguments& arguments, std::string_view question);

}  // namespace keywarden
