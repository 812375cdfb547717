// What `keywarden doctor` looks at: a table of checks, each with what to do.
#pragma once

#include <vector>

#include "app/configuration.h"
#include "cli/host.h"

namespace keywarden {

/// Changes nothing. A gateway may be running.
std::vector<Finding> examine_set_up(const Configuration& configuration,
                                    const Environment& environment);

}  // namespace keywarden
