// The link that makes the first operator of the console: printed, and dead once it was used.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "app/instance.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace keywarden {

/// What a new link holds, in place of the one before; nothing where an operator can sign in.
/// Errors: StoreUnavailable.
Result<std::optional<Secret>> make_setup_token(Instance& instance, const Clock& clock);

/// Prints a link where it is the first time, or where a person is there to see it: what is printed
/// elsewhere may be kept. Errors: StoreUnavailable, StartupFailed when it cannot be printed.
Result<void> show_setup_link(
    Instance& instance, const std::string& base_url, bool as_json, bool is_seen, std::ostream& out);

}  // namespace keywarden
