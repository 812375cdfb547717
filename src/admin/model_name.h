// What a model is called where it has limits of its own.
#pragma once

#include <string>
#include <string_view>

#include "domain/catalogue.h"

namespace keywarden {

/// By the name that it has at its provider's: whatever else it goes by is counted as the same.
std::string full_name(const Catalogue& catalogue, size_t provider, std::string_view model);

}  // namespace keywarden
