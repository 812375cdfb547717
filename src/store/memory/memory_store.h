// A store that forgets: for tests, and for trying the gateway without a disk.
#pragma once

#include <memory>

#include "store/store.h"

namespace keywarden {

std::unique_ptr<Store> make_memory_store();

}  // namespace keywarden
