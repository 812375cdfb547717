// docs/reference/prices.md, made from the price book and the table of fields.
#pragma once

#include <string>

namespace keywarden {

std::string prices_reference();

}  // namespace keywarden
