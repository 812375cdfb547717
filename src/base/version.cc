#include "base/version.h"

namespace keywarden {

std::string_view version() { return KEYWARDEN_VERSION; }

}  // namespace keywarden
