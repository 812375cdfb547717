// docs/reference/key-formats.md, made from the table of formats.
#pragma once

#include <string>

namespace keywarden {

std::string key_formats_reference();

}  // namespace keywarden
