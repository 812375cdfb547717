// Which version of Keywarden this is: the one that CMakeLists.txt names.
#pragma once

#include <string_view>

namespace keywarden {

std::string_view version();

}  // namespace keywarden
