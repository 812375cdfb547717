// The list of errors for people, made from the table in base/error.cc.
#pragma once

#include <string>

namespace keywarden {

/// docs/reference/errors.md.
std::string errors_markdown();

/// The inside of the page at /docs/errors; each code is an anchor.
std::string errors_html();

}  // namespace keywarden
