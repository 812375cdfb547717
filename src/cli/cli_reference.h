// docs/reference/cli.md, made from the table of commands.
#pragma once

#include <string>

namespace keywarden {

std::string cli_reference();

}  // namespace keywarden
