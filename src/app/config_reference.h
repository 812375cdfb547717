// docs/reference/config.md, made from the tables of settings.
#pragma once

#include <string>

namespace keywarden {

std::string config_reference();

}  // namespace keywarden
