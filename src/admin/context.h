// What every handler of the account and operator API works with.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "store/key_directory.h"

namespace keywarden {

/// Whoever makes it (app/) keeps it alive as long as the routes.
struct AdminContext {
    KeyDirectory& keys;
    const Clock& clock;
    /// The user who runs the instance: who acts over the local socket.
    std::string operator_id{};
    /// True once the server stops taking new connections: /ready says so.
    std::function<bool()> draining = [] { return false; };
};

}  // namespace keywarden
