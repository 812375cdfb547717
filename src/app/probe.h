// Whether somebody answers: at an address of ours, at a provider.
#pragma once

#include <string>

#include "app/configuration.h"
#include "base/result.h"
#include "providers/provider.h"

namespace keywarden {

/// Port 0 is always free. listen_tcp cannot tell: with SO_REUSEPORT, two gateways of one user would
/// share the port, and each get half of the calls.
/// Errors: StartupFailed, naming the address.
Result<void> check_port_is_free(const ListenAddress& address);

/// Whether somebody accepts connections on that Unix socket.
bool somebody_listens(const std::string& unix_socket);

/// Asks the provider for its models, with a credential (none where it is empty), and says with
/// which status it answers. Bedrock is asked what it must refuse, and 200 is said where it does.
/// Takes a few seconds at most, and reads no list. Errors: GatewayUnreachable and others of
/// BlockingClient, with the cause in `detail`.
Result<int> ask_provider(const Provider& provider,
                         const BoundSecret& credential,
                         const std::string& ca_file);

}  // namespace keywarden
