// The log line of a call.
#pragma once

#include "proxy/proxy.h"

namespace keywarden {

/// One `call.ended` line: metadata only. It may wait in memory for the upkeep: see log_soon.
/// In the steady state it takes no memory from the heap.
void log_call(const CallLine& row);

}  // namespace keywarden
