// Whether somebody listens at an address already.
#pragma once

#include <string>

#include "app/configuration.h"
#include "base/result.h"

namespace keywarden {

/// Port 0 is always free. listen_tcp cannot tell: with SO_REUSEPORT, two gateways of one user would
/// share the port, and each get half of the calls.
/// Errors: StartupFailed, naming the address.
Result<void> check_port_is_free(const ListenAddress& address);

/// Whether somebody accepts connections on that Unix socket.
bool somebody_listens(const std::string& unix_socket);

}  // namespace keywarden
